"""The Uncontrolled Port of a SecY (802.1AE 10.4): any protocol, without protection."""

from __future__ import annotations

from collections.abc import Callable

from macsec.secy import SecY
from macsec.secy.counters import Counters
from macsec.secy.management import PortStatus

Receive = Callable[[bytes], object]


class UncontrolledPort:
    """The port beside the Controlled Port, for a user of any protocol.

    Each request is one frame on the Common Port, as it is; each frame of the Common Port is one
    indication to every receiver, as it came, also one that the Controlled Port refuses. Nothing
    is held back, made up or reordered. `send` puts a frame on the Common Port.
    """

    def __init__(self, secy: SecY, send: Receive) -> None:
        self.secy = secy
        self._send = send
        self._receivers: list[Receive] = []

    def receive_with(self, receiver: Receive) -> None:
        """Give each frame from now on to a receiver too."""
        self._receivers.append(receiver)

    def request(self, frame: bytes) -> None:
        """Send a frame, unless the port is not operational: then it goes nowhere."""
        if self.status.operational:
            self.secy.uncontrolled_sent(frame)
            self._send(frame)

    def indication(self, octets: bytes) -> None:
        """Give a frame of the Common Port to the receivers. Its SecY counts it."""
        for receiver in self._receivers:
            receiver(octets)

    @property
    def status(self) -> PortStatus:
        """MAC_Enabled, MAC_Operational and the point-to-point state."""
        return self.secy.uncontrolled_port

    @property
    def counters(self) -> Counters:
        """The RFC 2863 counters."""
        return self.secy.uncontrolled_counters
