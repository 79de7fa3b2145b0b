"""Attacks: each comes out to the exact counter, and is told apart from a SecY that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import shake_128
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from support.planes import SUITE_NAMES, Plane

from macsec.attacks import ATTACKS, Finding, Scene, Setting, ghash, run
from macsec.attacks.flood import QUICK, WAYS
from macsec.errors import ConfigError
from macsec.frames.sectag import SecTAG
from macsec.secy import SecY, Verdict, reference, replay_check
from macsec.secy.reference import ReferencePlane
from macsec.secy.reference_state import SAKey

FRAMES = 2000
"""Of a flood, here."""


def setting(plane: Plane | None = None, **given: Any) -> Setting:
    """A setting on a plane, by default the reference plane."""
    backend, kernel = ("reference", None) if plane is None else (plane.backend, plane.kernel)
    frames = {"frames": FRAMES if backend == "native" else 300}
    return Setting(**{"backend": backend, "kernel": kernel, "seed": 5, **frames, **given})


def wrong(where: Setting) -> dict[str, Finding]:
    """The attacks that do not come out as they must, of all that can run."""
    findings = {
        name: run(attack, where) for name, attack in ATTACKS.items() if attack.lacks(where) is None
    }
    return {name: finding for name, finding in findings.items() if not finding.passed}


# ---------------------------------------------------------------- as it should be


@pytest.mark.parametrize("profile", ["ieee", "linux"])
@pytest.mark.parametrize("cipher", SUITE_NAMES)
def test_all_come_out_exactly(plane: Plane, cipher: str, profile: str) -> None:
    """Every attack moves exactly the counters, frames and PNs that it must."""
    failed = wrong(setting(plane, cipher=cipher, profile=profile))
    assert {name: finding.faults for name, finding in failed.items()} == {}


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
"""What a receiver counts under `ieee`, in so many words."""


@pytest.mark.parametrize("name", RECEIVED)
def test_counters_in_so_many_words(plane: Plane, name: str) -> None:
    """The packet counters of an attack are those written here, by the text of the standard."""
    found = run(ATTACKS[name], setting(plane)).observed
    sums = ("InPktsNoSA", "InPktsNoSAError")
    packets = {
        counter.removeprefix("InPkts"): count
        for counter, count in found.items()
        if counter.startswith("InPkts") and counter not in sums
    }
    assert packets == RECEIVED[name]


def test_every_counter_that_moved_is_told(plane: Plane) -> None:
    """Octets, the sender's counters and the 2018 sums are there too."""
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
def test_what_linux_counts_otherwise(plane: Plane, name: str) -> None:
    """Exact lengths, no SCB, PNs compared by lower halves: the kernel's other counters."""
    found = run(ATTACKS[name], setting(plane, profile="linux")).observed
    assert {key: found.get(f"InPkts{key}", 0) for key in LINUX[name]} == LINUX[name]


def test_a_seed_decides_everything(plane: Plane) -> None:
    """The same seed gives the same finding; another other octets, and other counts of a flood."""
    flood = ATTACKS["flood-near-valid"]
    once, again, other = (run(flood, setting(plane, seed=seed)) for seed in (1, 1, 2))
    assert once == again
    assert once.observed != other.observed
    with Scene("x", setting(seed=1)) as one, Scene("x", setting(seed=2)) as two:
        assert one.clear(3) != two.clear(3)


@pytest.mark.parametrize("name", ["flood-random", "flood-near-valid"])
@pytest.mark.parametrize("frames", [1, 70_000])
def test_floods_of_any_size(name: str, frames: int) -> None:
    """A flood has as many frames as asked for, over several batches, or as is quick."""
    found = run(ATTACKS[name], setting(backend="auto", frames=frames))
    assert found.passed
    assert found.frames == frames + 3
    assert found.delivered == 3


def test_a_flood_is_as_long_as_is_quick() -> None:
    """Without a number, each data plane has its own."""
    found = run(ATTACKS["flood-random"], setting(frames=None))
    assert found.frames == QUICK["reference"] + 3


