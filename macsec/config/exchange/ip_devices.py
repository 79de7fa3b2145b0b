"""The macsec devices that commands of iproute2 make in Linux, with the defaults of both.

Each option of `ip link add ... type macsec` is a row of `OPTIONS`. A command that `ip` or the
kernel refuses raises Refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from macsec.suites import SUITES
from macsec.terms import WINDOW_LIMIT_XPN, mac_of, sci_text

_NUMBER = re.compile(r"0[xX][0-9A-Fa-f]+|[0-9]+")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")


class Refused(ValueError):
    """The reason why `ip` or the kernel refuses a command. Never holds a key."""


def number(most: int, least: int = 0, base: int = 0) -> Callable[[str], int]:
    """Make a reader of C's numbers: 0x hex, 0 in front octal (base 0)."""

    def read(text: str) -> int:
        value = -1
        if _NUMBER.fullmatch(text):
            try:
                value = int(text, base or _base(text))
            except ValueError:
                value = -1
        if not least <= value <= most:
            raise Refused(f"expected a number of {least} to {most}")
        return value

    return read


def _base(text: str) -> int:
    return 16 if text[:2].lower() == "0x" else 8 if text[0] == "0" else 10


def one_of(*names: str) -> Callable[[str], str]:
    """Make a reader of words."""

    def read(text: str) -> str:
        if text not in names:
            raise Refused(f"expected {', '.join(names[:-1])} or {names[-1]}")
        return text

    return read


def octets(least: int, most: int, what: str) -> Callable[[str], str]:
    """Make a reader of hex digits."""

    def read(text: str) -> str:
        if not _HEX.fullmatch(text) or not least <= len(text) // 2 <= most:
            raise Refused(f"expected {what} of {2 * least} to {2 * most} hex digits")
        return text.lower()

    return read


def _cipher(text: str) -> str:
    if text == "default":
        return "gcm-aes-128"
    if text != text.lower() and text != text.upper():
        raise Refused(f"expected default, {', '.join(SUITES)}")
    return one_of("default", *SUITES)(text.lower())


def _sci(text: str) -> int:
    if not re.fullmatch(r"(?:0[xX])?[0-9A-Fa-f]{1,16}", text):
        raise Refused("expected an SCI of 1 to 16 hex digits")
    return int(text, 16)


def _mac(text: str) -> int:
    try:
        return int.from_bytes(mac_of(text))
    except ValueError:
        raise Refused("expected a MAC address") from None


