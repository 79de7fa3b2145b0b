"""Attacks on a link, and the exact counters that each must cause.

A file a theme, a class an attack; `ATTACKS` is the table of all by name.
"""

from macsec.attacks import bits, flood, injection, nonces, replays, splice, tag_fields, wiretap
from macsec.attacks.attack import Attack, Finding, run
from macsec.attacks.scene import Scene, Setting

ATTACKS: dict[str, Attack] = {
    attack.name: attack
    for theme in (wiretap, replays, bits, tag_fields, injection, splice, nonces, flood)
    for attack in theme.ATTACKS
}

__all__ = ["ATTACKS", "Attack", "Finding", "Scene", "Setting", "run"]
