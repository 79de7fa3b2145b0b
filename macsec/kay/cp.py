"""The Controlled Port state machine (IEEE 802.1X 12.4): one table, in which the first match wins.

The KaY sets the inputs and calls `step`; CP goes on until no row matches. Entering a state does
what `_ENTRY` says. Two things are asked of the KaY each time they matter, so that no event can be
missed: whether all live peers receive with the newest key, and whether the Key Server sends with
it. What CP asks of the SecY counts as done, since an MKPDU that tells of it leaves only after the
actions were polled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from macsec.kay import actions
from macsec.kay.associations import Associations
from macsec.kay.sak import KI, Protection, Sak
from macsec.time_units import NS_PER_S

MKA_LIFE_TIME_NS = 6 * NS_PER_S
SAK_RETIRE_TIME_NS = 3 * NS_PER_S


class Connect(Enum):
    """What the KaY wants of the port (12.3)."""

    PENDING = auto()
    UNAUTHENTICATED = auto()
    AUTHENTICATED = auto()
    SECURE = auto()


class State(Enum):
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


@dataclass(slots=True)
class Slot:
    """Latest or Old: a key, and what is done with it."""

    ki: KI
    an: int
    receives: bool = False
    transmits: bool = False


class CP:
    """The machine. Inputs: `enabled`, `connect`, `server_changed`, `elected_self`, `new_sak`.

    `all_receiving` and `server_transmitting` answer for a KI. `latest` and `old` are the keys in
    use; `controlled` is controlledPortEnabled; `news` is set when an MKPDU has something to tell.
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
        self.state = State.INIT
        self.enabled = False
        self.connect = Connect.PENDING
        self.server_changed = False
        self.elected_self = False
        self.new_sak: Sak | None = None
        self.latest: Slot | None = None
        self.old: Slot | None = None
        self.controlled = False
        self.news = False
        self._enter_init()

    @property
    def next_timeout_ns(self) -> int | None:
        """When a timer of the present state runs out."""
        return self._deadline_ns if self.state in (State.RECEIVING, State.TRANSMITTING) else None

    @property
    def secured(self) -> bool:
        """Whether frames pass, and only under a SAK."""
        return self.controlled and self.connect is Connect.SECURE

    @property
    def protection(self) -> Protection | None:
        """Suite and offset in force."""
        return self._in_force

    def slots(self) -> list[Slot]:
        """The keys in use, the newest first."""
        return [slot for slot in (self.latest, self.old) if slot is not None]

    @property
    def _newest(self) -> Slot:
        """Latest, which there is from RECEIVE on."""
        return self.latest or Slot(KI(b"", 0), 0)

    def step(self, now_ns: int) -> None:
        """Take transitions until none is left."""
        self._now_ns = now_ns
        while (after := self._next()) is not None:
            self.state = after
            if after in _ENTRY:
                _ENTRY[after](self)

    def _next(self) -> State | None:
        rows = (*_ALWAYS, *TABLE[self.state])
        return next((after for guard, after in rows if guard(self)), None)

    # ---------------------------------------------------------------- guards

    def _stopped(self) -> bool:
        return not self.enabled and self.state is not State.INIT

    def _changed(self) -> bool:
        """The standard's cc: not to go on with the keys as they are."""
        return (
            self.connect is not Connect.SECURE
            or self.server_changed
            or (self.new_sak is not None and self.new_sak.protection != self._in_force)
        )

    def _may_transmit(self) -> bool:
        """The Key Server need not wait: all receive, none can be harmed, or it waited enough."""
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
        self.latest = self.old = self.new_sak = None
        self.server_changed = False
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
        self.server_changed = False
        if self.new_sak is not None:
            self._in_force = self.new_sak.protection
        if self._in_force is not None:
            self._associations.ask(actions.Protect(self._in_force))

    def _enter_receive(self) -> None:
        if self.new_sak is not None:
            self.latest = Slot(self.new_sak.ki, self.new_sak.an)
            self._associations.create(self.new_sak)
            self.new_sak = None

    def _enter_receiving(self) -> None:
        self._newest.receives = True
        self._deadline_ns = self._now_ns + MKA_LIFE_TIME_NS
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
        if self.controlled != enabled or self.state is State.INIT:
            self._associations.ask(actions.SetControlledPort(enabled))
        self.controlled = enabled


Guard = Callable[[CP], bool]


def _wants(connect: Connect) -> Guard:
    return lambda cp: cp.connect is connect


def _wants_not(connect: Connect) -> Guard:
    return lambda cp: cp.connect is not connect


def _always(_: CP) -> bool:
    return True


def _has_new_sak(cp: CP) -> bool:
    return cp.new_sak is not None


def _outdated(cp: CP) -> bool:
    return cp.new_sak is not None or cp._changed()


def _is_member(cp: CP) -> bool:
    return not cp.elected_self


def _retired(cp: CP) -> bool:
    return cp._now_ns >= cp._deadline_ns or cp._changed()


_ALWAYS: tuple[tuple[Guard, State], ...] = ((CP._stopped, State.INIT),)

TABLE: dict[State, tuple[tuple[Guard, State], ...]] = {
    State.INIT: ((lambda cp: cp.enabled, State.CHANGE),),
    State.CHANGE: (
        (_wants(Connect.UNAUTHENTICATED), State.ALLOWED),
        (_wants(Connect.AUTHENTICATED), State.AUTHENTICATED),
        (_wants(Connect.SECURE), State.SECURED),
    ),
    State.ALLOWED: ((_wants_not(Connect.UNAUTHENTICATED), State.CHANGE),),
    State.AUTHENTICATED: ((_wants_not(Connect.AUTHENTICATED), State.CHANGE),),
    State.SECURED: ((CP._changed, State.CHANGE), (_has_new_sak, State.RECEIVE)),
    State.RECEIVE: ((_always, State.RECEIVING),),
    State.RECEIVING: (
        (_outdated, State.ABANDON),
        (_is_member, State.READY),
        (CP._may_transmit, State.TRANSMIT),
    ),
    State.READY: ((_outdated, State.ABANDON), (CP._follows, State.TRANSMIT)),
    State.TRANSMIT: ((_always, State.TRANSMITTING),),
    State.TRANSMITTING: ((_retired, State.RETIRE),),
    State.ABANDON: ((CP._changed, State.RETIRE), (_has_new_sak, State.RECEIVE)),
    State.RETIRE: ((CP._changed, State.CHANGE), (_has_new_sak, State.RECEIVE)),
}

_ENTRY: dict[State, Callable[[CP], None]] = {
    State.INIT: CP._enter_init,
    State.CHANGE: CP._enter_change,
    State.ALLOWED: CP._enter_plain,
    State.AUTHENTICATED: CP._enter_plain,
    State.SECURED: CP._enter_secured,
    State.RECEIVE: CP._enter_receive,
    State.RECEIVING: CP._enter_receiving,
    State.TRANSMIT: CP._enter_transmit,
    State.TRANSMITTING: CP._enter_transmitting,
    State.ABANDON: CP._forget_latest,
    State.RETIRE: CP._enter_retire,
}
