"""Where the fields of a frame lie, for what aims at them: `match` and `corrupt_at`."""

from __future__ import annotations

from macsec.frames.dissect import Sight, Span, observe
from macsec.frames.sectag import LENGTH_WITHOUT_SCI, TagRules
from macsec.wire.param_values import Match

_RULES = TagRules()
_PN_AT = 4


def matches(match: Match, frame: bytes) -> bool:
    """Whether all that is wanted is there and fits."""
    sight = observe(frame, _RULES)
    return all(
        wanted is None or wanted == found
        for wanted, found in (
            (match.ethertype, sight.ethertype),
            (match.vlan, sight.tags[0].vid if sight.tags else None),
            (match.sci, sight.sci),
            (match.an, sight.tag.an if sight.tag else None),
        )
    )


def octets_at(name: str, frame: bytes) -> tuple[int, int]:
    """From which octet to which (not included) a field lies; (0, 0) where there is none.

    `payload` is the Secure Data, and of a frame without a SecTAG all behind the EtherType.
    """
    if name == "any":
        return 0, len(frame)
    if name == "dst":
        return 0, min(6, len(frame))
    sight = observe(frame, _RULES)
    if name == "payload" and not sight.is_macsec:
        return (sight.at + 2, len(frame)) if len(frame) > sight.at + 2 else (0, 0)
    return _in_sectag(name, sight)


def _in_sectag(name: str, sight: Sight) -> tuple[int, int]:
    if sight.tag is None:
        return 0, 0
    if name in ("payload", "icv"):
        span: Span | None = sight.secure if name == "payload" else sight.icv
        return (0, 0) if span is None else (span.start, span.stop)
    at = sight.at
    if name == "sci" and sight.tag.sci is None:
        return 0, 0
    return {
        "sectag": (at, at + sight.tag.length),
        "pn": (at + _PN_AT, at + LENGTH_WITHOUT_SCI),
        "sci": (at + LENGTH_WITHOUT_SCI, at + sight.tag.length),
    }[name]


def turned(frame: bytes, bit: int) -> bytes:
    """The frame with one bit the other way; bit 0 is the low one of the first octet."""
    changed = bytearray(frame)
    changed[bit >> 3] ^= 1 << (bit & 7)
    return bytes(changed)
