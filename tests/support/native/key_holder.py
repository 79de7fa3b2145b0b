"""Holds keys in a SecY and runs steps named on standard input: for test_secy_native.py.

The parent looks through the memory of this process from outside.
"""

import os
import signal
import sys

from macsec.keys import Key
from macsec.secy import Controls, SecY


def say(word: str) -> None:
    """Send a word to the parent, at once."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(key: bytes, kernel: str) -> None:
    """Make a SecY with `key` on a transmit and a receive SA.

    The receive SC shares its memory with others, which stay.
    """
    secy = SecY(Controls(), "native", kernel)
    secy.create_tx_sc(1)
    secy.create_tx_sa(0, Key(key))
    for sci in (3, 4, 5, 6, 7, 2):
        secy.create_rx_sc(sci)
    secy.create_rx_sa(2, 0, Key(key))

    def fork() -> None:
        """Leave the key to the transmit SA, and start a child by a fork."""
        secy.delete_rx_sa(2, 0)
        child = os.fork()
        if child == 0:
            signal.pause()
        say(str(child))

    steps = {
        "fork": fork,
        "close": secy.close,
        "delete": lambda: (secy.delete_tx_sa(0), secy.delete_rx_sa(2, 0)),
        "delete-sc": lambda: (secy.delete_tx_sa(0), secy.delete_rx_sc(2)),
        "replace": lambda: (
            secy.create_tx_sa(0, Key(bytes(16))),
            secy.create_rx_sa(2, 0, Key(bytes(16))),
        ),
    }
    say("ready")
    for line in sys.stdin:
        steps[line.strip()]()
        say("done")


if __name__ == "__main__":
    main(bytes.fromhex(sys.argv[1]), sys.argv[2])
