"""Added serialisation, exact: against numbers computed by hand, and against its own sums."""

from __future__ import annotations

from fractions import Fraction

import pytest

from macsec.errors import ConfigError
from macsec.measure.latency.serialisation import (
    CAMPUS,
    INTER_REGION,
    OVERHEADS,
    PATHS,
    RATES,
    SIZES,
    Added,
    serialisation_ps,
    table,
)

# 24 and 32 octets at each rate, in picoseconds: 8 bits, 1000 ps / rate each.
BY_HAND = {
    1: (192_000, 256_000),
    10: (19_200, 25_600),
    25: (7_680, 10_240),
    40: (4_800, 6_400),
    100: (1_920, 2_560),
    200: (960, 1_280),
    400: (480, 640),
    800: (240, 320),
}


@pytest.mark.parametrize("rate", RATES)
def test_added_time_depends_on_overhead_and_rate_only(rate: int) -> None:
    """The time of the SecTAG and the ICV, with and without SCI, is the same for any size."""
    assert tuple(serialisation_ps(octets, rate) for octets in OVERHEADS) == BY_HAND[rate]
    assert {Added(size, rate, 32, CAMPUS).added_ps for size in SIZES} == {BY_HAND[rate][1]}


def test_one_row_by_hand() -> None:
    """1518 octets at 10 Gbit/s over 500 m: 1526 octets of wire and 2.5 us, 25.6 ns more."""
    added = Added(1518, 10, 32, CAMPUS)
    assert added.clear_ps == 1_220_800 + 2_500_000
    assert added.share == Fraction(25_600, 3_720_800)


def test_table_has_every_combination_once() -> None:
    """The table has every combination once, and each sum is that of the longer frame."""
    rows = list(table())
    assert len(rows) == len(set(rows)) == len(PATHS) * 2 * len(RATES) * len(SIZES)
    for row in rows:
        longer = Added(row.frame_octets + row.overhead_octets, row.gbit_per_s, 0, row.path)
        assert longer.clear_ps == row.clear_ps + row.added_ps


def test_macsec_adds_less_than_a_hundredth_of_a_per_cent_on_12_ms() -> None:
    """On 12 ms MACsec adds less than 0.01 %, at every rate and size."""
    rows = list(table(paths=[INTER_REGION]))
    assert max(row.share for row in rows) == Fraction(256_000, 12_000_000_000 + 8 * 72_000)
    assert all(row.share < Fraction(1, 10_000) for row in rows)


def test_a_rate_without_whole_picoseconds_is_refused() -> None:
    """A rate that gives no whole picoseconds is refused rather than rounded."""
    with pytest.raises(ConfigError, match="1 octets at 3 Gbit/s"):
        serialisation_ps(1, 3)
