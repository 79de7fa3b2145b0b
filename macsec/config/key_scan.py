"""Keys in clear in configurations: ours, and those of programs, managers and switches.

A scan names the line and the kind of key, never the key. A key that another file or a vault holds,
or that is encrypted under a key of the switch, is none; one that is only obscured is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

ALLOWED = re.compile(r"pragma: allowlist secret|gitleaks:allow", re.I)
"""Marks of a line whose key is meant to be public, as other scanners have them."""

_PAIRS = r"[0-9a-f]{2}(?:[:-][0-9a-f]{2}){15}(?:(?:[:-][0-9a-f]{2}){16})?"
_OCTETS = rf"(?:0x)?(?:[0-9a-f]{{64}}|[0-9a-f]{{32}}|{_PAIRS})"
_END = r"(?![\w:.-])"
_HEX = _OCTETS + _END
_SHORT = r"(?:0x)?[0-9a-f]{16,130}" + _END
_QUOTE = r"[\"']?"


class FoundKey(NamedTuple):
    """A key in clear: its line from 1, its kind, and whose format the line has."""

    line: int
    kind: str
    format: str


class _Rule(NamedTuple):
    kind: str
    format: str
    pattern: re.Pattern[str]


def _rule(kind: str, form: str, pattern: str) -> _Rule:
    return _Rule(kind, form, re.compile(pattern, re.I))


RULES = (
    _rule("CAK", "wpa_supplicant", rf"^\s*mka_cak\s*=\s*{_QUOTE}{_SHORT}"),
    _rule(
        "CAK", "NetworkManager, nmstate, netplan", rf"\bmka-cak{_QUOTE}\s*[=: ]\s*{_QUOTE}{_SHORT}"
    ),
    _rule("CAK", "SR OS", rf"\bcak\s+{_QUOTE}\S+{_QUOTE}\s+hash2?\b"),
    _rule("CAK", "SR OS", rf"/configure\b.*\bcak\s+{_QUOTE}{_SHORT}"),
    _rule(
        "CAK",
        "Junos",
        rf"-key\s+cak\s+{_QUOTE}{_SHORT}|\bcak\s+{_QUOTE}(?:\$9\$\S|{_SHORT}{_QUOTE};)",
    ),
    _rule("CAK", "SR OS", rf"\bcak\s+{_QUOTE}{_SHORT}"),
    _rule(
        "key",
        "IOS, NX-OS",
        r"\bkey-(?:octet-)?string\s+(?!6\s)(?:[07]\s+|password7?\s+|clear\s+)?" + _SHORT,
    ),
    _rule("CAK", "EOS", rf"^\s*key\s+[0-9a-f]+\s+[07]\s+{_QUOTE}{_SHORT}"),
    _rule("key", "OpenConfig", rf"\bsecret-key{_QUOTE}\s*[:>]\s*{_QUOTE}{_SHORT}"),
    _rule("SAK", "ip macsec", rf"\bkey\s+[0-9a-f]{{1,32}}\s+{_HEX}"),
    _rule("SAK", "Wireshark", rf"^macsec\.psk:\s*{_QUOTE}{_HEX}"),
    _rule("SAK", "Wireshark", rf'^"?{_HEX}"?,\s*"[^"]*"\s*$'),
    _rule("CAK", "Wireshark", rf'^"?[0-9a-f]+"?,"[^"]*",{_QUOTE}{_HEX}'),
    _rule(
        "key", "macsec, systemd", rf"(?<![\w-])(?:key|cak|sak|kek){_QUOTE}\s*[:=]\s*{_QUOTE}{_HEX}"
    ),
)
"""A kind of key, whose format it is, and how a line with it looks; the first that fits names it."""


_BARE = _rule("key", "key file", rf"^\s*(?:-\s+)?{_QUOTE}{_HEX}{_QUOTE}\s*$")
"""A line of nothing but hex digits: a key, or a digest of something public. See `_is_key`."""
_CKN = rf"{_QUOTE}(?:0x)?(?:[0-9a-f]{{2}}){{1,32}}{_QUOTE}\s*:"
_NAMED = _rule(
    "CAK", "file of CAKs", rf"(?:^|[{{,])\s*{_CKN}\s*\[?\s*{_QUOTE}{_HEX}{_QUOTE}\s*(?:[]}},#]|$)"
)
"""CKN and CAK, as in the file of --cak; it could be a name and a digest too."""
_CKN_ALONE = re.compile(rf"^\s*{_CKN}\s*$", re.I)
_ITEM = re.compile(r"^\s*-\s")
_KEY_WORD = re.compile(r"(?<![a-z])(?:key|cak|sak|kek|ick|psk|secret)s?(?![a-z])", re.I)
_KEY_SUFFIXES = (".key", ".hex")
_DIGESTS = re.compile(r"(?<![a-z])(?:md5|sha|sha256|sums?|hash|hashes|digests?)(?![a-z])", re.I)


def keys_in(text: str, name: str = "") -> Iterator[FoundKey]:
    """Return every line with a key in clear. `name`: of the file, by which bare digits are judged.

    A line of nothing but digits is a key if the file has no other one, if its name has a key word
    or ends in .key or .hex, or if the line before it has a key word; and never if digests are named
    there. CKN and CAK on a line, or a list below a CKN, are CAKs unless digests are named.
    """
    before, alone, in_list = "", _is_alone(text), False
    for number, line in enumerate(text.splitlines(), 1):
        rule = _rule_of(line, before, name, alone, in_list)
        in_list = bool(_ITEM.search(line)) and (in_list or bool(_CKN_ALONE.search(before)))
        if rule is not None and not ALLOWED.search(line):
            yield FoundKey(number, rule.kind, rule.format)
        before = line if line.strip() else before


def _rule_of(line: str, before: str, name: str, alone: bool, in_list: bool) -> _Rule | None:
    rule = next((rule for rule in RULES if rule.pattern.search(line)), None)
    if rule is not None:
        return rule
    if _NAMED.pattern.search(line):
        return None if _DIGESTS.search(f"{before}\n{name}") else _NAMED
    if _BARE.pattern.search(line):
        if _ITEM.search(line) and (in_list or _CKN_ALONE.search(before)):
            return None if _DIGESTS.search(name) else _NAMED
        if _is_key(before, name, alone):
            return _BARE
    return None


def _is_alone(text: str) -> bool:
    """Return whether a file has one line beside blank ones and comments."""
    lines = (line.strip() for line in text.splitlines())
    return sum(bool(line) and not line.startswith(("#", ";", "//")) for line in lines) == 1


def _is_key(before: str, name: str, alone: bool) -> bool:
    """Return whether bare digits are a key, by the line before them and the file's name."""
    around = f"{before}\n{name}"
    if _DIGESTS.search(around):
        return False
    return alone or name.lower().endswith(_KEY_SUFFIXES) or _KEY_WORD.search(around) is not None
