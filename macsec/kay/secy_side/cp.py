"""The Controlled Port state machine (IEEE 802.1X 12.4): one table, in which the first match wins.

`step` takes the inputs and takes transitions until no row matches. Entering a state runs its
`_ENTRY`. CP asks the KaY two questions each time they matter, so that no event can be missed:
whether all live peers receive with the newest key, and whether the Key Server transmits with it.
CP counts an action as done when it is queued, since no MKPDU that reports it leaves before the
actions were polled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from macsec.kay.keys.sak import KI, Protection, Sak
from macsec.kay.secy_side import actions
from macsec.kay.secy_side.associations import Associations
from macsec.kay.timers import MKA_LIFE_TIME_NS, SAK_RETIRE_TIME_NS


class Connect(Enum):
    """The KaY's demand on the port (12.3)."""

    PENDING = auto()
    UNAUTHENTICATED = auto()
    AUTHENTICATED = auto()
    SECURE = auto()


class CpState(Enum):
    """The states of figure 12-2."""

    INIT = auto()
    CHANGE = auto()
    ALLOWED = auto()
    AUTHENTICATED = auto()
    SECURED = auto()
    RECEIVE = auto()
    RECEIVING = auto()
    READY = auto()
    TRANSMIT = auto()
    TRANSMITTING = auto()
    ABANDON = auto()
    RETIRE = auto()


@dataclass(frozen=True, slots=True)
class CpInputs:
    """The inputs of CP: variables of the same names in 12.4.

    `enabled` is portEnabled, `connect` the KaY's demand. `server_changed` and `new_sak` wait for
    CP to act on them: a change of the Key Server, and a SAK that is not installed yet.
    `elected_self`: we are the Key Server.
    """

    enabled: bool = False
    connect: Connect = Connect.PENDING
    server_changed: bool = False
    elected_self: bool = False
    new_sak: Sak | None = None


@dataclass(slots=True)
class KeySlot:
    """Latest Key or Old Key: its KI and AN, its time, and whether it receives and transmits."""

    ki: KI
    an: int
    receives: bool = False
    transmits: bool = False
    since_ns: int = field(default=0, compare=False)


class CP:
    """The machine: `step` takes its inputs, `inputs` holds the rest of them after the step.

    `all_receiving` and `server_transmitting` answer for a KI. `latest` and `old` are the keys in
    use; `controlled` is controlledPortEnabled; `life_ns` is how long a Key Server waits for its
    members to receive (transmitWhen); CP sets `news` when an MKPDU has news to report.
    """

    def __init__(
        self,
        associations: Associations,
        all_receiving: Callable[[KI], bool],
        server_transmitting: Callable[[KI], bool],
    ) -> None:
        self._associations = associations
        self._all_receiving = all_receiving
        self._server_transmitting = server_transmitting
        self._now_ns = 0
        self._deadline_ns = 0
        self._in_force: Protection | None = None
        self._inputs = CpInputs()
        self.state = CpState.INIT
        self.latest: KeySlot | None = None
        self.old: KeySlot | None = None
        self.controlled = False
        self.news = False
        self.life_ns = MKA_LIFE_TIME_NS
        self._enter_init()

    @property
    def inputs(self) -> CpInputs:
        """The inputs of the last step, without the SAK or the server change that CP acted on."""
        return self._inputs

    @property
    def connect(self) -> Connect:
        """The KaY's demand at the last step."""
        return self._inputs.connect

    @property
    def next_timeout_ns(self) -> int | None:
        """Time at which the timer of the present state runs out, or None."""
        return (
            self._deadline_ns if self.state in (CpState.RECEIVING, CpState.TRANSMITTING) else None
        )

    @property
    def secured(self) -> bool:
        """True if frames pass, and only under a SAK."""
        return self.controlled and self.connect is Connect.SECURE

    @property
    def protection(self) -> Protection | None:
        """Suite and offset in force."""
        return self._in_force

    def slots(self) -> list[KeySlot]:
        """The keys in use, the newest first."""
        return [slot for slot in (self.latest, self.old) if slot is not None]

    @property
    def _newest(self) -> KeySlot:
        """The Latest Key, which exists from RECEIVE on."""
        return self.latest or KeySlot(KI(b"", 0), 0)

    def step(self, now_ns: int, inputs: CpInputs) -> None:
        """Take transitions until none is left."""
        self._now_ns, self._inputs = now_ns, inputs
        while (after := self._next()) is not None:
            self.state = after
            if after in _ENTRY:
                _ENTRY[after](self)

    def _next(self) -> CpState | None:
        rows = (*_ALWAYS, *TABLE[self.state])
        return next((after for guard, after in rows if guard(self)), None)

    # ---------------------------------------------------------------- guards

    def _stopped(self) -> bool:
        return not self._inputs.enabled and self.state is not CpState.INIT

    def _changed(self) -> bool:
        """The standard's cc: the keys in use may not stay."""
        given = self._inputs
        return (
            given.connect is not Connect.SECURE
            or given.server_changed
            or (given.new_sak is not None and given.new_sak.protection != self._in_force)
        )

    def _may_transmit(self) -> bool:
        """The Key Server need not wait: the port is closed, all receive, or the timer ran out."""
        return (
            not self.controlled
            or self._all_receiving(self._newest.ki)
            or self._now_ns >= self._deadline_ns
        )

    def _follows(self) -> bool:
        return not self.controlled or self._server_transmitting(self._newest.ki)

    # ---------------------------------------------------------------- entry actions

    def _enter_init(self) -> None:
        self._port(False)
        self.latest = self.old = None
        self._inputs = replace(self._inputs, server_changed=False, new_sak=None)
        self._associations.reset()

    def _enter_change(self) -> None:
        self._port(False)
        self._forget_latest()
        self._forget_old()

    def _enter_plain(self) -> None:
        self._associations.ask(actions.Unprotect())
        self._in_force = None
        self._port(True)

    def _enter_secured(self) -> None:
        self._inputs = replace(self._inputs, server_changed=False)
        if self._inputs.new_sak is not None:
            self._in_force = self._inputs.new_sak.protection
        if self._in_force is not None:
            self._associations.ask(actions.Protect(self._in_force))

    def _enter_receive(self) -> None:
        sak = self._inputs.new_sak
        if sak is not None:
            self.latest = KeySlot(sak.ki, sak.an, since_ns=self._now_ns)
            self._associations.create(sak)
            self._inputs = replace(self._inputs, new_sak=None)

    def _enter_receiving(self) -> None:
        self._newest.receives = True
        self._deadline_ns = self._now_ns + self.life_ns
        self.news = True

    def _enter_transmit(self) -> None:
        self._associations.enable_transmit(self._newest.ki)
        self._newest.transmits = True
        self._port(True)

    def _enter_transmitting(self) -> None:
        retires = self.old is not None and self.old.receives
        self._deadline_ns = self._now_ns + (SAK_RETIRE_TIME_NS if retires else 0)
        if self.old is not None:
            self.old.transmits = False
        self.news = True

    def _enter_retire(self) -> None:
        self._forget_old()
        self.old, self.latest = self.latest, None
        self.news = True

    def _forget_latest(self) -> None:
        if self.latest is not None:
            self._associations.delete(self.latest.ki)
            self.latest = None

    def _forget_old(self) -> None:
        if self.old is not None:
            self._associations.delete(self.old.ki)
            self.old = None

    def _port(self, enabled: bool) -> None:
        if self.controlled != enabled or self.state is CpState.INIT:
            self._associations.ask(actions.SetControlledPort(enabled))
        self.controlled = enabled


