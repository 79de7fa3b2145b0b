"""Attacks: each moves its exact counters, frames and PNs."""

from __future__ import annotations

from typing import Any

import pytest
from support.attack_runs import setting
from support.planes import SUITE_NAMES, Plane

from macsec.attacks import ATTACKS, Finding, Scene, Setting, run
from macsec.attacks.flood import BATCH, QUICK, WAYS
from macsec.errors import ConfigError
from macsec.secy import Verdict


def wrong(where: Setting) -> dict[str, Finding]:
    """Run all attacks that can run; return the findings that did not pass."""
    findings = {
        name: run(attack, where) for name, attack in ATTACKS.items() if attack.lacks(where) is None
    }
    return {name: finding for name, finding in findings.items() if not finding.passed}


def faults(plane: Plane, cipher: str, profile: str) -> dict[str, Any]:
    """Run all attacks in a setting; return the faults of the attacks that do not pass."""
    failed = wrong(setting(plane, cipher=cipher, profile=profile))
    return {name: finding.faults for name, finding in failed.items()}


@pytest.mark.parametrize("cipher, profile", [("gcm-aes-128", "ieee"), ("gcm-aes-xpn-256", "linux")])
def test_every_attack_has_exact_results(plane: Plane, cipher: str, profile: str) -> None:
    """Exactly the expected counters, frames and PNs move."""
    assert faults(plane, cipher, profile) == {}


@pytest.mark.exhaustive
@pytest.mark.parametrize("profile", ["ieee", "linux"])
@pytest.mark.parametrize("cipher", SUITE_NAMES)
def test_every_attack_has_exact_results_on_every_kernel(
    every_plane: Plane, cipher: str, profile: str
) -> None:
    """The results do not depend on kernel or length of the key."""
    assert faults(every_plane, cipher, profile) == {}


RECEIVED = {
    "wiretap": {"OK": 20},
    "replay": {"OK": 80, "Late": 40},
    "replay-below-window": {"OK": 80, "Late": 32},
    "replay-at-window-edge": {"OK": 81, "Late": 1},
    "replay-inside-window": {"OK": 88},
    "replay-inside-window-rejected": {"OK": 80, "Late": 40},
    "replay-unprotected": {"OK": 80, "Delayed": 40},
    "duplicate": {"OK": 40, "Late": 40},
    "duplicate-in-window": {"OK": 80},
    "reorder-within-window": {"OK": 40},
    "reorder-beyond-window": {"OK": 24, "Late": 24},
    "delay-within-window": {"OK": 48},
    "delay-beyond-window": {"OK": 48, "Late": 1},
    "flip-destination": {"OK": 3, "NotValid": 48},
    "flip-source": {"OK": 3, "NotValid": 48},
    "flip-ethertype": {"OK": 3, "NoTag": 16},
    "flip-tci": {"OK": 3, "BadTag": 3, "NotValid": 2},
    "flip-an": {"OK": 3, "NotUsingSA": 2},
    "flip-sl": {"OK": 3, "BadTag": 2, "NotValid": 6},
    "flip-pn": {"OK": 3, "Late": 17, "NotValid": 15},
    "flip-sci": {"OK": 3, "NoSCI": 64},
    "flip-data": {"OK": 3, "NotValid": 800},
    "flip-icv": {"OK": 3, "NotValid": 128},
    "flip-data-integrity": {"OK": 3, "NotValid": 800},
    "flip-data-offset": {"OK": 3, "NotValid": 800},
    "flip-data-check": {"OK": 3, "Invalid": 800},
    "inject-clear-strict": {"NoTag": 12},
    "inject-clear-check": {"Untagged": 12},
    "inject-clear-null": {},
    "forge-integrity-check": {"Invalid": 12, "OK": 1},
    "forge-integrity-disabled": {"Unchecked": 12},
    "reflection": {"NoSCI": 12},
    "splice-same-key": {"OK": 24, "NotValid": 12},
    "stale-an": {"OK": 48, "Late": 12, "NotUsingSA": 24},
    "cross-epoch-replay": {"OK": 72, "Late": 12, "NotValid": 12},
    "nonce-reuse": {"OK": 8, "Late": 8},
}
"""Packet counters of the receiver under `ieee`."""


@pytest.mark.parametrize("name", RECEIVED)
def test_attack_moves_the_listed_packet_counters(plane: Plane, name: str) -> None:
    """The list above is from the text of the standard."""
    found = run(ATTACKS[name], setting(plane)).observed
    sums = ("InPktsNoSA", "InPktsNoSAError")
    packets = {
        counter.removeprefix("InPkts"): count
        for counter, count in found.items()
        if counter.startswith("InPkts") and counter not in sums
    }
    assert packets == RECEIVED[name]


