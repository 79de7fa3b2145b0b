"""Two stations that agree on SAKs and stay: for test_secret_memory.py, which reads their memory."""

import signal
import sys
from collections import deque
from itertools import count

from macsec.kay import ChainKey, Kay, MemoryHolder
from macsec.keys import Key
from macsec.port import Agreement
from macsec.secy import Controls, SecY

CKN = b"a name"
SCIS = (0x02_00_00_00_00_0A_0001, 0x02_00_00_00_00_0B_0001)
STEP_NS = 500_000_000
LIMIT = 60


def agreed(caks: tuple[Key, Key]) -> list[Agreement]:
    """Return both ends of a link once they have a SAK; the same one in each process."""
    numbers = count(1)
    wires: tuple[deque[bytes], deque[bytes]] = (deque(), deque())

    def random(octets: int) -> bytes:
        return next(numbers).to_bytes(octets)

    ends = []
    for side, sci in enumerate(SCIS):
        secy = SecY(Controls(), "native")
        secy.create_tx_sc(sci)
        kay = Kay(sci, [ChainKey(MemoryHolder(caks[side], CKN))], random)
        ends.append(Agreement(kay, secy, wires[1 - side].append))
    for end in ends:
        end.start(0)
    for step in range(LIMIT):
        for end, heard in zip(ends, wires, strict=True):
            while heard:
                end.hear(step * STEP_NS, heard.popleft())
            end.settle(step * STEP_NS)
        if all(end.kay.secured for end in ends):
            return ends
    raise RuntimeError("no SAK in time")


def main() -> None:
    """Agree under the CAK on standard input, and stay until it ends."""
    octets = bytes.fromhex(sys.stdin.readline())
    ends = agreed((Key(octets), Key.taking(octets)))
    sys.stdout.write(f"{len(ends)}\n")
    sys.stdout.flush()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdin.read()


if __name__ == "__main__":
    main()
