"""Captures decrypted with CAKs: hand-made cases, which no recording has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from support.mka.members import CAK, CKN, Member, Sak, alice, bob, holder, sak_of
from support.planes import PLANES, frame_of

from macsec import FrameBatch
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.kay.listening import listener
from macsec.kay.listening.listener import Hearing
from macsec.kay.mkpdu.frame import seal
from macsec.kay.mkpdu.parameter_sets import DistributedSak
from macsec.keys import Key
from macsec.offline import decrypt
from macsec.offline.decrypt import MkaReader
from macsec.secy import Outcome

BACKENDS = sorted({plane.backend for plane in PLANES})
SUITES = ["gcm-aes-128", "gcm-aes-256", "gcm-aes-xpn-128", "gcm-aes-xpn-256"]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Each data plane of this machine."""
    return str(request.param)


def read(*frames: bytes, holders: Sequence[MemoryHolder] = ()) -> tuple[list[bytes], list[str]]:
    """Return the clear frames, and the verdict of each frame."""
    with MkaReader(holders or [holder()]) as reader:
        out: Outcome = reader.validate(FrameBatch.from_frames(frames))
    return out.batch.frames(), [verdict.label for verdict in out.verdict]


@pytest.mark.parametrize(
    "suite, code",
    # XPN has no offsets (14.7).
    [(suite, code) for suite in SUITES for code in range(2 if "xpn" in suite else 4)],
)
def test_every_suite_and_offset_opens(suite: str, code: int) -> None:
    """Both directions open, with each confidentiality code of the suite."""
    a, b = alice(), bob()
    sak = sak_of(a, [a, b], suite=suite, code=code)
    clear = [a.frame(1), b.frame(2), a.frame(3, 400), b.frame(4, 400)]
    protected = [a.sends(sak, clear[0]), b.sends(sak, clear[1])]
    protected += [a.sends(sak, clear[2]), b.sends(sak, clear[3])]
    found, verdicts = read(b.says(), a.distributes(sak, b), *protected)
    assert found == clear
    assert verdicts == ["no-tag"] * 2 + ["ok"] * 4


def test_sak_opens_no_frame_before_its_distribution() -> None:
    """The order in the capture decides."""
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
    """An unknown CKN, also a prefix or a longer one, or a wrong CAK of either length."""
    a, b = alice(), bob()
    sak = sak_of(a, [a, b])
    found, verdicts = read(b.says(), a.distributes(sak, b), a.sends(sak, a.frame(1)), holders=[one])
    assert (found, verdicts[2]) == ([], "no-sci")


@pytest.mark.parametrize("suite", ["gcm-aes-128", "gcm-aes-xpn-256"])
def test_frames_open_across_rekeys_with_reused_ans(suite: str) -> None:
    """After nine rekeys each AN was reused; late frames of the previous SAK still open."""
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


def test_two_saks_of_one_an_open_mixed_frames() -> None:
    """A restarted Key Server uses AN 0 again: the ICV decides."""
    a, b = alice(), bob()
    again = replace(a, mi=b"alice again!", mn=0)
    old, new = sak_of(a, [a, b]), sak_of(again, [again, b])
    clear = [b.frame(number) for number in range(6)]
    sent = [b.sends((old, new)[number % 2], frame) for number, frame in enumerate(clear)]
    found, _ = read(b.says(), a.distributes(old, b), again.distributes(new, b), *sent)
    assert found == clear


@pytest.mark.parametrize("suite", ["gcm-aes-128", "gcm-aes-xpn-128"])
def test_new_key_server_may_use_the_same_an_and_kn(suite: str) -> None:
    """Another MI means another SAK."""
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


def test_third_member_moves_the_sscis() -> None:
    """SSCIs are ranks of the SCIs: a member that joins with the second SAK moves the others."""
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


def test_silent_member_makes_the_reader_try_each_ssci() -> None:
    """The ranks are unknown then, and the ICV decides."""
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


def test_pn_over_32_bits_opens_after_the_xpn_set() -> None:
    """The XPN parameter set of the sender has the upper half."""
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


