"""Labs in virtual time on the data plane of a case."""

from __future__ import annotations

from typing import Any

from macsec.config import load_topology
from macsec.config.static_keys import seeded
from macsec.conformance.targets import Target
from macsec.lab import Blueprint, Lab

SEED = 1


def build_lab(target: Target, topology: dict[str, Any]) -> Lab:
    """Return a lab of a topology, not run yet, with generated keys; close it after use."""
    blueprint = Blueprint.of(load_topology(topology), seeded(SEED, "macsec conformance"))
    return Lab(blueprint, SEED, target.backend, target.kernel)
