"""Attacks on a link, and the exact counters that each must cause.

attack.py     Attack Finding run   the base of an attack, and one run of it
scene.py      Scene                stations, frames between them, expected results
setting.py    Setting Party        cipher suite, profile, seed and data plane of a run
ledger.py                          expected and observed counters
own.py, code_of_others.py          attacks of a file, and of installed packages
craft.py, ghash.py                 the octets that an attacker changes or computes

A file a theme, a class an attack: wiretap.py, replays.py, bits.py, tag_fields.py, injection.py,
splice.py, nonces.py, flood.py. `ATTACKS` is the table of all by name.
"""

from . import bits, flood, injection, nonces, own, replays, splice, tag_fields, wiretap
from .attack import Attack, Finding, run
from .scene import Scene
from .setting import Party, Setting

ATTACKS: dict[str, Attack] = {
    attack.name: attack
    for theme in (wiretap, replays, bits, tag_fields, injection, splice, nonces, flood)
    for attack in theme.ATTACKS
}

__all__ = ["ATTACKS", "Attack", "Finding", "Party", "Scene", "Setting", "own", "run"]
