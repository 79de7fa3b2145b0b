"""A lab in real time: topologies that it refuses."""

from __future__ import annotations

import pytest

from macsec.config import load_topology
from macsec.config.static_keys import seeded
from macsec.errors import ConfigError
from macsec.lab import Blueprint
from macsec.lab.real.lab import RealLab


def test_aggregated_links_are_refused_before_anything_is_made() -> None:
    """Between two Linux bridges they would be a loop."""
    blueprint = Blueprint.of(load_topology("lag"), seeded(1, "a test"))
    with pytest.raises(ConfigError, match="link m1: lag wan: only lab run aggregates links"):
        RealLab(blueprint, lambda: 0)
