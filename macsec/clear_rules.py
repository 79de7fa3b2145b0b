"""Rules of the control `clear`: frames without a SecTAG that a SecY sends, accepts or refuses.

A rule is written as WHAT or WHAT=MODE. WHAT: a protocol of CLEAR_PROTOCOLS, an EtherType of four
hex digits, the MAC address of a group, or `vlan:ID` or `vlan:ID-ID`, the first tag of a frame. The
first rule that knows a frame decides.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from macsec.enumerations import NumberEnum

from .terms import (
    ADDRESSES_LENGTH,
    ETHERTYPE_EAPOL,
    ETHERTYPE_EAPOL_WAN,
    ETHERTYPE_LEAST,
    ETHERTYPE_MAC_CONTROL,
    ETHERTYPE_MACSEC,
    VLAN_TAG_LENGTH,
    VLAN_TPIDS,
    ethertype_of,
    mac_of,
)

OPCODE_PFC = 0x0101
"""MAC Control of Priority-based Flow Control; that of PAUSE is 0001."""
VLAN_IDS = 4095
"""VLAN Identifiers of frames are below; 0 is that of priority tags."""


class ClearMode(NumberEnum):
    """Sent, and accepted without a SecTAG: in clear, and yes; protected, and yes; protected, no.

    Frames with a SecTAG are always validated.
    """

    BYPASS = 0
    ENCRYPT = 1
    STRICT = 2


MODES = {mode.name.lower(): mode for mode in ClearMode}


class ClearRule(NamedTuple):
    """A rule: what a frame must have, None for any, and the mode. `vlans`: the first tag."""

    name: str
    ethertype: int | None = None
    destination: int | None = None
    opcode: int | None = None
    vlans: tuple[int, int] | None = None
    mode: ClearMode = ClearMode.BYPASS

    def knows(self, frame: bytes) -> bool:
        """Return whether a frame with an EtherType is one of this rule."""
        if self.vlans is not None:
            vlan = vlan_of(frame)
            return vlan is not None and self.vlans[0] <= vlan <= self.vlans[1]
        at = ADDRESSES_LENGTH
        return (
            self.ethertype in (None, int.from_bytes(frame[at : at + 2]))
            and self.destination in (None, int.from_bytes(frame[:6]))
            and (self.opcode is None or frame[at + 2 : at + 4] == self.opcode.to_bytes(2))
        )


CLEAR_PROTOCOLS = {
    rule.name: rule
    for rule in (
        ClearRule("lacp", 0x8809),
        ClearRule("lldp", 0x88CC),
        ClearRule("pause", ETHERTYPE_MAC_CONTROL),
        ClearRule("eapol", ETHERTYPE_EAPOL),
        ClearRule("ptp", 0x88F7),
        ClearRule("stp", destination=0x0180C2000000),
        ClearRule("cdp", destination=0x01000CCCCCCC),
        ClearRule("pfc", ETHERTYPE_MAC_CONTROL, opcode=OPCODE_PFC),
        ClearRule("eapol-wan", ETHERTYPE_EAPOL_WAN),
    )
}
"""Protocols with a name. `pause` is all of MAC Control; `pfc` before it is a rule of its own."""
CLEAR_VALUES_MOST = 8
"""EtherTypes, destinations and ranges of VLANs beside them."""
NEVER_CLEAR = {
    0x0800: "IPv4",
    0x86DD: "IPv6",
    ETHERTYPE_MACSEC: "SecTAGs",
    **dict.fromkeys(VLAN_TPIDS, "VLAN tags"),
}
"""EtherTypes under which users' frames would pass in clear by a slip."""


def clear_rule(text: str) -> ClearRule:
    """Return the rule that a text names, in its shortest spelling. Raises ValueError."""
    what, mark, word = text.partition("=")
    if mark and word not in MODES:
        raise ValueError(f"expected a mode behind =: {', '.join(MODES)}")
    rule = CLEAR_PROTOCOLS.get(what) or _value(what)
    mode = MODES[word] if mark else ClearMode.BYPASS
    return rule._replace(mode=mode)


def rule_text(rule: ClearRule) -> str:
    """Return the text of a rule, without the mode where it is bypass."""
    return f"{rule.name}={rule.mode.name.lower()}" if rule.mode else rule.name


def _value(what: str) -> ClearRule:
    if what.startswith("vlan:"):
        first, last = vlan_range(what.removeprefix("vlan:"))
        ends = str(first) if first == last else f"{first}-{last}"
        return ClearRule(f"vlan:{ends}", vlans=(first, last))
    try:
        ethertype = ethertype_of(what)
    except ValueError:
        group = _group_of(what)
        return ClearRule(group.to_bytes(6).hex(":"), destination=group)
    if ethertype < ETHERTYPE_LEAST:
        raise ValueError(f"{ethertype:04x} is not an EtherType: those are 0600 to ffff")
    if ethertype in NEVER_CLEAR:
        raise ValueError(f"{ethertype:04x} is that of {NEVER_CLEAR[ethertype]}, never in clear")
    return ClearRule(f"{ethertype:04x}", ethertype)


def _group_of(text: str) -> int:
    try:
        address = int.from_bytes(mac_of(text))
    except ValueError:
        names = ", ".join(CLEAR_PROTOCOLS)
        raise ValueError(
            f"expected {names}, an EtherType, vlan:ID-ID or the address of a group"
        ) from None
    if not address >> 40 & 1 or address == (1 << 48) - 1:
        raise ValueError("the address is not that of a group, or is that of all stations")
    return address


def vlan_range(text: str) -> tuple[int, int]:
    """Return the first and the last of VLAN Identifiers, `ID` or `ID-ID`. Raises ValueError."""
    match = re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?", text)
    if match is None:
        raise ValueError(f"expected VLANs as ID or ID-ID, 0 to {VLAN_IDS - 1}")
    first, last = int(match[1]), int(match[2] or match[1])
    if not first <= last < VLAN_IDS:
        raise ValueError(f"VLANs {text} are not within 0 to {VLAN_IDS - 1}, in order")
    return first, last


def vlan_of(frame: bytes) -> int | None:
    """Return the VLAN Identifier of the first tag of a frame; None without a whole tag."""
    at = ADDRESSES_LENGTH
    tagged = len(frame) >= at + VLAN_TAG_LENGTH and (
        int.from_bytes(frame[at : at + 2]) in VLAN_TPIDS
    )
    return int.from_bytes(frame[at + 2 : at + 4]) & 0xFFF if tagged else None
