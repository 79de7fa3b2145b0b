"""An asyncio face to a lab in real time: `async with lab(...)` runs `macsec lab up`."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from typing import Any

from macsec import trust
from macsec.errors import ConfigError
from macsec.live.local.lab_state import DEFAULT, NAMES, STATUS, found

from .running import POLL_S, Option, Running, killed, scratch

SECURED = "secured"


class AsyncLab(Running):
    """A lab that is up: `status`, `secured`, `counters`, `events`, `exec`, `change`, `stop`.

    Made by `lab`. `hosts`: the names of its hosts.
    """

    end_s = 30.0
    hosts: tuple[str, ...] = ()

    def __init__(self, name: str, folder: str, state: str) -> None:
        super().__init__(name, folder)
        self._state = state
        self._programs: list[asyncio.subprocess.Process] = []

    async def status(self) -> dict[str, Any]:
        """Return hosts and links, `macsec/lab-status/1`. Raises MACsecError once it has ended."""
        path = os.path.join(self._state, STATUS)
        return await self._asked(path, f"{self.name}: the lab is not up")

    async def secured(self) -> None:
        """Wait until all links with key agreement are secured; bound it by `asyncio.timeout`."""
        while True:
            agreements = [link["mka"] for link in (await self.status())["links"] if link["mka"]]
            if all(each["status"] == SECURED for each in agreements):
                return
            await asyncio.sleep(POLL_S)

    async def counters(self) -> dict[str, dict[str, int]]:
        """Return the counters of the SecY of each port LINK:SITE, by the standard's names."""
        return {
            f"{link['name']}:{site}": end["counters"]
            for link in (await self.status())["links"]
            for site, end in zip(link["between"], link["ends"], strict=False)
        }

    async def exec(self, host: str, *command: str, **more: Any) -> asyncio.subprocess.Process:
        """Start a program on a host, or a site or link; `more` as `create_subprocess_exec` takes.

        Its exit code is that of the program, which ends when the lab does.
        """
        if not command:
            raise ConfigError(f"{host}: no command is given")
        found(self._state).place(host)
        words = ("lab", "exec", "--state", self._state, host, "--", *command)
        process = await asyncio.create_subprocess_exec(*trust.ourselves(*words), **more)
        self._programs = [each for each in self._programs if each.returncode is None]
        self._programs.append(process)
        return process

    async def change(self, port: str, **options: Option) -> str:
        """Change a port LINK:SITE by options of `macsec mka set`; return its key agreement's state.

        `await lab.change("west-east:west", clear_counters=True)`.
        """
        return await self._changed(port, ("--state", self._state), options)

    async def stop(self) -> None:
        """End the lab, with all programs on its hosts. Where this is cancelled, it is killed."""
        try:
            await super().stop()
        finally:
            for each in self._programs:
                await killed(each)


@contextlib.asynccontextmanager
async def lab(topology: str, *, name: str | None = None) -> AsyncIterator[AsyncLab]:
    """Run a lab in real time while the block runs: it begins once all links are secured, or late.

    With a name `macsec lab`, `macsec top` and the exporter find it too. Raises MACsecError with the
    line that the verb printed.
    """
    with scratch() as folder:
        state = os.path.join(folder, "lab") if name is None else os.path.join(DEFAULT, NAMES, name)
        where = ("--state", state) if name is None else ("--name", name)
        async with AsyncLab(name or topology, folder, state) as made:
            await made._start("lab", "up", topology, *where)
            await made._up(made.status)
            made.hosts = tuple(each["name"] for each in (await made.status())["hosts"])
            yield made
