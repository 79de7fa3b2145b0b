"""A capture decrypted from CAKs: recorded exchanges, and what recordings do not have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from support.members import CAK, CKN, Member, Sak, alice, bob, holder, sak_of
from support.planes import PLANES

from macsec import FrameBatch, captures
from macsec.kay.cak_holder import MemoryHolder
from macsec.kay.listening import listener
from macsec.kay.listening.listener import Hearing
from macsec.keys import Key
from macsec.offline.decrypt import MkaReader
from macsec.secy import Outcome

PCAPS = Path(__file__).parents[2] / "pcaps" / "mka"
RECORDED = sorted(path.stem for path in PCAPS.glob("*.json"))
NEVER_SECURED = {"v211-v210-gcm256", "wrong-cak"}
BACKENDS = sorted({plane.backend for plane in PLANES})
SUITES = ["gcm-aes-128", "gcm-aes-256", "gcm-aes-xpn-128", "gcm-aes-xpn-256"]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Each data plane that this machine has."""
    return str(request.param)


# ---------------------------------------------------------------- recorded by others


def recording(name: str) -> tuple[dict[str, Any], FrameBatch]:
    """What stands beside a recording, and its frames."""
    with captures.read(str(PCAPS / f"{name}.pcap")) as reader:
        batch = FrameBatch.concat(list(reader))
    return json.loads((PCAPS / f"{name}.json").read_text()), batch


def opened(frame: bytes, facts: dict[str, Any]) -> bytes | None:
    """A protected frame by the keys that the recorded programs logged, without this package."""
    if frame[12:14] != b"\x88\xe5":
        return None
    tci, length, pn, sci = frame[14], frame[15], frame[16:20], frame[20:28]
    assert tci & 0x20, "these recordings have the SCI in every tag"
    end = 28 + length if length else len(frame) - 16
    head, data, icv = frame[:28], frame[28:end], frame[end : end + 16]
    encrypted = bool(tci & 0x08)
    for sak, iv in ((sak, iv) for sak in facts["saks_from_log"] for iv in ivs(pn, sci, facts)):
        aad, text = (head, data) if encrypted else (head + data, b"")
        try:
            clear = AESGCM(bytes.fromhex(sak)).decrypt(iv, text + icv, aad)
        except InvalidTag:
            continue
        return frame[:12] + (clear if encrypted else data)
    return None


def ivs(pn: bytes, sci: bytes, facts: dict[str, Any]) -> list[bytes]:
    """The IVs that a frame may have: of its SCI and PN, or of a logged Salt and an SSCI."""
    if not facts["xpn"]:
        return [sci + pn]
    return [
        bytes(a ^ b for a, b in zip(bytes([0, 0, 0, ssci, 0, 0, 0, 0]) + pn, salt, strict=True))
        for ssci in (1, 2)
        for salt in {bytes.fromhex(text) for text in facts["xpn_salt_logged"]}
    ]


@pytest.mark.parametrize("name", RECORDED)
def test_recorded(name: str, backend: str) -> None:
    """A recorded exchange gives exactly its clear frames, in order, from the CAK alone."""
    facts, batch = recording(name)
    wanted = [clear for frame in batch if (clear := opened(frame, facts)) is not None]
    assert bool(wanted) == (name not in NEVER_SECURED)
    cak, ckn = bytes.fromhex(facts["cak"]), bytes.fromhex(facts["ckn"])
    with MkaReader([holder(cak, ckn)], backend) as reader:
        out = reader.validate(batch)
        assert out.batch.frames() == wanted
        found = {
            sak.key.check_value
            for association in reader.observer.associations.values()
            for sak in association.saks
        }
    assert found == {Key(bytes.fromhex(sak)).check_value for sak in facts["saks_from_log"]}


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_counts(name: str) -> None:
    """Nobody received more frames than the reader found: the kernel's own InPktsOK at the end."""
    facts, batch = recording(name)
    with MkaReader([holder(bytes.fromhex(facts["cak"]), bytes.fromhex(facts["ckn"]))]) as reader:
        reader.validate(batch)
        counters = reader.counters
        for shown in facts["final_macsec_show"].values():
            assert sum(sc["InPktsOK"] for sc in shown[0]["rx_sc"]) <= counters["InPktsOK"]
        assert counters["InPktsOK"] == sum(sc.counters["InPktsOK"] for sc in reader.rx.values())
        assert counters["InPktsNotValid"] == counters["InPktsNoSCI"] == 0


