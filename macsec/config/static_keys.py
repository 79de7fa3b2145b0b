"""The two SecYs of a link: one SAK for both directions, as key agreement gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import shake_256
from typing import Any

from macsec.suites import SUITES
from macsec.terms import PORT_END_STATION, sci_text

Draw = Callable[[str, int], bytes]
"""`draw(purpose, n)`: n random octets, the same for the same purpose."""


def seeded(seed: int, name: str = "macsec replay") -> Draw:
    """Octets that the seed and the purpose determine: for simulation, never for real keys."""
    return lambda purpose, octets: shake_256(f"{name} {seed} {purpose}".encode()).digest(octets)


class Pair:
    """Configurations of both ends of a link.

    `secy`: the controls as a configuration names them; `systems`: the MAC addresses of both Common
    Ports; `draw` is asked for `sak` and, under an XPN suite, `salt`.
    """

    def __init__(self, secy: Mapping[str, Any], systems: tuple[int, int], draw: Draw) -> None:
        suite = SUITES[secy["cipher"]]
        self._secy = dict(secy)
        self._an = int(secy.get("encodingsa", 0))
        self._sci = [sci_text(system << 16 | PORT_END_STATION) for system in systems]
        self._sa: dict[str, Any] = {"key": draw("sak", suite.key_length)}
        self._ssci: tuple[int, int] | None = None
        if suite.xpn:
            self._sa["salt"] = draw("salt", 12)
            # 10.7.13: the greatest SCI has SSCI 1.
            self._ssci = (2, 1) if systems[0] < systems[1] else (1, 2)

    def _channel(self, side: int) -> dict[str, Any]:
        sa = dict(self._sa)
        if self._ssci is not None:
            sa["ssci"] = self._ssci[side]
        return {"sci": self._sci[side], "sa": {self._an: sa}}

    def config(self, send: int | None, receive: tuple[int, ...]) -> dict[str, Any]:
        """The SecY that sends as one side, if any, and receives from some."""
        config: dict[str, Any] = {"secy": self._secy}
        if send is not None:
            config["tx"] = self._channel(send)
        return config | {"rx": [self._channel(side) for side in receive]}

    def station(self, side: int) -> Mapping[str, Any]:
        """The SecY of side A (0) or B (1)."""
        return self.config(side, (1 - side,))
