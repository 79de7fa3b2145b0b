"""One direction of a link: exact times, netem's order of operations, every count."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.planes import SCI_A
from support.wires import frames, link_params, play, traffic

from macsec.errors import ConfigError
from macsec.wire.fields import matches, octets_at
from macsec.wire.impairments import four_states, threshold
from macsec.wire.param_values import Match
from macsec.wire.params import LinkParams
from macsec.wire.trace import Fate, Mark

FRAME = bytes(60)


def burst(number: int, length: int = 60, gap_ps: int = 0) -> list[tuple[int, bytes]]:
    """Frames that can be told apart."""
    return [(i * gap_ps, i.to_bytes(4) + bytes(length - 4)) for i in range(number)]


def order(history: Any) -> list[int]:
    """Which frames of a burst arrived, as they came."""
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
    """84 octets on the line at 100 Gbit/s are 6720 ps, and the n-th frame is n times as late."""
    history = play(LinkParams(rate=rate, overhead="ethernet"), burst(100, length))
    assert [time for time, _ in history.arrived] == [time_ps * n for n in range(1, 101)]
    assert history.stats.busy_ps == history.stats.elapsed_ps == 100 * time_ps
    assert history.stats.utilisation == 1


@example(109_939, 60, 0)  # 60 octets leave a remainder of 1
@given(st.integers(1, 10**12), st.integers(14, 2000), st.integers(-14, 50))
def test_a_rate_that_does_not_divide_is_rounded_up(rate: int, length: int, overhead: int) -> None:
    """By less than a picosecond."""
    history = play(LinkParams(rate=rate, overhead=overhead), [(0, bytes(length))])
    exact = Fraction((length + overhead) * 8 * 10**12, rate)
    assert 0 <= history.arrived[0][0] - exact < 1


def test_cells_are_filled_up() -> None:
    """50 octets in ATM cells are 106 on the line."""
    params = LinkParams(rate="8bit", cell=48, cell_overhead=5)
    assert play(params, [(0, bytes(50))]).arrived[0][0] == 106 * 10**12


def test_delay_and_rate_add_up() -> None:
    """A link of 500 ns: the last bit of the first frame comes at 506.72 ns, the next follow it."""
    params = LinkParams(rate="100gbit", overhead="ethernet", delay="500ns")
    assert [t for t, _ in play(params, burst(3)).arrived] == [506_720, 513_440, 520_160]
    # After a pause the transmitter is free.
    assert play(params, [(0, FRAME), (9000, FRAME)]).arrived[1][0] == 515_720


def test_the_rate_comes_after_the_delay_as_in_netem() -> None:
    """With a rate jitter reorders nothing, unless asked for; without one it does."""
    jitter = {"delay": "10us", "jitter": "9us"}
    sent = burst(200, gap_ps=10_000)
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
    delays = [time for time, _ in play(params, [(0, FRAME)] * 20_000).arrived]
    most = 10 if distribution == "uniform" else 40
    assert 100e6 - most * 1e6 <= min(delays) <= max(delays) <= 100e6 + most * 1e6
    assert abs(sum(delays) / len(delays) - 100e6) < 0.5e6


def test_no_delay_is_negative() -> None:
    """Jitter over the delay lets frames arrive at once, never before they are sent."""
    history = play(LinkParams(delay=10, jitter=1000), burst(300, gap_ps=1))
    assert all(
        time >= number
        for time, number in zip(sorted(t for t, _ in history.arrived), range(300), strict=True)
    )
    assert sum(time < 300 for time, _ in history.arrived) > 50


def test_a_rate_beyond_the_end_of_time_is_an_error() -> None:
    """At 1 bit/s soon no 64-bit number tells when a frame would come out."""
    with pytest.raises(ConfigError, match=r"^rate: "):
        play(LinkParams(rate=1), burst(100, 100_000))


# ---------------------------------------------------------------- chance


@pytest.mark.parametrize("field", ["loss", "corrupt", "duplicate"])
@pytest.mark.parametrize("chance", [0.01, 0.3, 1.0])
def test_chances_come_true_as_often_as_they_say(field: str, chance: float) -> None:
    """Within four standard deviations."""
    stats = play(LinkParams(**{field: chance}), [(0, FRAME)] * 10_000).stats
    found = getattr(
        stats, {"loss": "lost", "corrupt": "corrupted", "duplicate": "duplicated"}[field]
    )
    assert abs(found - 10_000 * chance) <= 4 * (10_000 * chance * (1 - chance)) ** 0.5


def losses(loss: str, number: int = 20_000) -> list[bool]:
    """Which of a row of frames are lost."""
    history = play(LinkParams(loss=loss), [(i, FRAME) for i in range(number)])
    return [record.fate is Fate.LOST for record in history.records]


def test_four_states_have_their_stationary_share() -> None:
    """Loss follows from the transition probabilities, and so does the length of bursts."""
    p13, p31, p32, p23, p14 = 0.02, 0.3, 0.1, 0.4, 0.01
    lost = losses("state 2% 30% 10% 40% 1%")
    # Balance of the chain, by the share of state 1.
    three = p13 / p31
    two, four = three * p32 / p23, p14
    share = (three + four) / (1 + two + three + four)
    assert abs(sum(lost) / len(lost) - share) < 0.012


def test_state_moves_are_those_of_the_model() -> None:
    """Each state leaves with its own probabilities and to its own neighbours."""
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
    """The share is p / (p + r), and a burst is 1 / r frames long in the mean."""
    lost = losses("gemodel 1% 25%")
    bursts = sum(now and not before for before, now in pairwise([False, *lost]))
    assert abs(sum(lost) / len(lost) - 0.01 / 0.26) < 0.01
    assert abs(sum(lost) / bursts - 4) < 0.5
    assert losses("gemodel 100% 100% 100% 0%", 6) == [False, True] * 3
    assert losses("gemodel 100% 100% 0% 100%", 6) == [True, False] * 3


def test_drop_lists_name_frames_from_one() -> None:
    """The numbers count frames sent; the same frames are lost with every seed."""
    for seed in range(3):
        history = play(LinkParams(drop=[1, 3, 5]), burst(6), seed)
        assert order(history) == [1, 3, 5]
        assert history.stats.lost == 3


def test_drop_lists_count_what_matches() -> None:
    """Lose the second EAPOL frame, whatever else is sent between."""
    eapol, other = bytes(12) + b"\x88\x8e" + bytes(46), bytes(12) + b"\x08\x00" + bytes(46)
    sent = [(0, frame) for frame in (other, eapol, other, eapol, eapol)]
    history = play(LinkParams(drop=[2], match={"ethertype": 0x888E}, loss="0%"), sent)
    assert [frame for _, frame in history.arrived] == [other, eapol, other, eapol]
    assert (history.stats.lost, history.stats.filtered) == (1, 2)


def test_frames_that_do_not_match_have_rate_and_delay_alone() -> None:
    """No loss, jitter, duplicate or overtaking; the line's own times hold."""
    params = LinkParams(
        rate="1gbit", delay="1us", jitter="1us", loss="100%", duplicate="100%", match="vlan=7"
    )
    history = play(params, burst(5, 100))
    assert [time for time, _ in history.arrived] == [1_000_000 + 800_000 * n for n in range(1, 6)]
    assert history.stats.filtered == 5