@pytest.mark.parametrize("name", ["sonic-xpn128", "sonic-xpn256-restart"])
def test_recorded_sscis(name: str) -> None:
    """SSCIs by rank are those that the recorded programs logged, at the first guess (10.7.13)."""
    facts, batch = recording(name)
    with MkaReader([holder(bytes.fromhex(facts["cak"]), bytes.fromhex(facts["ckn"]))]) as reader:
        reader.validate(batch)
        (association,) = reader.observer.associations.values()
        first = {
            association.sscis(sak, int(sci, 16))[0] for sak in association.saks for sci in reader.rx
        }
        salts = {sak.salt.hex() for sak in association.saks if sak.salt}
    assert first == {1, 2}
    assert salts == set(facts["xpn_salt_logged"])


@pytest.mark.parametrize("size", [1, 2, 7])
def test_batches_of_any_size(size: int) -> None:
    """How a capture is cut into batches changes nothing."""
    facts, batch = recording("restart-server-kill")
    caks = bytes.fromhex(facts["cak"]), bytes.fromhex(facts["ckn"])
    with MkaReader([holder(*caks)]) as whole, MkaReader([holder(*caks)]) as pieces:
        at_once = whole.validate(batch)
        parts = [pieces.validate(batch[at : at + size]) for at in range(0, len(batch), size)]
        assert [frame for part in parts for frame in part.batch] == at_once.batch.frames()
        assert [code for part in parts for code in part.codes] == at_once.codes.tolist()
        assert pieces.counters == whole.counters


# ---------------------------------------------------------------- made by hand


def read(*frames: bytes, holders: Sequence[MemoryHolder] = ()) -> tuple[list[bytes], list[str]]:
    """The clear frames of some frames, and the verdict of each one."""
    with MkaReader(holders or [holder()]) as reader:
        out: Outcome = reader.validate(FrameBatch.from_frames(frames))
    return out.batch.frames(), [verdict.label for verdict in out.verdict]


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_suites_and_offsets(suite: str, code: int) -> None:
    """All suites, both directions, no confidentiality or with each offset that the suite has."""
    if "xpn" in suite and code > 1:
        pytest.skip("XPN has no offsets (14.7)")
    a, b = alice(), bob()
    sak = sak_of(a, [a, b], suite=suite, code=code)
    clear = [a.frame(1), b.frame(2), a.frame(3, 400), b.frame(4, 400)]
    protected = [a.sends(sak, clear[0]), b.sends(sak, clear[1])]
    protected += [a.sends(sak, clear[2]), b.sends(sak, clear[3])]
    found, verdicts = read(b.says(), a.distributes(sak, b), *protected)
    assert found == clear
    assert verdicts == ["no-tag"] * 2 + ["ok"] * 4


def test_nothing_before_its_sak_is_distributed() -> None:
    """The order in the capture decides: a SAK does not open frames that came before it."""
    a, b = alice(), bob()
    sak = sak_of(a, [a, b])
    frames = [a.sends(sak, a.frame(number)) for number in range(3)]
    found, verdicts = read(a.says(), frames[0], a.distributes(sak, b), frames[1], frames[2])
    assert found == [a.frame(1), a.frame(2)]
    assert verdicts[1] == "not-using-sa"


@pytest.mark.parametrize(
    "one", [holder(ckn=CKN + b"x"), holder(ckn=CKN[:-1]), holder(bytes(16)), holder(bytes(32))]
)
def test_other_keys_open_nothing(one: MemoryHolder) -> None:
    """An unknown CKN, be it a prefix or longer, and a wrong CAK of either length."""
    a, b = alice(), bob()
    sak = sak_of(a, [a, b])
    found, verdicts = read(b.says(), a.distributes(sak, b), a.sends(sak, a.frame(1)), holders=[one])
    assert (found, verdicts[2]) == ([], "no-sci")


@pytest.mark.parametrize("suite", ["gcm-aes-128", "gcm-aes-xpn-256"])
def test_an_comes_round(suite: str) -> None:
    """Nine rekeys: each AN is used again, and late frames of the SAK before still open."""
    a, b = alice(), bob()
    saks = [sak_of(a, [a, b], kn, (kn - 1) % 4, suite) for kn in range(1, 10)]
    frames, clear = [b.says()], []
    for at, sak in enumerate(saks):
        frames.append(a.distributes(sak, b))
        late = [saks[at - 1]] if at else []
        for used in (*late, sak, *late, sak):
            clear.append(b.frame(len(clear)))
            frames.append(b.sends(used, clear[-1]))
    assert read(*frames)[0] == clear


