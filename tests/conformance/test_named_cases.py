"""DPDK's 24 named cases: all there, all passed, and able to fail."""

from __future__ import annotations

from typing import Any

import pytest

from macsec import conformance
from macsec.conformance import dpdk
from macsec.conformance.outcome import Mismatch
from macsec.conformance.targets import REFERENCE
from macsec.secy import Controls, SecY, Verdict

TARGETS = conformance.available()[0]

NAMES = """
Encap + decap Multi flow
encap(Cipher+Auth) known vector
decap(De-cipher+verify) known vector
auth only known vector
verify only known vector
encap + decap known vector
auth + verify known vector
Encap and decap with VLAN
packet drop
untagged Rx
bad tag Rx
SA not in use
decap stats
verify only stats
pkts invalid stats
pkts unchecked stats
out pkts untagged
out pkts too long
Encap stats
auth only stats
interrupts all
re-key Tx
re-key Rx
anti-replay
""".strip().splitlines()


def test_named_cases_are_24_in_order() -> None:
    """The 24 names, in their order and numbered from 1."""
    assert [case.name for case in dpdk.CASES] == NAMES
    assert [case.number for case in dpdk.CASES] == list(range(1, 25))


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.label)
@pytest.mark.parametrize("case", dpdk.CASES, ids=lambda case: case.name)
def test_named_case_passes(case: dpdk.Case, target: conformance.Target) -> None:
    """A case passes on a target."""
    case.check(target)


class Forgetful(SecY):
    """Counts nothing."""

    def protect(self, batch: Any, out: Any = None, priority: Any = None) -> Any:
        """Protect, then forget."""
        outcome = super().protect(batch, out, priority)
        self.clear_counters()
        return outcome

    def validate(self, batch: Any, out: Any = None) -> Any:
        """Validate, then forget."""
        outcome = super().validate(batch, out)
        self.clear_counters()
        return outcome

    def protect_frame(self, frame: Any, priority: int | None = None) -> bytes | None:
        """Protect, then forget."""
        sent = super().protect_frame(frame, priority)
        self.clear_counters()
        return sent

    def validate_frame(self, octets: Any) -> tuple[Verdict, bytes | None]:
        """Validate, then forget."""
        judged = super().validate_frame(octets)
        self.clear_counters()
        return judged


class Credulous(SecY):
    """Takes every frame for good."""

    def validate_frame(self, octets: Any) -> tuple[Verdict, bytes | None]:
        """Deliver every frame."""
        return Verdict.OK, super().validate_frame(octets)[1] or octets


class Double(SecY):
    """Counts and numbers every frame twice."""

    def protect_frame(self, frame: Any, priority: int | None = None) -> bytes | None:
        """Protect twice, send the first."""
        sent = super().protect_frame(frame, priority)
        super().protect_frame(frame, priority)
        return sent

    def validate_frame(self, octets: Any) -> tuple[Verdict, bytes | None]:
        """Validate twice, deliver the second."""
        super().validate_frame(octets)
        return super().validate_frame(octets)


class Bare(SecY):
    """Sends what it was given."""

    def protect_frame(self, frame: Any, priority: int | None = None) -> bytes | None:
        """Send it in clear."""
        super().protect_frame(frame, priority)
        return frame


class BrokenTarget:
    """A target whose SecY does one thing wrong."""

    def __init__(self, broken: type[SecY]) -> None:
        self._broken = broken

    def secy(self, controls: Controls) -> SecY:
        """The broken SecY."""
        return self._broken(controls, "reference")

    def cipher(self) -> Any:
        """A good cipher."""
        return REFERENCE.cipher()


RECEIVES = {3, 5, 6, 7, 9, 13, 14, 15, 16, 21, 23, 24}
SENDS = {2, 4, 6, 7, 17, 18, 21, 22}
COUNTS = set(range(1, 25)) - {8, 21}

FAULTS = [
    *((Forgetful, number) for number in sorted(COUNTS)),
    *((Credulous, number) for number in (8, 9, 10, 11, 12, 15, 16, 21, 23, 24)),
    *((Double, number) for number in sorted((RECEIVES | SENDS) - {17})),
    *((Bare, number) for number in (2, 4, 6, 7, 13, 14, 18, 21, 22)),
]


@pytest.mark.parametrize(
    "broken, number", FAULTS, ids=lambda value: getattr(value, "__name__", value)
)
def test_named_case_can_fail(broken: type[SecY], number: int) -> None:
    """A SecY that does one thing wrong fails the cases that look at it."""
    with pytest.raises(Mismatch):
        dpdk.CASES[number - 1].check(BrokenTarget(broken))


def test_every_case_can_fail() -> None:
    """No case is without a fault that it finds."""
    assert {number for _, number in FAULTS} == set(range(1, 25))
