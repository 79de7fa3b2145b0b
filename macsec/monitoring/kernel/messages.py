"""The messages of the generic netlink family `macsec`, by the names of linux/if_macsec.h.

The place in a table is the number of an attribute. SCIs and SSCIs are in network order, a PN has
four octets, or eight under XPN: they stay octets here.
"""

from __future__ import annotations

from pyroute2.netlink import genlmsg, nla

FAMILY, VERSION = "macsec", 1
GET_TXSC = 0

_SA_STATS = (
    *("UNSPEC", "IN_PKTS_OK", "IN_PKTS_INVALID", "IN_PKTS_NOT_VALID", "IN_PKTS_NOT_USING_SA"),
    *("IN_PKTS_UNUSED_SA", "OUT_PKTS_PROTECTED", "OUT_PKTS_ENCRYPTED"),
)
_RXSC_STATS = (
    *("UNSPEC", "IN_OCTETS_VALIDATED", "IN_OCTETS_DECRYPTED", "IN_PKTS_UNCHECKED"),
    *("IN_PKTS_DELAYED", "IN_PKTS_OK", "IN_PKTS_INVALID", "IN_PKTS_LATE", "IN_PKTS_NOT_VALID"),
    *("IN_PKTS_NOT_USING_SA", "IN_PKTS_UNUSED_SA"),
)
_TXSC_STATS = (
    *("UNSPEC", "OUT_PKTS_PROTECTED", "OUT_PKTS_ENCRYPTED", "OUT_OCTETS_PROTECTED"),
    "OUT_OCTETS_ENCRYPTED",
)
_SECY_STATS = (
    *("UNSPEC", "OUT_PKTS_UNTAGGED", "IN_PKTS_UNTAGGED", "OUT_PKTS_TOO_LONG", "IN_PKTS_NO_TAG"),
    *("IN_PKTS_BAD_TAG", "IN_PKTS_UNKNOWN_SCI", "IN_PKTS_NO_SCI", "IN_PKTS_OVERRUN"),
)


def _counts(names: tuple[str, ...], kind: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, "none" if name == "UNSPEC" else kind) for name in names)


class SaStats(nla):
    """Counters of an SA."""

    nla_map = _counts(_SA_STATS, "uint32")


class RxscStats(nla):
    """Counters of a receive SC."""

    nla_map = _counts(_RXSC_STATS, "uint64")


class TxscStats(nla):
    """Counters of the transmit SC."""

    nla_map = _counts(_TXSC_STATS, "uint64")


class SecyStats(nla):
    """Counters of a SecY that no SC has."""

    nla_map = _counts(_SECY_STATS, "uint64")


class SaMessage(nla):
    """An SA. Its key is never in an answer of the kernel."""

    sa_stats = SaStats
    nla_map = (
        ("UNSPEC", "none"),
        ("AN", "uint8"),
        ("ACTIVE", "uint8"),
        ("PN", "cdata"),
        ("KEY", "none"),
        ("KEYID", "cdata"),
        ("STATS", "sa_stats"),
        ("PAD", "none"),
        ("SSCI", "cdata"),
        ("SALT", "none"),
    )


class RxscMessage(nla):
    """A receive SC."""

    sa, rxsc_stats = SaMessage, RxscStats
    nla_map = (
        ("UNSPEC", "none"),
        ("SCI", "cdata"),
        ("ACTIVE", "uint8"),
        ("SA_LIST", "*sa"),
        ("STATS", "rxsc_stats"),
    )


class SecyMessage(nla):
    """The controls of a SecY."""

    nla_map = (
        ("UNSPEC", "none"),
        ("SCI", "cdata"),
        ("ENCODING_SA", "uint8"),
        ("WINDOW", "uint32"),
        ("CIPHER_SUITE", "uint64"),
        ("ICV_LEN", "uint8"),
        ("PROTECT", "uint8"),
        ("REPLAY", "uint8"),
        ("OPER", "uint8"),
        ("VALIDATE", "uint8"),
        ("ENCRYPT", "uint8"),
        ("INC_SCI", "uint8"),
        ("ES", "uint8"),
        ("SCB", "uint8"),
    )


class MacsecMessage(genlmsg):
    """A SecY with its SCs and SAs: an answer to GET_TXSC."""

    secy, sa, rxsc = SecyMessage, SaMessage, RxscMessage
    txsc_stats, secy_stats = TxscStats, SecyStats
    nla_map = (
        ("UNSPEC", "none"),
        ("IFINDEX", "uint32"),
        ("RXSC_CONFIG", "none"),
        ("SA_CONFIG", "none"),
        ("SECY", "secy"),
        ("TXSA_LIST", "*sa"),
        ("RXSC_LIST", "*rxsc"),
        ("TXSC_STATS", "txsc_stats"),
        ("SECY_STATS", "secy_stats"),
        ("OFFLOAD", "hex"),
    )
