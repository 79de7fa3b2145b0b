"""The native data plane: a SecY in C, one call a batch, with the GIL released.

Frames are calls of the extension itself (`_native/python/`), one frame or a batch; cffi, which
takes longer than a short frame, has everything else. Keys and round
keys live in C memory only, and are wiped on replacement, on close and at exit. C holds PNs one
lower than Python (D-02), and its lock works beside a pump (D-09).
"""

from __future__ import annotations

import atexit
import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any, NoReturn

from macsec.clear_rules import VLAN_IDS, ClearRule
from macsec.errors import ConfigError, CustodyError, EnvironmentLacks, MACsecError
from macsec.frames import FrameBatch
from macsec.keys import Uncopyable
from macsec.native import load
from macsec.terms import ETHERNET_HEADER, PN_LIMIT_64

from .controls import Controls
from .own_arena import Arena, own_arena
from .plane import DEAD, Loan, Outcome, SAParameters, SAState, Tally
from .verdict import SA_VERDICTS, SC_VERDICTS, TX_SA_VERDICTS, Verdict

MASK_64 = PN_LIMIT_64 - 1

_VERDICTS = tuple(Verdict)

_LIBRARY = load("native", needs="macsec_secy_new")
ffi, lib = _LIBRARY.ffi, _LIBRARY.lib

REFUSALS: dict[int, tuple[type[MACsecError], str]] = {
    lib.MACSEC_STATUS_NO_MEMORY: (EnvironmentLacks, "out of memory"),
    lib.MACSEC_STATUS_NO_KERNEL: (
        EnvironmentLacks,
        "no AES-GCM kernel passed its known answers on this machine",
    ),
    lib.MACSEC_STATUS_KEY_LENGTH: (ConfigError, "key length: a key has 16 or 32 octets"),
    lib.MACSEC_STATUS_NO_SUCH_AN: (MACsecError, "no such AN: an AN is 0 to 3"),
    lib.MACSEC_STATUS_NO_SUCH_SC: (MACsecError, "no such SC: no receive SC with that SCI"),
    lib.MACSEC_STATUS_NO_SUCH_SA: (MACsecError, "no such SA: no SA with that AN"),
    lib.MACSEC_STATUS_SC_EXISTS: (MACsecError, "this SC exists: its SCI has a receive SC"),
    lib.MACSEC_STATUS_SA_DEAD: (CustodyError, DEAD),
    lib.MACSEC_STATUS_NO_ROOM: (MACsecError, "the arena for the frames is too small"),
    lib.MACSEC_STATUS_NOT_AUTHENTIC: (MACsecError, "the ICV is wrong"),
}
"""Error and text of each macsec_status of the data plane in C except DONE."""

_remember = vars(Outcome)["given"].__set__  # C made the outcome; for others it is frozen

_OPEN: weakref.WeakSet[NativePlane] = weakref.WeakSet()


