"""An endpoint with key agreement: a KaY at its Uncontrolled Port opens the Controlled one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from macsec.kay.kay import Kay
from macsec.kay.sak import KI
from macsec.lab.virtual.endpoint import Endpoint
from macsec.lab.virtual.station import EAPOL, Station
from macsec.secy import SecY
from macsec.terms import ADDRESSES_LENGTH
from macsec.wire.engine import Engine

TYPE = slice(ADDRESSES_LENGTH, ADDRESSES_LENGTH + len(EAPOL))


def is_eapol(frame: bytes) -> bool:
    """Whether a frame is for a KaY, or from one."""
    return frame[TYPE] == EAPOL


class InForce(NamedTuple):
    """From a time on frames were sent under this SAK, agreed on with the CAK of this name."""

    time_ns: int
    ki: KI
    an: int
    ckn: str


class Progress:
    """What a KaY came to: the SAKs that it sent under, and when it was secured first."""

    def __init__(self, kay: Kay) -> None:
        self.kay = kay
        self.saks: list[InForce] = []
        self.secured_ns: int | None = None
        self.on_secured: Callable[[], None] | None = None

    def note(self, now_ns: int) -> None:
        """Look at it after it has settled."""
        kay = self.kay
        slot = next((slot for slot in kay.cp.slots() if slot.transmits), None)
        if slot is not None and (not self.saks or self.saks[-1].ki != slot.ki):
            ckn = "" if kay.principal is None else kay.principal.key.name
            self.saks.append(InForce(now_ns, slot.ki, slot.an, ckn))
        if self.secured_ns is None and kay.secured:
            self.secured_ns = now_ns
            if self.on_secured is not None:
                self.on_secured()


class AgreedEndpoint(Endpoint):
    """An Endpoint whose SAs its KaY makes. Speaks from `start` on.

    `refused`: frames that the closed Controlled Port did not let through, sent and received.
    `progress` tells when it was secured, and by which keys.
    """

    def __init__(self, name: str, secy: SecY, engine: Engine, kay: Kay) -> None:
        super().__init__(name, secy)
        self.kay = kay
        self.progress = Progress(kay)
        self.mkpdus_sent = 0
        self._station = Station(engine, kay, secy, self._speak)
        self._station.after = lambda: self.progress.note(engine.now_ns)

    @property
    def refused(self) -> tuple[int, int]:
        """Frames that were to be sent, and frames that arrived, while the port was closed."""
        sent, received = self._station.port.blocked
        return sent, received

    @property
    def open(self) -> bool:
        """Whether the Controlled Port lets frames through."""
        return self._station.port.enabled

    def start(self) -> None:
        """Begin key agreement."""
        self._station.start()

    def settle(self) -> None:
        """Let the KaY look at the time and the PNs now."""
        self._station.settle()

    def _speak(self, mkpdu: bytes) -> None:
        self.mkpdus_sent += 1
        self.uncontrolled.send(mkpdu)

    def _request(self, frame: bytes) -> None:
        port = self._station.port
        if not port.enabled or not self._station.running:
            port.blocked[0] += 1
            return
        super()._request(frame)

    def _indicate(self, octets: bytes) -> None:
        if is_eapol(octets):
            if self.uncontrolled.receiver is not None:
                self.uncontrolled.receiver(octets)
            self._station.indicate(octets)
            return
        port = self._station.port
        if not port.enabled or not self._station.running:
            port.blocked[1] += 1
            return
        super()._indicate(octets)

    def close(self) -> None:
        """Wipe the keys, and say no more."""
        self._station.stop()
        self.kay.chain.wipe()
