"""Attacks on a link, and the exact counters that each must cause.

A file a theme, a class an attack; `ATTACKS` is the table of all by name.
"""

from . import bits, flood, injection, nonces, replays, splice, tag_fields, wiretap
from .attack import Attack, Finding, run
from .scene import Scene, Setting

ATTACKS: dict[str, Attack] = {
    attack.name: attack
    for theme in (wiretap, replays, bits, tag_fields, injection, splice, nonces, flood)
    for attack in theme.ATTACKS
}

__all__ = ["ATTACKS", "Attack", "Finding", "Scene", "Setting", "run"]
