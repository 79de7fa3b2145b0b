"""Convert scalars of a configuration to Python values.

Every function takes text (from a file or a dict) or a native value (from a dict), and raises
ValueError. No message repeats a value that could be a key.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from macsec.clear_rules import CLEAR_PROTOCOLS, clear_rule, rule_text, vlan_range
from macsec.config.reading import is_null, shown
from macsec.terms import (
    PN_LIMIT_64,
    ethertype_of,
    mac_of,
    octets_of,
    sci_of,
)
from macsec.time_units import NS_PER_S

_DECIMAL = re.compile(r"[0-9]{1,20}")
_HEX = re.compile(r"0[xX][0-9A-Fa-f]{1,16}")
_SECONDS = re.compile(r"([0-9]{1,10})(?:\.([0-9]{1,9}))?s?")
MOMENTS = "seconds from the start, or a time like 2026-11-30T22:00:00Z"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SWITCHES = {"on": True, "off": False, "true": True, "false": False, "yes": True, "no": False}
"""Words for a switch, in lower or upper case; other programs write the later ones."""
RADIUS_PORT = 1812

DESTINATIONS = {
    "pae": bytes.fromhex("0180C2000003"),
    "bridge": bytes.fromhex("0180C2000000"),
    "provider-bridge": bytes.fromhex("0180C2000008"),
    "lldp": bytes.fromhex("0180C200000E"),
    "broadcast": b"\xff" * 6,
}
"""Addresses that MKPDUs are sent to, by name; on a WAN also that of the other station."""
SCI_FORMS = "expected an SCI: 16 hex digits, or a MAC address and its port (02:00:00:00:0a:01@1)"
_SALT_LENGTH = 12
_SSCI_LENGTH = 4


def switch(value: Any) -> bool:
    """`on` or `off`, another word of SWITCHES, or a bool."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in SWITCHES:
        return SWITCHES[value.lower()]
    raise ValueError(f"expected on or off{_given(value)}")


def number(value: Any) -> int:
    """A decimal or 0x hex number of at most 64 bits, or an int."""
    if isinstance(value, str):
        if _DECIMAL.fullmatch(value):
            value = int(value)
        elif _HEX.fullmatch(value):
            value = int(value, 16)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"expected a number, decimal or 0x hex{_given(value)}")
    if not 0 <= value < PN_LIMIT_64:
        raise ValueError("expected a number of 0 to 2^64-1")
    return int(value)


def numbers(value: Any) -> list[int]:
    """A list of numbers; one number alone is a list of it."""
    return [number(each) for each in (value if isinstance(value, list | tuple) else [value])]


def name(value: Any) -> str:
    """A text of at least one printable character; "" for none."""
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError(f"expected a name of printable characters{_given(value)}")
    return value


def mtu(value: Any) -> int | None:
    """`off` (also None and False), or a number."""
    if value is None or value is False or SWITCHES.get(str(value).lower()) is False:
        return None
    try:
        octets = number(value)
    except ValueError:
        raise ValueError(f"expected off or a number of octets{_given(value)}") from None
    if octets >= 1 << 32:
        raise ValueError("expected off or a number below 2^32")
    return octets


def an(value: Any) -> int:
    """An association number, the key of an SA: 0, 1, 2 or 3."""
    if isinstance(value, str) and value in ("0", "1", "2", "3"):
        return int(value)
    raise ValueError("an SA is named by its AN: 0, 1, 2 or 3")


def traffic_class(value: Any) -> int:
    """A traffic class other than that of the default SC: 1 to 7."""
    if isinstance(value, str) and value in ("1", "2", "3", "4", "5", "6", "7"):
        return int(value)
    raise ValueError("a transmit SC beside tx is named by its traffic class: 1 to 7")


