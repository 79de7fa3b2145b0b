"""Interface between management (lmi.py) and the two data planes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from macsec.frames import Column, FrameBatch
from macsec.frames.held import Held
from macsec.keys import Key, Uncopyable
from macsec.notebooks import Displayed
from macsec.terms import SCI_NONE

from .controls import Controls
from .own_arena import Arena
from .verdict import Verdict

AN_UNKNOWN = 255

PRIORITY_OF_TAG = 255
"""A request without a priority of its own: the first VLAN tag of the frame gives it."""

DEAD = "this transmit SA died in a fork: only the parent may use its PNs. Create one with a new key"

_VERDICTS: NDArray[np.object_] = np.array(list(Verdict), dtype=object)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Outcome(Held, Displayed):
    """Result of a batch of n frames.

    `batch`: the frames that go on (m rows), in order. `delivered`: int64[m], their input row
    numbers. `codes`: uint8[n], the Verdict number of each input row. From the SecTAG of each input
    row: `sci` uint64[n] (all ones: unknown), `an` uint8[n] (255: unknown), `pn` uint64[n] (0:
    unknown; recovered to 64 bits under an XPN suite). `given`: the batch of the input rows.

    Anything that reads Arrow takes an outcome: `polars.DataFrame(outcome)`, `pyarrow.table`.

    >>> import macsec
    >>> secy = macsec.SecY(macsec.Controls(validate=macsec.Validate.STRICT))
    >>> outcome = secy.validate(macsec.FrameBatch.from_frames([bytes(60), bytes(4)]))
    >>> [macsec.Verdict(code).label for code in outcome.codes], len(outcome.batch)
    (['no-tag', 'runt'], 0)

    See also: `SecY.validate`, `SecY.protect`, `Verdict` (clause 10.6).
    """

    batch: FrameBatch
    delivered: Column
    codes: NDArray[np.uint8]
    sci: NDArray[np.uint64]
    an: NDArray[np.uint8]
    pn: NDArray[np.uint64]
    given: FrameBatch | None = None

    def __repr__(self) -> str:
        counted = sorted(Counter(self.codes.tolist()).items())
        verdicts = ", ".join(f"{n} {tuple(Verdict)[code].label}" for code, n in counted)
        n = len(self.codes)
        return f"<Outcome of {n} frames: {verdicts or 'none'}; {self.batch!r} goes on>"

    @property
    def verdict(self) -> NDArray[np.object_]:
        """Verdict of each input row."""
        chosen: NDArray[np.object_] = _VERDICTS[self.codes]
        return chosen

    def sci_an_pn(self, row: int) -> tuple[int | None, int | None, int | None]:
        """Return SCI, AN and PN of one input row; None for each that is unknown."""
        sci, an, pn = int(self.sci[row]), int(self.an[row]), int(self.pn[row])
        return (
            None if sci == SCI_NONE else sci,
            None if an == AN_UNKNOWN else an,
            pn or None,
        )

    def to_arrow(self, first: int = 0) -> Any:
        """Return a `pyarrow.Table` with a row for each input row; needs the extra `arrow`.

        Columns: `frame` (counted from `first`), `time`, `length` (of the input), `sci` (16 hex
        digits), `an`, `pn`, `verdict`, `counter`, `delivered`. Null: unknown, or no counter.
        Raises EnvironmentLacks without pyarrow.
        """
        from .tables.schema import arrow
        from .tables.verdicts import record_batch

        return arrow().Table.from_batches([record_batch(self, self.given, first)])

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Return the rows of `to_arrow` as a stream of Arrow's C interface."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)


class Course(IntEnum):
    """Way of a frame through a SecY, by which those to groups are counted (10.7.6)."""

    DELIVERED = 0
    REFUSED = 1
    SENT = 2
    ALONE = 3
    """Received at the Uncontrolled Port, and by no step of the SecY."""


class Tally(NamedTuple):
    """Counts of frames by verdict number, and octets of User Data (10.7.9, 10.7.18).

    On a SecY `frames` has a row for every verdict; on a receive SC and on an SA only the first
    (see `verdict.py`). `octets_in` and `octets_out` are whole frames at the Controlled Port,
    `octets_common` those received on the Common Port. `alone`: frames of the Uncontrolled Port
    alone. `multicast` and `broadcast`: frames to groups and to all, by `Course`; multicast without
    broadcast.
    """

    frames: tuple[int, ...]
    validated: int = 0
    decrypted: int = 0
    protected: int = 0
    encrypted: int = 0
    octets_in: int = 0
    octets_out: int = 0
    octets_common: int = 0
    alone: int = 0
    multicast: tuple[int, ...] = (0,) * len(Course)
    broadcast: tuple[int, ...] = (0,) * len(Course)


class SAState(NamedTuple):
    """State of one SA; after the last PN, `next_pn` is the suite's PN limit."""

    enabled: bool
    next_pn: int
    lowest_pn: int
    tally: Tally


