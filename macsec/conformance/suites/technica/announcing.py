"""CipherSuiteNegotiation and TxAnnouncement: suites that members announce."""

from __future__ import annotations

from functools import partial
from typing import Any

from macsec.conformance.scenes import Actor, alone
from macsec.conformance.suites.case import CaseRun
from macsec.kay.announcement import Announced, SuiteAbility, tlvs_of
from macsec.kay.mkpdu.parameter_sets import Announcement, DistributedSak
from macsec.suites import SUITES

from .plan import MEMBER, case

_NAMES = ("gcm-aes-xpn-256", "gcm-aes-xpn-128", "gcm-aes-256", "gcm-aes-128")
_CLAUSE = "802.1X 11.12.3"


def _suites(*names: str) -> tuple[Any, ...]:
    return tuple(SUITES[name] for name in names)


def _chosen(announced: tuple[str, ...] | None, capability: int, **policy: Any) -> DistributedSak:
    """Return the SAK that a Key Server distributes to a member with an announcement."""
    kay = alone(**policy)
    actor = Actor(kay, MEMBER)
    actor.drain()
    abilities = tuple(SuiteAbility(SUITES[name], capability) for name in announced or ())
    sets = [Announcement(tlvs_of(Announced(suites=abilities)))] if abilities else []
    actor.say(priority=200, capability=capability, sets=sets)
    return next(each.distributed for each in actor.drain() if each.distributed is not None)


def chosen(announced: tuple[str, ...], wanted: str, run: CaseRun) -> None:
    """Prefer XPN-256, then GCM-AES-256."""
    given = _chosen(announced, 3, ciphers=_suites("gcm-aes-xpn-256", "gcm-aes-256"))
    run.expect("suite of the SAK", SUITES[wanted], given.cipher_suite)


case(
    "CipherSuiteNegotiation.ServerSelectsPreferredCipherWhenSupported",
    "the Key Server takes its first preferred suite if the member announced it",
    clause=_CLAUSE,
)(partial(chosen, ("gcm-aes-128", "gcm-aes-xpn-256", "gcm-aes-256"), "gcm-aes-xpn-256"))
case(
    "CipherSuiteNegotiation.ServerSelectsSecondPreferredCipher",
    "the Key Server takes its second preferred suite if the first was not announced",
    clause=_CLAUSE,
)(partial(chosen, ("gcm-aes-128", "gcm-aes-256"), "gcm-aes-256"))


def default(capability: int, code: int, run: CaseRun) -> None:
    """Announce nothing."""
    security = "must-secure" if capability > 1 else "should-secure"
    given = _chosen(
        None, capability, ciphers=_suites("gcm-aes-xpn-256", "gcm-aes-256"), security=security
    )
    run.expect("suite of the SAK", SUITES["gcm-aes-128"], given.cipher_suite)
    run.expect("octets of its set", 28, 4 + len(given.wrapped))
    run.expect("code of the offset", code, given.code)


_DEFAULT = "without an announcement it is GCM-AES-128, protected as the member is capable of"
for _id, _capability, _code in (
    ("Confidentiality_0", 2, 1),
    ("Integrity_1", 1, 0),
    ("Integrity_2", 1, 0),
):
    case(
        f"CipherSuiteNegotiation.DefaultCipherWhenNoAnnouncementRecv_{_id}",
        _DEFAULT,
        clause=_CLAUSE,
    )(partial(default, _capability, _code))


def announced(names: tuple[str, ...], policy: dict[str, Any], run: CaseRun) -> None:
    """Read the announcement in the first MKPDU."""
    suites: dict[str, Any] = {"suites": _suites(*names), "cipher": names[0]} if names else {}
    ciphers = {"ciphers": _suites(*names)} if names else {}
    kay = alone(**(suites | ciphers | {"announce": True} | policy))
    (mkpdu,) = Actor(kay, MEMBER).drain()
    found = mkpdu.first(Announcement)
    if not names or not policy.get("capability", 3):
        run.expect("announcement", None, found)
        return
    tlvs = () if found is None else found.tlvs
    run.expect("TLVs", [112], [each.type for each in tlvs])
    octets = [tlvs[0].value[at : at + 10].hex() for at in range(0, len(tlvs[0].value), 10)]
    wanted = [
        (2 if SUITES[name].xpn else 3).to_bytes(2).hex() + f"{SUITES[name].identifier:016x}"
        for name in names
    ]
    run.expect("capabilities and identifiers", wanted, octets)


for _id, _names, _policy in (
    ("NoCipherSuites", (), {"announce": False}),
    ("NoMACsec", _NAMES, {"capability": 0}),
    ("DefaultOnly", _NAMES[3:], {}),
    ("OneNonDefault", _NAMES[1:2], {}),
    ("TwoCiphers", _NAMES[2:], {}),
    ("FourCiphers", _NAMES, {}),
):
    case(
        f"TxAnnouncement.{_id}",
        "MKPDUs announce the suites that there are, each with its capability; none if there are "
        "none",
        clause=_CLAUSE,
    )(partial(announced, _names, _policy))