def table(rows: int) -> Callable[[Any], list[int]]:
    """A list of as many numbers, each below that."""

    def listed(value: Any) -> list[int]:
        found = [number(entry) for entry in value] if isinstance(value, list | tuple) else []
        if len(found) != rows or max(found) >= rows:
            raise ValueError(f"expected a list of {rows} numbers of 0 to {rows - 1}")
        return found

    return listed


def sci(value: Any) -> int:
    """An SCI in any spelling of `sci_of`."""
    if isinstance(value, bool) or not isinstance(value, str | bytes | int):
        raise ValueError("expected 16 hex digits")
    try:
        return sci_of(value)
    except ValueError as error:
        raise ValueError(f"{SCI_FORMS}: {error}") from None


def ssci(value: Any) -> int:
    """8 hex digits, 0x hex, 4 octets, or an int.

    Fewer digits could be meant as decimal or as hex, so only a single one is taken.
    """
    if isinstance(value, str) and (_HEX.fullmatch(value) or re.fullmatch("[0-9]", value)):
        value = int(value, 0)
    elif isinstance(value, str | bytes):
        value = int.from_bytes(_octets(value, _SSCI_LENGTH, "an SSCI of 8 hex digits"))
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 32:
        raise ValueError("expected an SSCI of 8 hex digits")
    return int(value)


def ckn(value: Any) -> bytes:
    """The name of a CAK: 2 to 64 hex digits, an even number, or 1 to 32 octets."""
    what = "a CKN of 2 to 64 hex digits"
    name = _octets(value, len(value) if isinstance(value, bytes | bytearray) else None, what)
    if not 1 <= len(name) <= 32:
        raise ValueError(f"expected {what}, {len(name)} octets given")
    return name


def destination(value: Any) -> bytes:
    """The destination of MKPDUs: a word of DESTINATIONS, or any MAC address but zeros."""
    if isinstance(value, str) and value.lower() in DESTINATIONS:
        return DESTINATIONS[value.lower()]
    address = _mac(value, f"a MAC address, or {', '.join(DESTINATIONS)}")
    if not any(address):
        raise ValueError("expected a MAC address that is not zero")
    return address


class RadiusServer(NamedTuple):
    """A RADIUS server: a name or an address, and its port of UDP."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def server(value: Any) -> RadiusServer:
    """Return a server from HOST, HOST:PORT or [ADDRESS]:PORT; the port is that of RADIUS."""
    if isinstance(value, RadiusServer):
        return value
    pattern = r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+))(?::([0-9]{1,5}))?"
    match = re.fullmatch(pattern, value) if isinstance(value, str) else None
    if match is None or not 0 < int(match[3] or RADIUS_PORT) < 1 << 16:
        raise ValueError("expected a server: HOST, HOST:PORT or [ADDRESS]:PORT")
    return RadiusServer(match[1] or match[2], int(match[3] or RADIUS_PORT))


def ethertype(value: Any) -> int:
    """Four hex digits, with or without 0x, or an int."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return ethertype_of(value)
    elif isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 16:
        return value
    raise ValueError(f"expected an EtherType of 4 hex digits{_given(value)}")


def station_address(value: Any) -> int:
    """The MAC address of a station, as number."""
    what = "a MAC address of 12 hex digits"
    address = bytes(value) if isinstance(value, list | tuple) else _mac(value, what)
    if address[0] & 1 or not any(address):
        raise ValueError("expected a station's MAC address, not a group's and not all zeros")
    return int.from_bytes(address)


class Moment(NamedTuple):
    """A time: nanoseconds from the start of the run, or from 1970 in UTC if `absolute`."""

    ns: int
    absolute: bool = False

    def on(self, start_ns: int, wall_ns: int) -> int:
        """On a clock that showed `start_ns` at the start, when the time was `wall_ns`."""
        return start_ns + self.ns - (wall_ns if self.absolute else 0)

    def __str__(self) -> str:
        seconds, rest = divmod(self.ns, NS_PER_S)
        part = f".{rest:09}".rstrip("0") if rest else ""
        if not self.absolute:
            return f"{seconds}{part}"
        return f"{_EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}{part}Z"


