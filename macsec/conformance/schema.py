"""Files of schema `macsec-vectors/1`: the typed model of each vector type, and reading them.

A file that does not follow the schema is refused whole, with one line that names the vector and
the field: a vector that is read wrongly would pass for one that was checked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from macsec.errors import ConfigError
from macsec.suites import SUITES
from macsec.terms import PN_LIMIT_64

SCHEMA = "macsec-vectors/1"

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*")
_NUMBER = re.compile(r"0x[0-9A-Fa-f]{1,16}")


def _octets(value: object) -> bytes:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise ValueError("octets are a string with an even number of hex digits")
    return bytes.fromhex(value)


def _number(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < PN_LIMIT_64:
        return value
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise ValueError("a packet number is a number, or a string of 0x and up to 16 hex digits")
    return int(value, 16)


Octets = Annotated[bytes, BeforeValidator(_octets)]
Number = Annotated[int, BeforeValidator(_number)]
Result = Literal["valid", "invalid"]


class Model(BaseModel):
    """Read strictly: no conversions, no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Vector(Model):
    """Fields that every vector may have; each is checked against other fields only."""

    id: str
    source: str = ""
    also_in: list[str] = []
    note: str = ""
    flags: list[str] = []
    comment: str = ""


class TCIBits(Model):
    """The bits of the third octet of a SecTAG."""

    v: int
    es: int
    sc: int
    scb: int
    e: int
    c: int


class SecYFrame(Vector):
    """A frame before and behind a SecY, or one that a SecY refuses.

    Beside id, suite, sak, sci, pn and both frames all may be left out: the identifier and the
    length of PNs are the suite's, and the frame is one with an SCI, encrypted whole, of AN 0.
    """

    suite: str
    suite_id: Octets
    protection: Literal["integrity", "confidentiality"]
    conf_offset: int
    sak: Octets
    sci: Octets
    an: int
    pn: Number
    pn_bits: int
    ssci: Octets | None = None
    salt: Octets | None = None
    tci: TCIBits
    clear_tags: Octets
    clear_tags_in_aad: bool
    frame_in: Octets
    verdict: Literal["valid", "bad-tag", "icv-fails", "untagged"]
    frame_out: Octets
    sectag: Octets | None = None
    iv: Octets | None = None
    aad: Octets | None = None
    gcm_plaintext: Octets | None = None
    secure_data: Octets | None = None
    icv: Octets | None = None
    pad_to: int | None = None
    reason: str | None = None
    clause: str = ""
    plain_octets: int | None = None

    @model_validator(mode="before")
    @classmethod
    def _with_defaults(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        suite = SUITES.get(str(given.get("suite")).lower())
        confidential = given.get("protection", "confidentiality") == "confidentiality"
        derived: dict[str, Any] = {
            "protection": "confidentiality",
            "conf_offset": 0,
            "an": 0,
            "tci": dict.fromkeys(["v", "es", "scb"], 0)
            | {"sc": 1, "e": int(confidential), "c": int(confidential)},
            "clear_tags": "",
            "clear_tags_in_aad": False,
            "verdict": "valid",
        }
        # Of an unknown suite nothing follows: that is the one fault to report.
        identifier = "" if suite is None else suite.identifier.to_bytes(8).hex()
        derived |= {"suite_id": identifier, "pn_bits": 64 if suite and suite.xpn else 32}
        return derived | dict(given)


class PNRecovery(Vector):
    """A 64-bit PN from the 32 bits that a frame carries."""

    sectag_pn: Number
    lowest_pn: Number
    pn: Number


class ReplayStep(Model):
    """One good frame of a sequence, and what it leaves behind."""

    pn: Number
    counter: str
    next_pn: Number
    lowest_pn: Number


class ReplaySequence(Vector):
    """A sequence of PNs on one receive SA."""

    pn_bits: int
    replay_window: int
    replay_protect: bool
    start_next_pn: Number
    start_lowest_pn: Number
    steps: list[ReplayStep]
    published_late: int | None = None


class AESGCM(Vector):
    """AES-GCM alone."""

    key: Octets
    iv: Octets
    aad: Octets
    msg: Octets
    ct: Octets
    tag: Octets
    result: Result


class AESCMAC(Vector):
    """AES-CMAC alone."""

    key: Octets
    msg: Octets
    tag: Octets
    result: Result


class AESKeyWrap(Vector):
    """AES key wrap alone."""

    key: Octets
    msg: Octets
    ct: Octets
    result: Result


class KeyDerivation(Vector):
    """One derivation of IEEE 802.1X; which optional fields it needs follows from `kind`."""

    kind: Literal["kdf", "cak", "ckn", "kek", "ick", "sak"]
    key: Octets
    out_bits: int
    output: Octets
    label: Octets | None = None
    context: Octets | None = None
    mac1: Octets | None = None
    mac2: Octets | None = None
    session_id: Octets | None = None
    ckn: Octets | None = None
    msk: Octets | None = None
    ks_nonce: Octets | None = None
    mi_list: list[Octets] | None = None
    kn: Octets | None = None


class MKPDU(Vector):
    """An EAPOL-MKA frame with the keys behind it."""

    frame: Octets
    cak: Octets
    ckn: Octets
    kek: Octets
    ick: Octets
    icv: Octets
    wrapped_sak: Octets | None = None
    sak: Octets | None = None


class XPNSalt(Vector):
    """The Salt that key agreement gives an XPN SA."""

    mi: Octets
    kn: Octets
    salt: Octets


MODELS: dict[str, type[Vector]] = {
    "secy-frame": SecYFrame,
    "pn-recovery": PNRecovery,
    "replay": ReplaySequence,
    "aes-gcm": AESGCM,
    "aes-cmac": AESCMAC,
    "aes-keywrap": AESKeyWrap,
    "mka-kdf": KeyDerivation,
    "mkpdu": MKPDU,
    "xpn-salt": XPNSalt,
}


@dataclass(frozen=True, slots=True)
class VectorFile:
    """A file of vectors of one type. `name` is for people: a path, or a built-in file's name."""

    name: str
    type: str
    vectors: tuple[Vector, ...]


def load(path: str | Path) -> VectorFile:
    """Read one file. Raises ConfigError where it cannot be opened, or is not of the schema."""
    try:
        octets = Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from None
    return parse(str(path), octets)


@cache
def builtin() -> tuple[VectorFile, ...]:
    """The vectors that come with this package, by file name."""
    folder = files("macsec.conformance.vectors")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".json"))
    return tuple(parse(name, (folder / name).read_bytes()) for name in names)


