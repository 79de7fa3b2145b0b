"""The Controlled Port of a SecY (802.1AE 10.4), and the actions of a KaY on both.

The one place that turns the actions of a KaY into calls on a SecY.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

from macsec.errors import ConfigError, MACsecError
from macsec.kay.secy_side import actions
from macsec.kay.secy_side.actions import Action
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
        secy.set_controlled_port_enabled(enabled)
        self._gate = gate
        self.blocked = [0, 0]
        self.refused = 0
        self._may_open = True
        self._complaint = ""
        self._wanted: Controls = secy.controls

    @property
    def wanted(self) -> Controls:
        """The controls as configured; a KaY changes some of those of the SecY."""
        return self._wanted

    def request(self, frame: bytes) -> bytes | None:
        """Return a frame to send as it goes on the Common Port, or None."""
        if not self.enabled and not self.secy.controls.lets_pass(frame, sending=True):
            self.blocked[0] += 1
            return None
        return self.secy.protect_frame(frame)

    def indication(self, octets: bytes) -> tuple[Verdict | None, bytes | None]:
        """Return the verdict on a frame, None if blocked; and the delivered frame, or None."""
        if not self.enabled and not self.secy.controls.lets_pass(octets, sending=False):
            self.blocked[1] += 1
            self.secy.uncontrolled_received(octets)
            return None, None
        return self.secy.validate_frame(octets)

    def transmit_pns(self, traffic_class: int = 0) -> Iterator[tuple[int, int]]:
        """Yield AN and nextPN of every transmit SA of a traffic class, for the KaY."""
        sc = self.secy.tx_classes.get(traffic_class)
        for an, sa in sc.sa.items() if sc is not None else ():
            yield an, sa.next_pn

    def adopt(self, controls: Controls) -> None:
        """Take other controls from now on; the SecY must have no SA. Raises ConfigError."""
        with self.secy.locks.lifted():
            self._replace(controls)
        self._wanted = controls

    def _replace(self, controls: Controls) -> None:
        for traffic_class in list(self.secy.tx_classes)[1:]:
            self.secy.delete_tx_class(traffic_class)
        free = {"enable_use": controls.enable_use, "require_confidentiality": ()}
        self.secy.change_cipher(controls.cipher, offset=0, window=0, **free)
        given = {each.name: getattr(controls, each.name) for each in fields(controls)}
        self.secy.set_controls(**given)

    def perform(self, action: Action) -> bool:
        """Carry out an action; return False if the SecY refuses it.

        A refusal is counted and warned of, and never raises: a peer may have caused the action. A
        gate that fails does raise.
        While the SecY refuses how frames are to be protected, the port stays closed.
        """
        try:
            with self.secy.locks.lifted():
                _CALLS[type(action)](self, action)
        except MACsecError as error:
            if isinstance(action, actions.SetControlledPort):
                raise  # the gate failed, which no peer can cause
            self._refuse(action, str(error))
            return False
        if isinstance(action, _PROTECTING):
            self._may_open = True
        return True

    def perform_class(self, action: Action, traffic_class: int) -> bool:
        """Carry out an action of the actor of another class, on the transmit SC of that alone."""
        try:
            if type(action) in _CLASS_CALLS:
                with self.secy.locks.lifted():
                    _CLASS_CALLS[type(action)](self, action, traffic_class)
        except MACsecError as error:
            self._refuse(action, str(error))
            return False
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
        self.secy.set_controlled_port_enabled(self.enabled)
        if self._gate is not None:
            self._gate(self.enabled)

    def _protect(self, action: actions.Protect) -> None:
        protection = action.protection
        suite = protection.suite
        if suite is not self.secy.controls.cipher:
            window = min(self.secy.controls.window, suite.window_limit)
            self.secy.change_cipher(suite, offset=0, window=window, encrypt=protection.encrypts)
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

    def _is_ours(self, sci: int) -> bool:
        """Return whether another actor of this port has an SCI: none of its frames is received."""
        return any(sc.sci == sci_text(sci) for tc, sc in self.secy.tx_classes.items() if tc)

    def _create_sc(self, action: actions.CreateReceiveSC) -> None:
        if not self._is_ours(action.sci):
            self.secy.create_rx_sc(action.sci)

    def _delete_sc(self, action: actions.DeleteReceiveSC) -> None:
        if not self._is_ours(action.sci):
            self.secy.delete_rx_sc(action.sci)

    def _create_rx(self, action: actions.CreateReceiveSA) -> None:
        if self._is_ours(action.sci):
            return
        self.secy.create_rx_sa(
            action.sci, action.an, action.key, ssci=action.ssci, salt=action.salt
        )

    def _delete_rx(self, action: actions.DeleteReceiveSA) -> None:
        if self._is_ours(action.sci):
            return
        self.secy.enable_rx_sa(action.sci, action.an, False)
        self.secy.delete_rx_sa(action.sci, action.an)

    def _raise_lowest(self, action: actions.RaiseLowestPN) -> None:
        if self._is_ours(action.sci):
            return
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
        # encodingSA is that of all SCs: those of other classes go on at the same time.
        for traffic_class, sc in self.secy.tx_classes.items():
            if not traffic_class or action.an in sc.sa:
                self.secy.enable_tx_sa(action.an, traffic_class=traffic_class)
        self.secy.set_controls(encodingsa=action.an)

    def _delete_tx(self, action: actions.DeleteTransmitSA) -> None:
        self.secy.enable_tx_sa(action.an, False)
        self.secy.delete_tx_sa(action.an)

    # ---------------------------------------------------------------- other traffic classes

    def _reset_class(self, _: actions.Reset, traffic_class: int) -> None:
        self.secy.create_tx_class(traffic_class)
        for an in list(self.secy.tx_classes[traffic_class].sa):
            self._delete_class_tx(actions.DeleteTransmitSA(an), traffic_class)

    def _create_class_tx(self, action: actions.CreateTransmitSA, traffic_class: int) -> None:
        self.secy.create_tx_sa(
            action.an,
            action.key,
            ssci=action.ssci,
            salt=action.salt,
            enabled=False,
            traffic_class=traffic_class,
        )

    def _enable_class_tx(self, action: actions.EnableTransmitSA, traffic_class: int) -> None:
        self.secy.enable_tx_sa(action.an, traffic_class=traffic_class)

    def _delete_class_tx(self, action: actions.DeleteTransmitSA, traffic_class: int) -> None:
        # Another suite has deleted it already, if the actor of class 0 took one.
        if action.an in self.secy.tx_classes[traffic_class].sa:
            self.secy.enable_tx_sa(action.an, False, traffic_class=traffic_class)
            self.secy.delete_tx_sa(action.an, traffic_class)


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

_CLASS_CALLS: dict[type, Callable[[ControlledPort, Any, int], None]] = {
    actions.Reset: ControlledPort._reset_class,
    actions.CreateTransmitSA: ControlledPort._create_class_tx,
    actions.EnableTransmitSA: ControlledPort._enable_class_tx,
    actions.DeleteTransmitSA: ControlledPort._delete_class_tx,
}
