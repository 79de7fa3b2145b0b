"""requireConfidentiality and enableUse in key agreement (802.1AE 10.7.25, 10.7.26)."""

from __future__ import annotations

from typing import Any

import pytest
from support.mka.kays import Segment, SegmentMember, policy_of
from support.planes import Plane

from macsec.config import load
from macsec.errors import ConfigError
from macsec.kay.holders import policy_in
from macsec.kay.policy import PolicyError
from macsec.suites import SUITES

AES_128 = SUITES["gcm-aes-128"]
MKA = {"cak": "00" * 16, "ckn": "01"}


def strict_member(plane: Plane, **server: Any) -> SegmentMember:
    """A member that wants confidentiality, after ten seconds with a Key Server of other ideas."""
    segment = Segment(plane)
    segment.add("b", key_server_priority=1, **server)
    a = segment.add("a", key_server_priority=9, confidential=(AES_128,))
    segment.run(10)
    return a


@pytest.mark.parametrize("given", [{"encrypt": False}, {"offset": 30}], ids=["plain", "offset"])
def test_a_member_refuses_a_sak_without_confidentiality(
    plane: Plane, given: dict[str, Any]
) -> None:
    """The SAK is counted as refused and never installed; the port stays closed."""
    a = strict_member(plane, **given)
    assert a.kay.counters["sak-cipher-mismatch-errors"] > 0
    assert not a.kay.secured
    assert (dict(a.secy.tx.sa), a.send()) == ({}, False)


def test_a_member_takes_a_sak_that_encrypts_all(plane: Plane) -> None:
    """The same member under a Key Server that encrypts."""
    a = strict_member(plane)
    assert a.kay.secured
    assert a.kay.counters["sak-cipher-mismatch-errors"] == 0


@pytest.mark.parametrize("confidential", [(), (AES_128,)], ids=["free", "required"])
def test_a_key_server_makes_no_sak_for_members_that_cannot_decrypt(
    plane: Plane, confidential: tuple[Any, ...]
) -> None:
    """Under should-secure it falls to integrity alone, but not where that is refused."""
    segment = Segment(plane)
    b = segment.add("b", key_server_priority=1, security="should-secure", confidential=confidential)
    segment.add("a", key_server_priority=9, security="should-secure", encrypt=False, capability=1)
    segment.run(10)
    assert b.kay.secured is not bool(confidential)
    assert bool(b.secy.tx.sa) is not bool(confidential)


@pytest.mark.parametrize("given", [{"encrypt": False}, {"offset": 50}])
def test_a_policy_needs_encryption_where_it_is_required(given: dict[str, Any]) -> None:
    """Integrity alone, and an offset, are refused at once."""
    with pytest.raises(PolicyError, match=r"10\.7\.26"):
        policy_of(confidential=(AES_128,), **given)


def test_the_configuration_limits_suites_and_demands_confidentiality() -> None:
    """secy.enable_use takes suites from mka.suites; require_confidentiality is on or a list."""
    usable = ["gcm-aes-128", "gcm-aes-256"]
    model = load({"secy": {"enable_use": usable, "require_confidentiality": "on"}, "mka": MKA})
    policy = policy_in(model)
    assert [suite.name for suite in policy.suites] == usable
    assert policy.confidential == tuple(SUITES.values())
    listed = load({"secy": {"require_confidentiality": ["gcm-aes-256"]}, "mka": MKA})
    assert [suite.name for suite in policy_in(listed).confidential] == ["gcm-aes-256"]
    with pytest.raises(ConfigError, match="not 'des'"):
        load({"secy": {"require_confidentiality": ["des"]}, "mka": MKA})
