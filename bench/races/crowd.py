"""Traffic from many SCs: frames of random lengths, each of a random SC and one of its SAs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from macsec.frames import Column, FrameBatch
from macsec.keys import Key
from macsec.measure.workload import ADDRESSES, LOCAL_EXPERIMENT
from macsec.secy.controls import Controls
from macsec.secy.lmi import SecY
from macsec.suites import CipherSuite
from macsec.terms import AN_VALUES

FIRST_SCI = 0x5254000000000001
SHORTEST, LONGEST = 64, 1514


@dataclass(frozen=True, slots=True)
class Crowd:
    """A number of `scs`, and frames from them: `clear`, and as received, `sealed`.

    Lengths, ANs and octets are the same for any number of SCs. The PNs of each SA count from 1.
    """

    suite: CipherSuite
    scs: int
    clear: FrameBatch
    sealed: FrameBatch

    @property
    def digest(self) -> str:
        """A short name for the octets of the sealed frames."""
        return hashlib.sha256(b"".join(self.sealed.frames())).hexdigest()[:16]

    def receiver(self, backend: str = "auto", kernel: str | None = None) -> SecY:
        """Return a SecY with all SCs and four SAs each, which accepts the frames repeatedly."""
        secy = SecY(_controls(self.suite), backend, kernel)
        for number in range(self.scs):
            secy.create_rx_sc(_sci(number))
            for an in AN_VALUES:
                secy.create_rx_sa(_sci(number), an, _key(self.suite, number, an))
        return secy


def make_crowd(suite: CipherSuite, scs: int, frames: int) -> Crowd:
    """Make the same frames at every call, for a suite without XPN."""
    lengths = SHORTEST + _drawn("lengths", frames, LONGEST - SHORTEST + 1)
    clear = _clear(lengths)
    numbers, ans = _drawn("SCs", frames, scs), _drawn("ANs", frames, len(AN_VALUES))
    return Crowd(suite, scs, clear, _sealed(suite, clear, numbers, ans))


def _drawn(what: str, count: int, limit: int) -> Column:
    """Return random numbers below a limit; not numpy's, which depend on its version."""
    octets = hashlib.shake_128(what.encode()).digest(8 * count)
    return (np.frombuffer(octets, "<u8") % limit).astype(np.int64)


def _clear(lengths: Column) -> FrameBatch:
    arena = np.frombuffer(hashlib.shake_128(b"octets").digest(int(lengths.sum())), np.uint8).copy()
    start = np.cumsum(lengths) - lengths
    head = np.frombuffer(ADDRESSES + LOCAL_EXPERIMENT, np.uint8)
    arena[start[:, None] + np.arange(len(head))] = head
    return FrameBatch(arena, start, lengths)


def _sealed(suite: CipherSuite, clear: FrameBatch, numbers: Column, ans: Column) -> FrameBatch:
    """Protect the frames of each SA in turn, and return them in the order of `clear`."""
    place = numbers * len(AN_VALUES) + ans
    order = np.argsort(place, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(place[order])) + 1)
    senders = [SecY(_controls(suite, encodingsa=an)) for an in AN_VALUES]
    sealed = [b""] * len(clear)
    for rows in groups:
        number, an = int(numbers[rows[0]]), int(ans[rows[0]])
        senders[an].create_tx_sc(_sci(number))
        senders[an].create_tx_sa(an, _key(suite, number, an))
        made = senders[an].protect(clear.take(rows)).batch.frames()
        for row, frame in zip(rows.tolist(), made, strict=True):
            sealed[row] = frame
    for secy in senders:
        secy.close()
    return FrameBatch.from_frames(sealed)


def _controls(suite: CipherSuite, encodingsa: int = 0) -> Controls:
    return Controls(cipher=suite, replay=True, window=suite.window_limit, encodingsa=encodingsa)


def _sci(number: int) -> int:
    return FIRST_SCI + (number << 16)


def _key(suite: CipherSuite, number: int, an: int) -> Key:
    return Key((number * len(AN_VALUES) + an + 1).to_bytes(suite.key_length))
