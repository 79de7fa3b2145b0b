"""Every MACsec device of the kernel in this network namespace as a port."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from macsec.errors import EnvironmentLacks
from macsec.extras import lacks
from macsec.monitoring.model import SA, SC, MonitoredPort, SourceKind
from macsec.suites import SUITES

Attributes = dict[str, Any]

VALIDATE = ("disabled", "check", "strict")
SUITE_2006 = 0x0080020001000001
"""GCM-AES-128 as kernels before 2018's numbers name it."""
NAMES = {
    "IN_OCTETS_DECRYPTED": "InOctetsDecrypted",
    "IN_OCTETS_VALIDATED": "InOctetsValidated",
    "IN_PKTS_BAD_TAG": "InPktsBadTag",
    "IN_PKTS_DELAYED": "InPktsDelayed",
    "IN_PKTS_INVALID": "InPktsInvalid",
    "IN_PKTS_LATE": "InPktsLate",
    "IN_PKTS_NOT_USING_SA": "InPktsNotUsingSA",
    "IN_PKTS_NOT_VALID": "InPktsNotValid",
    "IN_PKTS_NO_SCI": "InPktsNoSCI",
    "IN_PKTS_NO_TAG": "InPktsNoTag",
    "IN_PKTS_OK": "InPktsOK",
    "IN_PKTS_OVERRUN": "InPktsOverrun",
    "IN_PKTS_UNCHECKED": "InPktsUnchecked",
    "IN_PKTS_UNKNOWN_SCI": "InPktsUnknownSCI",
    "IN_PKTS_UNTAGGED": "InPktsUntagged",
    "IN_PKTS_UNUSED_SA": "InPktsUnusedSA",
    "OUT_OCTETS_ENCRYPTED": "OutOctetsEncrypted",
    "OUT_OCTETS_PROTECTED": "OutOctetsProtected",
    "OUT_PKTS_ENCRYPTED": "OutPktsEncrypted",
    "OUT_PKTS_PROTECTED": "OutPktsProtected",
    "OUT_PKTS_TOO_LONG": "OutPktsTooLong",
    "OUT_PKTS_UNTAGGED": "OutPktsUntagged",
}
"""Names of counters in if_macsec.h and in the standard (10.7)."""
SUMS = {
    "InPktsNoSA": ("InPktsUnknownSCI", "InPktsUnusedSA"),
    "InPktsNoSAError": ("InPktsNoSCI", "InPktsNotUsingSA"),
}
"""Counters of the 2018 edition, which the kernel keeps in two parts each."""


def has_macsec() -> bool:
    """Return whether this kernel has MACsec now: a module comes with the first device.

    Raises EnvironmentLacks without pyroute2.
    """
    return bool(_dumped(only_ask=True))


def ports() -> list[MonitoredPort]:
    """Return all devices of this network namespace; no user needs a right for it.

    Raises EnvironmentLacks without pyroute2, OSError if the kernel refuses.
    """
    messages = _dumped()
    links = _links() if messages else {}
    return [port_of_message(message, links) for message in messages]


def port_of_message(message: Any, links: Mapping[int, tuple[str, str]]) -> MonitoredPort:
    """Return the port of a decoded message; `links`: names of a device and of that below it."""
    given = _plain(message)
    secy = given["SECY"]
    suite, limit = _suite(secy["CIPHER_SUITE"])
    window = secy["WINDOW"] if secy.get("REPLAY") else None
    sas = tuple(_sa(each, limit) for each in given.get("TXSA_LIST", []))
    opened = bool(secy["OPER"])
    sent = _counts(given.get("TXSC_STATS", {}))
    name, lower = links.get(given["IFINDEX"], (f"if{given['IFINDEX']}", ""))
    transmit = SC(
        sci=secy["SCI"].hex(),
        transmits=True,
        in_use=opened and any(sa.in_use for sa in sas),
        counters=sent,
        sas=sas,
    )
    receive = [_receive_sc(each, limit, window) for each in given.get("RXSC_LIST", [])]
    return MonitoredPort(
        kind=SourceKind.KERNEL,
        name=name,
        lower=lower,
        sci=transmit.sci,
        suite=suite,
        encrypts=bool(secy["ENCRYPT"]),
        protects=bool(secy["PROTECT"]),
        validate=VALIDATE[secy["VALIDATE"]],
        replay_window=window,
        opened=opened,
        counters=_summed([_counts(given.get("SECY_STATS", {})), sent, *_of(receive)]),
        scs=(transmit, *receive),
    )