Guard = Callable[[CP], bool]


def _wants(connect: Connect) -> Guard:
    return lambda cp: cp._inputs.connect is connect


def _wants_not(connect: Connect) -> Guard:
    return lambda cp: cp._inputs.connect is not connect


def _always(_: CP) -> bool:
    return True


def _has_new_sak(cp: CP) -> bool:
    return cp._inputs.new_sak is not None


def _outdated(cp: CP) -> bool:
    return cp._inputs.new_sak is not None or cp._changed()


def _is_member(cp: CP) -> bool:
    return not cp._inputs.elected_self


def _retired(cp: CP) -> bool:
    return cp._now_ns >= cp._deadline_ns or cp._changed()


_ALWAYS: tuple[tuple[Guard, CpState], ...] = ((CP._stopped, CpState.INIT),)

TABLE: dict[CpState, tuple[tuple[Guard, CpState], ...]] = {
    CpState.INIT: ((lambda cp: cp._inputs.enabled, CpState.CHANGE),),
    CpState.CHANGE: (
        (_wants(Connect.UNAUTHENTICATED), CpState.ALLOWED),
        (_wants(Connect.AUTHENTICATED), CpState.AUTHENTICATED),
        (_wants(Connect.SECURE), CpState.SECURED),
    ),
    CpState.ALLOWED: ((_wants_not(Connect.UNAUTHENTICATED), CpState.CHANGE),),
    CpState.AUTHENTICATED: ((_wants_not(Connect.AUTHENTICATED), CpState.CHANGE),),
    CpState.SECURED: ((CP._changed, CpState.CHANGE), (_has_new_sak, CpState.RECEIVE)),
    CpState.RECEIVE: ((_always, CpState.RECEIVING),),
    CpState.RECEIVING: (
        (_outdated, CpState.ABANDON),
        (_is_member, CpState.READY),
        (CP._may_transmit, CpState.TRANSMIT),
    ),
    CpState.READY: ((_outdated, CpState.ABANDON), (CP._follows, CpState.TRANSMIT)),
    CpState.TRANSMIT: ((_always, CpState.TRANSMITTING),),
    CpState.TRANSMITTING: ((_retired, CpState.RETIRE),),
    CpState.ABANDON: ((CP._changed, CpState.RETIRE), (_has_new_sak, CpState.RECEIVE)),
    CpState.RETIRE: ((CP._changed, CpState.CHANGE), (_has_new_sak, CpState.RECEIVE)),
}

_ENTRY: dict[CpState, Callable[[CP], None]] = {
    CpState.INIT: CP._enter_init,
    CpState.CHANGE: CP._enter_change,
    CpState.ALLOWED: CP._enter_plain,
    CpState.AUTHENTICATED: CP._enter_plain,
    CpState.SECURED: CP._enter_secured,
    CpState.RECEIVE: CP._enter_receive,
    CpState.RECEIVING: CP._enter_receiving,
    CpState.TRANSMIT: CP._enter_transmit,
    CpState.TRANSMITTING: CP._enter_transmitting,
    CpState.ABANDON: CP._forget_latest,
    CpState.RETIRE: CP._enter_retire,
}
