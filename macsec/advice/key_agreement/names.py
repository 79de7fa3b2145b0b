"""Signs in the CKNs of a capture: filled, misspelt, or of one end only."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from .catalogue import Certainty, Sign
from .evidence import ENOUGH, CaEvidence, Evidence, member

MOST_CKNS = 64
"""CKNs of a capture that are compared with one another, the first ones."""


def misnamed(evidence: Evidence) -> Iterator[Sign]:
    """Yield signs in pairs of CKNs, each of which one end alone uses."""
    for one, other in combinations([*evidence.associations.values()][:MOST_CKNS], 2):
        quirk = _likeness(one.ckn, other.ckn)
        if quirk and one.senders.keys() != other.senders.keys():
            yield _sign(quirk, Certainty.SHOWN, one, other)
    lonely = [each for each in evidence.associations.values() if _is_lonely(each)][:MOST_CKNS]
    for one, other in combinations(lonely, 2):
        apart = one.senders.keys().isdisjoint(other.senders)
        if apart and not _likeness(one.ckn, other.ckn):
            certainty = Certainty.SHOWN if len(lonely) == 2 else Certainty.LIKELY
            yield _sign("ckn-mismatch", certainty, one, other)
    for one in lonely:
        yield from _unshared(evidence, one)


def _likeness(one: bytes, other: bytes) -> str:
    """Return the fault that makes two names of one, or nothing."""
    if one.rstrip(b"\0") == other.rstrip(b"\0") != b"":
        return "ckn-padding"
    for text, octets in ((one, other), (other, one)):
        spelt = octets.hex().encode()
        if text.rstrip(b"\0").lower() in (spelt, spelt.rstrip(b"0")):
            return "ckn-text"
    return ""


def _sign(quirk: str, certainty: Certainty, one: CaEvidence, other: CaEvidence) -> Sign:
    first, second = sorted((one, other), key=lambda each: each.messages[0].frame)
    parts = [
        f"{' and '.join(map(member, each.senders))} has {each.ckn.hex()}"
        for each in (first, second)
    ]
    return Sign(quirk, certainty, second.messages[0].frame, "; ".join(parts))


def _is_lonely(association: CaEvidence) -> bool:
    """Return whether a CA has one member, which lists no peer."""
    return len(association.senders) == 1 and not any(each.lists for each in association.messages)


def _unshared(evidence: Evidence, lonely: CaEvidence) -> Iterator[Sign]:
    """Yield a sign for a CKN of one end that has another in common with its partner."""
    (sci,) = lonely.senders
    shared = [
        each
        for each in evidence.associations.values()
        if each is not lonely and sci in each.senders and len(each.senders) > 1
    ]
    if shared and len(lonely.messages) > ENOUGH:
        yield Sign(
            "ckn-one-end",
            Certainty.LIKELY,
            lonely.messages[0].frame,
            f"{member(sci)} alone sends with {lonely.ckn.hex()}; its partners know "
            f"{shared[0].ckn.hex()} only",
        )