def test_upper_half_of_the_pn_follows_the_frames() -> None:
    """A frame from before the step still opens."""
    a, b = alice(), bob()
    sak = sak_of(a, [a, b], suite="gcm-aes-xpn-128")
    clear = [a.frame(number) for number in range(4)]
    pns = [(1 << 31) - 1, (1 << 32) - 2, (1 << 32) - 1, 1 << 32]
    sent = [a.sends(sak, frame, pn) for frame, pn in zip(clear, pns, strict=True)]
    order = [0, 1, 3, 2]
    found, _ = read(b.says(), a.distributes(sak, b), *(sent[at] for at in order))
    assert found == [clear[at] for at in order]


@pytest.mark.parametrize("suite", ["gcm-aes-128", "gcm-aes-xpn-128"])
def test_old_and_duplicate_frames_are_delivered(suite: str) -> None:
    """A reader has no replay protection."""
    a, b = alice(), bob()
    sak = sak_of(a, [a, b], suite=suite)
    clear = [a.frame(1), a.frame(2)]
    old, new = a.sends(sak, clear[0], pn=5), a.sends(sak, clear[1], pn=1 << 31)
    found, verdicts = read(b.says(), a.distributes(sak, b), new, old, new)
    assert found == [clear[1], clear[0], clear[1]]
    assert "late" not in verdicts


@pytest.mark.parametrize("suite", ["gcm-aes-128", "gcm-aes-xpn-128"])
@pytest.mark.parametrize("end_station", [False, True])
def test_frames_without_sci_open(suite: str, end_station: bool) -> None:
    """ES names the sender; else each sender is tried, also for a frame that a bridge forwards."""
    a, b = alice(), bob()
    sak = sak_of(a, [a, b], suite=suite)
    short = {"send_sci": False, "end_station": end_station}
    foreign = bytes(6) + b"\x02elsew" + b"\x08\x00" + bytes(46)
    clear = [a.frame(1), b.frame(2)] + ([] if end_station else [foreign])
    sent = [a.sends(sak, clear[0], **short), b.sends(sak, clear[1], **short)]
    sent += [b.sends(sak, frame, **short) for frame in clear[2:]]
    assert read(b.says(), a.distributes(sak, b), *sent)[0] == clear


def test_outer_vlan_tags_stay() -> None:
    """Above a VLAN device EAPOL and MACsec frames are tagged."""
    tags = bytes.fromhex("810000648100a0c8")
    a, b = alice(tags=tags), bob(tags=tags[:4])
    sak = sak_of(a, [a, b])
    found, _ = read(
        b.says(), a.distributes(sak, b), a.sends(sak, a.frame(1)), b.sends(sak, b.frame(2))
    )
    assert found == [a.tagged(a.frame(1)), b.tagged(b.frame(2))]


def test_each_cak_opens_the_frames_of_its_ca() -> None:
    """With both CAKs of a wire all frames open."""
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


def test_two_links_of_one_cak_open_in_one_capture() -> None:
    """The SAK for the sender is tried first."""
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


def test_refused_frames_have_the_verdict_of_a_secy() -> None:
    """They are counted, on the SA too if it is known."""
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


def test_forged_mkpdu_changes_nothing() -> None:
    """It is counted, but adds no SAK and no sender."""
    a, b = alice(), bob()
    evil = alice(cak=b"\xee" * 16)
    sak = sak_of(a, [a, b])
    wire = [b.says(), evil.distributes(sak, b), a.sends(sak, a.frame(1))]
    with MkaReader([holder()]) as reader:
        out = reader.validate(FrameBatch.from_frames(wire))
        assert (len(out.batch), reader.saks) == (0, 0)
        assert reader.mkpdus[Hearing.WRONG_ICV] == reader.mkpdus[Hearing.AUTHENTIC] == 1


def test_number_of_members_and_saks_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """With many rekeys the oldest SAKs are forgotten and their SecYs closed; frames still open."""
    monkeypatch.setattr(listener, "SAKS_REMEMBERED", 8)
    monkeypatch.setattr(listener, "MEMBERS_REMEMBERED", 4)
    a, b = alice(), bob()
    with MkaReader([holder()]) as reader:
        for kn in range(1, 40):
            guest = Member(sci=0x0200000000FF0001, mi=kn.to_bytes(12))
            sak = sak_of(a, [a, b], kn, kn % 4)
            wire = [guest.says(), b.says(), a.distributes(sak, b), b.sends(sak, b.frame(kn))]
            assert reader.validate(FrameBatch.from_frames(wire)).batch.frames() == [b.frame(kn)]
        (association,) = reader.listener.associations.values()
        assert len(association.saks) == reader.saks == 8
        assert len(association.scis) == 4
        assert len(reader._channels) <= 8


