"""The Controlled Port of a SecY (802.1AE 10.4), and the actions of a KaY on both.

The one place that turns the actions of a KaY into calls on a SecY.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

from macsec.errors import ConfigError, MACsecError
from macsec.kay import actions
from macsec.kay.actions import Action
from macsec.secy import Controls, SecY, Validate, Verdict
from macsec.terms import sci_text

LOG = logging.getLogger("macsec")

Gate = Callable[[bool], None]


class ControlledPort:
    """A SecY and the gate before it: no frame passes while `enabled` is False.

    With static SAs the port is `enabled` from the start. A KaY opens and closes it by actions, and
    `gate(enabled)` is then called; it also chooses suite, encryption and offset. A secured port has
    all other controls as the SecY has them now. `blocked`: frames that the closed port refused,
    sent and received; frames of the protocols of the control `clear` pass a closed port too.
    `refused`: actions that the SecY refused.
    """

    def __init__(self, secy: SecY, gate: Gate | None = None, *, enabled: bool = False) -> None:
        self.secy = secy
        self.enabled = enabled
        self._gate = gate
        self.blocked = [0, 0]
        self.refused = 0
        self._may_open = True
        self._complaint = ""
        self._wanted: Controls = secy.controls

    def request(self, frame: bytes) -> bytes | None:
        """Return a frame to send as it goes on the Common Port, or None."""
        if not self.enabled and not self.secy.controls.lets_pass(frame):
            self.blocked[0] += 1
            return None
        return self.secy.protect_frame(frame)

    def indication(self, octets: bytes) -> tuple[Verdict | None, bytes | None]:
        """Return the verdict on a frame, None if blocked; and the delivered frame, or None."""
        if not self.enabled and not self.secy.controls.lets_pass(octets):
            self.blocked[1] += 1
            return None, None
        return self.secy.validate_frame(octets)

    def transmit_pns(self) -> Iterator[tuple[int, int]]:
        """Yield AN and nextPN of every transmit SA, for the KaY."""
        for an, sa in self.secy.tx.sa.items():
            yield an, sa.next_pn

    def adopt(self, controls: Controls) -> None:
        """Take other controls from now on; the SecY must have no SA. Raises ConfigError."""
        self.secy.set_controls(offset=0, window=0)
        self.secy.change_cipher(controls.cipher)
        given = {each.name: getattr(controls, each.name) for each in fields(controls)}
        self.secy.set_controls(**given)
        self._wanted = controls

    def perform(self, action: Action) -> bool:
        """Carry out an action; return False if the SecY refuses it.

        A refusal is counted and warned of, and never raises: a peer may have caused the action. A
        gate that fails does raise.
        While the SecY refuses how frames are to be protected, the port stays closed.
        """
        try:
            _CALLS[type(action)](self, action)
        except MACsecError as error:
            if isinstance(action, actions.SetControlledPort):
                raise  # the gate failed, which no peer can cause
            self._refuse(action, str(error))
            return False
        if isinstance(action, _PROTECTING):
            self._may_open = True
        return True

    def _refuse(self, action: Action, reason: str) -> None:
        self.refused += 1
        if isinstance(action, _PROTECTING):
            self._may_open = False
        if reason != self._complaint:
            self._complaint = reason
            LOG.warning("SecY %s: %s refused: %s", self.secy.tx.sci, type(action).__name__, reason)

    def _reset(self, action: actions.Reset) -> None:
        for an in list(self.secy.tx.sa):
            self._delete_tx(actions.DeleteTransmitSA(an))
        for sci in list(self.secy.rx):
            self.secy.delete_rx_sc(sci)
        self.secy.create_tx_sc(action.sci)

    def _open(self, action: actions.SetControlledPort) -> None:
        self.enabled = action.enabled and self._may_open
        if self._gate is not None:
            self._gate(self.enabled)

    def _protect(self, action: actions.Protect) -> None:
        protection = action.protection
        suite = protection.suite
        if suite is not self.secy.controls.cipher:
            window = min(self.secy.controls.window, suite.window_limit)
            self.secy.set_controls(offset=0, window=window)
            self.secy.change_cipher(suite)
        self.secy.set_controls(
            protect=True,
            validate=self._wanted.validate,
            replay=self._wanted.replay,
            duplicates_reject=self._wanted.duplicates_reject,
            window=min(self._wanted.window, suite.window_limit),
            encrypt=protection.encrypts,
            offset=protection.offset,
        )

    def _unprotect(self, _: actions.Unprotect) -> None:
        self.secy.set_controls(
            protect=False, validate=Validate.CHECK, replay=False, duplicates_reject=False
        )

    def _create_sc(self, action: actions.CreateReceiveSC) -> None:
        self.secy.create_rx_sc(action.sci)

    def _delete_sc(self, action: actions.DeleteReceiveSC) -> None:
        self.secy.delete_rx_sc(action.sci)

    def _create_rx(self, action: actions.CreateReceiveSA) -> None:
        self.secy.create_rx_sa(
            action.sci, action.an, action.key, ssci=action.ssci, salt=action.salt
        )

    def _delete_rx(self, action: actions.DeleteReceiveSA) -> None:
        self.secy.enable_rx_sa(action.sci, action.an, False)
        self.secy.delete_rx_sa(action.sci, action.an)

    def _raise_lowest(self, action: actions.RaiseLowestPN) -> None:
        sc = self.secy.rx.get(f"{action.sci:016x}")
        sa = None if sc is None else sc.sa.get(action.an)
        if sa is None:
            raise ConfigError(f"there is no SA {action.an} of receive SC {sci_text(action.sci)}")
        with self.secy.still():  # the frames of a pump raise it too
            if self.secy.controls.profile.window_from_next_pn:  # the window follows nextPN
                if action.lowest_pn > sa.next_pn:
                    self.secy.raise_rx_pn(action.sci, action.an, next_pn=action.lowest_pn)
            elif action.lowest_pn > sa.lowest_pn:
                self.secy.raise_rx_pn(action.sci, action.an, lowest_pn=action.lowest_pn)

    def _create_tx(self, action: actions.CreateTransmitSA) -> None:
        self.secy.create_tx_sa(
            action.an, action.key, ssci=action.ssci, salt=action.salt, enabled=False
        )

    def _enable_tx(self, action: actions.EnableTransmitSA) -> None:
        self.secy.enable_tx_sa(action.an)
        self.secy.set_controls(encodingsa=action.an)

    def _delete_tx(self, action: actions.DeleteTransmitSA) -> None:
        self.secy.enable_tx_sa(action.an, False)
        self.secy.delete_tx_sa(action.an)


_PROTECTING = actions.Protect, actions.Unprotect

_CALLS: dict[type, Callable[[ControlledPort, Any], None]] = {
    actions.Reset: ControlledPort._reset,
    actions.SetControlledPort: ControlledPort._open,
    actions.Protect: ControlledPort._protect,
    actions.Unprotect: ControlledPort._unprotect,
    actions.CreateReceiveSC: ControlledPort._create_sc,
    actions.DeleteReceiveSC: ControlledPort._delete_sc,
    actions.CreateReceiveSA: ControlledPort._create_rx,
    actions.DeleteReceiveSA: ControlledPort._delete_rx,
    actions.RaiseLowestPN: ControlledPort._raise_lowest,
    actions.CreateTransmitSA: ControlledPort._create_tx,
    actions.EnableTransmitSA: ControlledPort._enable_tx,
    actions.DeleteTransmitSA: ControlledPort._delete_tx,
}