def test_streams_are_apart() -> None:
    """Another impairment moves no draw: the same frames are lost with and without it."""
    alone = play(LinkParams(loss="10%"), burst(500))
    more = play(LinkParams(loss="10%", delay="1us", jitter="1us", ordered=True), burst(500))
    assert order(alone) == order(more)
    others = play(LinkParams(loss="10%"), burst(500), name="other")
    assert order(alone) != order(others)
    seeded = play(LinkParams(loss="10%", seed=0), burst(500), seed=5)
    assert order(seeded) == order(alone) != order(play(LinkParams(loss="10%"), burst(500), seed=5))


# ---------------------------------------------------------------- duplicates, FCS, order


def test_a_duplicate_goes_through_the_steps_on_its_own() -> None:
    """The copy goes first and is corrupted or not by itself; it is never duplicated again."""
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


def test_a_lost_frame_leaves_its_copy() -> None:
    """Of a duplicated frame that is lost one remains, and is no second draw away from loss."""
    stats = play(LinkParams(duplicate="100%", loss="100%"), burst(50)).stats
    assert (stats.duplicated, stats.lost, stats.received) == (50, 50, 50)


def test_line_errors_die_at_the_fcs() -> None:
    """The port counts them and hands nothing up; with fcs=fix one bit differs."""
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
def test_fields_lie_where_the_standard_has_them(frame: bytes, places: dict[str, Any]) -> None:
    """Behind VLAN tags, with and without SCI, padding and short length."""
    for name in ("dst", "sectag", "sci", "pn", "payload", "icv"):
        assert octets_at(name, frame) == places.get(name, (0, 0)), name
    assert octets_at("any", frame) == (0, len(frame))


@pytest.mark.parametrize("place", ["dst", "sectag", "sci", "pn", "payload", "icv"])
def test_corruption_aims(place: str) -> None:
    """Every bit of the field turns in some frame, and no other bit ever."""
    params = LinkParams(corrupt=1.0, fcs="fix", corrupt_at=place)
    history = play(params, [(0, TAGGED)] * 2000)
    whole = int.from_bytes(TAGGED)
    start, stop = octets_at(place, TAGGED)
    turned = {
        8 * len(TAGGED) - (whole ^ int.from_bytes(f)).bit_length() for _, f in history.arrived
    }
    assert turned == set(range(8 * start, 8 * stop))
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
def test_filters_see_the_tag(wanted: dict[str, int], fits: bool) -> None:
    """All that is wanted has to fit."""
    assert matches(Match(**wanted), TAGGED) is fits


