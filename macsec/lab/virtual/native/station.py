"""Stations in C: frames pass the SecY there, the KaY stays in Python."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from macsec.errors import ConfigError
from macsec.frames import frame_octets
from macsec.kay.kay import Kay
from macsec.lab.virtual.stations.station import Station, Watch
from macsec.secy import SecY, Verdict
from macsec.wire.link import Port, Receiver

from .engine import NativeEngine, ffi, lib
from .hellos import LentHellos, borrowed
from .port import NativePort, Place, frame_of, station_port

_VERDICTS = tuple(Verdict)


class NativeStation(Station):
    """A station in C. The SecY is lent to it until it is closed."""

    engine: NativeEngine

    def __init__(
        self,
        engine: NativeEngine,
        common: Port,
        secy: SecY,
        kay: Kay | None = None,
        name: str = "",
    ) -> None:
        if not isinstance(common, NativePort):
            raise ConfigError(f"station {name}: {common!r} is not a port of its engine")
        self._watch: Watch | None = None
        self._number = -1
        self._lent: LentHellos | None = None
        super().__init__(engine, common, secy, kay, name)
        loan = secy.lend(self._secy_closes)
        kinds = ffi.new("uint32_t[2]", [] if kay is None else sorted(self._eapol)[:2])
        self._number = engine.number_of(
            lib.macsec_lab_add_station(engine.lab, loan.secy, loan.lock, common.in_c.part, kinds)
        )
        own = station_port(self._number)
        self.controlled = NativePort(engine, self.controlled.name, common.mtu, own, own)
        self.uncontrolled = _Uncontrolled(engine, self._number, self.uncontrolled)
        common.receiver = Place(lib.MACSEC_LAB_STATION, self._number, 0, self.indicate)
        self._gated(self.port.enabled)

    def _secy_closes(self) -> None:
        lib.macsec_lab_take_secy(self.engine.lab, self._number)

    def _gated(self, opened: bool) -> None:
        if self._number >= 0:
            lib.macsec_lab_open(self.engine.lab, self._number, opened)

    def stop(self) -> None:
        """Cut the power of KaY and SecY: both send and take nothing more, and the SAKs are gone."""
        self._take_hellos()
        super().stop()
        self._gated(False)

    def settle(self) -> None:
        """Let the KaY do now what is due; while it then rests, C sends and hears its hellos."""
        super().settle()
        rested_ns = self._clock.behind_ns
        if rested_ns is None or self.on_mkpdu is not None:
            return
        if self._lent is None and self.running and self.agreement is not None:
            loan = self.agreement.lend_hellos(self.now_ns, self._return_hellos)
            if loan is not None:
                lab = self.engine.lab
                self._lent = borrowed(lab, self._number, loan, rested_ns)
                if self._lent is None:
                    self._take_hellos()

    def rest(self, pause_ns: int) -> None:
        """Stop the KaY's clock for a time from now on, in which it sends nothing."""
        self._take_hellos()
        super().rest(pause_ns)

    def run_clock_at(self, percent: int) -> None:
        """Let the KaY's clock run at a speed, in percent of the engine's."""
        self._take_hellos()
        super().run_clock_at(percent)

    def _take_hellos(self) -> None:
        if self.agreement is not None:
            self.agreement.kay.take_hellos_back()

    def _return_hellos(self) -> None:
        """Take the hellos from C."""
        self._lent = None
        lib.macsec_lab_return_hellos(self.engine.lab, self._number)

    def take_report(self) -> None:
        """Enter the hellos that C has sent and heard."""
        if self._lent is not None and self.agreement is not None:
            report = self._lent.report()
            self.mkpdus_sent += report.sent
            self.mkpdus_heard += report.heard
            self._heard.extend(self._lent.crcs(report))
            self.agreement.take_report(report, self._lent.mkpdu)

    def _wake_at(self, due_ps: int) -> None:
        engine = self.engine
        engine.check(lib.macsec_lab_wake_at(engine.lab, self._number, due_ps))

    def _sleep(self) -> None:
        lib.macsec_lab_sleep(self.engine.lab, self._number)

    def wake(self) -> None:
        """Let the KaY do what is due."""
        if self.running:
            self.settle()

    @property
    def on_mkpdu(self) -> Callable[[bytes], None] | None:
        """Called with each MKPDU that is sent: then Python sends all of them."""
        return self._on_mkpdu

    @on_mkpdu.setter
    def on_mkpdu(self, on_mkpdu: Callable[[bytes], None] | None) -> None:
        self._on_mkpdu = on_mkpdu
        self._take_hellos()

    @property
    def watch(self) -> Watch | None:
        """Sees each frame and its verdict."""
        return self._watch

    @watch.setter
    def watch(self, watch: Watch | None) -> None:
        self._watch = watch
        if self._number >= 0:
            lib.macsec_lab_probe(self.engine.lab, self._number, watch is not None)

    @property
    def delivered(self) -> int:
        """Frames that the Controlled Port delivered."""
        return int(self._counts().delivered)

    @property
    def blocked(self) -> tuple[int, int]:
        """Frames that the closed Controlled Port refused, sent and received."""
        sent, received = self._counts().blocked
        return sent, received

    def _counts(self) -> Any:
        found = ffi.new("macsec_lab_station_counts *")
        lib.macsec_lab_station(self.engine.lab, self._number, found)
        return found

    def request(self, frame: bytes) -> bool:
        """Send a frame from the Controlled Port; False if it did not go on the wire."""
        octets, engine, sent = frame_octets(frame), self.engine, ffi.new("int *")
        engine.check(lib.macsec_lab_request(engine.lab, self._number, octets, len(octets), sent))
        return bool(sent[0])

    def indicate(self, octets: bytes) -> None:
        """Take a frame from the Common Port: the Uncontrolled Port has each, as it came."""
        engine = self.engine
        engine.check(lib.macsec_lab_indicate(engine.lab, self._number, octets, len(octets)))

    def seen(self, call: Any) -> None:
        """Pass a frame to the Uncontrolled Port."""
        if self.uncontrolled.receiver is not None:
            self.uncontrolled.receiver(frame_of(call))

    def heard(self, call: Any) -> None:
        """Pass EAPOL to the KaY."""
        self._hear(frame_of(call))

    def sends(self, call: Any) -> None:
        """Show a frame to the watch of the Controlled Port."""
        if self.controlled.watch is not None:
            self.controlled.watch(frame_of(call))

    def delivers(self, call: Any) -> None:
        """Pass a delivered frame to the receiver of the Controlled Port."""
        if self.controlled.receiver is not None:
            self.controlled.receiver(frame_of(call))

    def protected(self, call: Any) -> None:
        """Show a frame and its result to the watch."""
        if self._watch is not None:
            self._watch.protected(frame_of(call), _result_of(call))

    def validated(self, call: Any) -> None:
        """Show a frame, its verdict and its result to the watch."""
        if self._watch is not None:
            self._watch.validated(frame_of(call), _VERDICTS[call.number], _result_of(call))

    def refused(self, call: Any) -> None:
        """Raise the error of a closed SecY."""
        self.secy.protect_frame(frame_of(call))


