"""The pytest plugin: fixtures that other people's tests take, closed after each test.

    @pytest.mark.macsec(cipher="gcm-aes-xpn-256", seed=3)
    def test_mine(secy_pair):
        octets = secy_pair.a.protect_frame(frame)

The marker `macsec` gives a fixture its options. All keys come from a seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from macsec.lab import Lab
    from macsec.testing.stations import SecYPair, StationPair

# Imports are late: pytest loads this module in every run, of any project.

MARKER = "macsec(seed, backend, cipher, ...): options of the fixtures of macsec.testing"


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", MARKER)


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return the options of all markers; that of the test itself wins."""
    found: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("macsec"))):
        if marker.args:
            raise pytest.UsageError("the marker macsec takes named options alone")
        found |= marker.kwargs
    return found


@pytest.fixture
def secy_pair(request: pytest.FixtureRequest) -> Iterator[SecYPair]:
    """Two SecYs with one SAK: `a` and `b`, each validates what the other protects.

    Options: `seed`, `backend` (auto, native, reference), and entries of `secy` in a configuration.
    """
    from macsec.testing import stations

    made = stations.secy_pair(**_options(request))
    yield made
    for secy in made:
        secy.close()


@pytest.fixture
def link(request: pytest.FixtureRequest) -> Iterator[StationPair]:
    """Two stations with static SAKs on a link in virtual time: `a.send`, `run`, `b.received`.

    Options: those of `secy_pair`, and `wire`, a dict of `LinkParams` such as `delay` and `loss`.
    """
    from macsec.testing.stations import StationPair

    with StationPair(**_options(request)) as made:
        yield made


@pytest.fixture
def kay_pair(request: pytest.FixtureRequest) -> Iterator[StationPair]:
    """Two stations that have agreed on a SAK by MKA in virtual time; `a` is the Key Server.

    Options: `seed`, `backend`, `wire` as above, and `policy`, a dict of `KayPolicy`.
    """
    from macsec.testing import stations

    with stations.kay_pair(**_options(request)) as made:
        yield made


@pytest.fixture
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """A lab in virtual time, which the test runs.

    Options: `topology` (a file, a dict, or the name of a shipped one; default two-regions), `seed`,
    `backend`.
    """
    from macsec.config import load_topology
    from macsec.config.static_keys import seeded
    from macsec.lab import Blueprint, Lab

    options = {"topology": "two-regions", "seed": 0, **_options(request)}
    topology, seed = options.pop("topology"), options.pop("seed")
    blueprint = Blueprint.of(load_topology(topology), seeded(seed, "macsec.testing"))
    with Lab(blueprint, seed, **options) as made:
        yield made
