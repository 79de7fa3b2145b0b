"""Station 1: the octets of a frame that the SecY protects, field by field."""

from __future__ import annotations

from typing import NamedTuple, TypedDict

from macsec.frames import TCI, SecTAG, Sight
from macsec.frames.sectag import MEANINGS
from macsec.secy import Controls
from macsec.suites import SUITES
from macsec.terms import ADDRESSES_LENGTH, sci_text

from . import link


class Settings(TypedDict):
    """Settings of the sender."""

    suite: str
    encrypt: bool
    send_sci: bool
    an: int
    pn: int
    text: str


class OctetField(TypedDict):
    """A field: its octets `start` to `stop`, kind for its colour, value, meaning and clause."""

    name: str
    kind: str
    start: int
    stop: int
    value: str
    meaning: str
    clause: str


class Built(TypedDict):
    """A frame and its fields; `plain` are the octets of User Data before the cipher."""

    octets: str
    plain: str
    fields: list[OctetField]
    iv: str


ETHERTYPE = bytes.fromhex("88b5")
"""The EtherType for experiments within one network (IEEE 802)."""


class _Text(NamedTuple):
    name: str
    kind: str
    length: int
    clause: str
    meaning: str


_HEAD = (
    _Text(
        "Destination address",
        "da",
        6,
        "14.5",
        "Who gets the frame. In clear, and under the ICV: "
        "a changed octet makes the frame not valid.",
    ),
    _Text("Source address", "sa", 6, "14.5", "Who sends it. In clear, and under the ICV."),
    _Text(
        "EtherType of MACsec",
        "tag",
        2,
        "9.4",
        "88e5 says that a SecTAG follows. A station without MACsec discards the frame here.",
    ),
    _Text(
        "TCI and AN",
        "tag",
        1,
        "9.5, 9.6",
        "Six bits that say how the rest is to be read, and "
        "two that name one of four SAs, and so its key.",
    ),
    _Text(
        "SL",
        "tag",
        1,
        "9.7",
        "The length of the Secure Data if it is under 48 octets, else 0. "
        "Short frames get padding on the way, and the receiver must find the ICV.",
    ),
    _Text(
        "PN",
        "tag",
        4,
        "9.8",
        "The packet number, one more for each frame. It makes the nonce "
        "unique, and old frames are known by it. Under XPN these are the low 32 of 64 bits.",
    ),
)
_SCI = _Text(
    "SCI",
    "tag",
    8,
    "9.9",
    "The name of the sender's channel: its address and a port "
    "number. Without it, the receiver knows only one peer or reads ES or SCB.",
)
_SECURE = "What the frame carries, its own EtherType first. "
_ICV = (
    "The result of AES-GCM over addresses, SecTAG and Secure Data. Only a holder of the key "
    "can make it."
)


def built(settings: Settings) -> Built:
    """Return the protected frame. Raises ConfigError for settings that a SecY refuses."""
    controls = Controls(
        cipher=SUITES[settings["suite"]],
        encrypt=settings["encrypt"],
        send_sci=settings["send_sci"],
        encodingsa=settings["an"],
    )
    user_data = ETHERTYPE + settings["text"].encode()
    frame = link.sent(controls, settings["pn"], user_data)
    sight = link.seen(frame, controls)
    iv = controls.cipher.iv(int(link.SCI, 16), settings["pn"], link.SSCI, link.SALT)
    return {
        "octets": frame.hex(),
        "plain": user_data.hex(),
        "fields": fields(frame, sight),
        "iv": iv.hex()
        if controls.cipher.xpn
        else controls.cipher.iv(int(link.SCI, 16), settings["pn"]).hex(),
    }


def fields(frame: bytes, sight: Sight) -> list[OctetField]:
    """Return the fields of a frame whose SecTAG is valid."""
    tag, secure, icv = sight.tag, sight.secure, sight.icv
    if tag is None or secure is None or icv is None:
        return []
    found, at = [], 0
    for text in (*_HEAD, *([_SCI] if tag.sci is not None else [])):
        stop = at + text.length
        found.append(_field(text, at, stop, _value(text.name, frame[at:stop], tag)))
        at = stop
    encrypted = bool(tag.tci & TCI.E)
    how = (
        "Encrypted: without the key they are noise."
        if encrypted
        else ("In clear, since E is 0: every station can read them, and none can change them.")
    )
    length = secure.stop - secure.start
    kind = "secure" if encrypted else "clear"
    data = _Text("Secure Data", kind, length, "9.10", _SECURE + how)
    found.append(_field(data, secure.start, secure.stop, f"{length} octets"))
    end = _Text("ICV", "icv", icv.stop - icv.start, "9.11", _ICV)
    found.append(_field(end, icv.start, icv.stop, f"{end.length} octets"))
    return found


def _field(text: _Text, start: int, stop: int, value: str) -> OctetField:
    return {
        "name": text.name,
        "kind": text.kind,
        "start": start,
        "stop": stop,
        "value": value,
        "meaning": text.meaning,
        "clause": text.clause,
    }


def _value(name: str, octets: bytes, tag: SecTAG) -> str:
    if len(octets) == ADDRESSES_LENGTH // 2:
        return octets.hex(":")
    if name == "TCI and AN":
        bits = ", ".join(f"{bit.name} {int(bool(tag.tci & bit))}" for bit in TCI)
        return f"{bits}; AN {tag.an}: {MEANINGS[tag.tci & (TCI.E | TCI.C)]}"
    if name == "SL":
        return str(tag.sl)
    if name == "PN":
        return str(tag.pn)
    if name == "SCI":
        return sci_text(tag.sci or 0)
    return octets.hex()