@dataclass(frozen=True, slots=True, eq=False)
class SAParameters(Uncopyable):
    """Parameters of a new SA (10.7.13, 10.7.22). `salt` and `ssci` matter under XPN only."""

    an: int
    key: Key
    next_pn: int = 1
    lowest_pn: int = 1
    ssci: int = 0
    salt: bytes = bytes(12)
    enabled: bool = True


class Loan(NamedTuple):
    """Handles for code in C that moves frames by itself: `macsec_secy *`, address of its lock."""

    secy: Any
    lock: int


class DataPlane(Protocol):
    """Frame processing and state of a SecY. The LMI has checked all arguments."""

    name: str
    kernel: str

    def configure(self, controls: Controls) -> None:
        """Take over all controls."""

    def set_tx_sc(self, sci: int, enabled: bool, tc: int = 0) -> None:
        """Name the transmit SC of a traffic class, `tc` here and below."""

    def remove_tx_sc(self, tc: int) -> None:
        """Delete the transmit SC of a traffic class other than 0, and wipe the keys of its SAs."""

    def add_tx_sa(self, sa: SAParameters, tc: int = 0) -> None:
        """Create a transmit SA, in place of one with the same AN."""

    def remove_tx_sa(self, an: int, tc: int = 0) -> None:
        """Delete a transmit SA and wipe its key."""

    def enable_tx_sa(self, an: int, enabled: bool, tc: int = 0) -> None:
        """Start or stop a transmit SA. Raises CustodyError if it died in a fork."""

    def set_tx_pn(self, an: int, next_pn: int, tc: int = 0) -> None:
        """Set nextPN of a transmit SA."""

    def limit_tx_pn(self, an: int, limit: int, tc: int = 0) -> None:
        """Use no PN from `limit` on for now. Raises CustodyError if the SA died in a fork."""

    def add_rx_sc(self, sci: int, enabled: bool) -> None:
        """Create a receive SC."""

    def remove_rx_sc(self, sci: int) -> None:
        """Delete a receive SC with its SAs and wipe their keys."""

    def enable_rx_sc(self, sci: int, enabled: bool) -> None:
        """Start or stop a receive SC."""

    def add_rx_sa(self, sci: int, sa: SAParameters) -> None:
        """Create a receive SA, in place of one with the same AN."""

    def remove_rx_sa(self, sci: int, an: int) -> None:
        """Delete a receive SA and wipe its key."""

    def enable_rx_sa(self, sci: int, an: int, enabled: bool) -> None:
        """Start or stop a receive SA."""

    def set_rx_pn(self, sci: int, an: int, next_pn: int, lowest_pn: int) -> None:
        """Set nextPN and lowestPN of a receive SA (10.7.15)."""

    def tx_sa(self, an: int, tc: int = 0) -> SAState:
        """Return the state of a transmit SA."""

    def tx_sc_tally(self, tc: int = 0) -> Tally:
        """Return the counts of a transmit SC; a row for each verdict."""

    def rx_sa(self, sci: int, an: int) -> SAState:
        """Return the state of a receive SA."""

    def rx_sc_tally(self, sci: int) -> Tally:
        """Return the counts of a receive SC."""

    def tally(self) -> Tally:
        """Return the counts of the SecY."""

    def clear_counts(self) -> list[tuple[int, int, int]]:
        """Return frames received, sent and refused in clear, for each rule of `clear`."""

    def clear(self) -> None:
        """Zero all counters; no PN changes."""

    def protect(
        self, batch: FrameBatch, out: Arena | None = None, priorities: bytes | None = None
    ) -> Outcome:
        """Turn frames of the Controlled Port into frames of the Common Port (10.5).

        `out`: write them there. Raises ArenaError if it cannot take them. `priorities`: the user
        priority of each request, or PRIORITY_OF_TAG.
        """

    def validate(self, batch: FrameBatch, out: Arena | None = None) -> Outcome:
        """Turn frames of the Common Port into frames of the Controlled Port (10.6); as above."""

    def protect_frame(
        self, frame: bytes, priority: int | None = None
    ) -> tuple[Verdict, bytes | None]:
        """Protect one frame; return its verdict, and the frame if it is sent."""

    def validate_frame(self, frame: bytes) -> tuple[Verdict, bytes | None]:
        """Validate one frame; return its verdict, and the frame if it is delivered."""

    def see(self, frame: bytes) -> None:
        """Count a received frame that the Uncontrolled Port alone has."""

    def still(self) -> AbstractContextManager[None]:
        """Context in which no other thread moves a frame, for calls that belong together."""

    def lend(self, stop: Callable[[], None]) -> Loan:
        """Lend the SecY in C until `take_back`; `stop` ends its use. Raises EnvironmentLacks."""

    def take_back(self, stop: Callable[[], None]) -> None:
        """End the loan that was made with this `stop`."""

    def close(self) -> None:
        """Wipe all keys; every later call raises."""
