"""An asyncio face to a tap: `async with tap(...)` runs `macsec tap` as a process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from macsec.errors import MACsecError
from macsec.live.local.tap_sockets import MONITOR, path_of

from .running import Option, Running, scratch

PATIENCE_S = 30.0
"""Time for a tap to come up."""


class AsyncTap(Running):
    """A tap that runs: `events`, `status`, `counters`, `change`, `stop`. Made by `tap`."""

    @property
    def upper(self) -> str:
        """Return the name of its interface."""
        return self.name

    async def status(self) -> dict[str, Any]:
        """Return the port as data of `macsec.monitoring`. Raises MACsecError once it has ended."""
        path = path_of(self.name, MONITOR)
        return await self._asked(path, f"{self.name}: its tap does not run")

    async def counters(self) -> dict[str, int]:
        """Return the counters of its SecY, by the standard's names."""
        (port,) = (await self.status())["ports"]
        found: dict[str, int] = port["counters"]
        return found

    async def change(self, **options: Option) -> str:
        """Change the port by options of `macsec mka set`; return the state of its key agreement.

        `await port.change(cak="file:next.hex", ckn="02", now=True)`; a CAK is never a value here.
        """
        return await self._changed(self.name, (), options)


@contextlib.asynccontextmanager
async def tap(config: str, *, lower: str, upper: str, mka: bool = False) -> AsyncIterator[AsyncTap]:
    """Run a tap while the block runs. Raises MACsecError with the line that it printed."""
    more = ["--mka"] if mka else []
    with scratch() as folder:
        async with AsyncTap(upper, folder) as made:
            await made._start("tap", "-c", config, "--lower", lower, "--upper", upper, *more)
            try:
                await asyncio.wait_for(made._up(made.status), PATIENCE_S)
            except TimeoutError:
                raise MACsecError(f"{upper}: not up after {PATIENCE_S:.0f} s") from None
            yield made
