"""Speed of the portable AES-GCM kernel: `python bench/portable_ratio.py` prints the rows."""

from __future__ import annotations

import sys
import time
from statistics import median

from target_row import TargetRow

from macsec.keys import Key
from macsec.measure.task import PROTECT, STAGES, Stage, make_task
from macsec.measure.workload import parse
from macsec.secy import Controls, SecY
from macsec.suites import SUITES

SECTION = "2. The kernels"
SUITE = SUITES["gcm-aes-128"]
OCTETS, FRAMES, ROUNDS = 1514, 64, 41
GOAL = 4.0
SCI = "5254001301560001"


def rows() -> list[TargetRow]:
    """Measure complete protect and validate of 1514 octets, in ns an octet."""
    return [
        TargetRow(SECTION, f"portable, {stage} of {OCTETS}, ns an octet", GOAL, nanoseconds(stage))
        for stage in STAGES
    ]


def nanoseconds(stage: Stage) -> float:
    """Return the median time of an octet in batches of frames."""
    secy = SecY(
        Controls(cipher=SUITE, encrypt=True, replay=True, window=SUITE.window_limit),
        backend="native",
        kernel="portable",
    )
    key = Key(bytes(range(SUITE.key_length)))
    if stage == PROTECT:
        secy.create_tx_sc(SCI)
        secy.create_tx_sa(0, key)
    else:
        secy.create_rx_sc(SCI)
        secy.create_rx_sa(SCI, 0, key)
    given = make_task(SUITE, True, parse(str(OCTETS)), FRAMES).at_stage(stage).given
    call = secy.protect if stage == PROTECT else secy.validate
    times = []
    with secy:
        for _ in range(ROUNDS):
            begin = time.perf_counter_ns()
            call(given)
            times.append(time.perf_counter_ns() - begin)
    return median(times) / (FRAMES * OCTETS)


def main() -> None:
    """Print the rows."""
    for row in rows():
        mark = "met" if row.met else "NOT MET"
        sys.stdout.write(f"{row.name}: {row.value:.2f}, at most {row.goal:.2f}, {mark}\n")


if __name__ == "__main__":
    main()
