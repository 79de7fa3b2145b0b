"""Attacks on a SecY that is wrong: each fails on at least one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from support.attack_runs import setting
from support.planes import Plane

from macsec.attacks import ATTACKS, Scene, run
from macsec.frames.sectag import SecTAG
from macsec.secy import SecY, Verdict, replay_check
from macsec.secy.reference import ReferencePlane
from macsec.secy.reference import plane as reference
from macsec.secy.reference.state import SAKey

Patch = pytest.MonkeyPatch


def misconfigure(patch: Patch, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Give stations other controls than the attack sets."""
    make = Scene._made

    def made(self: Scene, name: str, config: dict[str, Any], controls: Any) -> Any:
        secy = config["secy"]
        return make(self, name, {**config, "secy": {**secy, **change(secy)}}, controls)

    patch.setattr(Scene, "_made", made)


def other_window(by: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Change the window by a number."""
    return lambda secy: {"window": max(secy.get("window", 0) + by, 0)}


def other(name: str, mapping: dict[Any, Any], default: Any) -> Any:
    """Replace the value of one control, if the mapping has another."""

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
    "replay protection for none": (
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
def test_secy_with_other_controls_fails_the_attacks(
    plane: Plane, monkeypatch: Patch, what: str
) -> None:
    """The attacks on just that control do not pass, on any plane."""
    change, names = MISCONFIGURED[what]
    where = setting(plane)
    assert all(run(ATTACKS[name], where).passed for name in names)
    misconfigure(monkeypatch, change)
    assert {name for name in names if run(ATTACKS[name], where).passed} == set()


def duplicates(value: str, plain: str) -> Any:
    """Set `duplicates`, if there is a window, else the other value."""
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
def test_secy_with_the_other_rule_for_duplicates_fails_the_attacks(
    plane: Plane, monkeypatch: Patch, change: Any, names: set[str]
) -> None:
    """The SecY remembers duplicates where the attack expects that it does not, or the reverse."""
    misconfigure(monkeypatch, change)
    assert {name for name in names if run(ATTACKS[name], setting(plane)).passed} == set()


def any_icv(patch: Patch) -> None:
    """Accept every ICV."""

    def opens(self: Any, sci: int, pn: int, aad: bytes, text: bytes, icv: bytes) -> bytes:
        iv = self._suite.iv(sci, pn, self._ssci, self._salt)
        return Cipher(self._aes, modes.CTR(iv + (2).to_bytes(4))).decryptor().update(text)

    patch.setattr(SAKey, "open", opens)


def moved_by_forgeries(patch: Patch) -> None:
    """Move the window before the ICV is checked."""
    opens = ReferencePlane._open

    def too_early(self: Any, sa: Any, sci: int, pn: int, frame: Any) -> bytes | None:
        self._replay.advance(sa.window, pn)
        return opens(self, sa, sci, pn, frame)

    patch.setattr(ReferencePlane, "_open", too_early)


def no_tag_check(patch: Patch) -> None:
    """Find no bad tag except one with wrong lengths."""

    def fault(mpdu: bytes, rules: Any) -> str | None:
        tag = reference.sectag.decode(mpdu)
        return tag and reference.sectag._length_fault(len(mpdu) - tag.length, tag.sl, rules)  # type: ignore[return-value]

    patch.setattr(reference.sectag, "fault", fault)


def any_sci(patch: Patch) -> None:
    """Count every frame as that of the first peer."""
    patch.setattr(ReferencePlane, "_received_sci", lambda self, _: next(iter(self._rx)))


def any_an(patch: Patch) -> None:
    """Read every AN as 0."""
    decode = reference.sectag.decode

    def forgetful(mpdu: bytes, ethertype: int) -> SecTAG | None:
        tag = decode(mpdu, ethertype)
        return tag and SecTAG(tag.tci, 0, tag.sl, tag.pn, tag.sci)

    patch.setattr(reference.sectag, "decode", forgetful)


def no_addresses(patch: Patch) -> None:
    """Leave the addresses out of the AAD, at both ends."""
    patch.setattr(ReferencePlane, "_authenticated", lambda *_: b"")


def no_epochs(patch: Patch) -> None:
    """Never change the upper half of a PN."""
    patch.setattr(replay_check.LowestPN, "recover", lambda self, window, low: 7 << 32 | low)


def always_next_epoch(patch: Patch) -> None:
    """Keep the upper half recovered for a frame that was not valid."""
    recover = replay_check.LowestPN.recover

    def remembers(self: Any, window: Any, low: int) -> int:
        pn = recover(self, window, low)
        window.lowest_pn = max(window.lowest_pn, pn >> 32 << 32)
        return pn

    patch.setattr(replay_check.LowestPN, "recover", remembers)


def uncounted_octets(patch: Patch) -> None:
    """Count no received octets."""
    patch.setattr(ReferencePlane, "_count_octets_in", lambda *_: None)


def wrong_sc(patch: Patch) -> None:
    """Return the counters of another SC."""
    tally = ReferencePlane.rx_sc_tally
    patch.setattr(ReferencePlane, "rx_sc_tally", lambda self, _: tally(self, max(self._rx)))


def other_text(patch: Patch) -> None:
    """Deliver changed text."""
    deliver = ReferencePlane._deliver

    def changed(self: Any, row: Any, verdict: Any, frame: Any, user_data: bytes) -> Any:
        return deliver(self, row, verdict, frame, user_data[:-1] + b"?")

    patch.setattr(ReferencePlane, "_deliver", changed)


def fresh_nonces(patch: Patch) -> None:
    """Use another keystream for every call, so that a repeated PN reveals nothing."""
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
def test_broken_secy_fails_the_attacks_on_that_check(
    monkeypatch: Patch, break_it: Callable[[Patch], None]
) -> None:
    """Each SecY is wrong in one way."""
    break_it(monkeypatch)
    names = BROKEN[break_it]
    findings = {name: run(ATTACKS[name], setting()) for name in names}
    assert {name for name, finding in findings.items() if finding.passed} == set()
    assert all(finding.faults for finding in findings.values())


def test_attack_on_a_silent_sender_does_not_pass(monkeypatch: Patch) -> None:
    """It does not raise either."""
    monkeypatch.setattr(
        SecY, "protect", lambda self, batch: self._plane.protect(batch.take(slice(0, 1)))
    )
    found = run(ATTACKS["replay"], setting())
    assert not found.passed
    assert found.faults[0] == "A sent 1 of 40 frames"


def test_every_attack_fails_on_some_wrong_secy(monkeypatch: Patch) -> None:
    """No attack passes regardless of the SecY."""
    left = set(ATTACKS)
    for names in [*(names for _, names in MISCONFIGURED.values()), *BROKEN.values()]:
        left -= names
    left -= {"duplicate-in-window", "replay-inside-window"}
    left -= {"duplicate-rejected", "replay-inside-window-rejected"}
    uncounted_octets(monkeypatch)
    other_text(monkeypatch)
    assert {name for name in left if run(ATTACKS[name], setting()).passed} == set()


def test_unexpected_verdict_is_a_fault() -> None:
    """The faults name the verdict, the delivery and the counters."""
    with Scene("fault", setting()) as scene:
        a, b = scene.sender(), scene.receiver()
        first, second = scene.send(a, scene.clear(2))
        scene.deliver(b, [first], Verdict.LATE)
        scene.deliver(b, [second], Verdict.OK)
        expected, observed = scene.account()
        faults = scene.result.faults
    assert faults[:2] == [
        "1 frames ended otherwise at B: ok, not late",
        "B delivered 1 frames, not the 0 it must",
    ]
    assert "the counters of B differ" in faults
    assert (expected["InPktsOK"], observed["InPktsOK"]) == (1, 2)
