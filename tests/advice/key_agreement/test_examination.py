"""The faults of a key agreement: each is found first, and none where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.mka.members import CAK, holder
from support.mka.quirks import HEALTHY, SCENES, Exchange

from macsec import FrameBatch, captures
from macsec.advice.key_agreement import (
    QUIRKS,
    Certainty,
    Evidence,
    Observed,
    Sign,
    examine,
    examine_running,
)
from macsec.advice.key_agreement.examination import ordered
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.kay.listening.listener import Listener
from macsec.keys import Key
from macsec.offline.decrypt import eapol_rows

LIFE_NS = 6_000_000_000
PCAPS = Path(__file__).parents[3] / "pcaps" / "mka"
FAULTY = {"wrong-cak": "wrong-cak", "restart-quick": "restarts"}
"""Recordings that have a fault: another CAK at B; B was restarted three times."""


def signs(exchange: Exchange, with_caks: bool = True) -> list[Sign]:
    """Return the signs of an exchange."""
    listener = Listener(exchange.holders if with_caks else [])
    observed = [
        Observed(at, time_ns, frame, listener.hear(frame))
        for at, (time_ns, frame) in enumerate(exchange.in_order())
    ]
    return examine(Evidence(observed, LIFE_NS))


def test_every_fault_of_the_catalogue_has_an_exchange() -> None:
    """No fault is listed that no exchange shows."""
    assert SCENES.keys() == QUIRKS.keys()


@pytest.mark.parametrize("quirk", SCENES)
def test_fault_is_the_first_finding(quirk: str) -> None:
    """The likeliest finding of an exchange is its fault, with a frame of the capture."""
    exchange = SCENES[quirk]()
    found = signs(exchange)
    assert [sign.quirk for sign in found][:1] == [quirk]
    frame = found[0].frame
    assert quirk == "no-mkpdu" or (frame is not None and 0 <= frame < len(exchange.frames))
    assert CAK.hex() not in repr(found)


WITHOUT_CAK = {"two-chains": "two-chains", "filtered": "wrong-cak", "cak-of-file": None}
"""Faults that look otherwise where no ICV can be checked."""


@pytest.mark.parametrize("quirk", SCENES)
def test_fault_is_found_without_the_cak(quirk: str) -> None:
    """Without a CAK all faults but those of the CAK itself are found alike."""
    found = [sign.quirk for sign in signs(SCENES[quirk](), with_caks=False)]
    assert next(iter(found), None) == WITHOUT_CAK.get(quirk, quirk)


@pytest.mark.parametrize("name", HEALTHY)
@pytest.mark.parametrize("with_caks", [True, False])
def test_healthy_exchange_has_no_finding(name: str, with_caks: bool) -> None:
    """No suite, header, interval or rekey that works is called a fault."""
    assert signs(HEALTHY[name](), with_caks) == []


@pytest.mark.parametrize("path", sorted(PCAPS.glob("*.pcap")), ids=lambda path: path.stem)
def test_recordings_of_wpa_supplicant_have_the_faults_that_were_made(path: Path) -> None:
    """Of the recorded exchanges only those with a fault have a finding."""
    facts = json.loads(path.with_suffix(".json").read_text())
    cak, ckn = bytes.fromhex(facts["cak"]), bytes.fromhex(facts["ckn"])
    with captures.read(path) as reader:
        batch = FrameBatch.concat(list(reader))
    for holders in ([], [MemoryHolder(Key(cak), ckn)]):
        listener = Listener(holders)
        observed = [
            Observed(row, int(batch.time_ns[row]), batch[row], listener.hear(batch[row]))
            for row in eapol_rows(batch).tolist()
        ]
        found = [sign.quirk for sign in examine(Evidence(observed, LIFE_NS))]
        assert found == ([FAULTY[path.stem]] if path.stem in FAULTY else [])


def test_signs_are_ordered_by_certainty_then_effect_then_catalogue() -> None:
    """A shown fault comes before a likely one, one that stops the link before one that weakens it.

    An incomplete capture comes last, however certain it is.
    """
    expected = [
        ("ckn-mismatch", Certainty.SHOWN),
        ("one-way", Certainty.SHOWN),
        ("capability", Certainty.SHOWN),
        ("slow-hello", Certainty.SHOWN),
        ("not-desired", Certainty.SHOWN),
        ("replayed", Certainty.SHOWN),
        ("wrong-cak", Certainty.LIKELY),
        ("restarts", Certainty.LIKELY),
        ("wrong-cak", Certainty.POSSIBLE),
        ("one-sided", Certainty.SHOWN),
    ]
    made = [Sign(quirk, certainty, 0, "") for quirk, certainty in expected]
    assert ordered(reversed(made)) == made
    assert ordered([*made[5:], *made[:5], *made]) == made


def test_wrong_cak_is_shown_with_the_cak_and_likely_without() -> None:
    """A right ICV of one end and a wrong one of the other leave no other reason."""
    (shown,) = signs(SCENES["wrong-cak"]())
    (likely,) = signs(SCENES["wrong-cak"](), with_caks=False)
    assert (shown.certainty, likely.certainty) == (Certainty.SHOWN, Certainty.LIKELY)
    assert "02000000000b0001" in shown.detail


def test_capture_of_many_members_is_examined_in_bounds() -> None:
    """A capture with 100 SCIs under one CKN costs no square of it."""
    from support.mka.members import alice

    exchange = Exchange([holder()])
    members = [alice(sci=at << 16 | 1, mi=at.to_bytes(12)) for at in range(1, 101)]
    for turn in range(3):
        for at, member in enumerate(members):
            exchange.say(2 * turn + at / 1000, member.says())
    assert {sign.quirk for sign in signs(exchange)} == {"filtered"}


STATUS = {
    "status": {"Secured": "No"},
    "reason": "not secured: no live peer",
    "participants": [{"live_peers": "0", "potential_peers": "0", "is_elected": "No"}],
    "counters": {},
}


@pytest.mark.parametrize(
    ("counter", "quirk"),
    [
        ("in-mkpdu-icv-verification-errors", "wrong-cak"),
        ("rx-unrecognized-ckn", "ckn-mismatch"),
        ("in-mkpdu-reflected", "same-address"),
        ("sak-cipher-mismatch-errors", "suite-mismatch"),
        ("sak-reuse-refused", "kn-reuse"),
        ("out-mkpdu", "alone"),
    ],
)
def test_counters_of_a_port_show_its_fault(counter: str, quirk: str) -> None:
    """A port that is not secured names the fault behind the counter that rose."""
    (sign,) = examine_running({**STATUS, "counters": {counter: 5}})
    assert sign.quirk == quirk
    assert "5 " in sign.detail


def test_secured_port_with_quiet_counters_has_no_finding() -> None:
    """A port that is secured has no fault."""
    secured = {**STATUS, "status": {"Secured": "Yes"}, "counters": {"in-mkpdu": 9}}
    assert examine_running(secured) == []
