"""One direction of a link: exact times, netem's order of operations, every count."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.planes import SCI_A
from support.virtual.wires import frames, link_params, play, traffic

from macsec.errors import ConfigError
from macsec.frames import TagRules
from macsec.wire.impairments import four_states, matches, octets_at, threshold
from macsec.wire.param_values import Match
from macsec.wire.params import LinkParams
from macsec.wire.trace import Fate, Mark

FRAME = bytes(60)


def burst(number: int, length: int = 60, gap_ps: int = 0) -> list[tuple[int, bytes]]:
    """Return frames that are all different."""
    return [(i * gap_ps, i.to_bytes(4) + bytes(length - 4)) for i in range(number)]


def order(history: Any) -> list[int]:
    """Return the numbers of the frames of a burst, in order of arrival."""
    return [int.from_bytes(frame[:4]) for _, frame in history.arrived]


# ---------------------------------------------------------------- times


@pytest.mark.parametrize(
    "rate, length, time_ps",
    [
        ("10gbit", 60, 67_200),
        ("100gbit", 60, 6_720),
        ("400gbit", 60, 1_680),
        ("800gbit", 60, 840),
        ("100gbit", 1514, 123_040),
        ("25gbit", 60, 26_880),
        ("1gbit", 9014, 72_304_000),
    ],
)
def test_serialisation_is_exact(rate: str, length: int, time_ps: int) -> None:
    """84 octets on the line at 100 Gbit/s take 6720 ps, and the n-th frame n times as long."""
    history = play(LinkParams(rate=rate, overhead="ethernet"), burst(100, length))
    assert [time for time, _ in history.arrived] == [time_ps * n for n in range(1, 101)]
    assert history.stats.busy_ps == history.stats.elapsed_ps == 100 * time_ps
    assert history.stats.utilisation == 1


@example(109_939, 60, 0)  # 60 octets leave a remainder of 1
@given(st.integers(1, 10**12), st.integers(14, 2000), st.integers(-14, 50))
def test_a_rate_that_does_not_divide_is_rounded_up(rate: int, length: int, overhead: int) -> None:
    """The time is less than 1 ps over the exact one."""
    history = play(LinkParams(rate=rate, overhead=overhead), [(0, bytes(length))])
    exact = Fraction((length + overhead) * 8 * 10**12, rate)
    assert 0 <= history.arrived[0][0] - exact < 1


def test_cells_are_filled_up() -> None:
    """50 octets in ATM cells take 106 on the line."""
    params = LinkParams(rate="8bit", cell=48, cell_overhead=5)
    assert play(params, [(0, bytes(50))]).arrived[0][0] == 106 * 10**12


def test_delay_and_rate_add_up() -> None:
    """Over a link of 500 ns the last bit of the first frame arrives at 506.72 ns."""
    params = LinkParams(rate="100gbit", overhead="ethernet", delay="500ns")
    assert [t for t, _ in play(params, burst(3)).arrived] == [506_720, 513_440, 520_160]
    # After a pause the transmitter is free.
    assert play(params, [(0, FRAME), (9000, FRAME)]).arrived[1][0] == 515_720


def test_the_rate_comes_after_the_delay_as_in_netem() -> None:
    """Jitter with a rate reorders only with ordered=False; without a rate it does."""
    jitter = {"delay": "10us", "jitter": "9us"}
    sent = burst(200, gap_ps=3_000)
    assert order(play(LinkParams(**jitter, rate="100gbit"), sent)) == list(range(200))
    for params in (LinkParams(**jitter), LinkParams(**jitter, rate="100gbit", ordered=False)):
        history = play(params, sent)
        assert sorted(order(history)) == list(range(200)) != order(history)
    for rate in (None, "100gbit"):
        history = play(LinkParams(**jitter, rate=rate, ordered=True), sent)
        assert order(history) == list(range(200))
        assert history.stats.reordered == history.stats.replay_window == 0


@pytest.mark.parametrize("distribution", ["uniform", "normal", "pareto", "paretonormal"])
def test_jitter_is_around_the_delay(distribution: str) -> None:
    """The mean is the delay; uniform stays within the jitter, the others within four of it."""
    params = LinkParams(delay="100us", jitter="10us", distribution=distribution)
    delays = [time for time, _ in play(params, [(0, FRAME)] * 4_000).arrived]
    most = 10 if distribution == "uniform" else 40
    assert 100e6 - most * 1e6 <= min(delays) <= max(delays) <= 100e6 + most * 1e6
    assert abs(sum(delays) / len(delays) - 100e6) < 0.6e6


def test_no_delay_is_negative() -> None:
    """With a jitter over the delay frames arrive at once, never before they are sent."""
    history = play(LinkParams(delay=10, jitter=1000), burst(300, gap_ps=1))
    assert all(
        time >= number
        for time, number in zip(sorted(t for t, _ in history.arrived), range(300), strict=True)
    )
    assert sum(time < 300 for time, _ in history.arrived) > 50


def test_a_rate_beyond_the_end_of_time_is_an_error() -> None:
    """At 1 bit/s the times soon exceed 64 bits."""
    with pytest.raises(ConfigError, match=r"^rate: "):
        play(LinkParams(rate=1), burst(100, 100_000))


# ---------------------------------------------------------------- chance


@pytest.mark.parametrize("field", ["loss", "corrupt", "duplicate"])
@pytest.mark.parametrize("chance", [0.01, 0.3, 1.0])
def test_impairments_happen_as_often_as_their_chance(field: str, chance: float) -> None:
    """The count is within four standard deviations of the expected one."""
    stats = play(LinkParams(**{field: chance}), [(0, FRAME)] * 3_000).stats
    found = getattr(
        stats, {"loss": "lost", "corrupt": "corrupted", "duplicate": "duplicated"}[field]
    )
    assert abs(found - 3_000 * chance) <= 4 * (3_000 * chance * (1 - chance)) ** 0.5


def losses(loss: str, number: int = 8_000) -> list[bool]:
    """Return of each frame whether it is lost."""
    history = play(LinkParams(loss=loss), [(i, FRAME) for i in range(number)])
    return [record.fate is Fate.LOST for record in history.records]


def test_four_states_have_their_stationary_share() -> None:
    """The share of losses follows from the transition probabilities."""
    p13, p31, p32, p23, p14 = 0.02, 0.3, 0.1, 0.4, 0.01
    lost = losses("state 2% 30% 10% 40% 1%")
    # Balance of the chain, by the share of state 1.
    three = p13 / p31
    two, four = three * p32 / p23, p14
    share = (three + four) / (1 + two + three + four)
    assert abs(sum(lost) / len(lost) - share) < 0.012


def test_state_moves_are_those_of_the_model() -> None:
    """Each state has its own probabilities and its own next states."""
    p13, p31, p32, p23, p14 = (threshold(p) for p in (0.1, 0.2, 0.3, 0.4, 0.05))
    assert four_states([p13, p31, p32, p23, p14]) == (
        (p14, 4, p14 + p13, 3, 1),
        (p23, 3, p23, 3, 2),
        (p32, 2, p32 + p31, 1, 3),
        (0, 1, 0, 1, 1),
    )
    assert losses("state 100% 100% 0% 0% 0%", 6) == [True, False] * 3
    assert losses("state 0% 0% 0% 0% 100%", 6) == [True, False] * 3
    assert losses("state 100% 0% 100% 100% 0%", 6) == [True, False] * 3
    assert losses("state 100% 0% 0% 0% 0%", 6) == [True] * 6


def test_gilbert_elliott_loses_in_bursts() -> None:
    """The share of losses is p / (p + r), and the mean length of a burst 1 / r frames."""
    lost = losses("gemodel 1% 25%")
    bursts = sum(now and not before for before, now in pairwise([False, *lost]))
    assert abs(sum(lost) / len(lost) - 0.01 / 0.26) < 0.01
    assert abs(sum(lost) / bursts - 4) < 0.5
    assert losses("gemodel 100% 100% 100% 0%", 6) == [False, True] * 3
    assert losses("gemodel 100% 100% 0% 100%", 6) == [True, False] * 3


def test_drop_list_counts_frames_from_one() -> None:
    """The numbers are those of frames sent; the same frames are lost with every seed."""
    for seed in range(3):
        history = play(LinkParams(drop=[1, 3, 5]), burst(6), seed)
        assert order(history) == [1, 3, 5]
        assert history.stats.lost == 3


def test_drop_list_counts_matching_frames_only() -> None:
    """The second EAPOL frame is lost, also with other frames between."""
    eapol, other = bytes(12) + b"\x88\x8e" + bytes(46), bytes(12) + b"\x08\x00" + bytes(46)
    sent = [(0, frame) for frame in (other, eapol, other, eapol, eapol)]
    history = play(LinkParams(drop=[2], match={"ethertype": 0x888E}, loss="0%"), sent)
    assert [frame for _, frame in history.arrived] == [other, eapol, other, eapol]
    assert (history.stats.lost, history.stats.filtered) == (1, 2)


def test_frames_that_do_not_match_have_only_rate_and_delay() -> None:
    """They see no loss, jitter, duplicates or overtaking."""
    params = LinkParams(
        rate="1gbit", delay="1us", jitter="1us", loss="100%", duplicate="100%", match="vlan=7"
    )
    history = play(params, burst(5, 100))
    assert [time for time, _ in history.arrived] == [1_000_000 + 800_000 * n for n in range(1, 6)]
    assert history.stats.filtered == 5


def test_each_impairment_has_its_own_stream() -> None:
    """Another impairment changes no draw: the same frames are lost with and without it."""
    alone = play(LinkParams(loss="10%"), burst(500))
    more = play(LinkParams(loss="10%", delay="1us", jitter="1us", ordered=True), burst(500))
    assert order(alone) == order(more)
    others = play(LinkParams(loss="10%"), burst(500), name="other")
    assert order(alone) != order(others)
    seeded = play(LinkParams(loss="10%", seed=0), burst(500), seed=5)
    assert order(seeded) == order(alone) != order(play(LinkParams(loss="10%"), burst(500), seed=5))


# ---------------------------------------------------------------- duplicates, FCS, order


def test_a_duplicate_goes_through_the_steps_on_its_own() -> None:
    """The copy goes first and has its own corruption; it is never duplicated again."""
    history = play(LinkParams(duplicate="100%", corrupt="50%", fcs="fix"), burst(400))
    marks = [record.mark for record in history.records]
    assert history.stats.duplicated == 400
    assert marks[0] & Mark.COPY
    assert not marks[1] & Mark.COPY
    assert len(history.arrived) == 800
    kinds = {
        (bool(a & Mark.CORRUPTED), bool(b & Mark.CORRUPTED))
        for a, b in zip(marks[::2], marks[1::2], strict=True)
    }
    assert len(kinds) == 4


def test_one_of_a_pair_survives_the_loss() -> None:
    """Of a duplicated frame that is lost one remains, without another draw of loss."""
    stats = play(LinkParams(duplicate="100%", loss="100%"), burst(50)).stats
    assert (stats.duplicated, stats.lost, stats.received) == (50, 50, 50)


def test_corrupted_frames_are_dropped_by_the_fcs() -> None:
    """The port counts them and delivers nothing; with fcs=fix one bit differs."""
    sent = burst(200)
    checked = play(LinkParams(corrupt="30%"), sent)
    assert checked.stats.fcs_errors == checked.stats.corrupted > 0
    assert len(checked.arrived) == 200 - checked.stats.fcs_errors
    fixed = play(LinkParams(corrupt="30%", fcs="fix"), sent)
    changed = [
        (int.from_bytes(a) ^ int.from_bytes(b)).bit_count()
        for (_, a), (_, b) in zip(sent, fixed.arrived, strict=True)
    ]
    assert set(changed) == {0, 1}
    assert sum(changed) == fixed.stats.corrupted == checked.stats.corrupted
    assert fixed.stats.fcs_errors == 0


TAGGED = bytes(12) + bytes.fromhex("8100006488e52c1400000001" + SCI_A) + bytes(20 + 16 + 4)
BARE = bytes(12) + bytes.fromhex("88e5000000000001") + bytes(48 + 16)
PLAIN = bytes(12) + b"\x08\x00" + bytes(46)
PLACES = [
    (
        TAGGED,
        {
            "dst": (0, 6),
            "sectag": (16, 32),
            "sci": (24, 32),
            "pn": (20, 24),
            "payload": (32, 52),
            "icv": (52, 68),
        },
    ),
    (
        BARE,
        {"dst": (0, 6), "sectag": (12, 20), "pn": (16, 20), "payload": (20, 68), "icv": (68, 84)},
    ),
    (PLAIN, {"dst": (0, 6), "payload": (14, 60)}),
    (TAGGED[:30], {"dst": (0, 6)}),
    (BARE[:25], {"dst": (0, 6), "sectag": (12, 20), "pn": (16, 20)}),
    (PLAIN[:14], {"dst": (0, 6)}),
    (PLAIN[:3], {"dst": (0, 3)}),
]


@pytest.mark.parametrize("frame, places", PLACES)
def test_fields_have_the_places_of_the_standard(frame: bytes, places: dict[str, Any]) -> None:
    """They do so behind VLAN tags, with and without SCI, padding and short length."""
    for name in ("dst", "sectag", "sci", "pn", "payload", "icv"):
        assert octets_at(name, frame) == places.get(name, (0, 0)), name
    assert octets_at("any", frame) == (0, len(frame))


@pytest.mark.parametrize("place", ["dst", "sectag", "sci", "pn", "payload", "icv"])
def test_corruption_flips_bits_of_its_field_only(place: str) -> None:
    """Every bit of the field is flipped in some frame, and never another bit."""
    params = LinkParams(corrupt=1.0, fcs="fix", corrupt_at=place)
    history = play(params, [(0, TAGGED)] * 1500)
    whole = int.from_bytes(TAGGED)
    start, stop = octets_at(place, TAGGED)
    flipped = {
        8 * len(TAGGED) - (whole ^ int.from_bytes(f)).bit_length() for _, f in history.arrived
    }
    assert flipped == set(range(8 * start, 8 * stop))
    assert play(params, [(0, bytes(0))]).stats.corrupted == 0


@pytest.mark.parametrize(
    "wanted, fits",
    [
        ({"ethertype": 0x88E5}, True),
        ({"ethertype": 0x8100}, False),
        ({"vlan": 100, "an": 0}, True),
        ({"vlan": 101}, False),
        ({"sci": int(SCI_A, 16)}, True),
        ({"sci": 1}, False),
        ({"an": 1}, False),
    ],
)
def test_filter_matches_all_its_values(wanted: dict[str, int], fits: bool) -> None:
    """A frame matches if all values are equal."""
    assert matches(Match(**wanted), TAGGED) is fits


def test_fields_follow_the_ethertype_of_sectags() -> None:
    """Another EtherType has no SecTAG, and payload is all behind it; ours has every field."""
    other = TAGGED.replace(b"\x88\xe5", b"\x98\x76", 1)
    params = LinkParams(sectag_ethertype=0x9876, match={"an": 0, "sci": SCI_A})
    assert play(params, [(0, TAGGED), (0, other)]).stats.filtered == 1
    rules = TagRules(ethertype=0x9876)
    for name in ("sectag", "sci", "pn", "payload", "icv"):
        assert octets_at(name, other, rules) == octets_at(name, TAGGED)
    assert octets_at("icv", TAGGED, rules) == (0, 0)


def test_filter_matches_the_implied_sci() -> None:
    """ES implies port 1 of the source address, SCB port 0 (9.9)."""
    head = bytes.fromhex("02000000000202000000000188e5")
    for tci, port in ((0x40, 1), (0x50, 0), (0x10, 0)):
        frame = head + bytes([tci]) + bytes(80)
        assert matches(Match(sci=0x0200000000010000 + port), frame)
    assert not matches(Match(sci=0x0200000000010001), head + bytes(81))


def test_every_gap_th_frame_overtakes() -> None:
    """With gap 5 and 100% every fifth frame arrives at once, the others wait."""
    history = play(LinkParams(delay="1ms", reorder="100%", gap=5), burst(15))
    assert order(history) == [4, 9, 14, 0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13]
    assert history.stats.reordered == 12
    assert (history.stats.reorder_extent, history.stats.replay_window) == (14, 15)


def test_reorder_extent_is_the_greatest_lateness() -> None:
    """It counts by how many frames the latest frame was overtaken."""
    history = play(LinkParams(delay="1us", jitter="900ns"), burst(300, gap_ps=3_000))
    newest, worst, late = -1, 0, 0
    for number in order(history):
        worst, late = max(worst, newest - number), late + (number < newest)
        newest = max(newest, number)
    assert (history.stats.reorder_extent, history.stats.reordered) == (worst, late)
    assert worst > 10


# ---------------------------------------------------------------- limits


def test_limit_counts_all_frames_on_their_way() -> None:
    """As in netem frames in delay count too, and the copy of a pair may be over the limit."""
    history = play(LinkParams(delay="1us", limit=3), [*burst(5), (2_000_000, FRAME)])
    assert order(history)[:3] == [0, 1, 2]
    assert (history.stats.queue_drops, history.stats.queue_high) == (2, 3)
    stats = play(LinkParams(delay="1us", limit=3, duplicate="100%"), burst(3)).stats
    assert (stats.duplicated, stats.queue_drops, stats.received) == (2, 1, 4)


def test_frames_over_the_mtu_are_dropped() -> None:
    """The MTU counts the octets behind the header of 14."""
    sent = [(0, bytes(length)) for length in (1514, 1515)]
    history = play(LinkParams(mtu=1500), sent)
    assert [len(frame) for _, frame in history.arrived] == [1514]
    assert history.stats.too_long == 1


def test_frames_sent_or_arriving_while_down_are_lost() -> None:
    """The link is down from the start of a span until just before its end."""
    params = LinkParams(delay="1us", down=[("10us", "12us"), ("20us", "21us")])
    times = [8.999, 9, 9.5, 10, 11.999, 12, 19, 19.999, 20, 21]
    history = play(params, [(int(time * 10**6), FRAME) for time in times])
    assert [time / 10**6 - 1 for time, _ in history.arrived] == pytest.approx([8.999, 12, 21])
    assert history.stats.down_drops == 7


def test_full_slot_makes_frames_wait_for_the_next() -> None:
    """A slot takes n frames or octets, which arrive together."""
    history = play(LinkParams(slot="1us packets 2"), burst(5))
    times = [time for time, _ in history.arrived]
    assert times == [0, 0, 10**6, 10**6, 2 * 10**6]
    octets = play(LinkParams(slot="1us bytes 100"), burst(5)).arrived
    assert [time for time, _ in octets] == times


def test_slots_come_within_their_bounds() -> None:
    """A slot comes least to most after the one before, or around a delay."""
    for slot in ("1us 2us packets 1", "distribution normal 1500ns 100ns packets 1"):
        times = [time for time, _ in play(LinkParams(slot=slot), burst(300)).arrived]
        gaps = [after - before for before, after in pairwise(times)]
        assert 10**6 <= min(gaps) < max(gaps) <= 2 * 10**6


# ---------------------------------------------------------------- everything


@given(link_params(), traffic(), st.integers(0, 3))
def test_every_frame_has_exactly_one_end(params: LinkParams, sent: Any, seed: int) -> None:
    """Each frame sent, and each copy, is in exactly one count and once in the trace."""
    history = play(params, sent, seed)
    stats = history.stats
    ends = stats.received + stats.lost + stats.queue_drops + stats.fcs_errors
    ends += stats.too_long + stats.down_drops
    assert stats.sent + stats.duplicated == ends == len(history.records)
    assert stats.sent == len(sent)
    assert stats.octets == sum(len(frame) for _, frame in sent)
    assert stats.received == len(history.arrived)
    assert stats.received_octets == sum(len(frame) for _, frame in history.arrived)
    times = [record.time_ps for record in history.records]
    assert times == sorted(times)


@given(link_params(), traffic())
def test_the_same_seed_gives_the_same_history(params: LinkParams, sent: Any) -> None:
    """Frames, times, counts and digest are equal."""
    first, second = (play(params, sent, 42) for _ in range(2))
    assert first == second


@given(frames(), st.sampled_from(["any", "dst", "sectag", "sci", "pn", "payload", "icv"]))
def test_fields_lie_inside_the_frame(frame: bytes, name: str) -> None:
    """Wrong length fields do not matter."""
    start, stop = octets_at(name, frame)
    assert 0 <= start <= stop <= len(frame)