class NativePlane(Uncopyable):
    """The data plane in C. `kernel` names the AES-GCM kernel, by default the fastest usable."""

    name = "native"

    def __init__(self, controls: Controls, kernel: str | None = None) -> None:
        if kernel is not None:
            check_kernel(kernel)
        status = ffi.new("macsec_status *")
        pointer = lib.macsec_secy_new(ffi.NULL if kernel is None else kernel.encode(), status)
        check_status(status[0])
        self._secy: Any = ffi.gc(pointer, lib.macsec_secy_free)
        self._lock: Any = _LIBRARY.Lock()
        self._holder: int | None = None
        self._borrowers: list[Callable[[], None]] = []
        address = int(ffi.cast("uintptr_t", pointer))
        self._one = _LIBRARY.FrameCalls(self._secy, address, self._lock, _VERDICTS, _refuse)
        self._many = _LIBRARY.BatchCalls(
            self._secy, address, self._lock, FrameBatch, Outcome, own_arena, _refuse
        )
        self.kernel: str = ffi.string(lib.macsec_secy_kernel(pointer)).decode()
        self.configure(controls)
        _OPEN.add(self)

    # ---------------------------------------------------------------- frames

    def protect(
        self, batch: FrameBatch, out: Arena | None = None, priorities: bytes | None = None
    ) -> Outcome:
        """10.5: frames of the Controlled Port, to be sent on the Common Port."""
        outcome: Outcome
        if priorities is None:
            outcome = self._many.protect(batch, out)
        else:
            outcome = self._many.protect(batch, out, priorities)
        _remember(outcome, batch)
        return outcome

    def validate(self, batch: FrameBatch, out: Arena | None = None) -> Outcome:
        """10.6: frames of the Common Port, for the Controlled Port."""
        outcome: Outcome = self._many.validate(batch, out)
        _remember(outcome, batch)
        return outcome

    def protect_frame(
        self, frame: bytes, priority: int | None = None
    ) -> tuple[Verdict, bytes | None]:
        """10.5, one frame."""
        if priority is not None:
            sent = self.protect(FrameBatch.from_frames([frame]), None, bytes([priority]))
            return sent.verdict[0], next(iter(sent.batch.frames()), None)
        outcome: tuple[Verdict, bytes | None] = self._one.protect(frame)
        return outcome

    def validate_frame(self, frame: bytes) -> tuple[Verdict, bytes | None]:
        """10.6, one frame."""
        outcome: tuple[Verdict, bytes | None] = self._one.validate(frame)
        return outcome

    def see(self, frame: bytes) -> None:
        """10.7.3: count a received frame that the Uncontrolled Port alone has."""
        with self._lock:
            if self._secy is not None:
                lib.macsec_see(self._secy, frame, len(frame))

    # ---------------------------------------------------------------- management

    def configure(self, controls: Controls) -> None:
        """10.7: take over all controls."""
        values = _controls(controls)
        with self.still():
            check_status(
                lib.macsec_secy_configure(self._open(), ffi.new("macsec_controls *", values))
            )
            lib.macsec_secy_let_pass(
                self._open(), _clear_rules(controls.clear_rules), len(controls.clear)
            )
            lib.macsec_secy_set_clear_vlans(self._open(), _vlan_words(controls.clear_tags_vlans))
            lib.macsec_secy_set_classes(self._open(), bytes(controls.traffic_classes))
        self._wraps = controls.profile.window_from_next_pn
        self._window = controls.window
        self._rules = len(controls.clear)

    def set_tx_sc(self, sci: int, enabled: bool, tc: int = 0) -> None:
        """10.7.20: name the transmit SC of a traffic class, `tc` here and below."""
        self._call(lib.macsec_secy_set_tx_sc, tc, sci, enabled)

    def remove_tx_sc(self, tc: int) -> None:
        """Delete the transmit SC of a traffic class other than 0."""
        self._call(lib.macsec_secy_remove_tx_sc, tc)

    def add_tx_sa(self, sa: SAParameters, tc: int = 0) -> None:
        """10.7.22: create a transmit SA."""
        with _Parameters(sa) as parameters:
            self._call(lib.macsec_secy_add_tx_sa, tc, sa.an, parameters)

    def remove_tx_sa(self, an: int, tc: int = 0) -> None:
        """Delete a transmit SA and wipe its key."""
        self._call(lib.macsec_secy_remove_tx_sa, tc, an)

    def enable_tx_sa(self, an: int, enabled: bool, tc: int = 0) -> None:
        """10.7.24: start or stop a transmit SA."""
        self._call(lib.macsec_secy_enable_tx_sa, tc, an, enabled)

    def set_tx_pn(self, an: int, next_pn: int, tc: int = 0) -> None:
        """Set nextPN of a transmit SA."""
        self._call(lib.macsec_secy_set_tx_pn, tc, an, _below(next_pn))

    def limit_tx_pn(self, an: int, limit: int, tc: int = 0) -> None:
        """Use no PN from `limit` on for now."""
        self._call(lib.macsec_secy_limit_tx_pn, tc, an, _below(limit))

    def add_rx_sc(self, sci: int, enabled: bool) -> None:
        """10.7.11: create a receive SC."""
        self._call(lib.macsec_secy_add_rx_sc, sci, enabled)

    def remove_rx_sc(self, sci: int) -> None:
        """Delete a receive SC with its SAs and wipe their keys."""
        self._call(lib.macsec_secy_remove_rx_sc, sci)

    def enable_rx_sc(self, sci: int, enabled: bool) -> None:
        """Start or stop a receive SC."""
        self._call(lib.macsec_secy_enable_rx_sc, sci, enabled)

    def add_rx_sa(self, sci: int, sa: SAParameters) -> None:
        """10.7.13: create a receive SA."""
        with _Parameters(sa) as parameters:
            self._call(lib.macsec_secy_add_rx_sa, sci, sa.an, parameters)

    def remove_rx_sa(self, sci: int, an: int) -> None:
        """Delete a receive SA and wipe its key."""
        self._call(lib.macsec_secy_remove_rx_sa, sci, an)

    def enable_rx_sa(self, sci: int, an: int, enabled: bool) -> None:
        """10.7.15: start or stop a receive SA."""
        self._call(lib.macsec_secy_enable_rx_sa, sci, an, enabled)

    def set_rx_pn(self, sci: int, an: int, next_pn: int, lowest_pn: int) -> None:
        """10.7.15: updtNextPN and updtLowestPN."""
        self._call(lib.macsec_secy_set_rx_pn, sci, an, _below(next_pn), _below(lowest_pn))

    def tx_sa(self, an: int, tc: int = 0) -> SAState:
        """10.7.23: return the state of a transmit SA."""
        state = ffi.new("macsec_sa_state *")
        self._call(lib.macsec_secy_tx_sa, tc, an, state)
        tally = Tally(tuple(state.frames[0 : len(TX_SA_VERDICTS)]))
        return SAState(bool(state.enabled), state.last_pn + 1, 0, tally)

    def tx_sc_tally(self, tc: int = 0) -> Tally:
        """10.7.18: return the counts of a transmit SC."""
        tally = ffi.new("macsec_tx_tally *")
        self._call(lib.macsec_secy_tx_sc_tally, tc, tally)
        frames = [0] * len(Verdict)
        frames[Verdict.ENCRYPTED] = tally.frames_encrypted
        frames[Verdict.PROTECTED] = tally.frames_protected
        return Tally(tuple(frames), protected=tally.protected_, encrypted=tally.encrypted)

    def rx_sa(self, sci: int, an: int) -> SAState:
        """10.7.14: return the state of a receive SA."""
        state = ffi.new("macsec_sa_state *")
        self._call(lib.macsec_secy_rx_sa, sci, an, state)
        next_pn, lowest_pn = state.last_pn + 1, state.floor_pn + 1
        if self._wraps:
            next_pn &= MASK_64
            lowest_pn = max(next_pn - self._window, 0)
        tally = Tally(tuple(state.frames[0 : len(SA_VERDICTS)]))
        return SAState(bool(state.enabled), next_pn, lowest_pn, tally)

    def rx_sc_tally(self, sci: int) -> Tally:
        """10.7.12: return the counts of a receive SC."""
        tally = ffi.new("macsec_tally *")
        self._call(lib.macsec_secy_rx_sc_tally, sci, tally)
        return _tally(tally, len(SC_VERDICTS))

    def tally(self) -> Tally:
        """10.7.9, 10.7.18: return the counts of the SecY."""
        tally = ffi.new("macsec_tally *")
        with self._lock:
            lib.macsec_secy_tally(self._open(), tally)
        return _tally(tally, len(Verdict))

    def clear_counts(self) -> list[tuple[int, int, int]]:
        """Return frames received, sent and refused in clear, for each rule of `clear`."""
        counts = ffi.new("macsec_clear_count[]", lib.MACSEC_CLEAR_RULES_MOST)
        with self._lock:
            secy = self._open()
            lib.macsec_secy_clear_counts(secy, counts)
            return [(row.received, row.sent, row.refused) for row in counts[0 : self._rules]]

    def clear(self) -> None:
        """Zero all counters; no PN changes."""
        with self._lock:
            lib.macsec_secy_clear(self._open())

    @contextmanager
    def still(self) -> Iterator[None]:
        """Context in which no pump runs, for several management calls that belong together."""
        if self._holder == get_ident():
            yield
            return
        with self._lock:
            self._holder = get_ident()
            try:
                yield
            finally:
                self._holder = None

    def lend(self, stop: Callable[[], None]) -> Loan:
        """Return the SecY in C, for code that moves frames by itself, each batch under the lock."""
        self._borrowers.append(stop)
        return Loan(self._open(), self._lock.address())

    def take_back(self, stop: Callable[[], None]) -> None:
        """End the loan that was made with this `stop`."""
        if stop in self._borrowers:  # in the child of a fork it is not
            self._borrowers.remove(stop)

    def close(self) -> None:
        """Stop all borrowers and wipe all keys; every later call raises."""
        for stop in list(self._borrowers):
            stop()
        with self._lock:
            if self._secy is not None:
                self._one.close()
                self._many.close()
                ffi.release(self._secy)
                self._secy = None

    def forked(self) -> None:
        """Reset the lock in the child of a fork: threads that used this plane are the parent's."""
        self._lock.renew()
        self._holder = None
        self._borrowers.clear()

    def _open(self) -> Any:
        if self._secy is None:
            _refuse()
        return self._secy

    def _call(self, call: Any, *arguments: Any) -> None:
        with self.still():
            check_status(call(self._open(), *arguments))


