"""Changes of a running KaY: participants disabled, another policy, counters set to zero."""

from __future__ import annotations

import pytest
from support.mka.kays import CKN, chain_key, check_connectivity, pair, secured

from macsec.errors import ConfigError
from macsec.kay.counters import NAMES, KayCounters, Reception

OTHER = b"other key"


def test_disabled_participant_leaves_and_returns_as_a_new_member() -> None:
    """The port closes with its only participant; enabled again, it has another MI and secures."""
    segment, a, b = pair()
    mi = a.principal.identity.mi
    a.kay.enable_key(segment.engine.now_ns, CKN, False)
    a.station.settle()
    assert (a.kay.participants, a.kay.secured, len(a.secy.tx.sa)) == ({}, False, 0)
    a.kay.enable_key(segment.engine.now_ns, CKN, True)
    a.station.settle()
    segment.run(segment.now + 10)
    assert a.principal.identity.mi != mi
    assert secured(a, b)
    check_connectivity(segment, a, b)
    with pytest.raises(ConfigError, match="there is none of this CKN"):
        a.kay.enable_key(segment.engine.now_ns, OTHER, False)


def test_disabled_participant_hands_over_to_the_other_key() -> None:
    """The CAK that is left carries the traffic; the disabled one has no participant."""
    segment, a, b = pair()
    for member in (a, b):
        member.kay.add_key(segment.engine.now_ns, chain_key(bytes(16), OTHER))
        member.station.settle()
    segment.run(segment.now + 6)
    for member in (a, b):
        member.kay.enable_key(segment.engine.now_ns, CKN, False)
        member.station.settle()
    segment.run(segment.now + 10)
    assert [list(member.kay.participants) for member in (a, b)] == [[OTHER], [OTHER]]
    assert secured(a, b)
    check_connectivity(segment, a, b)


def test_counters_can_be_set_to_zero() -> None:
    """All names stay."""
    counters = KayCounters()
    counters.add(Reception.BAD_ICV)
    counters.reset()
    assert dict(counters) == dict.fromkeys(NAMES, 0)