def test_filters_know_the_implied_sci() -> None:
    """ES stands for port 1 of the source address, SCB for port 0 (9.9)."""
    head = bytes.fromhex("02000000000202000000000188e5")
    for tci, port in ((0x40, 1), (0x50, 0), (0x10, 0)):
        frame = head + bytes([tci]) + bytes(80)
        assert matches(Match(sci=0x0200000000010000 + port), frame)
    assert not matches(Match(sci=0x0200000000010001), head + bytes(81))


def test_gap_lets_every_nth_overtake() -> None:
    """With gap 5 and 100% every fifth frame is sent at once, the others wait."""
    history = play(LinkParams(delay="1ms", reorder="100%", gap=5), burst(15))
    assert order(history) == [4, 9, 14, 0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13]
    assert history.stats.reordered == 12
    assert (history.stats.reorder_extent, history.stats.replay_window) == (14, 15)


def test_reorder_extent_is_how_late_the_latest_came() -> None:
    """Frames later than its turn, over all of them."""
    history = play(LinkParams(delay="1us", jitter="900ns"), burst(300, gap_ps=10_000))
    newest, worst, late = -1, 0, 0
    for number in order(history):
        worst, late = max(worst, newest - number), late + (number < newest)
        newest = max(newest, number)
    assert (history.stats.reorder_extent, history.stats.reordered) == (worst, late)
    assert worst > 10


# ---------------------------------------------------------------- limits


def test_limit_is_frames_on_their_way() -> None:
    """As in netem: those that wait for their delay count too, and a pair may be one too many."""
    history = play(LinkParams(delay="1us", limit=3), [*burst(5), (2_000_000, FRAME)])
    assert order(history)[:3] == [0, 1, 2]
    assert (history.stats.queue_drops, history.stats.queue_high) == (2, 3)
    stats = play(LinkParams(delay="1us", limit=3, duplicate="100%"), burst(3)).stats
    assert (stats.duplicated, stats.queue_drops, stats.received) == (2, 1, 4)


def test_long_frames_are_dropped() -> None:
    """An MTU counts the octets behind the header of 14."""
    sent = [(0, bytes(length)) for length in (1514, 1515)]
    history = play(LinkParams(mtu=1500), sent)
    assert [len(frame) for _, frame in history.arrived] == [1514]
    assert history.stats.too_long == 1


def test_down_loses_what_is_sent_and_what_arrives() -> None:
    """From the beginning of a span up to its end."""
    params = LinkParams(delay="1us", down=[("10us", "12us"), ("20us", "21us")])
    times = [8.999, 9, 9.5, 10, 11.999, 12, 19, 19.999, 20, 21]
    history = play(params, [(int(time * 10**6), FRAME) for time in times])
    assert [time / 10**6 - 1 for time, _ in history.arrived] == pytest.approx([8.999, 12, 21])
    assert history.stats.down_drops == 7


def test_slots_release_frames_together() -> None:
    """A slot takes so many frames, the next ones wait for the next slot."""
    history = play(LinkParams(slot="1us packets 2"), burst(5))
    times = [time for time, _ in history.arrived]
    assert times == [0, 0, 10**6, 10**6, 2 * 10**6]
    octets = play(LinkParams(slot="1us bytes 100"), burst(5)).arrived
    assert [time for time, _ in octets] == times


def test_slots_come_within_their_bounds() -> None:
    """Least to most after the one before; or around a delay."""
    for slot in ("1us 2us packets 1", "distribution normal 1500ns 100ns packets 1"):
        times = [time for time, _ in play(LinkParams(slot=slot), burst(300)).arrived]
        gaps = [after - before for before, after in pairwise(times)]
        assert 10**6 <= min(gaps) < max(gaps) <= 2 * 10**6


# ---------------------------------------------------------------- everything


@given(link_params(), traffic(), st.integers(0, 3))
def test_no_frame_is_made_or_forgotten(params: LinkParams, sent: Any, seed: int) -> None:
    """What went in, and its copies, ends in exactly one count; and each end is in the trace."""
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
    """Frame by frame, and in the digest."""
    first, second = (play(params, sent, 42) for _ in range(2))
    assert first == second


@given(frames(), st.sampled_from(["any", "dst", "sectag", "sci", "pn", "payload", "icv"]))
def test_fields_never_leave_the_frame(frame: bytes, name: str) -> None:
    """Whatever the frame claims of itself."""
    start, stop = octets_at(name, frame)
    assert 0 <= start <= stop <= len(frame)
