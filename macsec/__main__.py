"""The program: the console script `macsec`, and `python -m macsec`.

Signals come first. The imports of a verb take a moment, in which nothing is there to finish or to
remove: Ctrl-C then ends the process at once, instead of a traceback from the middle of an import.
"""

from __future__ import annotations

import gc
import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
YOUNG_OBJECTS = 50_000
"""Objects made before unused ones are looked for; the default is 700."""


def leave(number: int, _: FrameType | None = None) -> NoReturn:
    """Handle a signal where there is nothing to clean up."""
    os._exit(128 + number)


def main() -> None:
    """Run the command line of this process, and exit with its code."""
    try:
        _leave_at_signals()
        _start_quickly()
        from macsec.cli import main as run

        run()
    finally:
        _leave_at_signals()  # again nothing to do but to end


def _leave_at_signals() -> None:
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, leave)


def _start_quickly() -> None:
    """Save a fifth of the time until a verb runs."""
    gc.set_threshold(YOUNG_OBJECTS)
    # numpy would start a thread a core for matrices, which nothing here multiplies.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


if __name__ == "__main__":
    main()
