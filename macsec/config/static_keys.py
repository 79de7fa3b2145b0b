"""The two SecYs of a link: one SAK for both directions, as key agreement gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import shake_256
from typing import Any

from macsec.keys import Entries
from macsec.suites import SUITES
from macsec.terms import PORT_END_STATION, sci_of_class, sci_text

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
        # An SC for each class that the Traffic Class Table names (802.1AE 10.7.17).
        self._classes = sorted({0, *(secy.get("traffic_classes") or ())})
        self._sci = [system << 16 | PORT_END_STATION for system in systems]
        self._sa: dict[str, Any] = {"key": draw("sak", suite.key_length)}
        self._ssci: dict[int, int] = {}
        if suite.xpn:
            self._sa["salt"] = draw("salt", 12)
            # 10.7.13: the greatest SCI has SSCI 1.
            scis = {sci_of_class(sci, each) for sci in self._sci for each in self._classes}
            self._ssci = {sci: rank for rank, sci in enumerate(sorted(scis, reverse=True), 1)}

    def _channel(self, side: int, traffic_class: int = 0) -> dict[str, Any]:
        sci = sci_of_class(self._sci[side], traffic_class)
        return {"sci": sci_text(sci), "sa": {self._an: self._sa | self._ssci_of(sci)}}

    def _ssci_of(self, sci: int) -> dict[str, int]:
        return {"ssci": self._ssci[sci]} if self._ssci else {}

    def _transmit(self, side: int) -> dict[str, Any]:
        scis = {each: sci_of_class(self._sci[side], each) for each in self._classes if each}
        classes = {each: {"sa": {self._an: self._ssci_of(sci)}} for each, sci in scis.items()}
        return self._channel(side) | ({"classes": classes} if classes else {})

    def config(self, send: int | None, receive: tuple[int, ...]) -> dict[str, Any]:
        """The SecY that sends as one side, if any, and receives from some."""
        config: dict[str, Any] = {"secy": self._secy}
        if send is not None:
            config["tx"] = self._transmit(send)
        channels = [self._channel(side, each) for side in receive for each in self._classes]
        return Entries(config, rx=channels)

    def station(self, side: int) -> Mapping[str, Any]:
        """The SecY of side A (0) or B (1)."""
        return self.config(side, (1 - side,))