def test_finding_has_every_counter_that_moved(plane: Plane) -> None:
    """It includes octets, counters of the sender and the sums of 2018."""
    found = run(ATTACKS["flip-an"], setting(plane))
    assert found.observed == {
        "InOctetsDecrypted": 300,
        "InPktsNoSAError": 2,
        "InPktsNotUsingSA": 2,
        "InPktsOK": 3,
        "OutOctetsEncrypted": 300,
        "OutPktsEncrypted": 3,
    }
    assert (found.frames, found.delivered, found.must_deliver) == (5, 3, 3)


LINUX = {
    "flip-sl": {"BadTag": 8, "NotValid": 0},
    "edit-sl": {"BadTag": 510, "NotValid": 0},
    "edit-tci": {"BadTag": 33, "NotValid": 14, "NoSCI": 0},
    "icv-padded": {"BadTag": 16, "NotValid": 16, "Late": 0},
    "cross-epoch-replay": {"Delayed": 1, "OK": 71},
}


@pytest.mark.parametrize("name", LINUX)
def test_profile_linux_has_the_counters_of_the_kernel(plane: Plane, name: str) -> None:
    """Lengths are exact, there is no SCB, and PNs are compared by lower halves."""
    found = run(ATTACKS[name], setting(plane, profile="linux")).observed
    assert {key: found.get(f"InPkts{key}", 0) for key in LINUX[name]} == LINUX[name]


def test_seed_decides_the_whole_finding(plane: Plane) -> None:
    """The same seed gives the same finding, another seed other octets and counts of a flood."""
    flood = ATTACKS["flood-near-valid"]
    once, again, other = (run(flood, setting(plane, seed=seed)) for seed in (1, 1, 2))
    assert once == again
    assert once.observed != other.observed
    with Scene("x", setting(seed=1)) as one, Scene("x", setting(seed=2)) as two:
        assert one.clear(3) != two.clear(3)


@pytest.mark.parametrize("name", ["flood-random", "flood-near-valid"])
@pytest.mark.parametrize("frames", [1, 2 * BATCH + 1])
def test_flood_has_the_given_number_of_frames(name: str, frames: int) -> None:
    """Many frames take several batches."""
    found = run(ATTACKS[name], setting(backend="auto", frames=frames))
    assert found.passed
    assert found.frames == frames + 3
    assert found.delivered == 3


def test_default_length_of_a_flood_is_that_of_the_data_plane(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both data planes have a default, since the reference is slower."""
    assert QUICK.keys() == {"native", "reference"}
    monkeypatch.setitem(QUICK, "reference", 500)
    found = run(ATTACKS["flood-random"], setting(frames=None))
    assert found.frames == 500 + 3


def test_near_valid_flood_has_every_verdict_of_forged_frames() -> None:
    """These are all verdicts that a forged frame can have under Strict."""
    assert {end for end, _ in WAYS} == {
        Verdict.NOT_VALID,
        Verdict.NO_TAG,
        Verdict.BAD_TAG,
        Verdict.NOT_USING_SA,
        Verdict.LATE,
        Verdict.NO_SCI,
    }


def test_attack_on_xpn_runs_with_an_xpn_suite() -> None:
    """A 32-bit suite is replaced by the XPN suite of the same key length."""
    for cipher, taken in zip(SUITE_NAMES, SUITE_NAMES[2:] * 2, strict=True):
        assert run(ATTACKS["cross-epoch-replay"], setting(cipher=cipher)).cipher == taken


@pytest.mark.parametrize(
    "name, given",
    [
        ("duplicate-rejected", {"profile": "linux"}),
        ("replay-inside-window-rejected", {"profile": "linux"}),
        ("wiretap-offset", {"cipher": "gcm-aes-xpn-128"}),
        ("flip-data-offset", {"cipher": "gcm-aes-xpn-256"}),
    ],
)
def test_attack_that_cannot_run_is_refused_by_name(name: str, given: dict[str, str]) -> None:
    """The setting lacks a control that the attack needs."""
    with pytest.raises(ConfigError, match=name):
        run(ATTACKS[name], setting(**given))


def test_every_attack_has_its_texts() -> None:
    """Each has a name of words, what it does and needs, clause and reason."""
    for name, attack in ATTACKS.items():
        assert name == attack.name
        assert name.replace("-", "").isalnum()
        assert all((attack.does, attack.needs, attack.clause, attack.why))
        assert type(attack).__doc__
