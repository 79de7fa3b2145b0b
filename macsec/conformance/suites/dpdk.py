"""DPDK's inline MACsec suite: the 24 named cases, with their published frames."""

from __future__ import annotations

from functools import partial

from macsec.conformance.dpdk import CASES, Case

from .case import CaseRun, Suite

SUITE = Suite("dpdk", "DPDK inline MACsec", "DPDK/dpdk 164757d, app/test")
DEMANDS = {
    "encap(Cipher+Auth) known vector": "published frames are encrypted octet for octet",
    "decap(De-cipher+verify) known vector": "published encrypted frames are validated",
    "auth only known vector": "published frames are protected without encryption",
    "verify only known vector": "published frames without encryption are validated",
    "encap + decap known vector": "encrypted frames pass both ways, a second one too",
    "auth + verify known vector": "frames without encryption pass both ways, a second one too",
    "decap stats": "counters of a receiver of encrypted frames, of its SC and SA",
    "verify only stats": "counters of a receiver of frames without encryption",
    "Encap stats": "counters of a sender of encrypted frames, of its SC and SA",
    "auth only stats": "counters of a sender of frames without encryption",
}
"""Demands of cases without a function of their own."""


def _demand(case: Case) -> str:
    if case.name in DEMANDS:
        return DEMANDS[case.name]
    return (case.check.__doc__ or "").splitlines()[0].rstrip(".")


def run_named(case: Case, run: CaseRun) -> None:
    """Run a named case."""
    case.check(run.target)
    run.require("verdicts, frames, counters and PNs are the wanted ones", True)


for _case in CASES:
    SUITE.case(_case.name, _demand(_case), clause=_case.clause)(partial(run_named, _case))