def moment(value: Any) -> Moment:
    """Seconds from the start (text or a number), or an RFC 3339 time with its zone."""
    if isinstance(value, Moment):
        return value
    if isinstance(value, datetime):
        value = value.isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e10:
        return Moment(round(value * NS_PER_S))
    if isinstance(value, str):
        if match := _SECONDS.fullmatch(value):
            return Moment(int(match[1]) * NS_PER_S + int((match[2] or "0").ljust(9, "0")))
        if (time := _time(value)) is not None:
            return Moment((time - _EPOCH) // timedelta(microseconds=1) * 1000, absolute=True)
    raise ValueError(f"expected {MOMENTS}{_given(value)}")


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if time.tzinfo is None or time < _EPOCH else time


def salt(value: Any) -> bytes:
    """24 hex digits or 12 octets."""
    return _octets(value, _SALT_LENGTH, "a salt of 24 hex digits")


def word(*words: str, none: str | None = None) -> Callable[[Any], str]:
    """One of these words, in lower or upper case; `none` is the word for None."""
    lower = {word.lower(): word for word in words}

    def chosen(value: Any) -> str:
        if none is not None and is_null(value):
            return none
        if isinstance(value, str) and value.lower() in lower:
            return lower[value.lower()]
        raise ValueError(f"expected {', '.join(words[:-1])} or {words[-1]}{_given(value)}")

    return chosen


def words(*known: str) -> Callable[[Any], list[str]]:
    """A list of these words, each once; one word alone is a list of it."""
    chosen = word(*known)

    def listed(value: Any) -> list[str]:
        entries = value if isinstance(value, list | tuple) else [value]
        found = [chosen(entry) for entry in entries]
        if not found or len(set(found)) < len(found):
            raise ValueError(f"expected a list of {', '.join(known)}, each at most once")
        return found

    return listed


def all_or_words(*known: str) -> Callable[[Any], list[str]]:
    """A list of these words, each once; on or off for all of them or none."""
    listed = words(*known)

    def chosen(value: Any) -> list[str]:
        if value in ([], ()):
            return []
        if isinstance(value, bool) or str(value).lower() in SWITCHES:
            return [*known] if switch(value) else []
        return listed(value)

    return chosen


def clear_rules(value: Any) -> list[str]:
    """A list of rules of `clear_rules.py`, each at most once; or a mapping of them to modes."""
    found = [clear_rule(text) for text in _clear_texts(value)]
    if len({rule.name for rule in found}) < len(found):
        raise ValueError(f"expected each of {', '.join(CLEAR_PROTOCOLS)}, or a value, at most once")
    return [rule_text(rule) for rule in found]


def _clear_texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for what, mode in value.items():
            yield f"{what}={mode}".lower()
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _clear_texts(entry)
    else:
        yield str(value).lower()


def vlan_ranges(value: Any) -> list[str]:
    """A list of VLANs, `ID` or `ID-ID`; one alone is a list of it."""
    entries = value if isinstance(value, list | tuple) else [value]
    ranges = [vlan_range(str(entry)) for entry in entries]
    return [str(first) if first == last else f"{first}-{last}" for first, last in ranges]


def _octets(value: Any, length: int | None, what: str) -> bytes:
    if isinstance(value, str):
        try:
            return octets_of(value, length)
        except ValueError as error:
            raise ValueError(f"expected {what}: {error}") from None
    if isinstance(value, bytes | bytearray) and len(value) == length:
        return bytes(value)
    raise ValueError(f"expected {what}")


def _mac(value: Any, what: str) -> bytes:
    if isinstance(value, str):
        try:
            return mac_of(value)
        except ValueError as error:
            raise ValueError(f"expected {what}: {error}") from None
    return _octets(value, 6, what)


def _given(value: Any) -> str:
    if value is None or isinstance(value, bool | float):
        return f", not {value}"
    return f", not {shown(value)}" if isinstance(value, str) else ""
