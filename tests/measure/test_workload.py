"""Frame lengths, alone and mixed, and the frames made of them."""

from __future__ import annotations

import pytest

from macsec.errors import ConfigError
from macsec.measure.workload import parse


def test_a_number_is_without_fcs_and_mixes_count_it() -> None:
    """A number is without FCS; mixes count it."""
    assert parse("1514").lengths == (1514,)
    assert sorted(set(parse("IMIX").lengths)) == [60, 590, 1514]
    assert parse("genome:aaagbd").lengths == (60, 60, 60, 1514, 124, 508)
    letters = "abcdefghij"
    octets = (64, 128, 256, 512, 1024, 1280, 1518, 2112, 9000, 16000)
    assert parse(f"genome:{letters}").lengths == tuple(n - 4 for n in octets)


@pytest.mark.parametrize(
    "word", ["13", "16001", "-64", "six", "", "imix:4", "genome", "genome:", "genome:az", "64:1"]
)
def test_a_wrong_word_is_refused(word: str) -> None:
    """A wrong word is refused, with the accepted forms."""
    with pytest.raises(ConfigError, match=r"octets, imix|RFC 6985"):
        parse(word)


def test_a_batch_has_different_frames_the_same_every_time() -> None:
    """The lengths in turn; frames are the same every time, and differ from each other."""
    batch = parse("genome:ab").batch(5)
    assert batch.length.tolist() == [60, 124, 60, 124, 60]
    frames = batch.frames()
    assert len(set(frames)) == 5
    assert frames == parse("genome:ab").batch(5).frames()