def test_delivered_frames_keep_interface_time_and_order() -> None:
    """The clear batch has the columns of the protected one."""
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


def test_frame_cut_by_the_capture_is_not_judged() -> None:
    """The same holds for an MKPDU."""
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


def test_close_wipes_all_saks() -> None:
    """The listener and the SecYs hold none afterwards."""
    a, b = alice(), bob()
    sak = sak_of(a, [a, b])
    with MkaReader([holder()]) as reader:
        wire = [b.says(), a.distributes(sak, b), a.sends(sak, a.frame(1))]
        reader.validate(FrameBatch.from_frames(wire))
        (association,) = reader.listener.associations.values()
        (taken,) = association.saks
        assert len(taken.key) == 16
    assert len(taken.key) == 0
    assert CAK.hex() not in repr(reader) + repr(taken.key)


def test_hand_made_sak_has_its_fields() -> None:
    """The tests above rely on the helper."""
    a, b = alice(), bob()
    sak: Sak = sak_of(a, [a, b], 3, 2, "gcm-aes-256")
    assert (sak.ki.kn, sak.an, len(sak.octets)) == (3, 2, 32)


# ---------------------------------------------------------------- senders that were not heard


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("server", [0, 1, 2])
def test_two_unheard_members_open_under_any_suite(suite: str, server: int) -> None:
    """Their SSCIs are ranks or guesses; the Key Server may have any rank."""
    group = [alice(), bob(), Member(sci=0x02000000000A8001, mi=b"carol's MI !")]
    sak = sak_of(group[server], group, suite=suite)
    others = [member for member in group if member is not group[server]]
    clear = [member.frame(at, 60 + at) for at, member in enumerate(group * 2)]
    frames = [member.sends(sak, frame) for member, frame in zip(group * 2, clear, strict=True)]
    assert read(group[server].distributes(sak, *others), *frames)[0] == clear


def test_frames_of_an_unheard_station_without_sci_open() -> None:
    """The SCI is that of its source address and port 1."""
    a, b = alice(), bob()
    b.sci = int.from_bytes(b.mac + b"\x00\x01")
    sak = sak_of(a, [a, b])
    clear = [b.mac.join([b"\x02" * 6, frame_of(number + 60)[12:]]) for number in range(3)]
    frames = [b.sends(sak, frame, send_sci=False) for frame in clear]
    assert read(a.distributes(sak, b), *frames)[0] == clear


def test_an_unheard_sender_of_another_key_is_named() -> None:
    """Its frames stay no-sci, and are tried no more often than UNHEARD_MOST."""
    a, b = alice(), bob()
    stranger = Member(sci=0x0200000000CC0001, mi=b"a stranger !")
    sak = sak_of(a, [a, b])
    foreign = sak_of(stranger, [stranger])
    foreign.octets = bytes(16)
    frames = [stranger.sends(foreign, stranger.frame(number)) for number in range(3)]
    with MkaReader([holder()]) as reader:
        out = reader.validate(FrameBatch.from_frames([a.distributes(sak, b), *frames]))
        assert [verdict.label for verdict in out.verdict][1:] == ["no-sci"] * 3
        assert reader.unheard == {"0200000000cc0001": 3}
        assert "0200000000cc0001" not in reader.rx


def test_a_sender_that_is_heard_later_has_one_entry() -> None:
    """Frames before its MKPDU open too, and counters go on."""
    a, b = alice(), bob()
    sak = sak_of(a, [a, b])
    with MkaReader([holder()]) as reader:
        batch = [a.distributes(sak, b), b.sends(sak, b.frame(1)), b.says(a)]
        reader.validate(FrameBatch.from_frames([*batch, b.sends(sak, b.frame(2))]))
        assert list(reader.rx) == [f"{b.sci:016x}"]
        assert reader.counters["InPktsOK"] == 2