def _of(channels: Iterable[SC]) -> Iterator[Mapping[str, int]]:
    return (channel.counters for channel in channels)


def _receive_sc(given: Attributes, limit: int, window: int | None) -> SC:
    sas = tuple(_sa(each, limit, window, True) for each in given.get("SA_LIST", []))
    active = bool(given["ACTIVE"])
    return SC(
        sci=given["SCI"].hex(),
        transmits=False,
        in_use=active and any(sa.in_use for sa in sas),
        counters=_counts(given.get("STATS", {})),
        sas=sas,
    )


def _sa(given: Attributes, limit: int, window: int | None = None, receives: bool = False) -> SA:
    """Return an SA. lowestPN is what the kernel derives from nextPN and the window; no times."""
    next_pn = int.from_bytes(given["PN"], sys.byteorder) or limit
    lowest = max(1, next_pn - window) if window is not None else 1
    ssci = given.get("SSCI")
    return SA(
        an=given["AN"],
        in_use=bool(given["ACTIVE"]),
        next_pn=next_pn,
        pn_limit=limit,
        lowest_pn=lowest if receives else None,
        ki=given.get("KEYID", b"").hex().strip("0") and given["KEYID"].hex(),
        ssci=None if ssci is None else int.from_bytes(ssci),
        counters=_of_sa(_counts(given.get("STATS", {})), receives),
    )


def _of_sa(counts: Mapping[str, int], receives: bool) -> dict[str, int]:
    """Return the counters of an SA's direction: the kernel has one list for both."""
    way = "In" if receives else "Out"
    return {name: count for name, count in counts.items() if name.startswith(way)}


def _suite(identifier: int) -> tuple[str, int]:
    """Return the name of a Cipher Suite and the first PN that it does not have."""
    for suite in SUITES.values():
        if identifier == suite.identifier:
            return suite.name, suite.pn_limit
    return ("gcm-aes-128" if identifier == SUITE_2006 else f"{identifier:016x}"), 1 << 32


def _counts(given: Attributes) -> dict[str, int]:
    return {NAMES[name]: count for name, count in given.items() if name in NAMES}


def _summed(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return the counters of a SecY, those of its SCs summed, with the sums of 2018."""
    total: Counter[str] = Counter(dict.fromkeys(NAMES.values(), 0))
    for part in parts:
        total.update(part)
    return {**total, **{name: sum(total[one] for one in of) for name, of in SUMS.items()}}


def _plain(message: Any) -> Attributes:
    """Return the attributes of a message as a dict; lists of messages as lists of dicts."""
    return {name: _value(value) for name, value in message["attrs"]}


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return [_value(each) for each in value]
    if isinstance(value, dict) and "attrs" in value:
        return _plain(value)
    return value


def _dumped(only_ask: bool = False) -> list[Any]:
    """Return all answers to GET_TXSC, or only the number of the family; none without MACsec."""
    try:
        from pyroute2.netlink import NLM_F_DUMP, NLM_F_REQUEST
        from pyroute2.netlink.exceptions import NetlinkError
        from pyroute2.netlink.generic import GenericNetlinkSocket
    except ImportError:
        raise lacks("exporter") from None
    from .messages import FAMILY, GET_TXSC, VERSION, MacsecMessage

    try:
        with GenericNetlinkSocket() as netlink:
            netlink.bind(FAMILY, MacsecMessage)
            if only_ask:
                return [netlink.prid]
            request = MacsecMessage()
            request["cmd"], request["version"] = GET_TXSC, VERSION
            flags = NLM_F_REQUEST | NLM_F_DUMP
            return list(netlink.nlm_request(request, msg_type=netlink.prid, msg_flags=flags))
    except NetlinkError as error:
        if error.code == NOT_THERE:
            return []
        raise EnvironmentLacks(f"the kernel refuses: {error}") from None


NOT_THERE = 2
"""ENOENT: no such family."""


def _links() -> dict[int, tuple[str, str]]:
    """Return the names of all interfaces, each with the name of the one below it."""
    from pyroute2 import IPRoute

    with IPRoute() as netlink:
        found = {each["index"]: each for each in netlink.get_links()}
    names = {index: each.get_attr("IFLA_IFNAME") for index, each in found.items()}
    return {
        index: (names[index], names.get(each.get_attr("IFLA_LINK"), ""))
        for index, each in found.items()
    }
