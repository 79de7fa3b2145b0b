"""Commands of iproute2 (`ip link`, `ip macsec`) that make the same SecY in Linux."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from macsec.config.exchange.pieces import (
    ExchangeFormat,
    Export,
    File,
    Import,
    imported,
    on_off,
    sak,
    secy_notes,
    static,
    text_of,
)
from macsec.config.model import Configuration, TransmitSASection
from macsec.config.sources import KeyRing
from macsec.errors import ConfigError
from macsec.suites import SUITES
from macsec.terms import sci_text

NAME = "macsec.sh"
DEVICE, LOWER = "macsec0", "eth0"

SWITCHES = ("protect", "encrypt", "send_sci", "end_station", "scb", "replay")
_CARRIED = {*SWITCHES, "cipher", "window", "validate_frames", "encodingsa", "icv_length", "profile"}
_HEAD = f"""\
#!/bin/sh
# {LOWER} is the wire. So that no key shows among the processes:
#     sed -n 's/^ip //p' FILE | ip -batch -
set -e
"""


def export(config: Configuration, ring: KeyRing, folder: Path) -> Export:
    """A shell script. Raises ConfigError."""
    static(config, "ip macsec")
    if config.tx is None:
        raise ConfigError("tx: is missing: a macsec device has a transmit SC")
    notes = secy_notes(config.secy, _CARRIED)
    if config.secy.validate_frames == "null":
        raise ConfigError("validate: null is no mode of Linux: strict, check or disabled")
    lines = [*_device(config), *_transmit(config, ring), *_receive(config, ring, notes)]
    return Export([File(NAME, _HEAD + "".join(f"ip {line}\n" for line in lines))], notes)


def _device(config: Configuration) -> Iterator[str]:
    secy, tx = config.secy, config.tx
    sci = sci_text(tx.sci) if tx else ""
    words = " ".join(f"{name} {on_off(getattr(secy, name))}" for name in SWITCHES)
    # A window is only taken beside replay on.
    window = f" window {secy.window}" if secy.replay else ""
    yield (
        f"link add link {LOWER} name {DEVICE} type macsec sci {sci} cipher {secy.cipher} "
        f"icvlen {secy.icv_length} {words}{window} validate {secy.validate_frames} "
        f"encodingsa {secy.encodingsa}"
    )


def _transmit(config: Configuration, ring: KeyRing) -> Iterator[str]:
    for an, sa in sorted(config.tx.sa.items()) if config.tx else ():
        yield f"macsec add {DEVICE} tx sa {an} {_association(config, sa, an, ring)}"


def _receive(config: Configuration, ring: KeyRing, notes: list[str]) -> Iterator[str]:
    for channel in config.rx:
        sci = f"sci {sci_text(channel.sci)}"
        yield f"macsec add {DEVICE} rx {sci} {on_off(channel.enabled)}"
        for an, sa in sorted(channel.sa.items()):
            yield f"macsec add {DEVICE} rx {sci} sa {an} {_association(config, sa, an, ring)}"
            if sa.lowest_pn is not None and sa.lowest_pn != sa.pn:
                notes.append(
                    f"lowest_pn of SA {an} cannot be expressed in this format: Linux derives it"
                )


def _association(config: Configuration, sa: TransmitSASection, an: int, ring: KeyRing) -> str:
    xpn = SUITES[config.secy.cipher].xpn
    words = [f"{'xpn' if xpn else 'pn'} {sa.pn}"]
    if xpn:
        if sa.ssci is None or sa.salt is None:
            raise ConfigError(f"SA {an}: an XPN suite needs ssci and salt")
        words += [f"ssci {sa.ssci:x}", f"salt {sa.salt.hex()}"]
    # The key's identifier is a name of 16 octets that Linux shows in place of the key.
    return " ".join(
        [*words, on_off(sa.enabled), f"key {an:032x} {sak(config, ring, sa.key).hex()}"]
    )


def read(path: Path) -> Import:
    """The commands of a script or a batch file. Raises ConfigError, naming the line."""
    text = text_of(path).replace("\\\n", " ")
    tree: dict[str, Any] = {"secy": {}, "tx": {"sa": {}}, "rx": []}
    notes: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = _words(line)
        try:
            if words[:1] == ["link"] and "macsec" in words:
                _read_device(tree, words, notes)
            elif words[:2] in (["macsec", "add"], ["macsec", "set"]):
                _read_key(tree, words[3:], notes)
        except (ValueError, IndexError, StopIteration):
            raise ConfigError(f"{path}:{number}: not a command as ip macsec has it") from None
    if "sci" not in tree["tx"]:
        if tree["tx"]["sa"]:
            raise ConfigError(
                f"{path}: the SCI is missing: expected a line ip link add ... type macsec sci SCI"
            )
        del tree["tx"]
    return imported({key: value for key, value in tree.items() if value}, path, notes)


def _words(line: str) -> list[str]:
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return []
    words = words[1:] if words[:1] == ["sudo"] else words
    return words[1:] if words and words[0].rpartition("/")[2] == "ip" else words


def _read_device(tree: dict[str, Any], words: list[str], notes: list[str]) -> None:
    secy, given = tree["secy"], iter(words[words.index("macsec") + 1 :])
    address = _after(words, "address")
    # What Linux takes where nothing is said.
    secy.update(replay="off")
    for word in given:
        if word in (*SWITCHES, "cipher", "validate", "encodingsa", "window"):
            secy[word] = next(given)
        elif word == "icvlen":
            secy["icv_length"] = next(given)
        elif word == "sci":
            tree["tx"]["sci"] = next(given).rjust(16, "0")
        elif word == "port" and address:
            tree["tx"]["sci"] = _sci(address, next(given))
        else:
            notes.append(f"{word} {next(given, '')} is left out")
    if secy.get("cipher", "").lower() == "default":
        secy["cipher"] = "gcm-aes-128"


def _after(words: list[str], name: str) -> str | None:
    return words[words.index(name) + 1] if name in words[:-1] else None


def _sci(address: str, port: str) -> str:
    return f"{int(address.replace(':', ''), 16):012x}{int(port, 0):04x}"


def _read_key(tree: dict[str, Any], words: list[str], notes: list[str]) -> None:
    way, *rest = words
    if way not in ("tx", "rx"):
        raise ValueError
    channel = tree["tx"] if way == "tx" else _receive_channel(tree["rx"], rest)
    if "sa" not in rest:
        for word in ("on", "off"):
            if word in rest:
                channel["enabled"] = word
        return
    given = iter(rest[rest.index("sa") + 1 :])
    sa: dict[str, Any] = channel["sa"].setdefault(next(given), {})
    for word in given:
        if word in ("pn", "xpn"):
            sa["pn"] = next(given)
        elif word == "ssci":
            sa["ssci"] = f"{int(next(given), 16):08x}"
        elif word == "salt":
            sa["salt"] = next(given)
        elif word == "key":
            next(given)
            sa["key"] = next(given)
        elif word in ("on", "off"):
            sa["enabled"] = word
        else:
            raise ValueError
    # Without a word, Linux leaves an SA off.
    sa.setdefault("enabled", "off")


def _receive_channel(rx: list[dict[str, Any]], words: list[str]) -> dict[str, Any]:
    address, port, sci = (_after(words, name) for name in ("address", "port", "sci"))
    if sci is None:
        if address is None or port is None:
            raise ValueError
        sci = _sci(address, port)
    sci = sci.rjust(16, "0")
    for channel in rx:
        if channel["sci"] == sci:
            return channel
    rx.append({"sci": sci, "enabled": "off", "sa": {}})
    return rx[-1]


FORMAT = ExchangeFormat(export, read)