class _Uncontrolled(Port):
    """The Uncontrolled Port of a station; C calls for its frames once there is a receiver."""

    def __init__(self, engine: NativeEngine, station: int, port: Port) -> None:
        self._engine, self._station = engine, station
        self._receiver: Receiver | None = None
        super().__init__(port.name, port.mtu, port._send)

    @property
    def receiver(self) -> Receiver | None:
        """Called at each arrival."""
        return self._receiver

    @receiver.setter
    def receiver(self, receiver: Receiver | None) -> None:
        self._receiver = receiver
        lib.macsec_lab_uncontrolled(self._engine.lab, self._station, receiver is not None)


class Stations:
    """The stations of an engine, for its hooks."""

    def __init__(self, engine: NativeEngine) -> None:
        self._stations: list[NativeStation] = []
        engine.touched, engine.woken = self._take_report, self._wake
        for hook, handle in _HOOKS.items():
            engine.hooks[hook] = partial(self._call, handle)

    def add(self, station: NativeStation) -> NativeStation:
        """Add the station that was made last."""
        self._stations.append(station)
        return station

    def _take_report(self, number: int) -> None:
        self._stations[number].take_report()

    def _wake(self, number: int) -> None:
        self._stations[number].wake()

    def _call(self, handle: Callable[[NativeStation, Any], None], call: Any) -> None:
        handle(self._stations[call.part], call)


_HOOKS = {
    lib.MACSEC_LAB_STATION_SENDS: NativeStation.sends,
    lib.MACSEC_LAB_STATION_DELIVERS: NativeStation.delivers,
    lib.MACSEC_LAB_STATION_SEES: NativeStation.seen,
    lib.MACSEC_LAB_STATION_HEARS: NativeStation.heard,
    lib.MACSEC_LAB_PROTECTED: NativeStation.protected,
    lib.MACSEC_LAB_VALIDATED: NativeStation.validated,
    lib.MACSEC_LAB_SECY_CLOSED: NativeStation.refused,
}


def _result_of(call: Any) -> bytes | None:
    return bytes(ffi.buffer(call.result, call.result_length)) if call.result else None
