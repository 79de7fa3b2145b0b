"""A Provider Edge Port of an EDE (802.1AE clause 15): a SecY with a tag outside of its SecTAGs."""

from __future__ import annotations

from dataclasses import dataclass

from macsec.kay.kay import Kay
from macsec.lab.ede import EdgeService
from macsec.lab.virtual.stations.station import Station
from macsec.secy import SecY
from macsec.wire.engine import Engine
from macsec.wire.link import Port


@dataclass(slots=True)
class EdgePortCounts:
    """Frames that a Provider Edge Port did not pass on.

    `other_vlan`: from the red side, of a VLAN of another service. `other_tag`: from the black side,
    without the tag of this service. `hopped`: validated, but of a VLAN of another service inside.
    """

    other_vlan: int = 0
    other_tag: int = 0
    hopped: int = 0


class EdgePort:
    """A Provider Edge Port between `red`, in clear, and `black`, where its peer is.

    Its `station` has the SecY and the KaY, and sees no tag that was added outside: neither SecTAGs
    nor MKPDUs are authenticated with it.
    """

    def __init__(
        self,
        engine: Engine,
        red: Port,
        black: Port,
        service: EdgeService,
        secy: SecY,
        kay: Kay | None,
        name: str,
    ) -> None:
        self.service = service
        self.counts = EdgePortCounts()
        self._red, self._black = red, black
        self._priority = 0
        self._common = Port(f"{name} in clear of tags", black.mtu, self._to_black)
        self.station = Station(engine, self._common, secy, kay, name)
        self.station.controlled.receiver = self._to_red
        red.receiver = self._from_red
        black.receiver = self._from_black

    def _from_red(self, frame: bytes) -> None:
        if not self.service.takes(frame):
            self.counts.other_vlan += 1
            return
        self._priority = self.service.priority_of(frame)
        self.station.controlled.send(frame)
        self._priority = 0  # that of MKPDUs

    def _to_black(self, frame: bytes) -> None:
        self._black.send(self.service.with_tag(frame, self._priority))

    def _from_black(self, frame: bytes) -> None:
        bare = self.service.without_tag(frame)
        if bare is None:
            self.counts.other_tag += 1
        elif self._common.receiver is not None:
            self._common.receiver(bare)

    def _to_red(self, frame: bytes) -> None:
        if self.service.takes(frame):
            self._red.send(frame)
        else:
            self.counts.hopped += 1