def test_ways_of_a_flood() -> None:
    """Near-valid frames end in every way that a forged frame can under Strict."""
    assert {end for end, _ in WAYS} == {
        Verdict.NOT_VALID,
        Verdict.NO_TAG,
        Verdict.BAD_TAG,
        Verdict.NOT_USING_SA,
        Verdict.LATE,
        Verdict.NO_SCI,
    }


def test_xpn_attacks_take_an_xpn_suite() -> None:
    """Under a 32-bit suite they run with the XPN suite of the same key length."""
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
def test_what_cannot_run_says_why(name: str, given: dict[str, str]) -> None:
    """An attack that the setting has no place for is refused by name."""
    with pytest.raises(ConfigError, match=name):
        run(ATTACKS[name], setting(**given))


def test_every_attack_says_what_it_is() -> None:
    """Name, what it does and needs, clause and reason: all there, names as words."""
    for name, attack in ATTACKS.items():
        assert name == attack.name
        assert name.replace("-", "").isalnum()
        assert all((attack.does, attack.needs, attack.clause, attack.why))
        assert type(attack).__doc__


# ---------------------------------------------------------------- SecYs that are wrong

Patch = pytest.MonkeyPatch


def misconfigure(patch: Patch, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Stations get other controls than the attack asked for."""
    make = Scene._made

    def made(self: Scene, name: str, config: dict[str, Any], asked: Any) -> Any:
        secy = config["secy"]
        return make(self, name, {**config, "secy": {**secy, **change(secy)}}, asked)

    patch.setattr(Scene, "_made", made)


def other_window(by: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Windows greater or smaller than asked for."""
    return lambda secy: {"window": max(secy.get("window", 0) + by, 0)}


def other(name: str, mapping: dict[Any, Any], default: Any) -> Any:
    """One control replaced by another value, where there is one for it."""

    def change(secy: dict[str, Any]) -> dict[str, Any]:
        value = secy.get(name, default)
        return {name: mapping[value]} if value in mapping else {}

    return change


MISCONFIGURED = {
    "check for strict": (
        other("validate", {"strict": "check"}, "strict"),
        {"inject-clear-strict", "strip-tag-strict", "forge-integrity-strict", "flip-ethertype"},
    ),
    "strict for check and disabled": (
        other("validate", dict.fromkeys(("check", "disabled", "null"), "strict"), "strict"),
        {
            "inject-clear-check",
            "inject-clear-disabled",
            "inject-clear-null",
            "strip-tag-check",
            "flip-data-check",
            "forge-integrity-check",
            "forge-integrity-disabled",
            "forge-encrypted-disabled",
            "wiretap-unprotected",
        },
    ),
    "no replay protection": (
        other("replay", {True: False}, True),
        {"replay", "replay-below-window", "replay-at-window-edge", "duplicate", "flip-pn"}
        | {"reorder-beyond-window", "delay-beyond-window", "stale-an", "nonce-reuse"},
    ),
    "replay protection nobody asked for": (
        other("replay", {False: True}, True),
        {"replay-unprotected"},
    ),
    "a window one too wide": (
        other_window(1),
        {"replay", "replay-at-window-edge", "delay-beyond-window", "reorder-beyond-window"}
        | {"duplicate"},
    ),
    "a window one too narrow": (
        other_window(-1),
        {"replay-inside-window", "replay-at-window-edge", "delay-within-window"},
    ),
    "no window": (other_window(-8), {"reorder-within-window", "duplicate-in-window"}),
    "encryption off": (other("encrypt", {True: False}, True), {"wiretap", "nonce-reuse"}),
    "encryption on": (
        other("encrypt", {False: True}, True),
        {"wiretap-integrity", "strip-tag-strict", "strip-tag-check"},
    ),
    "no offset": (other("offset", {30: 0}, 0), {"wiretap-offset"}),
    "protection on": (other("protect", {False: True}, True), {"wiretap-unprotected"}),
    "protection off": (
        other("protect", {True: False}, True),
        {"wiretap", "flip-icv", "splice-same-key"},
    ),
}


@pytest.mark.parametrize("what", MISCONFIGURED)
def test_a_lenient_secy_is_found(plane: Plane, monkeypatch: Patch, what: str) -> None:
    """With other controls than the attack needs, it does not pass, on any plane."""
    change, names = MISCONFIGURED[what]
    where = setting(plane)
    assert all(run(ATTACKS[name], where).passed for name in names)
    misconfigure(monkeypatch, change)
    assert {name for name in names if run(ATTACKS[name], where).passed} == set()


def duplicates(value: str, plain: str) -> Any:
    """One answer to duplicates in place of the other, where there is a window."""
    return lambda secy: {"duplicates": value} if secy.get("window") else {"duplicates": plain}


@pytest.mark.parametrize(
    "change, names",
    [
        (duplicates("reject", "accept"), {"duplicate-in-window", "replay-inside-window"}),
        (
            duplicates("accept", "accept"),
            {"duplicate-rejected", "replay-inside-window-rejected"},
        ),
    ],
    ids=["reject", "accept"],
)
def test_duplicates_are_told_apart(
    plane: Plane, monkeypatch: Patch, change: Any, names: set[str]
) -> None:
    """A SecY that remembers duplicates, or does not, where the attack has it otherwise."""
    misconfigure(monkeypatch, change)
    assert {name for name in names if run(ATTACKS[name], setting(plane)).passed} == set()


def any_icv(patch: Patch) -> None:
    """Takes every ICV for right."""

    def opens(self: Any, sci: int, pn: int, aad: bytes, text: bytes, icv: bytes) -> bytes:
        iv = self._suite.iv(sci, pn, self._ssci, self._salt)
        return Cipher(self._aes, modes.CTR(iv + (2).to_bytes(4))).decryptor().update(text)

    patch.setattr(SAKey, "open", opens)


def moved_by_forgeries(patch: Patch) -> None:
    """Moves the window before the ICV is known to be right."""
    opens = ReferencePlane._open

    def too_early(self: Any, sa: Any, sci: int, pn: int, frame: Any) -> bytes | None:
        self._replay.advance(sa.window, pn)
        return opens(self, sa, sci, pn, frame)

    patch.setattr(ReferencePlane, "_open", too_early)


def no_tag_check(patch: Patch) -> None:
    """Knows no bad tag but one whose lengths do not fit."""

    def fault(mpdu: bytes, rules: Any) -> str | None:
        tag = reference.sectag.decode(mpdu)  # type: ignore[attr-defined]
        return tag and reference.sectag._length_fault(len(mpdu) - tag.length, tag.sl, rules)  # type: ignore[attr-defined]

    patch.setattr(reference.sectag, "fault", fault)  # type: ignore[attr-defined]


def any_sci(patch: Patch) -> None:
    """Takes every frame for the first peer's."""
    patch.setattr(ReferencePlane, "_received_sci", lambda self, _: next(iter(self._rx)))


def any_an(patch: Patch) -> None:
    """Takes every frame for AN 0."""
    decode = reference.sectag.decode  # type: ignore[attr-defined]

    def forgetful(mpdu: bytes) -> SecTAG | None:
        tag = decode(mpdu)
        return tag and SecTAG(tag.tci, 0, tag.sl, tag.pn, tag.sci)

    patch.setattr(reference.sectag, "decode", forgetful)  # type: ignore[attr-defined]


def no_addresses(patch: Patch) -> None:
    """Does not authenticate the addresses, at either end."""
    patch.setattr(ReferencePlane, "_authenticated", lambda *_: b"")


def no_epochs(patch: Patch) -> None:
    """Never steps the upper half of a PN."""
    patch.setattr(replay_check.LowestPN, "recover", lambda self, window, low: 7 << 32 | low)


def always_next_epoch(patch: Patch) -> None:
    """Keeps the upper half that it guessed for a frame that was not valid."""
    recover = replay_check.LowestPN.recover

    def remembers(self: Any, window: Any, low: int) -> int:
        pn = recover(self, window, low)
        window.lowest_pn = max(window.lowest_pn, pn >> 32 << 32)
        return pn

    patch.setattr(replay_check.LowestPN, "recover", remembers)


def uncounted_octets(patch: Patch) -> None:
    """Counts no octets on receipt."""
    patch.setattr(ReferencePlane, "_count_octets_in", lambda *_: None)


def wrong_sc(patch: Patch) -> None:
    """Counts what belongs to one SC on another."""
    tally = ReferencePlane.rx_sc_tally
    patch.setattr(ReferencePlane, "rx_sc_tally", lambda self, _: tally(self, max(self._rx)))


def other_text(patch: Patch) -> None:
    """Delivers something else than was sent."""
    deliver = ReferencePlane._deliver

    def changed(self: Any, told: Any, verdict: Any, frame: Any, user_data: bytes) -> Any:
        return deliver(self, told, verdict, frame, user_data[:-1] + b"?")

    patch.setattr(ReferencePlane, "_deliver", changed)


def fresh_nonces(patch: Patch) -> None:
    """Has another keystream for every call: nothing can be read from a PN used twice."""
    calls = iter(range(10**6))

    def seals(self: Any, sci: int, pn: int, aad: bytes, text: bytes) -> tuple[bytes, bytes]:
        iv = (next(calls) + 10**9).to_bytes(12)
        cipher = Cipher(self._aes, modes.GCM(iv)).encryptor()
        cipher.authenticate_additional_data(aad)
        return cipher.update(text) + cipher.finalize(), cipher.tag

    patch.setattr(SAKey, "seal", seals)


BROKEN: dict[Callable[[Patch], None], set[str]] = {
    any_icv: {"flip-data-integrity", "flip-icv-integrity", "flip-data-offset"}
    | {"flip-destination", "flip-source", "flip-data", "flip-icv", "icv-replaced"}
    | {"forge-encrypted-strict", "forge-encrypted-check", "stale-key", "splice-same-key"}
    | {"splice-other-key", "edit-an-same-key", "icv-of-8-octets", "cross-epoch-replay"}
    | {"reflection-without-sci", "flood-random", "flood-near-valid", "pn-jump", "pn-jump-epoch"},
    moved_by_forgeries: {"flip-pn", "edit-pn", "pn-jump", "pn-jump-epoch", "flood-near-valid"},
    no_tag_check: {"flip-tci", "flip-sl", "edit-tci", "edit-sl", "edit-pn"},
    any_sci: {"flip-sci", "edit-sci", "edit-tci", "reflection", "flood-near-valid"},
    any_an: {"flip-an", "edit-an", "stale-an"},
    no_addresses: {"flip-destination", "flip-source", "flood-near-valid"},
    no_epochs: {"cross-epoch-replay", "pn-jump-epoch"},
    always_next_epoch: {"pn-jump-epoch"},
    uncounted_octets: {"flip-data", "replay", "icv-padded", "forge-encrypted-strict"},
    wrong_sc: {"splice-same-key", "splice-other-key"},
    other_text: {"wiretap", "reorder-within-window", "delay-within-window"},
    fresh_nonces: {"nonce-reuse", "nonce-reuse-forgery"},
}


@pytest.mark.parametrize("break_it", BROKEN, ids=lambda broken: broken.__name__)
def test_a_broken_secy_is_found(monkeypatch: Patch, break_it: Callable[[Patch], None]) -> None:
    """A SecY that is wrong in one way fails the attacks on just that."""
    break_it(monkeypatch)
    names = BROKEN[break_it]
    findings = {name: run(ATTACKS[name], setting()) for name in names}
    assert {name for name, finding in findings.items() if finding.passed} == set()
    assert all(finding.faults for finding in findings.values())


def test_a_silent_sender_is_a_fault(monkeypatch: Patch) -> None:
    """An attack that has nothing to attack is not passed, and does not raise."""
    monkeypatch.setattr(
        SecY, "protect", lambda self, batch: self._plane.protect(batch.take(slice(0, 1)))
    )
    found = run(ATTACKS["replay"], setting())
    assert not found.passed
    assert found.faults[0] == "A sent 1 of 40 frames"


def test_no_attack_passes_whatever_happens(monkeypatch: Patch) -> None:
    """Each attack fails on at least one of the SecYs above."""
    left = set(ATTACKS)
    for names in [*(names for _, names in MISCONFIGURED.values()), *BROKEN.values()]:
        left -= names
    left -= {"duplicate-in-window", "replay-inside-window"}
    left -= {"duplicate-rejected", "replay-inside-window-rejected"}
    uncounted_octets(monkeypatch)
    other_text(monkeypatch)
    assert {name for name in left if run(ATTACKS[name], setting()).passed} == set()


# ---------------------------------------------------------------- the subkey of GCM


@given(st.binary(min_size=16, max_size=16), st.binary(max_size=40), st.binary(max_size=70))
def test_ghash_is_that_of_gcm(key: bytes, aad: bytes, text: bytes) -> None:
    """GHASH and the first block of keystream make up the ICV (SP 800-38D)."""
    subkey, iv = encrypted(key, bytes(16)), bytes(12)
    sealed = AESGCM(key).encrypt(iv, text, aad)
    mask = encrypted(key, iv + (1).to_bytes(4))
    found = ghash.ghash(subkey, aad, sealed[:-16]) ^ mask
    assert found.to_bytes(16) == sealed[-16:]


@given(st.integers(1, 2**128 - 1))
def test_an_inverse(a: int) -> None:
    """Every element but zero has one."""
    assert ghash.times(a, ghash.inverse(a)) == ghash.ONE


@pytest.mark.parametrize("lengths", [(20, 20), (100, 100), (33, 70)])
def test_the_subkey_follows_from_two_repeated_nonces(lengths: tuple[int, int]) -> None:
    """What the attacker computes is AES of the zero block under the SAK."""
    key = bytes(range(16))

    def pair(pn: int) -> list[tuple[bytes, bytes, bytes]]:
        sides = [(bytes((pn, side)), length) for side, length in enumerate(lengths)]
        texts = [shake_128(seed).digest(length) for seed, length in sides]
        sealed = [AESGCM(key).encrypt(bytes(11) + bytes((pn,)), text, b"aad") for text in texts]
        return [(b"aad", octets[:-16], octets[-16:]) for octets in sealed]

    polynomials = [ghash.difference(*pair(pn)) for pn in (1, 2)]
    assert ghash.common_root(*polynomials) == encrypted(key, bytes(16))


def test_no_subkey_without_a_repeated_nonce() -> None:
    """Polynomials of frames that share no nonce have no root in common."""
    key = bytes(range(16))
    frames = [AESGCM(key).encrypt(bytes(11) + bytes((n,)), bytes(40), b"") for n in range(4)]
    parts = [(b"", octets[:-16], octets[-16:]) for octets in frames]
    polynomials = ghash.difference(*parts[:2]), ghash.difference(*parts[2:])
    assert ghash.common_root(*polynomials) is None


def encrypted(key: bytes, block: bytes) -> int:
    """AES of one block, as a number."""
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return int.from_bytes(cipher.update(block) + cipher.finalize())


def test_a_scene_holds_frames_to_their_word() -> None:
    """A verdict, a delivery or a PN other than announced is a fault that says so."""
    with Scene("word", setting()) as scene:
        a, b = scene.sender(), scene.receiver()
        first, second = scene.send(a, scene.clear(2))
        scene.deliver(b, [first], Verdict.LATE)
        scene.deliver(b, [second], Verdict.OK)
        expected, observed = scene.account()
        faults = scene.tale.faults
    assert faults[:2] == [
        "1 frames ended otherwise at B: ok, not late",
        "B delivered 1 frames, not the 0 it must",
    ]
    assert "the counters of B differ" in faults
    assert (expected["InPktsOK"], observed["InPktsOK"]) == (1, 2)
