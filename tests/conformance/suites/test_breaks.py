"""Rules broken one by one: the cases that ask for them fail."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from macsec.conformance.suites import CaseVerdict, run_case, suites_named
from macsec.conformance.targets import REFERENCE
from macsec.secy import Verdict
from macsec.secy.reference.frames import FrameResult
from macsec.time_units import NS_PER_S

NUMBERS = count(1)


def constant(value: Any) -> Callable[..., Any]:
    """Return a function of anything that returns a value."""
    return lambda *_, **__: value


def delivered(_: Any, octets: bytes) -> FrameResult:
    """Deliver a frame without SecTAG."""
    return FrameResult(Verdict.UNTAGGED, octets)


def bare(_: Any, sak: Any) -> bytes:
    """Return a SAK as it is, as long as a wrapped one."""
    return bytes(sak.expose()) + bytes(8)


def unlimited(suite: Any) -> int:
    """Return the last PN as the one at which a SAK is replaced."""
    return int(suite.pn_limit)


def another_name(*_: Any) -> bytes:
    """Return a CKN that is another one each time."""
    return next(NUMBERS).to_bytes(16)


KAY, SECY = "macsec.kay", "macsec.secy"
BREAKS: list[tuple[str, str, str, Any]] = [
    ("dts", "TC5.2 wrong PN", f"{SECY}.replay_check.LowestPN.late", constant(False)),
    ("niap", "FPT_RPL.1 T1", f"{SECY}.replay_check.LowestPN.late", constant(False)),
    (
        "openconfig",
        "PF-1.17.6",
        f"{SECY}.reference.ReferencePlane._receive_untagged",
        delivered,
    ),
    ("sonic", "plan: PFC strict mode", f"{SECY}.Controls.lets_pass", constant(True)),
    ("tc17", "bypass rules", f"{SECY}.Controls.lets_pass", constant(False)),
    (
        "hostap",
        "psk_mka_life_time",
        f"{KAY}.policy.KayPolicy.life_ns",
        property(constant(12 * NS_PER_S)),
    ),
    (
        "sonic",
        "fault::link_flap (two hellos)",
        f"{KAY}.policy.KayPolicy.life_ns",
        property(constant(4 * NS_PER_S)),
    ),
    ("niap", "FMT_SMF.1 T4", f"{KAY}.keys.keychain.ChainKey.active", constant(True)),
    ("openconfig", "MSEC-1.1.3", f"{KAY}.keys.cak_holder.MemoryHolder.icv_valid", constant(True)),
    ("hostap", "psk_cak_mismatch", f"{KAY}.keys.cak_holder.MemoryHolder.icv_valid", constant(True)),
    ("sonic", "plan: rekey by PN", f"{KAY}.distribution.key_server.exhaustion", unlimited),
    (
        "sonic",
        "controlplane::rekey_by_period",
        f"{KAY}.distribution.key_server.KeyServer.rekey_ns",
        property(constant(None)),
    ),
    ("niap", "FCS_MACSEC_EXT.4 T2", f"{KAY}.keys.cak_holder.MemoryHolder.wrap", bare),
    ("tc17", "offset 0/30/50", f"{KAY}.keys.sak.Protection.offset", property(constant(0))),
    ("tc17", "quick start", f"{KAY}.policy.KayPolicy.ramp_ns", property(constant(()))),
    (
        "niap",
        "FCS_MKA_EXT.1 T4 (capability 0)",
        f"{KAY}.distribution.key_server.KeyServer.keeps",
        constant(True),
    ),
    ("niap", "FPT_DDP_EXT.1", f"{KAY}.kay.Kay._protect_from_delay", constant(None)),
    ("niap", "FMT_SMF.1 T2", f"{KAY}.keys.keychain.KeyChain.enable", constant(None)),
    ("sonic", "interop::lldp (≤ 120 s)", "macsec.port.Agreement.bypass", constant(None)),
    ("sonic", "per_interface::profile_isolation", "macsec.port.Agreement.bypass", constant(None)),
    ("sonic", "dataplane::clear_counters", f"{SECY}.SecY.clear_counters", constant(None)),
    ("hostap", "hostapd_eap", "macsec.kay.keys.derivation.ckn_from_msk", another_name),
    ("dpdk", "anti-replay", f"{SECY}.replay_check.LowestPN.late", constant(False)),
    (
        "linux",
        "rtnetlink.sh kci_test_macsec",
        f"{SECY}.controls.Controls.protects",
        property(constant(False)),
    ),
]
"""A case, the rule it asks for, and a broken one in its place."""


@pytest.mark.parametrize("plan, identity, place, broken", BREAKS)
def test_a_case_fails_if_its_rule_is_broken(
    plan: str, identity: str, place: str, broken: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the reference data plane, whose rules are in Python."""
    (suite,) = suites_named([plan])
    case = next(case for case in suite.cases if case.id == identity)
    monkeypatch.setattr(place, broken)
    result = run_case(suite, case, [REFERENCE])
    assert result.verdict is CaseVerdict.FAILED
    assert "cannot be run" not in result.why
