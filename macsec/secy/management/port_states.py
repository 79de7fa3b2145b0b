"""The states of a SecY's ports, its locks, and its records of times (10.7.2 to 10.7.7)."""

from __future__ import annotations

from dataclasses import fields, replace

from macsec.secy import counters as names
from macsec.secy.channels import ReceiveSCs, TransmitSC
from macsec.secy.controls import Controls, Validate
from macsec.secy.counters import Counters
from macsec.secy.plane import DataPlane
from macsec.terms import sci_of

from .locks import Locks
from .maxima import Maxima
from .ports import CommonPort, PortStatus, one_peer
from .records import Clock, SARecord, SARecords
from .uncontrolled import PacketCount


class PortStates:
    """Base of SecY: the states of its ports, and the past of its SAs.

    `locks`: what cannot be written.
    """

    _plane: DataPlane
    _controls: Controls
    _classes: dict[int, TransmitSC]
    _rx: ReceiveSCs

    def __init__(self) -> None:
        self.locks = Locks(each.name for each in fields(Controls))
        self._records = SARecords()
        self._common = CommonPort()
        self._sent = PacketCount()
        self._controlled_port_enabled = True

    @property
    def uncontrolled_counters(self) -> Counters:
        """RFC 2863 counters of the Uncontrolled Port (10.7.3): it has every received frame."""
        return names.uncontrolled_counters(self._plane.tally(), self._sent)

    def uncontrolled_received(self, frame: bytes) -> None:
        """Count a received frame that the Uncontrolled Port alone has: EAPOL, or at a closed port.

        A SecY that is closed counts nothing.
        """
        self._plane.see(frame)

    def uncontrolled_sent(self, frame: bytes) -> None:
        """Count a frame that a user sends at the Uncontrolled Port."""
        self._sent.add(frame)

    def uncontrolled_sent_more(self, frame: bytes, count: int) -> None:
        """Count frames that have the length and the destination of this one."""
        self._sent.add(frame, count)

    @property
    def maxima(self) -> Maxima:
        """Numbers of SCs and SAs that there can be."""
        return Maxima()

    @property
    def deleted(self) -> tuple[SARecord, ...]:
        """SAs that are gone, the newest 256: their times and counters, and no key."""
        return self._records.gone

    def keep_time(self, clock: Clock | None) -> None:
        """Take the times of SCs and SAs from a clock: whole ns that never go back."""
        self._records.clock = clock

    def set_common_port(self, **changes: bool) -> None:
        """Set the state of the Common Port, which its driver knows (10.7.2).

        `enabled`, `operational`, `point_to_point`.
        """
        self._common = replace(self._common, **changes)

    def set_controlled_port_enabled(self, enabled: bool) -> None:
        """Set ControlledPortEnabled, by which a KaY opens and closes the port."""
        self._controlled_port_enabled = enabled

    @property
    def uncontrolled_port(self) -> PortStatus:
        """The state of the Uncontrolled Port: that of the Common Port (10.7.2)."""
        common, admin = self._common, self._controls.uncontrolled_point_to_point
        oper = admin.oper(common.point_to_point)
        return PortStatus(common.enabled, common.enabled and common.operational, oper, admin)

    @property
    def controlled_port(self) -> PortStatus:
        """The state of the Controlled Port (10.7.4)."""
        admin = self._controls.point_to_point
        return PortStatus(
            self.mac_enabled, self.mac_operational, admin.oper(self._one_peer()), admin
        )

    def _one_peer(self) -> bool:
        """With strict validation only peers with a receive SC are there; else those below."""
        if self._controls.validate is not Validate.STRICT:
            return self._common.point_to_point
        return one_peer([sci_of(sc.sci) for sc in self._rx.values() if sc.in_use])

    @property
    def mac_enabled(self) -> bool:
        """MAC_Enabled of the Controlled Port: it is open, and can send and receive (10.7.4)."""
        return self._controlled_port_enabled and self._common.enabled and self._secures()

    @property
    def mac_operational(self) -> bool:
        """True if the Controlled Port can send on all SCs and a receive SA is enabled (10.7.4).

        The port has to be open, and the Common Port to be operational.
        """
        return self.mac_enabled and self._common.operational

    def _secures(self) -> bool:
        sends = not self._controls.protects or all(map(self._can_send, self._classes.values()))
        receives = any(
            sc.enabled and any(sa.enabled for sa in sc.sa.values()) for sc in self._rx.values()
        )
        return sends and (receives or not self._controls.protects)

    def _can_send(self, sc: TransmitSC) -> bool:
        sa = sc.sa.get(self._controls.encodingsa)
        if sa is None or not sc.enabled or not sa.enabled:
            return False
        return sa.next_pn < self._controls.cipher.pn_limit
