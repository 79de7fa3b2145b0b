"""A KaY and the SecY that it keys, with time as an argument."""

from __future__ import annotations

from collections.abc import Callable

from macsec.kay import actions
from macsec.kay.actions import Action
from macsec.kay.kay import Kay
from macsec.kay.policy import KayPolicy
from macsec.secy import Controls, SecY

from .controlled_port import ControlledPort, Gate

Send = Callable[[bytes], object]


class Agreement:
    """Key agreement for a SecY: its KaY, and the Controlled Port that the KaY opens.

    `send` takes MKPDUs for the Uncontrolled Port. `gate(opened)` is called when the Controlled Port
    opens or closes: a pump that moves frames through the SecY obeys it. While it is `bypassed`, the
    KaY rests and frames pass in clear. Times are ns on one clock that never goes back.
    """

    def __init__(self, kay: Kay, secy: SecY, send: Send, gate: Gate | None = None) -> None:
        self.kay = kay
        self.port = ControlledPort(secy, gate)
        self.bypassed = False
        self._send = send
        self._followers: list[Callable[[int], None]] = []

    def follow(self, act: Callable[[int], None]) -> None:
        """Call `act` with the time whenever the KaY has settled, after earlier followers."""
        self._followers.append(act)

    def start(self, now_ns: int) -> None:
        """Start the KaY."""
        self.kay.set_enabled(now_ns, True)
        self.settle(now_ns)

    def stop(self, now_ns: int) -> None:
        """Close the port, delete every SA and wipe the SAKs. Sends nothing."""
        self._end_bypass()
        self.kay.set_enabled(now_ns, False)
        self.settle(now_ns)

    def bypass(self, now_ns: int, bypassed: bool) -> None:
        """Turn MACsec off, so that frames pass in clear; or on again, closed until secured."""
        if bypassed == self.bypassed:
            return
        self._end_bypass()
        self.kay.set_enabled(now_ns, not bypassed)
        self.settle(now_ns)
        if bypassed:
            self.port.perform(actions.Unprotect())
            self.port.perform(actions.SetControlledPort(True))
            self.bypassed = True

    def _end_bypass(self) -> None:
        if self.bypassed:
            self.port.perform(actions.SetControlledPort(False))
            self.bypassed = False

    def adopt(self, now_ns: int, policy: KayPolicy, controls: Controls) -> None:
        """Continue as a new member under another policy, with other controls of the SecY.

        Raises ConfigError for controls that the SCI forbids, and then changes nothing.
        """
        controls.check_sci(self.kay.sci)
        bypassed = self.bypassed
        self.stop(now_ns)
        self.port.adopt(controls)
        self.kay.set_policy(now_ns, policy)
        if bypassed:
            self.bypass(now_ns, True)
        else:
            self.start(now_ns)

    def hear(self, now_ns: int, *frames: bytes) -> None:
        """Take all EAPOL frames that have arrived, then do all that is due."""
        for frame in frames:
            self.kay.receive_mkpdu(now_ns, frame)
        self.settle(now_ns)

    def settle(self, now_ns: int) -> None:
        """Do all that is due: at a time that `next_timeout_ns` gave, or at any other time."""
        for an, next_pn in self.port.transmit_pns():
            self.kay.update_pn(now_ns, an, next_pn)
        self._act(now_ns)
        for act in self._followers:
            act(now_ns)

    def _act(self, now_ns: int) -> None:
        """Perform actions and send MKPDUs until the KaY has none: `Kay.poll_transmit`."""
        while True:
            if (action := self.kay.poll_action()) is not None:
                self._perform(action)
            elif (mkpdu := self.kay.poll_transmit(now_ns)) is not None:
                self._send(mkpdu)
            elif (action := self.kay.poll_action()) is not None:
                self._perform(action)
            else:
                break

    def _perform(self, action: Action) -> None:
        if not self.port.perform(action):
            self.kay.counters.add("secy-refused")

    def next_timeout_ns(self) -> int | None:
        """Return the time of the next `settle`, or None if only a frame can bring work."""
        return self.kay.next_timeout_ns()