def test_one_an_of_two_saks_at_once() -> None:
    """A Key Server that starts again at AN 0, and frames of both lives mixed: the ICV decides."""
    a, b = alice(), bob()
    again = replace(a, mi=b"alice again!", mn=0)
    old, new = sak_of(a, [a, b]), sak_of(again, [again, b])
    clear = [b.frame(number) for number in range(6)]
    sent = [b.sends((old, new)[number % 2], frame) for number, frame in enumerate(clear)]
    found, _ = read(b.says(), a.distributes(old, b), again.distributes(new, b), *sent)
    assert found == clear


@pytest.mark.parametrize("suite", ["gcm-aes-128", "gcm-aes-xpn-128"])
def test_another_key_server(suite: str) -> None:
    """Bob takes over with the same AN and KN: another MI, another SAK."""
    a, b = alice(), bob()
    first, second = sak_of(a, [a, b], suite=suite), sak_of(b, [a, b], suite=suite)
    found, _ = read(
        b.says(),
        a.distributes(first, b),
        a.sends(first, a.frame(1)),
        b.distributes(second, a),
        a.sends(second, a.frame(2)),
        b.sends(second, b.frame(3)),
    )
    assert found == [a.frame(1), a.frame(2), b.frame(3)]


def test_three_members_under_xpn() -> None:
    """SSCIs by rank of three SCIs; the third came with the second SAK and moves the others."""
    a, b = alice(), bob()
    c = Member(sci=0x02000000000A8001, mi=b"carol's MI !")
    two = sak_of(a, [a, b], 1, 0, "gcm-aes-xpn-128")
    three = sak_of(a, [a, b, c], 2, 1, "gcm-aes-xpn-128")
    clear = [a.frame(1), b.frame(2), a.frame(3), b.frame(4), c.frame(5)]
    found, _ = read(
        b.says(),
        a.distributes(two, b),
        a.sends(two, clear[0]),
        b.sends(two, clear[1]),
        c.says(),
        a.distributes(three, b, c),
        a.sends(three, clear[2]),
        b.sends(three, clear[3]),
        c.sends(three, clear[4]),
    )
    assert found == clear


def test_a_member_that_was_never_heard() -> None:
    """Ranks cannot be told then: each SSCI is tried, and the ICV decides."""
    a, b = alice(), bob()
    c = Member(sci=0x02000000000C0001, mi=b"carol's MI !")
    sak = sak_of(a, [a, b, c], suite="gcm-aes-xpn-128")
    found, _ = read(
        b.says(),
        a.distributes(sak, c, b),
        a.sends(sak, a.frame(1)),
        b.sends(sak, b.frame(2)),
        a.sends(sak, a.frame(3)),
    )
    assert found == [a.frame(1), b.frame(2), a.frame(3)]


def test_xpn_told_upper_half() -> None:
    """PNs over 2^32 open once the sender's XPN set has told where they are."""
    a, b = alice(), bob()
    sak, high = sak_of(a, [a, b], suite="gcm-aes-xpn-256"), 5 << 32 | 7
    found, verdicts = read(
        b.says(),
        a.distributes(sak, b),
        a.sends(sak, a.frame(1)),
        a.sends(sak, a.frame(2), pn=high),
        a.uses(sak, b, lowest_pn=high, xpn=True),
        a.sends(sak, a.frame(3)),
        b.sends(sak, b.frame(4)),
    )
    assert found == [a.frame(1), a.frame(3), b.frame(4)]
    assert verdicts[3] == "not-valid"


def test_xpn_across_the_middle() -> None:
    """The upper half of the PN steps with the frames; one from before is still in reach."""
    a, b = alice(), bob()
    sak = sak_of(a, [a, b], suite="gcm-aes-xpn-128")
    clear = [a.frame(number) for number in range(4)]
    pns = [(1 << 31) - 1, (1 << 32) - 2, (1 << 32) - 1, 1 << 32]
    sent = [a.sends(sak, frame, pn) for frame, pn in zip(clear, pns, strict=True)]
    order = [0, 1, 3, 2]
    found, _ = read(b.says(), a.distributes(sak, b), *(sent[at] for at in order))
    assert found == [clear[at] for at in order]


@pytest.mark.parametrize("suite", ["gcm-aes-128", "gcm-aes-xpn-128"])
def test_no_replay_protection(suite: str) -> None:
    """A frame from long ago, and one that is there twice: both are valid, and delivered."""
    a, b = alice(), bob()
    sak = sak_of(a, [a, b], suite=suite)
    clear = [a.frame(1), a.frame(2)]
    old, new = a.sends(sak, clear[0], pn=5), a.sends(sak, clear[1], pn=1 << 31)
    found, verdicts = read(b.says(), a.distributes(sak, b), new, old, new)
    assert found == [clear[1], clear[0], clear[1]]
    assert "late" not in verdicts


