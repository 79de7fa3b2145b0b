"""The capacity of a link: the table of lengths, rates and shares, row by row."""

from __future__ import annotations

import pytest

from macsec.measure.arithmetic import frames_per_second, goodput, ratio
from macsec.measure.throughput.run import expected
from macsec.measure.workload import IMIX, parse

# Octets with FCS; Mframe/s on 10, 100 and 400 Gbit/s; ratios at 24 and 32 octets of overhead;
# Gbit/s of original frames on 100 Gbit/s: clear, 24, 32.
TABLE = [
    ((64,), (14.881, 148.81, 595.24), (0.7778, 0.7241), (76.19, 59.26, 55.17)),
    ((128,), (8.446, 84.46, 337.84), (0.8605, 0.8222), (86.49, 74.42, 71.11)),
    ((256,), (4.529, 45.29, 181.16), (0.9200, 0.8961), (92.75, 85.33, 83.12)),
    ((512,), (2.350, 23.50, 93.98), (0.9568, 0.9433), (96.24, 92.09, 90.78)),
    ((1024,), (1.197, 11.97, 47.89), (0.9775, 0.9703), (98.08, 95.88, 95.17)),
    ((1280,), (0.962, 9.62, 38.46), (0.9819, 0.9760), (98.46, 96.68, 96.10)),
    ((1518,), (0.813, 8.13, 32.51), (0.9846, 0.9796), (98.70, 97.18, 96.69)),
    ((9018,), (0.138, 1.38, 5.53), (0.9974, 0.9965), (99.78, 99.51, 99.43)),
    (IMIX, (3.274, 32.74, 130.9), (0.9409, 0.9227), None),
]


@pytest.mark.parametrize("lengths, rates, ratios, carried", TABLE, ids=lambda v: str(v)[:12])
def test_every_number_of_the_table_is_met(
    lengths: tuple[int, ...],
    rates: tuple[float, float, float],
    ratios: tuple[float, float],
    carried: tuple[float, float, float] | None,
) -> None:
    """Every number of the table, to its last digit."""
    for gbit, rate, half_digit in zip((10, 100, 400), rates, (6e-4, 6e-3, 6e-2), strict=True):
        found = frames_per_second(lengths, gbit * 1e9) / 1e6
        assert found == pytest.approx(rate, abs=half_digit)
    for overhead, wanted in zip((24, 32), ratios, strict=True):
        assert ratio(lengths, overhead) == pytest.approx(wanted, abs=5.1e-5)
    if carried is not None:
        for overhead, wanted in zip((0, 24, 32), carried, strict=True):
            assert goodput(lengths, 1e11, overhead) / 1e9 == pytest.approx(wanted, abs=5.1e-3)


def test_imix_is_seven_four_one() -> None:
    """Twelve frames, 361.8 octets in the mean; the 570 variant beside it."""
    assert sorted(IMIX) == [64] * 7 + [594] * 4 + [1518]
    assert sum(IMIX) / len(IMIX) == pytest.approx(361.8, abs=0.05)
    variant = [64] * 7 + [570] * 4 + [1518]
    assert sum(variant) / 12 == pytest.approx(353.8, abs=0.05)
    assert ratio(variant, 32) == pytest.approx(0.9211, abs=5.1e-5)


def test_a_workload_counts_the_fcs_of_its_frames() -> None:
    """A size without FCS gets its FCS back."""
    assert expected(parse("60")) == pytest.approx((84 / 108, 84 / 116))
    assert expected(parse("imix")) == pytest.approx((0.9409, 0.9227), abs=5.1e-5)
