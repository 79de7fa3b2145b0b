"""Stations of an attack: their addresses, and the setting in which they run."""

from __future__ import annotations

from dataclasses import dataclass

from macsec.secy import SecY

MAC = {name: bytes((2, 0, 0, 0, 0, 10 + at)) for at, name in enumerate("ABC")}
"""Stations by name: locally administered addresses, so no real station has them."""
SCI = {name: int.from_bytes(mac) << 16 | 1 for name, mac in MAC.items()}
SSCI = {name: 3 - at for at, name in enumerate(SCI)}
"""10.7.13: the greatest SCI has SSCI 1."""
EPOCH = 7
"""The upper half of PNs under XPN, so that a receiver has something to recover."""


@dataclass(frozen=True, slots=True)
class Setting:
    """All inputs that decide a run. `frames`: of a flood, None for a number that takes seconds."""

    cipher: str = "gcm-aes-128"
    profile: str = "ieee"
    seed: int = 0
    frames: int | None = None
    backend: str = "auto"
    kernel: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Party:
    """A station: its name and its SecY."""

    name: str
    secy: SecY