@pytest.mark.parametrize("suite", ["gcm-aes-128", "gcm-aes-xpn-128"])
@pytest.mark.parametrize("end_station", [False, True])
def test_no_sci_in_the_tag(suite: str, end_station: bool) -> None:
    """Who sent it is told by ES, or tried out: also for a frame that a bridge forwards."""
    a, b = alice(), bob()
    sak = sak_of(a, [a, b], suite=suite)
    short = {"send_sci": False, "end_station": end_station}
    foreign = bytes(6) + b"\x02elsew" + b"\x08\x00" + bytes(46)
    clear = [a.frame(1), b.frame(2)] + ([] if end_station else [foreign])
    sent = [a.sends(sak, clear[0], **short), b.sends(sak, clear[1], **short)]
    sent += [b.sends(sak, frame, **short) for frame in clear[2:]]
    assert read(b.says(), a.distributes(sak, b), *sent)[0] == clear


def test_vlan_tags_outside() -> None:
    """Stations above a VLAN device: EAPOL and MACsec come tagged, and the tag stays."""
    tags = bytes.fromhex("810000648100a0c8")
    a, b = alice(tags=tags), bob(tags=tags[:4])
    sak = sak_of(a, [a, b])
    found, _ = read(
        b.says(), a.distributes(sak, b), a.sends(sak, a.frame(1)), b.sends(sak, b.frame(2))
    )
    assert found == [a.tagged(a.frame(1)), b.tagged(b.frame(2))]


def test_two_cas() -> None:
    """Two CAs on one wire, each with its CAK; one alone opens its own frames."""
    other = {"cak": bytes(32), "ckn": b"\x01"}
    a, b = alice(), bob()
    c = Member(sci=0x02000000000C0001, mi=b"carol's MI !", **other)
    d = Member(sci=0x02000000000D0001, mi=b"dave's MI ..", **other)
    first, second = sak_of(a, [a, b]), sak_of(c, [c, d])
    wire = [b.says(), d.says(), a.distributes(first, b), c.distributes(second, d)]
    wire += [a.sends(first, a.frame(1)), d.sends(second, d.frame(2)), b.sends(first, b.frame(3))]
    both = read(*wire, holders=[holder(), holder(**other)])[0]
    assert both == [a.frame(1), d.frame(2), b.frame(3)]
    assert read(*wire)[0] == [a.frame(1), b.frame(3)]
    assert read(*wire, holders=[holder(**other)])[0] == [d.frame(2)]


def test_two_links_of_one_cak() -> None:
    """Two links with the same CKN in one capture: the SAK for the sender is tried first."""
    a, b = alice(), bob()
    c = Member(sci=0x02000000000C0001, mi=b"carol's MI !")
    d = Member(sci=0x02000000000D0001, mi=b"dave's MI ..")
    first, second = sak_of(a, [a, b]), sak_of(c, [c, d])
    wire = [b.says(), d.says(), a.distributes(first, b), c.distributes(second, d)]
    clear = []
    for number in range(10):
        member, sak = ((a, first), (d, second), (b, first), (c, second))[number % 4]
        clear.append(member.frame(number))
        wire.append(member.sends(sak, clear[-1]))
    assert read(*wire)[0] == clear


def test_verdicts() -> None:
    """What is not delivered has the verdict that a SecY would give, and is counted."""
    a, b = alice(), bob()
    sak = sak_of(a, [a, b])
    good = a.sends(sak, a.frame(1))
    forged = good[:-1] + bytes([good[-1] ^ 1])
    stranger = good[:20] + bytes(8) + good[28:]
    other_an = good[:14] + bytes([good[14] | 1]) + good[15:]
    bad_tag = good[:14] + bytes([good[14] | 0x80]) + good[15:]
    plain, runt = a.frame(1), b"\0" * 13
    wire = [forged, stranger, other_an, bad_tag, plain, runt, good, good]
    with MkaReader([holder()]) as reader:
        out = reader.validate(FrameBatch.from_frames([b.says(), a.distributes(sak, b), *wire]))
        counters = {name: count for name, count in reader.counters.items() if count}
        channel = reader.rx["02000000000a0001"]
        assert channel.sa[0].next_pn == 2
        assert channel.counters["InPktsOK"] == 2
        assert channel.counters["InPktsNotValid"] == channel.sa[0].counters["InPktsNotValid"] == 1
        assert channel.counters["InPktsNotUsingSA"] == 1
    labels = [verdict.label for verdict in out.verdict][2:]
    assert labels == [
        "not-valid",
        "no-sci",
        "not-using-sa",
        "bad-tag",
        "no-tag",
        "runt",
        "ok",
        "ok",
    ]
    assert out.batch.frames() == [a.frame(1)] * 2
    for name in ("InPktsNotValid", "InPktsNoSCI", "InPktsNotUsingSA", "InPktsBadTag"):
        assert counters[name] == 1
    assert (counters["InPktsOK"], counters["InPktsNoTag"]) == (2, 3)


