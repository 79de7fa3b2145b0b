"""Station 2: a frame with flipped bits before a receiver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

from macsec.secy import Controls, Validate
from macsec.terms import ADDRESSES_LENGTH

from . import link
from .building import ETHERTYPE

PN, LOWEST_PN = 300, 200
TAG_LENGTH = 16
USER_DATA = ETHERTYPE + b"The lecture begins at nine in room 12. Bring paper."
_TCI = ("V", "ES", "SC", "SCB", "E", "C", "AN", "AN")
_MEANINGS = {
    "V": "version, always 0",
    "ES": "end station: the SCI follows from the source address",
    "SC": "the SecTAG carries an SCI",
    "SCB": "single copy broadcast",
    "E": "the data is encrypted",
    "C": "the data was changed",
    "AN": "which of four SAs",
}


class Flips(TypedDict):
    """Positions of flipped bits, counted from the first bit of the frame, and two controls."""

    flips: list[int]
    encrypt: bool
    validate: str


class Octet(TypedDict):
    """An octet that the page offers: its place, field, value, and its bits by name."""

    at: int
    name: str
    bits: list[int]
    names: list[str]


class Flipped(TypedDict):
    """The frame as it arrives, what the page offers to flip, and the judgement."""

    octets: str
    tag: list[Octet]
    judgement: link.Judgement
    counters: dict[str, int]


def flipped(given: Flips) -> Flipped:
    """Send a frame, flip its bits on the way, and return what the receiver makes of it."""
    validate = Validate[given["validate"].upper()]
    sending = Controls(encrypt=given["encrypt"])
    frame = bytearray(link.sent(sending, PN, USER_DATA))
    for bit in given["flips"]:
        frame[bit // 8] ^= 0x80 >> bit % 8
    octets = bytes(frame)
    with link.receiver(Controls(validate=validate, window=100), PN, LOWEST_PN) as secy:
        judgement = link.judged(secy, octets)
        counters = {name: count for name, count in secy.counters.items() if count}
    return {
        "octets": octets.hex(),
        "tag": list(_tag(octets)),
        "judgement": judgement,
        "counters": counters,
    }


def _tag(octets: bytes) -> Iterator[Octet]:
    for place in range(TAG_LENGTH + 2):
        # Behind the SecTAG, one octet of data and the last of the ICV.
        at = (ADDRESSES_LENGTH + place) if place <= TAG_LENGTH else len(octets) - 1
        bits = [octets[at] >> shift & 1 for shift in range(7, -1, -1)]
        name, names = _names(place)
        yield {"at": at, "name": name, "bits": bits, "names": names}


def _names(place: int) -> tuple[str, list[str]]:
    if place == 2:
        return "TCI, AN", [f"{bit}: {_MEANINGS[bit]}" for bit in _TCI]
    for name, start, stop in (
        ("EtherType", 0, 2),
        ("SL", 3, 4),
        ("PN", 4, 8),
        ("SCI", 8, 16),
        ("Data", 16, 17),
        ("ICV", 17, 18),
    ):
        if start <= place < stop:
            several = stop - start > 1
            label = f"{name} {place - start + 1}" if several else name
            return label, [f"bit {bit} of {label}" for bit in range(8, 0, -1)]
    raise IndexError(place)
