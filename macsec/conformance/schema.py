"""Files of schema `macsec-vectors/1`: the typed model of each vector type, and reading them.

A file that does not follow the schema is refused whole, with one line that names the vector and
the field: a vector that is read wrongly would pass for one that was checked.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from macsec.errors import ConfigError, FormatError

SCHEMA = "macsec-vectors/1"

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*")
_NUMBER = re.compile(r"0x[0-9A-Fa-f]{1,16}")


def _octets(value: object) -> bytes:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise ValueError("octets are a string with an even number of hex digits")
    return bytes.fromhex(value)


def _number(value: object) -> int:
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise ValueError("a packet number is a string of 0x and up to 16 hex digits")
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
    """A frame before and behind a SecY, or one that a SecY refuses."""

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
    """Read one file. ConfigError: it cannot be opened; FormatError: it is not of the schema."""
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
    """The octets of a file as vectors. Raises FormatError, which starts with `name`."""
    try:
        document = json.loads(octets)
    except json.JSONDecodeError as error:
        raise FormatError(f"{name}: not JSON: {error.msg}", error.pos) from None
    except (UnicodeDecodeError, RecursionError):
        raise FormatError(f"{name}: not JSON") from None
    return _file(name, document)


def _file(name: str, document: Any) -> VectorFile:
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise FormatError(f"{name}: not a file of schema {SCHEMA}")
    kind, vectors = document.get("type"), document.get("vectors")
    model = MODELS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise FormatError(f"{name}: type {kind!r}: one of {', '.join(MODELS)}")
    if not isinstance(vectors, list):
        raise FormatError(f"{name}: `vectors` is not a list")
    parsed = tuple(_vector(name, row, model, given) for row, given in enumerate(vectors))
    seen: set[str] = set()
    for vector in parsed:
        if vector.id in seen:
            raise FormatError(f"{name}: two vectors have the id {vector.id!r}")
        seen.add(vector.id)
    return VectorFile(name, str(kind), parsed)


def _vector(name: str, row: int, model: type[Vector], given: Any) -> Vector:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        # Messages of the model name fields; the values, which may be keys, stay out.
        first = error.errors(include_input=False, include_url=False)[0]
        known = isinstance(given, dict) and isinstance(given.get("id"), str)
        which = repr(given["id"]) if known else f"number {row + 1}"
        where = ".".join(map(str, first["loc"]))
        reason = first["msg"].removeprefix("Value error, ")
        parts = [f"vector {which}", *([where] if where else []), reason]
        raise FormatError(f"{name}: {': '.join(parts)}") from None
