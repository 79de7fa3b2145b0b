"""Three stations among hostile MKPDUs with right ICVs: seeds that once found faults, and a machine.

`mka_fuzz.py` does the same a million times; `.ci/run fuzz` runs it.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from support.mka.fuzzing import CASES, STEPS_NS, Fuzz, run_case
from support.mka.kays import check_life_cycles

SEEDS = (11, *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in (12, 13, 14)))


@pytest.mark.parametrize("seed", SEEDS)
def test_hostile_mkpdus_find_no_fault(seed: int) -> None:
    """Every suite, with delay protection and without: at rest, in time, bounded, no SAK twice."""
    for cipher, protects in CASES:
        assert run_case(seed, cipher, protects, 120).heard >= 120


CHOICES = st.integers(0, 2**32 - 1).map(random.Random)


class Members(RuleBasedStateMachine):
    """The rules: time passes, MKPDUs arrive, are lost, made by a hostile member, or of the past."""

    fuzz: Fuzz

    @initialize(case=st.sampled_from(CASES))
    def begin(self, case: tuple[str, bool]) -> None:
        """Three stations without peers."""
        self.fuzz = Fuzz(0, *case)

    @rule(step_ns=st.sampled_from(sorted(set(STEPS_NS))))
    def let_time_pass(self, step_ns: int) -> None:
        """To the next timeouts, or not at all."""
        self.fuzz.pass_time(step_ns)

    @rule(choices=CHOICES)
    def deliver(self, choices: random.Random) -> None:
        """The MKPDUs of the three arrive, most of them."""
        self.fuzz.random = choices
        self.fuzz.deliver()

    @rule(choices=CHOICES)
    def attack(self, choices: random.Random) -> None:
        """One hostile MKPDU, or one of before, to one of the three."""
        self.fuzz.random = choices
        self.fuzz.attack()

    @rule(choices=CHOICES, which=st.integers(0, 2))
    def wear(self, choices: random.Random, which: int) -> None:
        """A user sends."""
        self.fuzz.random = choices
        self.fuzz.wear(self.fuzz.victims[which])

    @rule(which=st.integers(0, 2))
    def interrupt(self, which: int) -> None:
        """The port goes down and comes up again: the same KaY, a new member."""
        victim, now_ns = self.fuzz.victims[which], self.fuzz.now_ns
        victim.agreement.stop(now_ns)
        victim.rested(victim.agreement.start)

    @invariant()
    def stays_bounded(self) -> None:
        """Lists, keys and samples."""
        if hasattr(self, "fuzz"):
            self.fuzz.check_memory()

    def teardown(self) -> None:
        """Every SA was made before its use, and is deleted at the end."""
        for victim in self.fuzz.victims if hasattr(self, "fuzz") else ():
            victim.agreement.stop(self.fuzz.now_ns)
            check_life_cycles(victim.done)


def play(examples: int, steps: int) -> int:
    """Run the machine; return the number of examples."""
    run_state_machine_as_test(
        Members,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
    return examples


def test_any_sequence_leaves_the_members_sound() -> None:
    """A few sequences of the rules above."""
    assert play(8, 25) == 8


@pytest.mark.exhaustive
def test_many_sequences_leave_the_members_sound() -> None:
    """Many longer ones; .ci/run plays more of them."""
    assert play(100, 50) == 100
