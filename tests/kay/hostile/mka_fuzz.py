"""Hostile MKPDUs with right ICVs to two members and a Key Server: `mka_fuzz.py COUNT SEED`.

All suites, with delay protection and without; two processes share the cases. Exit status 1 and a
traceback if a KaY raises, never comes to rest, falls silent, keeps too much, or sends with a SAK
twice. `support/mka/fuzzing.py` has the rules.
"""

from __future__ import annotations

import logging
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from support.mka.fuzzing import CASES, run_case

PROCESSES = 2


def run(seed: int, cipher: str, protects: bool, count: int) -> tuple[str, int]:
    """Run one case; return its line and the number of MKPDUs."""
    logging.getLogger("macsec").setLevel(logging.CRITICAL)
    fuzz = run_case(seed, cipher, protects, count)
    saks = sum(len(victim.sent) for victim in fuzz.victims)
    line = (
        f"{cipher}, delay protection {'on' if protects else 'off'}: {fuzz.heard} MKPDUs, "
        f"{saks} SAKs, {fuzz.now_ns // 10**9} s, secured at {100 * fuzz.secured // fuzz.heard} %"
    )
    return line, fuzz.heard


def main() -> None:
    """Run all cases."""
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    began, heard = time.monotonic(), 0
    with ProcessPoolExecutor(PROCESSES) as pool:
        share = -(-count // len(CASES))
        for done in [pool.submit(run, seed, *case, share) for case in CASES]:
            line, number = done.result()
            heard += number
            sys.stdout.write(f"{line}\n")
    took = time.monotonic() - began
    summary = f"{heard} MKPDUs with right ICVs, seed {seed}, {took:.0f} s, no fault"
    sys.stdout.write(f"mka_fuzz: {summary}\n")


if __name__ == "__main__":
    main()
