"""Fixtures for other people's tests, run as theirs by pytest's own pytester."""

from __future__ import annotations

import pytest
from support.planes import Plane

from macsec.errors import ConfigError
from macsec.testing.stations import StationPair, kay_pair, secy_pair

pytest_plugins = ["pytester"]

THEIRS = """
import pytest

FRAME = bytes.fromhex("525400130157" "525400130156" "0800") + bytes(46)


def test_pair(secy_pair):
    for sender, receiver in (secy_pair, reversed(secy_pair)):
        assert receiver.validate_frame(sender.protect_frame(FRAME)) == (0, FRAME)


@pytest.mark.macsec(cipher="gcm-aes-xpn-256", backend="reference", encrypt=False)
def test_options(secy_pair):
    assert secy_pair.a.controls.cipher.name == "gcm-aes-xpn-256"
    assert secy_pair.b.backend == "reference"
    assert not secy_pair.b.controls.encrypt


@pytest.mark.macsec(wire={"delay": "5ms", "drop": [2]})
def test_link(link):
    for _ in range(3):
        link.a.send(FRAME)
    link.run(0.001)
    assert link.b.received == []
    link.run(0.005)
    assert link.b.received == [FRAME] * 2
    assert link.b.secy.counters["InPktsOK"] == 2


def test_kay_pair(kay_pair):
    assert kay_pair.secured
    assert kay_pair.a.kay.principal.is_server
    kay_pair.b.send(FRAME)
    kay_pair.run(0.1)
    assert kay_pair.a.received == [FRAME]


@pytest.mark.macsec(topology="two-regions", seed=4)
def test_lab(lab):
    lab.run(until_ns=lab.engine.now_ns + 10**9)
    assert all(link.protected for link in lab.links)
"""


def test_fixtures_serve_the_tests_of_others(pytester: pytest.Pytester) -> None:
    """Every fixture works with and without options, and warns of nothing."""
    pytester.makepyfile(THEIRS)
    arguments = ("-p", "macsec.testing.plugin", "-p", "no:cacheprovider", "-W", "error")
    result = pytester.runpytest_inprocess(*arguments, "--strict-markers")
    assert result.parseoutcomes() == {"passed": 5}


def test_fixtures_are_listed_with_their_documentation(pytester: pytest.Pytester) -> None:
    """`pytest --fixtures` shows each with its options."""
    result = pytester.runpytest_inprocess("-p", "macsec.testing.plugin", "--fixtures", "-v")
    listed = {line.split(" ")[0] for line in result.outlines if " -- " in line}
    assert {"secy_pair", "link", "kay_pair", "lab"} <= listed


def test_marker_with_a_place_is_refused(pytester: pytest.Pytester) -> None:
    """An option without its name is the caller's mistake."""
    pytester.makepyfile(
        "import pytest\n@pytest.mark.macsec('gcm-aes-128')\ndef test_it(secy_pair): ..."
    )
    result = pytester.runpytest_inprocess("-p", "macsec.testing.plugin")
    assert any("the marker macsec takes named options alone" in line for line in result.outlines)


def test_seeds_make_keys_again() -> None:
    """One seed, one key; another seed, another key."""
    values = [secy_pair(seed).a.tx.sa[0].check_value for seed in (1, 1, 2)]
    assert values[0] == values[1] != values[2]


def test_wrong_option_names_its_entry() -> None:
    """A misspelt option is refused with the name."""
    with pytest.raises(ConfigError, match="chiper"):
        secy_pair(chiper="gcm-aes-128")


def test_end_with_static_keys_has_no_kay() -> None:
    """The error names the fixture that has one."""
    with StationPair() as made, pytest.raises(AttributeError, match="kay_pair"):
        _ = made.a.kay


def test_pair_with_key_agreement_takes_policies(plane: Plane) -> None:
    """A setting of the KaY reaches both ends, on each data plane."""
    from macsec.suites import SUITES

    suite = SUITES["gcm-aes-xpn-256"]
    with kay_pair(backend=plane.backend, policy={"cipher": suite}) as made:
        assert made.secured
        assert made.b.secy.controls.cipher is suite
