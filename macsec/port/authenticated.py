"""An agreement whose CAKs come from EAP: a port that authenticates the station at its other end."""

from __future__ import annotations

from collections.abc import Callable

from macsec.kay.eap.frames import decoded
from macsec.kay.eap.logon import EapPolicy, Logon
from macsec.kay.eap.radius import Nas
from macsec.kay.kay import Kay
from macsec.kay.policy import KayPolicy
from macsec.secy import Controls, SecY

from .agreement import Agreement, Send
from .controlled_port import Gate


class AuthenticatedAgreement(Agreement):
    """An agreement with a `logon`, which takes EAP of the supplicant and of the RADIUS server.

    `send` takes EAPOL frames, `ask` packets for the server. Key agreement runs while the port is
    operational: `link`.
    """

    def __init__(
        self,
        kay: Kay,
        secy: SecY,
        send: Send,
        gate: Gate | None,
        *,
        nas: Nas,
        random: Callable[[int], bytes],
        policy: EapPolicy,
        ask: Send,
    ) -> None:
        super().__init__(kay, secy, send, gate)
        self.logon = Logon(kay, nas, random, policy, self._enable)
        self._ask = ask

    def link(self, now_ns: int, up: bool) -> None:
        """Follow the port: it became operational, or is no longer."""
        self.logon.link(now_ns, up)
        self.settle(now_ns)

    def start(self, now_ns: int) -> None:
        """Start key agreement and authentication: the port is operational."""
        self.link(now_ns, True)

    def stop(self, now_ns: int) -> None:
        """Close the port, delete every SA and wipe the SAKs. Sends nothing."""
        self._end_bypass()
        self.logon.link(now_ns, False)
        super().settle(now_ns)

    def adopt(self, now_ns: int, policy: KayPolicy, controls: Controls) -> None:
        """Continue as a new member under another policy; the station authenticates anew.

        Raises ConfigError for controls that the SCI forbids, and then changes nothing.
        """
        controls.check_sci(self.kay.sci)
        up = self.logon.up
        self.logon.forget(now_ns)
        super().adopt(now_ns, policy, controls)
        self.link(now_ns, up)

    def _enable(self, now_ns: int, enabled: bool) -> None:
        super()._enable(now_ns, enabled and self.logon.up and not self.bypassed)

    def hear(self, now_ns: int, *frames: bytes) -> None:
        """Take all EAPOL frames that have arrived, then do all that is due."""
        for frame in frames:
            self.port.secy.uncontrolled_received(frame)
            if (eap := decoded(frame)) is not None:
                self.logon.hear(now_ns, eap)
            else:
                self.actors.receive(now_ns, frame)
        self.settle(now_ns)

    def hear_server(self, now_ns: int, *packets: bytes) -> None:
        """Take packets of the RADIUS server, then do all that is due."""
        for packet in packets:
            self.logon.hear_server(now_ns, packet)
        self.settle(now_ns)

    def settle(self, now_ns: int) -> None:
        """Do all that is due."""
        self.logon.settle(now_ns)
        pae = self.logon.pae
        while pae.to_supplicant:
            frame = pae.to_supplicant.popleft()
            self.port.secy.uncontrolled_sent(frame)
            self._send(frame)
        while pae.to_server:
            self._ask(pae.to_server.popleft())
        super().settle(now_ns)

    def next_timeout_ns(self) -> int | None:
        """Return the time of the next `settle`, or None if only a frame can bring work."""
        times = (super().next_timeout_ns(), self.logon.next_timeout_ns())
        return min((time for time in times if time is not None), default=None)
