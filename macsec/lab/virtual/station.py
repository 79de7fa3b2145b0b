"""A station with key agreement on a link: KaY, SecY and a timer on the engine."""

from __future__ import annotations

from collections.abc import Callable

from macsec.kay.kay import Kay
from macsec.port.agreement import settle
from macsec.port.controlled_port import ControlledPort
from macsec.secy import SecY
from macsec.terms import ADDRESSES_LENGTH, ETHERTYPE_EAPOL
from macsec.time_units import PS_PER_NS
from macsec.wire.engine import HORIZON_PS, Engine

EAPOL = ETHERTYPE_EAPOL.to_bytes(2)

Send = Callable[[bytes], None]


class Station:
    """Frames of users go in at `request` and come out at `deliver`; the wire is `send`.

    `start` begins key agreement; `stop` is a power cut: nothing is said to anybody. `after`, where
    set, is called when the KaY has settled.
    """

    def __init__(
        self, engine: Engine, kay: Kay, secy: SecY, send: Send, deliver: Send | None = None
    ) -> None:
        self.engine = engine
        self.kay = kay
        self.port = ControlledPort(secy)
        self.deliver = deliver
        self.after: Callable[[], None] | None = None
        self.running = False
        self._send = send
        self._due_ps: int | None = None

    def start(self) -> None:
        """Begin."""
        self.running = True
        self.kay.set_enabled(self.engine.now_ns, True)
        self.settle()

    def stop(self) -> None:
        """From now on the station neither sends nor hears, and its keys are gone."""
        self.running = False
        self.port.secy.close()

    def request(self, frame: bytes) -> bool:
        """A user's frame to the Controlled Port; whether it went on the wire."""
        octets = self.port.request(frame) if self.running else None
        if octets is not None:
            self._send(octets)
        return octets is not None

    def indicate(self, octets: bytes) -> None:
        """A frame from the wire: EAPOL goes to the KaY, all else to the Controlled Port."""
        if not self.running:
            return
        if octets[ADDRESSES_LENGTH : ADDRESSES_LENGTH + 2] == EAPOL:
            self.kay.receive_mkpdu(self.engine.now_ns, octets)
            self.settle()
            return
        _, frame = self.port.indication(octets)
        if frame is not None and self.deliver is not None:
            self.deliver(frame)

    def settle(self) -> None:
        """Do what the KaY asks for, send what it has to say, and ask to be woken."""
        settle(self.kay, self.port, self.engine.now_ns, self._send)
        if self.after is not None:
            self.after()
        self._arm()

    def _arm(self) -> None:
        timeout_ns = self.kay.next_timeout_ns()
        if timeout_ns is None:
            return
        due_ps = max(timeout_ns * PS_PER_NS, self.engine.now_ps)
        if due_ps > HORIZON_PS:
            return
        if self._due_ps is None or due_ps < self._due_ps:
            self._due_ps = due_ps
            self.engine.at(due_ps, self._wake)

    def _wake(self) -> None:
        # A wake-up that an earlier one overtook finds another time armed, and does nothing.
        if self._due_ps != self.engine.now_ps or not self.running:
            return
        self._due_ps = None
        self.settle()
