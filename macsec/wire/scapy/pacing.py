"""Pauses of scapy's senders in virtual time: `inter=`, `realtime=`, and the interval of srploop.

Scapy's senders call `time.sleep` and know nothing of the socket's clock. So the module `time` that
scapy.sendrecv sees is replaced by one that looks at its caller: a sender on a port of the virtual
wire has virtual time, everything else the real one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import scapy.sendrecv
from scapy.config import conf

from macsec.time_units import PS_PER_S
from macsec.wire.engine import HORIZON_PS

from .waiting import Selector

_Locals = Mapping[str, Any]


class VirtualSeconds(float):
    """A time of the virtual clock; the difference of two is true even if it is zero.

    With `realtime` scapy takes a difference of zero for none.
    """

    def __sub__(self, other: float) -> VirtualSeconds:
        return VirtualSeconds(float(self) - other)

    def __bool__(self) -> bool:
        return True


class SenderTime:
    """The module `time` for scapy's senders."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def sleep(self, seconds: float) -> None:
        """Pause the caller: on the virtual wire by running the engine."""
        selector = _selector_of(sys._getframe(1)) if seconds > 0 else None
        if selector is None:
            self._real.sleep(seconds)
            return
        engine = selector.engine
        until_ps = engine.now_ps + round(seconds * PS_PER_S)
        selector.wait([], min(until_ps, HORIZON_PS))

    def time(self) -> float:
        """Return the caller's time in seconds."""
        return self._now(self._real.time, sys._getframe(1))

    def monotonic(self) -> float:
        """Return the caller's time in seconds."""
        return self._now(self._real.monotonic, sys._getframe(1))

    def _now(self, real: Callable[[], float], caller: Any) -> float:
        selector = _selector_of(caller)
        return real() if selector is None else VirtualSeconds(selector.engine.now_ps / PS_PER_S)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _selector_of(caller: Any) -> Selector | None:
    """Return the selector of the virtual wire that a function of scapy sends on, or None."""
    find = _SENDERS.get(caller.f_code.co_name)
    return None if find is None else find(caller.f_locals)


def _of_socket(socket: Any) -> Selector | None:
    found = getattr(socket, "selector", None)
    return found if isinstance(found, Selector) else None


def _of_interface(known: _Locals) -> Selector | None:
    name = known.get("kargs", {}).get("iface")
    device = conf.ifaces.data.get(getattr(name, "network_name", name))
    return _of_socket(None if device is None else device.provider)


_SENDERS: dict[str, Callable[[_Locals], Selector | None]] = {
    "__gen_send": lambda known: _of_socket(known.get("s")),
    "_sndrcv_snd": lambda known: _of_socket(known["self"].pks),
    "__sr_loop": _of_interface,
}
"""Functions of scapy.sendrecv that pause between frames, and how to find their socket."""


def install() -> None:
    """Give scapy's senders virtual time on the virtual wire; once is enough."""
    senders: Any = scapy.sendrecv
    if not isinstance(senders.time, SenderTime):
        senders.time = SenderTime(senders.time)