def parse(name: str, octets: bytes) -> VectorFile:
    """The octets of a file as vectors. Raises ConfigError, which starts with `name`."""
    try:
        document = json.loads(octets)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{name}:{error.lineno}: not JSON: {error.msg}") from None
    except (UnicodeDecodeError, RecursionError):
        raise ConfigError(f"{name}: not JSON") from None
    return _file(name, document)


def _file(name: str, document: Any) -> VectorFile:
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ConfigError(f"{name}: not a file of schema {SCHEMA}")
    kind, vectors = document.get("type"), document.get("vectors")
    model = MODELS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise ConfigError(f"{name}: type {kind!r}: one of {', '.join(MODELS)}")
    if not isinstance(vectors, list):
        raise ConfigError(f"{name}: `vectors` is not a list")
    if not vectors:
        raise ConfigError(f"{name}: `vectors` is empty: nothing would be tested")
    parsed: list[Vector] = []
    faults: list[str] = []
    for row, given in enumerate(vectors):
        read = _vector(row, model, given)
        if isinstance(read, Vector):
            parsed.append(read)
        else:
            faults += (f"{name}: {fault}" for fault in read)
    seen: set[str] = set()
    for vector in parsed:
        if vector.id in seen:
            faults.append(f"{name}: two vectors have the id {vector.id!r}")
        seen.add(vector.id)
    if faults:
        raise ConfigError(faults[0], faults[1:])
    return VectorFile(name, str(kind), tuple(parsed))


def _vector(row: int, model: type[Vector], given: Any) -> Vector | list[str]:
    """Return a vector, or all of its faults."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        # Messages of the model name fields; the values, which may be keys, stay out.
        found = error.errors(include_input=False, include_url=False)
    known = isinstance(given, dict) and isinstance(given.get("id"), str)
    which = repr(given["id"]) if known else f"number {row + 1}"
    return [_fault(f"vector {which}", each["loc"], each["msg"]) for each in found]


def _fault(which: str, place: tuple[str | int, ...], reason: str) -> str:
    where = ".".join(map(str, place))
    reason = reason.removeprefix("Value error, ")
    return ": ".join([which, *([where] if where else []), reason])
