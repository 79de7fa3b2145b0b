"""A test port: an end of a wire, with a station if a secure entity is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from macsec.lab.virtual.stations.station import Station
from macsec.port import Agreement
from macsec.secy import SecY
from macsec.wire.link import Link, Port

from .capture import PortCapture
from .plan import EndPoint, EntityPlan, PortPlan
from .traffic.rates import CurrentRates

Receive = Callable[[bytes], None]


class MkaSession:
    """Key agreement of a secure entity: up or down, and how often it went down.

    `starting_pn`: nextPN of the first transmit SA.
    """

    def __init__(self, agreement: Agreement, starting_pn: int) -> None:
        self.up = False
        self.flaps = 0
        self.saks = 0
        """SAKs that it has sent under."""
        self._agreement = agreement
        self._starting_pn = starting_pn
        self._last: object = None
        agreement.follow(self._follow)

    def _follow(self, _: int) -> None:
        kay = self._agreement.kay
        up = kay.secured and self._agreement.port.enabled
        if self.up and not up:
            self.flaps += 1
        self.up = up
        slot = next((slot for slot in kay.cp.slots() if slot.transmits), None)
        if slot is None or slot.ki == self._last:
            return
        self._last = slot.ki
        self.saks += 1
        if self.saks == 1 and self._starting_pn > 1:
            self._agreement.port.secy.raise_tx_pn(slot.an, self._starting_pn)


@dataclass(slots=True, eq=False)
class TestPort:
    """An end of a wire. `station` and `session`: of its secure entity, if it has one."""

    __test__ = False  # no class of tests

    plan: PortPlan
    link: Link
    entity: EntityPlan | None
    station: Station | None
    session: MkaSession | None
    capture: PortCapture | None
    tx_rate: CurrentRates
    rx_rate: CurrentRates
    counted: tuple[int, int, int, int] = (0, 0, 0, 0)

    @property
    def name(self) -> str:
        """Its name."""
        return self.plan.port.name

    @property
    def end(self) -> Port:
        """Its end of the wire."""
        return self.link.b if self.plan.side else self.link.a

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Frames and octets sent, frames and octets received; octets without FCS."""
        side = self.plan.side
        sent, received = self.link.stats[side], self.link.stats[1 - side]
        return sent.sent, sent.octets, received.received, received.received_octets

    @property
    def secy(self) -> SecY | None:
        """The SecY of its secure entity."""
        return None if self.station is None else self.station.secy

    def protects(self, point: EndPoint) -> bool:
        """Return whether frames of an end point pass the SecY."""
        return (
            self.entity is not None
            and self.entity.entity.data_plane.choice == "encapsulation"
            and point.ethernet is self.entity.ethernet
        )

    def sender(self, point: EndPoint) -> Callable[[bytes], object]:
        """Return what sends a frame of an end point."""
        if self.station is not None and self.protects(point):
            return self.station.controlled.send
        return self.end.send

    def receive(self, controlled: Receive | None, common: Receive | None) -> None:
        """Pass received frames on: of the Controlled Port, and as they are on the wire."""
        if self.station is None:
            self.end.receiver = common
            return
        self.station.controlled.receiver = controlled
        self.station.uncontrolled.receiver = common
