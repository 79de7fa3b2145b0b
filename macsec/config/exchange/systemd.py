"""systemd.netdev: a MACsec device with static SAKs, each key in a file of its own (KeyFile=).

systemd counts the SAs of a channel from AN 0 on in the order of the file, and has GCM-AES-128 only.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from macsec.config.exchange.netdev_files import (
    CHANNEL,
    CIPHER,
    RECEIVE,
    TRANSMIT,
    read,
)
from macsec.config.exchange.pieces import (
    ExchangeFormat,
    Export,
    File,
    class_notes,
    sak,
    secy_notes,
    static,
)
from macsec.config.model import (
    Configuration,
    ReceiveSCSection,
    TransmitSASection,
    TransmitSCSection,
)
from macsec.config.sources import KeyRing
from macsec.errors import ConfigError
from macsec.terms import sci_text

DEVICE = "macsec0"
NAME = f"{DEVICE}.netdev"


def export(config: Configuration, ring: KeyRing, folder: Path) -> Export:
    """The .netdev file and the key files. Raises ConfigError."""
    static(config, "systemd.netdev")
    if config.tx is None:
        raise ConfigError("tx: is missing: a macsec device has a transmit SC")
    if config.secy.cipher != CIPHER:
        raise ConfigError(f"systemd.netdev has {CIPHER} only, not {config.secy.cipher}")
    keys: list[File] = []
    tx, secy = config.tx, config.secy
    text = [
        "# A .network file for the wire names it: [Network] MACsec=" + DEVICE,
        *_section("NetDev", Name=DEVICE, Kind="macsec", MACAddress=_mac(tx.sci)),
        *_section("MACsec", Port=tx.sci & 0xFFFF, Encrypt=_yes(secy.encrypt)),
    ]
    for an, sa in _in_order(tx):
        key = sak(config, ring, sa.key)
        fields = _association(sa, key, f"{DEVICE}-tx-{an}.key", folder, keys)
        # Activate= comes last: UseForEncoding=yes implies it.
        text += _section(TRANSMIT, UseForEncoding=_yes(an == secy.encodingsa), **fields)
    for channel in config.rx:
        peer = {"Port": channel.sci & 0xFFFF, "MACAddress": _mac(channel.sci)}
        text += _section(CHANNEL, **peer)
        for an, sa in _in_order(channel):
            name = f"{DEVICE}-rx-{sci_text(channel.sci)}-{an}.key"
            key = sak(config, ring, sa.key)
            text += _section(RECEIVE, **peer, **_association(sa, key, name, folder, keys))
    notes = secy_notes(secy, {"cipher", "encrypt", "encodingsa", "replay", "profile"})
    notes += class_notes(tx)
    if secy.replay:
        notes.append("secy.replay cannot be expressed in this format: such a device has it off")
    if not (tx.enabled and all(channel.enabled for channel in config.rx)):
        notes.append("an SC that is off cannot be expressed in this format: its SAs are")
    if secy.profile != "linux":
        notes.append("profile: the device behaves as profile: linux")
    notes.append("systemd-networkd has to be able to read the keys: chgrp systemd-network, 0640")
    return Export([File(NAME, "\n".join(text) + "\n", secret=False), *keys], notes)


def _in_order(
    channel: TransmitSCSection | ReceiveSCSection,
) -> Iterator[tuple[int, TransmitSASection]]:
    for place, (an, sa) in enumerate(sorted(channel.sa.items())):
        if an != place:
            raise ConfigError(
                f"SCI {sci_text(channel.sci)}: systemd counts ANs from 0 on without a gap; "
                f"there is no SA {place}"
            )
        yield an, sa


def _association(
    sa: TransmitSASection, key: bytes, name: str, folder: Path, keys: list[File]
) -> dict[str, Any]:
    keys.append(File(name, key.hex() + "\n"))
    path = folder.absolute() / name
    return {
        "PacketNumber": sa.pn,
        "KeyId": f"{len(keys):032x}",
        "KeyFile": path,
        "Activate": _yes(sa.enabled),
    }


def _section(section: str, **fields: Any) -> list[str]:
    return ["", f"[{section}]", *(f"{name}={value}" for name, value in fields.items())]


def _mac(sci: int) -> str:
    return (sci >> 16).to_bytes(6).hex(":")


def _yes(value: bool) -> str:
    return "yes" if value else "no"


FORMAT = ExchangeFormat(export, read, folder=True)
