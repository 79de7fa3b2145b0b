"""Signs in frames that cannot be read, and in headers that differ between members."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from macsec.frames.dissect import vlan_tags_end
from macsec.kay.mkpdu.frame import EAPOL_MKA, EAPOL_VERSION, Refusal
from macsec.kay.mkpdu.parameter_sets import IcvIndicator
from macsec.terms import EAPOL_ETHERTYPES

from .catalogue import Certainty, Sign
from .evidence import CaEvidence, Evidence, Observed, member

_CUT = {Refusal.BEYOND_FRAME, Refusal.SHORT}


def unreadable(evidence: Evidence) -> Iterator[Sign]:
    """Yield signs in EAPOL frames that no receiver parses."""
    refused: dict[tuple[str, str], list[Observed]] = {}
    for message in evidence.observed:
        refusal = message.heard.refusal
        version = _mka_version(message.octets)
        if refusal is None or version is None:
            continue
        if version < EAPOL_VERSION:
            key = "eapol-version", f"EAPOL version {version} with an MKPDU"
        elif refusal in _CUT:
            key = "cut-mkpdu", refusal.text
        elif refusal is Refusal.INDICATOR:
            key = "icv-indicator", refusal.text
        elif refusal.was_mka:
            key = "malformed", refusal.text
        else:
            continue
        refused.setdefault(key, []).append(message)
    for (quirk, why), found in refused.items():
        source = found[0].octets[6:12].hex(":")
        yield Sign(
            quirk, Certainty.SHOWN, found[0].frame, f"from {source}: {why}", times=len(found)
        )


def _mka_version(octets: bytes) -> int | None:
    """Return the EAPOL version of a frame whose type is MKA, or None."""
    at = vlan_tags_end(octets, most=2)
    head = octets[at : at + 4]
    if len(head) < 4 or int.from_bytes(head[:2]) not in EAPOL_ETHERTYPES or head[3] != EAPOL_MKA:
        return None
    return head[2]


def _indicator(message: Observed) -> bool:
    return message.mkpdu.first(IcvIndicator) is not None


_TRAITS: dict[str, tuple[Callable[[Observed], object], Callable[[Observed], str]]] = {
    "destination": (
        lambda message: message.mkpdu.destination if not message.mkpdu.individual else b"",
        lambda message: f"sends to {message.mkpdu.destination.hex(':')}",
    ),
    "ethertype": (
        lambda message: message.mkpdu.ethertype,
        lambda message: f"sends EtherType {message.mkpdu.ethertype:04x}",
    ),
    "vlan-tags": (
        lambda message: [
            int.from_bytes(message.heard.tags[at : at + 2]) & 0xFFF
            for at in range(2, len(message.heard.tags), 4)
        ],
        lambda message: (
            f"sends tags {message.heard.tags.hex()}" if message.heard.tags else "sends no tag"
        ),
    ),
    "icv-indicator": (
        _indicator,
        lambda message: f"sends {'an' if _indicator(message) else 'no'} ICV Indicator",
    ),
}
"""Fault to the trait of a header that makes it, and the trait in words."""


def differing(association: CaEvidence, listener: int, speaker: int) -> list[Sign]:
    """Return a sign for each trait in which the headers of two members differ."""
    senders = association.senders
    first, second = senders[listener][0], senders[speaker][0]
    shown = max(first, second, key=lambda message: message.frame)
    return [
        Sign(
            quirk,
            Certainty.LIKELY,
            shown.frame,
            f"{association.name}: {member(listener)} {words(first)}, "
            f"{member(speaker)} {words(second)}",
        )
        for quirk, (trait, words) in _TRAITS.items()
        if trait(first) != trait(second)
    ]
