"""What a data plane is: the seam between management (lmi.py) and the two implementations."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from macsec.frames import Column, FrameBatch
from macsec.keys import Key, Uncopyable
from macsec.secy.controls import Controls
from macsec.secy.verdict import Verdict
from macsec.terms import SCI_NONE

AN_UNKNOWN = 255

DEAD = "this transmit SA died in a fork: only the parent may use its PNs. Create one with a new key"

_VERDICTS: NDArray[np.object_] = np.array(list(Verdict), dtype=object)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of a batch of n frames.

    `batch`: the frames that go on (m rows), in order. `delivered`: int64[m], their input row
    numbers. `codes`: uint8[n], a Verdict's number for each input row. What the frame told, for each
    input row: `sci` uint64[n] (all ones: unknown), `an` uint8[n] (255: unknown), `pn` uint64[n]
    (0: unknown; recovered to 64 bits under an XPN suite).
    """

    batch: FrameBatch
    delivered: Column
    codes: NDArray[np.uint8]
    sci: NDArray[np.uint64]
    an: NDArray[np.uint8]
    pn: NDArray[np.uint64]

    @property
    def verdict(self) -> NDArray[np.object_]:
        """A Verdict for each input row."""
        chosen: NDArray[np.object_] = _VERDICTS[self.codes]
        return chosen

    def told(self, row: int) -> tuple[int | None, int | None, int | None]:
        """SCI, AN and PN of one input row; None where the frame did not tell."""
        sci, an, pn = int(self.sci[row]), int(self.an[row]), int(self.pn[row])
        return (
            None if sci == SCI_NONE else sci,
            None if an == AN_UNKNOWN else an,
            pn or None,
        )


class Tally(NamedTuple):
    """Counts of frames by verdict number, and octets of User Data (10.7.9, 10.7.18).

    On a SecY `frames` has a row for every verdict; on a receive SC and on an SA only the first
    (see `verdict.py`). `octets_in` and `octets_out` are whole frames at the Controlled Port.
    """

    frames: tuple[int, ...]
    validated: int = 0
    decrypted: int = 0
    protected: int = 0
    encrypted: int = 0
    octets_in: int = 0
    octets_out: int = 0


class SAState(NamedTuple):
    """One SA as it stands; after the last PN, `next_pn` is the suite's PN limit."""

    enabled: bool
    next_pn: int
    lowest_pn: int
    tally: Tally


@dataclass(frozen=True, slots=True, eq=False)
class SAParameters(Uncopyable):
    """What creates an SA (10.7.13, 10.7.22). `salt` and `ssci` matter under XPN only."""

    an: int
    key: Key
    next_pn: int = 1
    lowest_pn: int = 1
    ssci: int = 0
    salt: bytes = bytes(12)
    enabled: bool = True


class Loan(NamedTuple):
    """What code in C needs to move frames by itself: a `macsec_secy *`, and where its lock lies."""

    secy: Any
    lock: int


class DataPlane(Protocol):
    """A SecY's frame processing and its state. Arguments were checked by the LMI."""

    name: str
    kernel: str

    def configure(self, controls: Controls) -> None:
        """Take over all controls."""

    def set_tx_sc(self, sci: int, enabled: bool) -> None:
        """Name the transmit SC."""

    def add_tx_sa(self, sa: SAParameters) -> None:
        """Create a transmit SA, in place of one with the same AN."""

    def remove_tx_sa(self, an: int) -> None:
        """Delete a transmit SA and wipe its key."""

    def enable_tx_sa(self, an: int, enabled: bool) -> None:
        """Start or stop a transmit SA. CustodyError: it died in a fork."""

    def set_tx_pn(self, an: int, next_pn: int) -> None:
        """Set nextPN of a transmit SA."""

    def limit_tx_pn(self, an: int, limit: int) -> None:
        """PNs from `limit` on are not used for now. CustodyError: the SA died in a fork."""

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

    def tx_sa(self, an: int) -> SAState:
        """A transmit SA as it stands."""

    def rx_sa(self, sci: int, an: int) -> SAState:
        """A receive SA as it stands."""

    def rx_sc_tally(self, sci: int) -> Tally:
        """What a receive SC counted."""

    def tally(self) -> Tally:
        """What the SecY counted."""

    def clear(self) -> None:
        """Zero all counters; no PN changes."""

    def protect(self, batch: FrameBatch) -> Outcome:
        """Frames of the Controlled Port to frames of the Common Port (10.5)."""

    def validate(self, batch: FrameBatch) -> Outcome:
        """Frames of the Common Port to frames of the Controlled Port (10.6)."""

    def protect_frame(self, frame: bytes) -> tuple[Verdict, bytes | None]:
        """`protect` for one frame: its verdict, and the frame if it is sent."""

    def validate_frame(self, frame: bytes) -> tuple[Verdict, bytes | None]:
        """`validate` for one frame: its verdict, and the frame if it is delivered."""

    def still(self) -> AbstractContextManager[None]:
        """While it is held nobody else moves a frame: for calls that belong together."""

    def lend(self, stop: Callable[[], None]) -> Loan:
        """The SecY in C, until `take_back`; `stop` ends its use. EnvironmentLacks: it is none."""

    def take_back(self, stop: Callable[[], None]) -> None:
        """The borrower who gave this `stop` uses it no more."""

    def close(self) -> None:
        """Wipe all keys; the plane is of no use after this."""