_port = number(0xFFFF, least=1)
_an = number(3)
_on_off = one_of("on", "off")


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a macsec device, with the default of Linux.

    `entry`: the entry of `secy` that holds it, or None. `changes`: `link set` may change it.
    """

    read: Callable[[str], Any]
    default: Any
    entry: str | None
    changes: bool = True


OPTIONS: Mapping[str, Option] = {
    "cipher": Option(_cipher, "gcm-aes-128", "cipher", changes=False),
    "icvlen": Option(number(16, least=8, base=10), 16, "icv_length", changes=False),
    "encrypt": Option(_on_off, "off", "encrypt"),
    "send_sci": Option(_on_off, "on", "send_sci"),
    "end_station": Option(_on_off, "off", "end_station"),
    "scb": Option(_on_off, "off", "scb"),
    "protect": Option(_on_off, "on", "protect"),
    "replay": Option(_on_off, "off", "replay"),
    "window": Option(number((1 << 32) - 1), 0, "window"),
    "validate": Option(one_of("strict", "check", "disabled"), "strict", "validate"),
    "encodingsa": Option(_an, 0, "encodingsa"),
    "offload": Option(one_of("off", "phy", "mac"), "off", None),
}
SA_OPTIONS: Mapping[str, Callable[[str], Any]] = {
    "pn": number((1 << 32) - 1, least=1),
    "xpn": number((1 << 64) - 1, least=1),
    "salt": octets(12, 12, "a salt"),
    "ssci": lambda text: _sci(text) & 0xFFFFFFFF,
}


@dataclass(slots=True)
class Channel:
    """An SC: on or off, and its SAs by AN."""

    enabled: str = "on"
    sa: dict[int, dict[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Device:
    """A macsec device. `sci` is None if the file does not say the address of the lower device."""

    line: int
    name: str
    lower: str
    sci: int | None
    given: dict[str, Any]
    tx: Channel = field(default_factory=Channel)
    rx: dict[int, Channel] = field(default_factory=dict)

    @property
    def cipher(self) -> str:
        """The cipher suite."""
        return str(self.setting("cipher"))

    def setting(self, name: str) -> Any:
        """The value of an option, given or default."""
        return self.given.get(name, OPTIONS[name].default)

    def change(self, given: Mapping[str, Any]) -> None:
        """Perform `link set ... type macsec`. Raises Refused."""
        for name in given:
            if not OPTIONS[name].changes:
                raise Refused(f"{name} of a device cannot be changed")
        self.given |= given
        self.check(given)

    def check(self, given: Mapping[str, Any]) -> None:
        """Check the options of one command, as `ip` and the kernel do. Raises Refused."""
        named_sci = given.get("send_sci") == "on"
        marks = [name for name in ("end_station", "scb") if given.get(name) == "on"]
        if len(marks) + named_sci > 1:
            raise Refused("send_sci, end_station and scb exclude each other")
        if "window" in given and "replay" not in given:
            raise Refused("window without replay: replay on window N")
        if given.get("replay") == "on" and "window" not in given:
            raise Refused("replay on without window: replay on window N")
        if SUITES[self.cipher].xpn and self.setting("window") > WINDOW_LIMIT_XPN:
            raise Refused(f"window of an XPN suite is at most {WINDOW_LIMIT_XPN}")

    def tree(self) -> dict[str, Any]:
        """The device as a configuration."""
        secy = {
            option.entry: str(self.setting(name))
            for name, option in OPTIONS.items()
            if option.entry is not None
        }
        tree: dict[str, Any] = {"secy": {"profile": "linux", **secy}}
        if self.sci is not None:
            tree["tx"] = {"sci": sci_text(self.sci), "sa": _plain(self.tx.sa)}
        if self.rx:
            tree["rx"] = [
                {"sci": sci_text(sci), "enabled": channel.enabled, "sa": _plain(channel.sa)}
                for sci, channel in self.rx.items()
            ]
        return tree


def _plain(sas: dict[int, dict[str, Any]]) -> dict[str, Any]:
    return {str(an): {name: str(value) for name, value in sa.items()} for an, sa in sas.items()}


def options_of(words: Iterator[str]) -> dict[str, Any]:
    """Read options of a device to the end of a command. Raises Refused."""
    given: dict[str, Any] = {}
    for word in words:
        if word not in OPTIONS:
            raise Refused(f"{word}: no option of a macsec device")
        if word in given and word in ("cipher", "icvlen", "encodingsa"):
            raise Refused(f"{word} is given twice")
        given[word] = _value(OPTIONS[word].read, words, word)
    return given


def sci_of_words(words: list[str], own: int | None = None) -> tuple[int | None, list[str]]:
    """Read `sci SCI` or `port PORT address MAC` in front of a command's other words.

    `own`: the device's MAC address, for `port` alone. Returns None for an SCI that is not there.
    """
    rest = list(words)
    given: dict[str, int] = {}
    readers = {"sci": _sci, "port": _port, "address": _mac}
    while rest and rest[0] in readers and not ("sci" in given or len(given) == 2):
        word = rest.pop(0)
        given[word] = _value(readers[word], iter([rest.pop(0)] if rest else []), word)
    if "sci" in given:
        return given["sci"], rest
    address = given.get("address", own)
    if "port" not in given or address is None:
        return None, rest
    return address << 16 | given["port"], rest


def _value(read: Callable[[str], Any], words: Iterator[str], name: str) -> Any:
    text = next(words, None)
    if text is None:
        raise Refused(f"{name} without a value")
    try:
        return read(text)
    except Refused as error:
        raise Refused(f"{name}: {error}") from None


def association(words: list[str]) -> dict[str, Any]:
    """Read the options of an SA: pn, ssci, salt, enabled, key. Raises Refused."""
    sa: dict[str, Any] = {}
    given = iter(words)
    for word in given:
        entry = {"xpn": "pn", "on": "enabled", "off": "enabled"}.get(word, word)
        if entry in sa:
            raise Refused(f"{word} is given twice")
        if word in ("on", "off"):
            sa["enabled"] = word
        elif word == "key":
            _value(octets(1, 16, "a key identifier"), given, "key")
            sa["key"] = _value(octets(1, 32, "a key"), given, "key")
        elif word in SA_OPTIONS:
            value = _value(SA_OPTIONS[word], given, word)
            sa[entry] = f"{value:08x}" if word == "ssci" else value
            if word == "xpn":
                sa["xpn"] = "on"
        else:
            raise Refused(f"{word}: no option of an SA")
    return sa


def add_association(device: Device, channel: Channel, an: int, sa: dict[str, Any]) -> None:
    """Perform `macsec add ... sa`. Raises Refused."""
    suite, xpn = SUITES[device.cipher], sa.pop("xpn", None) is not None
    if "key" not in sa:
        raise Refused("an SA needs a key")
    if "pn" not in sa:
        raise Refused("an SA needs a packet number: pn, or xpn for an XPN suite")
    if len(sa["key"]) != 2 * suite.key_length:
        raise Refused(f"a key of {device.cipher} has {2 * suite.key_length} hex digits")
    if xpn != suite.xpn:
        raise Refused(f"{device.cipher} takes {'xpn' if suite.xpn else 'pn'}")
    if suite.xpn and not {"ssci", "salt"} <= sa.keys():
        raise Refused(f"{device.cipher} needs ssci and salt")
    if an in channel.sa:
        raise Refused(f"SA {an} exists")
    # Where on is not said, Linux leaves an SA off.
    channel.sa[an] = {"enabled": "off", **sa}


def set_association(channel: Channel, an: int, sa: dict[str, Any]) -> None:
    """Perform `macsec set ... sa`. Raises Refused."""
    sa.pop("xpn", None)
    if an not in channel.sa:
        raise Refused(f"there is no SA {an}")
    if "key" in sa:
        raise Refused("the key of an SA cannot be changed")
    channel.sa[an] |= sa


def delete_association(channel: Channel, an: int) -> None:
    """Perform `macsec del ... sa`. Raises Refused."""
    if an not in channel.sa:
        raise Refused(f"there is no SA {an}")
    if channel.sa[an]["enabled"] == "on":
        raise Refused(f"SA {an} is on: Linux deletes an SA that is off")
    del channel.sa[an]


ASSOCIATION = _an
SWITCH = _on_off
MAC = _mac