def test_a_flood_of_unheard_scis_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the limit no further SCI is tried, named or remembered."""
    monkeypatch.setattr(decrypt, "UNHEARD_MOST", 5)
    a, b = alice(), bob()
    sak = sak_of(a, [a, b])
    frames = []
    for number in range(8):
        sender = Member(sci=(0x020000000100 + number) << 16 | 1, mi=b"a stranger !")
        frames.append(sender.sends(sak if number > 5 else sak_of(a, [a, sender], 9), a.frame(1)))
    frames = [frame[:-1] + bytes([frame[-1] ^ 1]) for frame in frames[:6]] + frames[6:]
    with MkaReader([holder()]) as reader:
        out = reader.validate(FrameBatch.from_frames([a.distributes(sak, b), *frames]))
        assert len(out.delivered) == 0
        assert len(reader.unheard) == 5


# ---------------------------------------------------------------- EAPOL of a WAN


@pytest.mark.parametrize("updated", [True, False])
@pytest.mark.parametrize("ethertype", [0x888E, 0x876F])
@pytest.mark.parametrize("destination", ["0180c2000003", "ffffffffffff", "0200000000bb"])
def test_an_exchange_of_a_wan_is_read(destination: str, ethertype: int, updated: bool) -> None:
    """Any destination and both EtherTypes; the ICV over the header as sent, or the standard one."""
    a, b = alice(), bob()
    sak = sak_of(a, (a, b))
    head: dict[str, Any] = {"destination": bytes.fromhex(destination), "ethertype": ethertype}
    wrapped = DistributedSak(sak.an, sak.code, sak.ki.kn, None, holder().wrap(Key(sak.octets)))
    said = [
        seal(mkpdu, holder().icv, updated)
        for mkpdu in (b.mkpdu(**head), a.mkpdu(b, distributed=wrapped, **head))
    ]
    data = [a.frame(number) for number in range(3)]
    odd = bytes.fromhex("ffffffffffff") + a.mac + b"\x87\x6f" + bytes(60)
    wire = [*said, odd, *(a.sends(sak, frame) for frame in data)]
    with MkaReader([holder()]) as reader:
        out = reader.validate(FrameBatch.from_frames(wire))
        assert reader.mkpdus[Hearing.AUTHENTIC] == 2
        assert sum(reader.mkpdus.values()) == 2
    assert list(out.batch.frames()) == data


@pytest.mark.parametrize("suite", ["gcm-aes-128", "gcm-aes-xpn-256"])
@pytest.mark.parametrize("ethertype", [0x9876, 0x876F])
def test_sectags_of_another_ethertype_open(ethertype: int, suite: str, backend: str) -> None:
    """Under that EtherType only, and MKPDUs as ever."""
    a, b = alice(), bob()
    sak = sak_of(a, [a, b], suite=suite)
    data = [a.frame(number) for number in range(3)]
    sent = [a.sends(sak, frame, ethertype=ethertype) for frame in data]
    wire = [b.says(), a.distributes(sak, b), *sent]
    found = []
    for wanted in (ethertype, 0x88E5):
        with MkaReader([holder()], backend, ethertype=wanted) as reader:
            out = reader.validate(FrameBatch.from_frames(wire))
            found.append(out.batch.frames())
            assert reader.mkpdus[Hearing.AUTHENTIC] == 2
    assert found == [data, []]


# ---------------------------------------------------------------- two CAKs under one CKN


@pytest.mark.parametrize("order", [1, -1])
def test_frames_under_two_caks_of_one_ckn_open(order: int, backend: str) -> None:
    """Before and after the change of the CAK, in either order of the holders."""
    other = CAK[::-1]
    wire, clear = [], []
    for at, cak in enumerate((CAK, other)):
        mis = [bytes([at, side]) * 6 for side in (0, 1)]
        a, b = alice(mi=mis[0], cak=cak), bob(mi=mis[1], cak=cak)
        sak = sak_of(a, (a, b), seed=at)
        clear += [a.frame(10 * at), b.frame(10 * at + 1)]
        wire += [b.says(a), a.distributes(sak, b), a.sends(sak, clear[-2]), b.sends(sak, clear[-1])]
    holders = [holder(cak) for cak in (CAK, other)][::order]
    with MkaReader(holders, backend) as reader:
        out = reader.validate(FrameBatch.from_frames(wire))
        assert reader.mkpdus[Hearing.AUTHENTIC] == 4
    assert list(out.batch.frames()) == clear
