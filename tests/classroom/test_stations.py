"""The four stations: their answers are those of the product's SecY."""

from __future__ import annotations

import json
from typing import Any

import pytest

from macsec.classroom import building, flipping, link, reuse
from macsec.classroom.calls import call
from macsec.errors import ConfigError
from macsec.frames import FrameBatch, sectag
from macsec.offline.explain import explain_frame
from macsec.secy import Controls, SecY, Validate
from macsec.suites import SUITES

BITS = [96, 103, *range(14 * 8, 16 * 8), 128, 151, 152, 158, 159, 160, 215, 223]
"""Bits of each field of the SecTAG, all those of TCI, AN and SL."""


def asked(name: str, **given: Any) -> Any:
    """Return the answer to a call of the page."""
    return json.loads(call(name, json.dumps(given)))


def settings(**changed: Any) -> Any:
    """Return settings of station 1."""
    usual = {"suite": "gcm-aes-128", "encrypt": True, "send_sci": True, "an": 0, "pn": 1}
    return {**usual, "text": "Hello", **changed}


@pytest.mark.parametrize("length", [0, 1, 45, 46, 100])
@pytest.mark.parametrize("send_sci", [True, False])
@pytest.mark.parametrize("encrypt", [True, False])
@pytest.mark.parametrize("suite", SUITES)
def test_fields_cover_each_octet_once(
    suite: str, encrypt: bool, send_sci: bool, length: int
) -> None:
    """The fields lie side by side from the first octet to the last."""
    made = building.built(
        settings(suite=suite, encrypt=encrypt, send_sci=send_sci, text="x" * length)
    )
    ends = [0, *(field["stop"] for field in made["fields"])]
    assert [field["start"] for field in made["fields"]] == ends[:-1]
    assert ends[-1] == len(made["octets"]) // 2
    assert ("SCI" in [field["name"] for field in made["fields"]]) == send_sci


def test_frame_is_the_one_that_another_secy_accepts() -> None:
    """The frame of station 1 is validated by a SecY with the same key, AN and SCI."""
    made = building.built(settings(pn=9))
    with link.receiver(Controls()) as secy:
        verdict, clear = secy.validate_frame(bytes.fromhex(made["octets"]))
    assert verdict.label == "ok"
    assert (clear or b"").hex().endswith(made["plain"])


@pytest.mark.parametrize("validate", [each.name.lower() for each in Validate])
@pytest.mark.parametrize("encrypt", [True, False])
def test_each_flipped_bit_is_judged_as_explain_does(encrypt: bool, validate: str) -> None:
    """Verdict, counter and reason of every bit of the SecTAG are those of `macsec explain`."""
    seen = set()
    for bit in BITS:
        answer = flipping.flipped({"flips": [bit], "encrypt": encrypt, "validate": validate})
        judgement = answer["judgement"]
        controls = Controls(validate=Validate[validate.upper()], window=100)
        with link.receiver(controls, flipping.PN, flipping.LOWEST_PN) as secy:
            batch = FrameBatch.from_frames([bytes.fromhex(answer["octets"])])
            explained = explain_frame(secy, [batch], 0, {}, transmit=False)
        assert judgement["verdict"] == explained.verdict.label
        assert judgement["counter"] == (explained.verdict.counter or "none")
        assert judgement["reason"] == explained.reason
        seen.add(explained.verdict.label)
    assert len(seen) >= (1 if validate == "null" else 4)


def test_offered_bits_are_those_of_the_frame() -> None:
    """The page offers all bits of the SecTAG, with the names of the TCI, and two octets more."""
    tag = flipping.flipped({"flips": [], "encrypt": True, "validate": "strict"})["tag"]
    assert [octet["at"] for octet in tag][:17] == list(range(12, 29))
    names = [text.split(":")[0] for text in tag[2]["names"]]
    assert names == [*(str(bit.name) for bit in sorted(sectag.TCI, reverse=True)), "AN", "AN"]


def test_window_follows_the_standard() -> None:
    """Late below the lowest PN, delivered in the window; a far PN moves it."""
    asked("start", window=4, xpn=False, replay=True, duplicates=False, next_pn="10")
    verdicts = [asked("send", pn=pn)["judgement"]["verdict"] for pn in ("10", "15", "12", "11")]
    assert verdicts == ["ok", "ok", "ok", "late"]


def test_duplicates_are_refused_on_demand() -> None:
    """The same frame twice is delivered twice, unless duplicates are refused."""
    for refused in (False, True):
        asked("start", window=4, xpn=False, replay=True, duplicates=refused, next_pn="10")
        verdicts = [asked("send", pn="10")["judgement"]["verdict"] for _ in range(2)]
        assert verdicts == ["ok", "late" if refused else "ok"]


def test_xpn_recovers_the_high_half() -> None:
    """Past 2^32 the SecTAG begins at 0 again, and the receiver goes on."""
    start = (1 << 32) - 2
    asked("start", window=4, xpn=True, replay=True, duplicates=False, next_pn=str(start))
    answers = [asked("send", pn=str(start + step)) for step in range(4)]
    assert [answer["shown"] for answer in answers] == [str(start), str(start + 1), "0", "1"]
    assert [answer["recovered"] for answer in answers] == [str(start + step) for step in range(4)]
    assert {answer["judgement"]["verdict"] for answer in answers} == {"ok"}


def test_cells_show_what_came() -> None:
    """A PN that was delivered stays so when it is sent again and refused."""
    asked("start", window=0, xpn=False, replay=True, duplicates=False, next_pn="10")
    asked("send", pn="11")
    state = asked("send", pn="11")["state"]
    states = {cell["pn"]: cell["state"] for cell in state["cells"]}
    assert (states["10"], states["11"], states["12"]) == ("below", "received", "next")


@pytest.mark.parametrize(
    "texts",
    [("Pay 10 to Ada", "Exam on Monday", "Pay 9999 to Eve"), ("a", "b", "c"), ("x" * 45,) * 3],
)
def test_reused_nonce_gives_text_and_forgery(texts: tuple[str, str, str]) -> None:
    """The second text is read; a forged frame is delivered, unless both frames are the same."""
    first, second, forged = texts
    made = reuse.reused({"first": first, "second": second, "forged": forged})
    assert made["ciphertexts"] == made["plaintexts"]
    assert made["read"].rstrip() == second
    judged = [candidate["judgement"]["verdict"] for candidate in made["candidates"]]
    assert judged.count("ok") == (0 if first == second else 1)


def test_faults_of_a_learner_are_one_line() -> None:
    """A PN that cannot be, a text that is too long: an error, and no traceback."""
    assert "pn 0" in asked("build", **settings(pn=0))["error"]
    assert "at most" in asked("reuse", first="x" * 60, second="", forged="")["error"]
    asked("start", window=4, xpn=False, replay=True, duplicates=False, next_pn="1")
    assert "error" in asked("send", pn="ten")
    assert "error" in asked("send", pn=str(1 << 70))
    with pytest.raises(ConfigError):
        link.sent(Controls(), 0, b"xx")


def test_keys_of_the_page_do_not_pass_for_secret() -> None:
    """The sample key is the octets 0, 1, 2 and so on."""
    for suite in SUITES.values():
        controls = Controls(cipher=suite)
        assert link.sample_key(controls).expose() == bytes(range(suite.key_length))
        with link.receiver(controls) as secy:
            assert isinstance(secy, SecY)
