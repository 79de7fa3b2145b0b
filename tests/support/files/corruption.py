"""Spoiling one value of one vector, and which values a runner must not let pass.

Works on the JSON itself, not on the models, so that reading is tested too.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from macsec.conformance.schema import VectorFile, parse

Json = dict[str, Any]
Path = tuple[str | int, ...]

OTHER = {
    "suite": ("GCM-AES-128", "GCM-AES-256", "GCM-AES-XPN-128", "GCM-AES-XPN-256"),
    "protection": ("integrity", "confidentiality"),
    "verdict": ("valid", "bad-tag", "icv-fails", "untagged"),
    "reason": ("V set", "PN is zero", "fewer than 17 octets"),
    "result": ("valid", "invalid"),
    "kind": ("kdf", "cak", "ckn", "kek", "ick", "sak"),
    "counter": ("InPktsOK", "InPktsLate", "InPktsDelayed"),
}
"""Words, and a wrong word in place of each."""

GIVEN_FOR_NULL = {"ssci": "00000001", "salt": "00" * 12}


def always(_: Json, __: Path) -> bool:
    """Any change must be found."""
    return True


def if_valid(vector: Json, _: Path) -> bool:
    """Only what is valid can be spoiled: a refused frame stays refused."""
    return bool(vector.get("verdict", vector.get("result")) == "valid")


def if_refused(vector: Json, path: Path) -> bool:
    """Only where there is a reason to refuse."""
    return not if_valid(vector, path)


def if_plaintext_given(vector: Json, path: Path) -> bool:
    """Check invalid vectors too where the plaintext is given: the ciphertext must match it."""
    return if_valid(vector, path) or bool(vector["msg"])


def if_moves_next_pn(vector: Json, path: Path) -> bool:
    """A PN inside the window can be another and change nothing; one that moves nextPN cannot."""
    at = int(path[1])
    before = vector["steps"][at - 1]["next_pn"] if at else vector["start_next_pn"]
    return int(vector["steps"][at]["next_pn"], 16) > int(before, 16)


def if_window_decides(vector: Json, _: Path) -> bool:
    """The last lowestPN is a window behind nextPN."""
    last = vector["steps"][-1]
    return int(last["next_pn"], 16) - int(last["lowest_pn"], 16) == vector["replay_window"]


def if_protection_shows(vector: Json, _: Path) -> bool:
    """Some frame is late, or would be."""
    return any(step["counter"] != "InPktsOK" for step in vector["steps"])


Rule = Callable[[Json, Path], bool]

DECIDING: dict[str, dict[str, Rule]] = {
    "secy-frame": {
        **dict.fromkeys(("suite", "suite_id", "pn_bits", "ssci", "salt", "verdict"), always),
        **dict.fromkeys(("protection", "conf_offset", "sak", "sci", "an", "pn"), if_valid),
        **dict.fromkeys(("tci", "clear_tags", "clear_tags_in_aad", "frame_in"), if_valid),
        **dict.fromkeys(("sectag", "iv", "aad", "gcm_plaintext", "secure_data"), if_valid),
        **dict.fromkeys(("icv", "frame_out", "plain_octets"), if_valid),
        "reason": if_refused,
    },
    "pn-recovery": dict.fromkeys(("pn", "sectag_pn", "lowest_pn"), always),
    "replay": {
        "pn_bits": always,
        "steps": always,
        "published_late": always,
        "replay_window": if_window_decides,
        "replay_protect": if_protection_shows,
    },
    "aes-gcm": {
        "result": always,
        **dict.fromkeys(("key", "iv", "msg", "ct"), if_plaintext_given),
        **dict.fromkeys(("aad", "tag"), if_valid),
    },
    "aes-cmac": {"result": always, **dict.fromkeys(("key", "msg", "tag"), if_valid)},
    "aes-keywrap": {"result": always, **dict.fromkeys(("key", "msg", "ct"), if_valid)},
    "mka-kdf": {
        **dict.fromkeys(("kind", "key", "out_bits", "output", "label", "context"), always),
        **dict.fromkeys(("mac1", "mac2", "session_id", "ckn", "msk"), always),
        **dict.fromkeys(("ks_nonce", "mi_list", "kn"), always),
    },
    "mkpdu": dict.fromkeys(
        ("frame", "cak", "ckn", "kek", "ick", "icv", "wrapped_sak", "sak"), always
    ),
    "xpn-salt": dict.fromkeys(("mi", "kn", "salt"), always),
}
"""Type to field to when a spoiled value must be found."""

NOT_DECIDING: dict[str, dict[str, str]] = {
    "secy-frame": {
        "pad_to": "a frame padded to another length still validates",
        "clause": "says where the frame was published",
    },
    "replay": {
        "start_next_pn": "the first frame moves nextPN past it",
        "start_lowest_pn": "the window moves lowestPN past it",
    },
}
"""Fields that can hold another value and the vector still be true."""

LEADING = {("mka-kdf", "ckn"): 16, ("mka-kdf", "msk"): 16}
"""The number of octets of each that enter a key (802.1X 6.2.2, 9.3.3)."""

LABELS = frozenset({"id", "source", "also_in", "note", "flags", "comment"})
"""Fields for people."""


@cache
def documents() -> dict[str, Json]:
    """The built-in files as JSON, by name."""
    folder = files("macsec.conformance.vectors")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".json"))
    return {name: json.loads((folder / name).read_text()) for name in names}


def with_vectors(document: Json, vectors: list[Json]) -> VectorFile:
    """A file like another, with these vectors, read as any file is."""
    return parse("spoiled.json", json.dumps({**document, "vectors": vectors}).encode())


def deciding(kind: str, vector: Json) -> list[Path]:
    """Paths to the values of a vector that may be spoiled and must then be found."""
    return [
        path
        for field, rule in DECIDING[kind].items()
        if field in vector
        for path in _leaves((field,), vector[field])
        if _can_change(path, _at(vector, path)) and _rule(path, rule)(vector, path)
    ]


def _rule(path: Path, rule: Rule) -> Rule:
    return if_moves_next_pn if path[0] == "steps" and path[-1] == "pn" else rule


def _leaves(path: Path, value: Any) -> Iterator[Path]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves((*path, name), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves((*path, index), inner)
    else:
        yield path


def _at(vector: Json, path: Path) -> Any:
    value: Any = vector
    for step in path:
        value = value[step]
    return value


def _can_change(path: Path, value: Any) -> bool:
    return value != "" and (value is not None or path[-1] in GIVEN_FOR_NULL)


def spoil(kind: str, vector: Json, path: Path, random: Random) -> Json:
    """The vector with one bit, or one word, of the value at `path` changed."""
    spoiled = copy.deepcopy(vector)
    holder = _at(spoiled, path[:-1])
    value = holder[path[-1]]
    holder[path[-1]] = _changed(kind, path, value, random)
    assert holder[path[-1]] != value
    return spoiled


def _changed(kind: str, path: Path, value: Any, random: Random) -> Any:
    name = str(path[-1])
    if value is None:
        return GIVEN_FOR_NULL[name]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value ^ (1 if path[0] == "tci" else 1 << random.randrange(5))
    if name in OTHER:
        return random.choice([word for word in OTHER[name] if word != value])
    if value.startswith("0x"):
        digits = len(value) - 2
        # Only the upper half of lowestPN is sure to matter (10.6.2).
        low = 32 if (kind, name) == ("pn-recovery", "lowest_pn") else 0
        bit = random.randrange(low, 4 * digits)
        return f"0x{int(value, 16) ^ 1 << bit:0{digits}x}"
    octets = bytearray.fromhex(value)
    at = random.randrange(min(len(octets), LEADING.get((kind, name), len(octets))))
    octets[at] ^= 1 << random.randrange(8)
    return octets.hex()
