"""A member's identifier and numbers (IEEE 802.1X 9.4.2): MI, MN, KN, and the recent MNs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from macsec.kay.keys.derivation import MI_LENGTH
from macsec.kay.timers import MKA_LIFE_TIME_NS, REPEAT_NS

NUMBER_LIMIT = 0xFFFFFF00
"""The MN or KN at which the MI is renewed, since they are about to wrap."""

FORMER_LIMIT = 16
"""Own MIs of the past that are kept, since peers may still list them."""

Random = Callable[[int], bytes]


class Identity:
    """Our MI, MN and, as Key Server, KN. `random(n)` gives n octets of entropy."""

    def __init__(self, random: Random, life_ns: int = MKA_LIFE_TIME_NS) -> None:
        self._life_ns = life_ns
        self._random = random
        self._former: deque[bytes] = deque(maxlen=FORMER_LIMIT)
        self._sent: deque[tuple[int, int]] = deque()
        self.mn = self.kn = 0
        self.mi = random(MI_LENGTH)

    def renew(self) -> None:
        """Become a new member: another MI, MNs from 1."""
        self._former.append(self.mi)
        self._sent.clear()
        self.mi, self.mn, self.kn = self._random(MI_LENGTH), 0, 0

    def next_mn(self, now_ns: int) -> int:
        """Return the MN of an MKPDU that is sent now."""
        self._forget(now_ns)
        self.mn += 1
        self._sent.append((self.mn, now_ns))
        return self.mn

    @property
    def sent_ns(self) -> tuple[int, ...]:
        """The times of the last MNs up to `mn`, within a Life Time of the last look."""
        return tuple(time_ns for _, time_ns in self._sent)

    def follow(self, mn: int, times: Sequence[int]) -> None:
        """Take over an MN up to which another has sent, and the times of the last ones."""
        self.mn = mn
        self._sent = deque(zip(range(mn - len(times) + 1, mn + 1), times, strict=True))

    def next_kn(self) -> int:
        """Return the KN of another SAK; it never goes back while the MI stays."""
        self.kn += 1
        return self.kn

    def is_ours(self, mi: bytes) -> bool:
        """True if an MI is ours, or was."""
        return mi == self.mi or mi in self._former

    def is_recent(self, mn: int, now_ns: int) -> bool:
        """True if this MN was sent within a Life Time: a peer that lists it hears us (9.4.3)."""
        self._forget(now_ns)
        return bool(self._sent) and self._sent[0][0] <= mn <= self.mn

    def is_missed(self, mn: int, now_ns: int) -> bool:
        """True if a later one left REPEAT_NS ago: a peer that lists this MN did not hear it."""
        return any(sent > mn and time_ns <= now_ns - REPEAT_NS for sent, time_ns in self._sent)

    def _forget(self, now_ns: int) -> None:
        while self._sent and self._sent[0][1] < now_ns - self._life_ns:
            self._sent.popleft()