def test_forged_mkpdus_change_nothing() -> None:
    """An MKPDU of a stranger is counted; no SAK is taken, no sender is known by it."""
    a, b = alice(), bob()
    evil = alice(cak=b"\xee" * 16)
    sak = sak_of(a, [a, b])
    wire = [b.says(), evil.distributes(sak, b), a.sends(sak, a.frame(1))]
    with MkaReader([holder()]) as reader:
        out = reader.validate(FrameBatch.from_frames(wire))
        assert (len(out.batch), reader.saks) == (0, 0)
        assert reader.mkpdus[Hearing.WRONG_ICV] == reader.mkpdus[Hearing.AUTHENTIC] == 1


def test_members_and_saks_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rekeys without end: the oldest SAKs are forgotten, their SecYs closed, frames go on."""
    monkeypatch.setattr(listener, "SAKS_REMEMBERED", 8)
    monkeypatch.setattr(listener, "MEMBERS_REMEMBERED", 4)
    a, b = alice(), bob()
    with MkaReader([holder()]) as reader:
        for kn in range(1, 40):
            guest = Member(sci=0x0200000000FF0001, mi=kn.to_bytes(12))
            sak = sak_of(a, [a, b], kn, kn % 4)
            wire = [guest.says(), b.says(), a.distributes(sak, b), b.sends(sak, b.frame(kn))]
            assert reader.validate(FrameBatch.from_frames(wire)).batch.frames() == [b.frame(kn)]
        (association,) = reader.observer.associations.values()
        assert len(association.saks) == reader.saks == 8
        assert len(association.scis) == 4
        assert len(reader._channels) <= 8


def test_interfaces_times_and_order_stay() -> None:
    """Columns of the frames that are delivered are those that they came with."""
    a, b = alice(), bob()
    sak = sak_of(a, [a, b])
    wire = [b.says(), a.distributes(sak, b)]
    wire += [a.sends(sak, a.frame(1)), b.sends(sak, b.frame(2)), a.sends(sak, a.frame(3))]
    with MkaReader([holder()]) as reader:
        batch = FrameBatch.from_frames(wire, [10, 20, 30, 40, 50], [0, 1, 0, 1, 0])
        out = reader.validate(batch)
    assert out.delivered.tolist() == [2, 3, 4]
    assert out.batch.time_ns.tolist() == [30, 40, 50]
    assert out.batch.source.tolist() == [0, 1, 0]
    assert out.sci_an_pn(3) == (b.sci, 0, 1)


def test_a_frame_that_the_capture_cut() -> None:
    """It is never judged, MKPDU or not."""
    a, b = alice(), bob()
    sak = sak_of(a, [a, b])
    whole = FrameBatch.from_frames([b.says(), a.distributes(sak, b), a.sends(sak, a.frame(1))])
    for row, saks in ((1, 0), (2, 1)):
        length = whole.length.copy()
        length[row] -= 4
        batch = FrameBatch(whole.arena, whole.start, length, wire_length=whole.length)
        with MkaReader([holder()]) as reader:
            assert len(reader.validate(batch).batch) == 0
            assert reader.saks == saks


def test_keys_are_wiped() -> None:
    """Closing takes the SAKs away, from the listener and from the SecYs."""
    a, b = alice(), bob()
    sak = sak_of(a, [a, b])
    with MkaReader([holder()]) as reader:
        wire = [b.says(), a.distributes(sak, b), a.sends(sak, a.frame(1))]
        reader.validate(FrameBatch.from_frames(wire))
        (association,) = reader.observer.associations.values()
        (taken,) = association.saks
        assert len(taken.key) == 16
    assert len(taken.key) == 0
    assert CAK.hex() not in repr(reader) + repr(taken.key)


def test_sak_fields_match_the_recorded_form() -> None:
    """The hand-made SAK is what the helper says: a guard for the tests above."""
    a, b = alice(), bob()
    sak: Sak = sak_of(a, [a, b], 3, 2, "gcm-aes-256")
    assert (sak.ki.kn, sak.an, len(sak.octets)) == (3, 2, 32)