class _Parameters:
    """`macsec_sa_parameters` for one call; C reads the key in place."""

    def __init__(self, sa: SAParameters) -> None:
        self._key = ffi.from_buffer("uint8_t[]", sa.key.in_place())
        self._salt = ffi.new("uint8_t[]", sa.salt)
        self._pointer = ffi.new(
            "macsec_sa_parameters *",
            {
                "key": self._key,
                "key_length": len(sa.key),
                "last_pn": _below(sa.next_pn),
                "floor_pn": _below(sa.lowest_pn),
                "ssci": sa.ssci,
                "salt": self._salt,
                "enabled": sa.enabled,
            },
        )

    def __enter__(self) -> Any:
        return self._pointer

    def __exit__(self, *_: object) -> None:
        ffi.release(self._key)  # a key with an open buffer cannot be wiped


def _refuse() -> NoReturn:
    raise MACsecError("this SecY is closed: its keys are wiped")


def check_status(status: int) -> None:
    """Raise the error of a macsec_status; none for DONE."""
    if status != lib.MACSEC_STATUS_DONE:
        error, text = REFUSALS[status]
        raise error(text)


def kernels() -> list[str]:
    """Return the names of the AES-GCM kernels of this build, fastest first."""
    count = lib.macsec_kernel_count()
    return [ffi.string(lib.macsec_kernel_name(index)).decode() for index in range(count)]


