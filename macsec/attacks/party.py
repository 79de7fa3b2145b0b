"""A station of a scene."""

from __future__ import annotations

from dataclasses import dataclass

from macsec.secy import SecY


@dataclass(frozen=True, slots=True, eq=False)
class Party:
    """A station of a scene: its name and its SecY."""

    name: str
    secy: SecY
