"""Sessions that MKPDU loss ends: new SAKs an hour of two KaYs on a lossy cable, in virtual time.

`python bench/hello_loss.py [HOURS]` prints a row for each loss. A session that survives keeps its
first SAK, so each further one is a flap.
"""

from __future__ import annotations

import heapq
import random
import sys
from collections.abc import Callable
from itertools import count

from macsec.kay import ChainKey, Kay, KayPolicy, MemoryHolder
from macsec.keys import Key
from macsec.time_units import NS_PER_MS, NS_PER_S

LOSSES = (0.01, 0.05, 0.1, 0.2)
HOURS = 100
DELAY_NS = NS_PER_MS
ESTABLISHED_NS = 10 * NS_PER_S

Lose = Callable[[int], bool]
"""`lose(way)`: whether an MKPDU to the end with this index is lost."""


class LossyCable:
    """Two KaYs without SecYs; `lose` rules from the time on at which both are secured."""

    def __init__(self, lose: Lose, seed: int = 0, delay_ns: int = DELAY_NS) -> None:
        self.now_ns = 0
        self._lose = lose
        self._delay_ns = delay_ns
        self._order = count()
        self._arrivals: list[tuple[int, int, int, bytes]] = []
        phases = random.Random(seed)
        self.kays = [self._kay(way, seed) for way in (0, 1)]
        for kay in self.kays:
            kay.set_enabled(phases.randrange(2 * NS_PER_S), True)

    @staticmethod
    def _kay(way: int, seed: int) -> Kay:
        entropy = random.Random(f"{seed}/{way}").randbytes
        key = ChainKey(MemoryHolder(Key(bytes(range(16))), b"hello loss"))
        return Kay(0x0200_0000_0000_0001 + (way << 16), [key], entropy, KayPolicy())

    @property
    def saks(self) -> int:
        """The SAKs made so far."""
        return sum(kay.counters["keys-distributed"] for kay in self.kays)

    def run(self, until_ns: int) -> None:
        """Run up to a time: what arrives first, then what is due."""
        while (now_ns := self._next_ns()) <= until_ns:
            self.now_ns = now_ns
            while self._arrivals and self._arrivals[0][0] <= now_ns:
                _, _, way, frame = heapq.heappop(self._arrivals)
                self.kays[way].receive_mkpdu(now_ns, frame)
            for way, kay in enumerate(self.kays):
                self._poll(way, kay)
        self.now_ns = until_ns

    def _next_ns(self) -> int:
        times = [time for kay in self.kays if (time := kay.next_timeout_ns()) is not None]
        return max(self.now_ns, min([*times, *(event[0] for event in self._arrivals[:1])]))

    def _poll(self, way: int, kay: Kay) -> None:
        due_ns = kay.next_timeout_ns()
        while due_ns is not None and due_ns <= self.now_ns:
            while kay.poll_action() is not None:
                pass
            frame = kay.poll_transmit(self.now_ns)
            if frame is not None and not (self.now_ns > ESTABLISHED_NS and self._lose(1 - way)):
                arrival = self.now_ns + self._delay_ns, next(self._order), 1 - way, frame
                heapq.heappush(self._arrivals, arrival)
            due_ns = kay.next_timeout_ns()


def flaps_per_hour(loss: float, hours: int, seed: int = 0) -> float:
    """Return the flaps of one session an hour, when each MKPDU is lost with a probability."""
    draw = random.Random(f"{loss}/{seed}").random
    cable = LossyCable(lambda _: draw() < loss, seed)
    cable.run(ESTABLISHED_NS)
    established = cable.saks
    cable.run(hours * 3600 * NS_PER_S)
    return (cable.saks - established) / hours


def main(arguments: list[str]) -> int:
    """Print the table."""
    hours = int(arguments[0]) if arguments else HOURS
    for loss in LOSSES:
        flaps = flaps_per_hour(loss, hours)
        sys.stdout.write(f"{loss:4.0%} of MKPDUs lost: {flaps:7.2f} flaps/h\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
