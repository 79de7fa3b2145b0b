"""Commands of iproute2 (`ip link`, `ip macsec`) that make the same SecY in Linux."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from macsec.config.exchange.ip_script import Network, chosen
from macsec.config.exchange.pieces import (
    ExchangeFormat,
    Export,
    File,
    Import,
    class_notes,
    imported,
    on_off,
    sak,
    secy_notes,
    static,
)
from macsec.config.model import Configuration, SecYSection, TransmitSASection
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
    notes = secy_notes(config.secy, _CARRIED) + class_notes(config.tx)
    if config.secy.profile != "linux":
        notes.append("profile: the device behaves as profile: linux")
    if config.secy.window and not config.secy.replay:
        notes.append("secy.window cannot be expressed in this format without replay: on")
    if config.secy.validate_frames == "null":
        raise ConfigError("validate: null is no mode of Linux: strict, check or disabled")
    lines = [*_device(config), *_transmit(config, ring), *_receive(config, ring, notes)]
    return Export([File(NAME, _HEAD + "".join(f"ip {line}\n" for line in lines))], notes)


def _device(config: Configuration) -> Iterator[str]:
    secy = config.secy
    given = {"cipher": secy.cipher, "icvlen": secy.icv_length, **_switches(secy)}
    if secy.replay:  # a window is only taken beside replay on
        given["window"] = secy.window
    given |= {"validate": secy.validate_frames, "encodingsa": secy.encodingsa}
    address, own = _sci(config)
    words = " ".join(f"{name} {value}" for name, value in given.items())
    yield f"link add link {LOWER} name {DEVICE} {address}type macsec {own} {words}"


def _switches(secy: SecYSection) -> dict[str, str]:
    """Switches as `ip` takes them together: at most one of send_sci, end_station and scb is on."""
    if secy.end_station and secy.scb:
        raise ConfigError("Linux takes one of end_station and scb, not both")
    marked = secy.end_station or secy.scb
    named = {name: on_off(getattr(secy, name)) for name in SWITCHES}
    if marked and secy.send_sci:
        del named["send_sci"]  # on by default, and stronger
    return named


def _sci(config: Configuration) -> tuple[str, str]:
    """The SCI: behind `sci`, or by address and port, as Linux wants it where it is not sent."""
    sci = config.tx.sci if config.tx else 0
    if config.secy.send_sci:
        return "", f"sci {sci_text(sci)}"
    if not sci & 0xFFFF:
        raise ConfigError("tx.sci: Linux takes port 0 only with send_sci: on")
    return f"address {(sci >> 16).to_bytes(6).hex(':')} ", f"port {sci & 0xFFFF}"


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


def read(path: Path, device: str | None = None) -> Import:
    """The macsec device that a script or a batch file leaves. Raises ConfigError, naming the line.

    `device`: NAME or NAMESPACE/NAME, where the file makes several.
    """
    network = Network(path)
    network.read(path)
    made = chosen(network, device)
    notes = list(network.notes)
    if made.sci is None:
        where = f"{path}:{made.line}"
        if made.tx.sa:
            raise ConfigError(
                f"{where}: the SCI is missing: the address of {made.lower} is not in the file; "
                "write sci SCI, or address MAC before type macsec"
            )
        notes.append(f"line {made.line}: tx is left out: the address of {made.lower} is not known")
    if made.tx.sa or any(channel.sa for channel in made.rx.values()):
        notes.append("identifiers of keys are not in a configuration, which names SAs by AN")
    return imported(made.tree(), path, notes)


FORMAT = ExchangeFormat(export, read)