def usable_kernels() -> list[str]:
    """Return the names of the kernels that this CPU runs and whose known answers are right."""
    return [name for at, name in enumerate(kernels()) if lib.macsec_kernel_usable(at)]


def check_kernel(name: str) -> None:
    """Raise ConfigError for an unknown kernel, EnvironmentLacks for one this CPU cannot run."""
    if name not in kernels():
        raise ConfigError(f"kernel {name!r} is unknown: one of {', '.join(kernels())}")
    if name not in usable_kernels():
        raise EnvironmentLacks(f"this CPU cannot run kernel {name}")


NOT_IN_C = ("name", "icv_lengths", "replaces_sa", "validate_frames", "documented")
"""Fields of a profile that management reads."""


def _controls(controls: Controls) -> dict[str, int]:
    switches = {
        name: getattr(controls.profile, name)
        for name in controls.profile.__dataclass_fields__
        if name not in NOT_IN_C
    }
    own = (
        "protect encrypt offset validate replay duplicates_reject send_sci end_station scb "
        "encodingsa clear_tags clear_tags_authenticated icv_length ethertype window"
    )
    return switches | {
        **{name: int(getattr(controls, name)) for name in own.split()},
        "xpn": controls.cipher.xpn,
        "clear": bool(controls.clear),
        "longest": -1 if controls.mtu is None else controls.mtu + ETHERNET_HEADER,
    }


def _clear_rules(rules: tuple[ClearRule, ...]) -> Any:
    table = ffi.new("macsec_clear_rule[]", max(len(rules), 1))
    for row, rule in zip(table, rules, strict=False):
        row.destination = -1 if rule.destination is None else rule.destination
        row.ethertype = -1 if rule.ethertype is None else rule.ethertype
        row.opcode = -1 if rule.opcode is None else rule.opcode
        row.first_vlan, row.last_vlan = rule.vlans or (-1, -1)
        row.mode = rule.mode
    return table


def _vlan_words(ranges: tuple[tuple[int, int], ...]) -> Any:
    """Return a bit for each VLAN, in words of C; no range: all of them."""
    bits = 0
    for first, last in ranges or ((0, VLAN_IDS),):
        bits |= (1 << last + 1) - (1 << first)
    words = [bits >> 64 * at & MASK_64 for at in range(lib.MACSEC_VLAN_WORDS)]
    return ffi.new("uint64_t[]", words)


def _tally(tally: Any, rows: int) -> Tally:
    return Tally(
        tuple(tally.frames[0:rows]),
        tally.validated,
        tally.decrypted,
        tally.protected_,
        tally.encrypted,
        tally.octets_in,
        tally.octets_out,
        tally.octets_common,
        tally.alone,
        tuple(tally.multicast),
        tuple(tally.broadcast),
    )


def _below(pn: int) -> int:
    """Return the PN before: C holds "last used" and "highest refused", not the next."""
    return (pn - 1) & MASK_64


def _close_all() -> None:
    for plane in list(_OPEN):
        plane.close()


def _forked() -> None:
    for plane in list(_OPEN):
        plane.forked()


atexit.register(_close_all)
os.register_at_fork(after_in_child=_forked)
