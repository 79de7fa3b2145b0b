"""Attacks on a link, and the exact counters that each must cause.

A file a theme, a class an attack; `ATTACKS` is the table of all by name.
"""

from macsec.sim.adversary import bits, fields, flood, injection, nonces, replay, splice, wiretap
from macsec.sim.adversary.attack import Attack, Finding, run
from macsec.sim.adversary.scene import Scene, Setting

ATTACKS: dict[str, Attack] = {
    attack.name: attack
    for theme in (wiretap, replay, bits, fields, injection, splice, nonces, flood)
    for attack in theme.ATTACKS
}

__all__ = ["ATTACKS", "Attack", "Finding", "Scene", "Setting", "run"]
