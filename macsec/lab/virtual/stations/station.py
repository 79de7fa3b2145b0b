"""A station on a link: its SecY between the Controlled and the Common Port (10.1, 10.4)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from typing import Protocol, Self
from zlib import crc32

from macsec.frames.dissect import priority_tag_end
from macsec.kay.kay import Kay
from macsec.lab.virtual.stations.station_clock import StationClock
from macsec.port import Agreement, ControlledPort
from macsec.secy import SecY, Verdict
from macsec.terms import EAPOL_ETHERTYPES, ETHERTYPE_EAPOL
from macsec.time_units import PS_PER_NS
from macsec.wire.engine import HORIZON_PS, Engine
from macsec.wire.link import Port


def is_eapol(frame: bytes, ethertypes: Collection[int] = EAPOL_ETHERTYPES) -> bool:
    """Return whether a frame is from a KaY, for a KaY; a priority tag may come first."""
    at = priority_tag_end(frame)
    return int.from_bytes(frame[at : at + 2]) in ethertypes


class Watch(Protocol):
    """Sees single frames of a station, before and after its SecY."""

    def protected(self, frame: bytes, octets: bytes | None) -> None:
        """Take a frame of the Controlled Port, and that of the Common Port, or None."""

    def validated(self, octets: bytes, verdict: Verdict, frame: bytes | None) -> None:
        """Take a frame of the Common Port, its verdict, and the delivered frame, or None."""


REMEMBERED = 64
"""MKPDUs whose CRCs are compared with that of a new one, to find copies that the wire makes."""


class Station:
    """A station at one end of a link, `common`, its Common Port.

    Users have `controlled` and `uncontrolled`, used like the ports of a link; their MTU is that of
    `common`. With a `kay` the SAs come from key agreement, from `start` on, and a timer on the
    engine wakes the KaY. Without one they are static, and the Controlled Port is open. `watch`, if
    set, sees each frame and its verdict; `on_mkpdu` each MKPDU that is sent. The KaY's clock is
    that of the engine without the times of `rest`, at the speed of `run_clock_at`.
    """

    def __init__(
        self, engine: Engine, common: Port, secy: SecY, kay: Kay | None = None, name: str = ""
    ) -> None:
        self.engine = engine
        self.name = name or common.name
        self.common = common
        self.agreement = (
            None if kay is None else Agreement(kay, secy, self._send_mkpdu, self._gated)
        )
        self.port = (
            ControlledPort(secy, enabled=True) if self.agreement is None else self.agreement.port
        )
        self.controlled = Port(f"{self.name}.controlled", common.mtu, self._request)
        self.uncontrolled = Port(f"{self.name}.uncontrolled", common.mtu, self._send_uncontrolled)
        if kay is None:
            secy.keep_time(lambda: engine.now_ns)
        own = ETHERTYPE_EAPOL if kay is None else kay.policy.eapol_ethertype
        self._eapol = {ETHERTYPE_EAPOL, own}
        self.watch: Watch | None = None
        self.on_mkpdu: Callable[[bytes], None] | None = None
        self._delivered = 0
        self.mkpdus_sent = self.mkpdus_heard = self.mkpdus_repeated = 0
        self._heard: deque[int] = deque(maxlen=REMEMBERED)
        self.running = kay is None
        self._due_ps: int | None = None
        self._clock = StationClock()
        common.receiver = self.indicate

    @property
    def secy(self) -> SecY:
        """Its SecY."""
        return self.port.secy

    @property
    def delivered(self) -> int:
        """Frames that the Controlled Port delivered."""
        return self._delivered

    @property
    def blocked(self) -> tuple[int, int]:
        """Frames that the closed Controlled Port refused, sent and received."""
        sent, received = self.port.blocked
        return sent, received

    def _gated(self, opened: bool) -> None:
        """Follow the KaY, which opened or closed the Controlled Port: here the port knows."""

    def start(self) -> None:
        """Begin key agreement."""
        self.running = True
        self._sleep()  # the time may have passed while key agreement was stopped
        if self.agreement is not None:
            self.agreement.start(self.now_ns)
            self._arm(self.agreement.next_timeout_ns())

    def stop(self) -> None:
        """Cut the power of KaY and SecY: both send and take nothing more, and the SAKs are gone."""
        self.running = self.port.enabled = False
        self.secy.close()

    def close(self) -> None:
        """Stop, and wipe the CAKs."""
        self.stop()
        if self.agreement is not None:
            self.agreement.kay.chain.wipe()

    def settle(self) -> None:
        """Let the KaY do now what is due, with the PNs of now."""
        if self.agreement is not None:
            self.agreement.settle(self.now_ns)
            self._arm(self.agreement.next_timeout_ns())

    def rest(self, pause_ns: int) -> None:
        """Stop the KaY's clock for a time from now on, in which it sends nothing."""
        if self.agreement is not None:
            self._clock.rest(pause_ns)
            self._sleep()
            self._arm(self.agreement.next_timeout_ns())

    def run_clock_at(self, percent: int) -> None:
        """Let the KaY's clock run at a speed, in percent of the engine's."""
        if self.agreement is not None:
            self._clock.run_at(percent, self.engine.now_ns)
            self._sleep()
            self._arm(self.agreement.next_timeout_ns())

    @property
    def clock_percent(self) -> int:
        """The speed of the KaY's clock."""
        return self._clock.percent

    @property
    def now_ns(self) -> int:
        """The time on the KaY's clock."""
        return self._clock.shown_ns(self.engine.now_ns)

    def request(self, frame: bytes) -> bool:
        """Send a frame from the Controlled Port; False if it did not go on the wire."""
        octets = self.port.request(frame)
        if self.watch is not None:
            self.watch.protected(frame, octets)
        if octets is not None:
            self.common.send(octets)
        return octets is not None

    def _request(self, frame: bytes) -> None:
        self.request(frame)

    def indicate(self, octets: bytes) -> None:
        """Take a frame from the Common Port: the Uncontrolled Port has each, as it came.

        EAPOL then goes to the KaY, if there is one, and every other frame to the Controlled Port.
        The KaY answers once all that arrives at this time has arrived.
        """
        if self.uncontrolled.receiver is not None:
            self.uncontrolled.receiver(octets)
        if self.agreement is not None and is_eapol(octets, self._eapol):
            self._hear(octets)
            return
        verdict, frame = self.port.indication(octets)
        if verdict is not None and self.watch is not None:
            self.watch.validated(octets, verdict, frame)
        if frame is None:
            return
        self._delivered += 1
        if self.controlled.receiver is not None:
            self.controlled.receiver(frame)

    def _hear(self, mkpdu: bytes) -> None:
        """Give EAPOL to the KaY, unless its power is cut."""
        self.mkpdus_heard += 1
        mark = crc32(mkpdu)
        self.mkpdus_repeated += mark in self._heard  # the wire made two of it
        self._heard.append(mark)
        if self.running and self.agreement is not None:
            self.secy.uncontrolled_received(mkpdu)
            self.agreement.actors.receive(self.now_ns, mkpdu)
            self._arm(self.now_ns)

    def _send_mkpdu(self, mkpdu: bytes) -> None:
        self.mkpdus_sent += 1
        if self.on_mkpdu is not None:
            self.on_mkpdu(mkpdu)
        self.common.send(mkpdu)

    def _send_uncontrolled(self, frame: bytes) -> None:
        self.secy.uncontrolled_sent(frame)
        self.common.send(frame)

    def _arm(self, timeout_ns: int | None) -> None:
        """Ask the engine to wake the KaY at a time."""
        if timeout_ns is None:
            return
        due_ps = max(self._clock.engine_ns(timeout_ns) * PS_PER_NS, self.engine.now_ps)
        if due_ps > HORIZON_PS:
            return
        self._wake_at(due_ps)

    def _wake_at(self, due_ps: int) -> None:
        """Wake the KaY at a time of the engine, unless it is to be woken before."""
        if self._due_ps is None or due_ps < self._due_ps:
            self._due_ps = due_ps
            self.engine.at(due_ps, self._wake)

    def _sleep(self) -> None:
        """Do not wake the KaY at the time that was asked for."""
        self._due_ps = None

    def _wake(self) -> None:
        # An earlier wake-up may have armed another time: then this one does nothing.
        if self._due_ps != self.engine.now_ps or not self.running:
            return
        self._due_ps = None
        self.settle()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
