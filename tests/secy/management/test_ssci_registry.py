"""The index of keys and SSCIs against a plain list of all SAs."""

from __future__ import annotations

import random

from macsec.secy.ssci_registry import SAPlace, SSCIRegistry, SSCIUse

SCIS, KEYS = range(5), ("a", "b")


def test_other_sci_equals_a_search_through_all_sas() -> None:
    """After any puts and drops, the other SCI is one that a search through all SAs finds."""
    draw = random.Random(1)
    uses, plain = SSCIRegistry(), dict[SAPlace, SSCIUse]()
    found = 0
    for _ in range(5000):
        place = SAPlace(draw.choice(SCIS), draw.randrange(4), draw.random() < 0.2)
        use = SSCIUse(draw.choice(KEYS), draw.randrange(4))
        wanted = {at.sci for at, other in plain.items() if other == use and at.sci != place.sci}
        other = uses.other_sci(use, place.sci)
        assert other in (wanted or {None})
        found += other is not None
        if place in plain and draw.random() < 0.5:
            uses.drop(place)
            del plain[place]
        else:
            uses.put(place, use)
            plain[place] = use
        assert len(uses) == len(plain)
    assert 1000 < found < 5000


def test_unused_ssci_belongs_to_no_sci() -> None:
    """A use without an SA belongs to no SCI."""
    uses = SSCIRegistry()
    use = SSCIUse("a", 1)
    for an in range(4):
        uses.put(SAPlace(7, an, False), use)
    assert uses.other_sci(use, 7) is None
    assert uses.other_sci(use, 8) == 7
    for an in range(4):
        uses.put(SAPlace(7, an, False), SSCIUse("b", 1))
    assert uses.other_sci(use, 8) is None
    for an in range(4):
        uses.drop(SAPlace(7, an, False))
    assert not uses
    assert uses.other_sci(SSCIUse("b", 1), 8) is None
