"""The actors of a port in MKA: one for each SCI of its SecY (802.1AE 10.7.17, Annex E).

The actor of traffic class 0 may be Key Server, and installs the receive SAs, the Cipher Suite and
the state of the Controlled Port. Those of other classes install the SAs of their transmit SCs
alone. They hear each other as they hear other stations: what one sends, the others receive.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from macsec.errors import ConfigError
from macsec.kay.kay import Kay
from macsec.terms import class_of_sci, sci_text


class PortActor(NamedTuple):
    """A KaY and the traffic class whose transmit SC it keys."""

    traffic_class: int
    kay: Kay


class PortActors:
    """The actors of a port, that of traffic class 0 first. Raises ConfigError."""

    def __init__(self, kay: Kay) -> None:
        self._default = PortActor(0, kay)
        self._others: list[PortActor] = []
        self.follow_policy()

    def __iter__(self) -> Iterator[PortActor]:
        yield self._default
        yield from self._others

    @property
    def others(self) -> list[PortActor]:
        """The actors of classes other than 0."""
        return self._others

    def follow_policy(self) -> None:
        """Have an actor for each class that the policy names now; earlier ones must be stopped."""
        kay = self._default.kay
        classes = kay.policy.classes
        if classes and class_of_sci(kay.sci):
            raise ConfigError(
                f"SCI {sci_text(kay.sci)}: a port with traffic classes has a number of at most "
                "0x0fff (802.1AE 10.7.17)"
            )
        self._others = [PortActor(each, kay.for_class(each)) for each in classes]

    def receive(self, now_ns: int, frame: bytes, sender: PortActor | None = None) -> None:
        """Give a frame to all actors but the one that sent it."""
        for actor in self:
            if actor is not sender:
                actor.kay.receive_mkpdu(now_ns, frame)

    def next_timeout_ns(self) -> int | None:
        """Return the time of the first actor that has work, or None."""
        times = (actor.kay.next_timeout_ns() for actor in self)
        return min((time for time in times if time is not None), default=None)
