"""A configuration file of wpa_supplicant for a MACsec port with a pre-shared CAK."""

from __future__ import annotations

from pathlib import Path

from macsec.config.exchange.pieces import (
    ExchangeFormat,
    Export,
    File,
    agreement,
    caks,
    mka_notes,
    secy_notes,
)
from macsec.config.exchange.wpa_networks import SUITES, read
from macsec.config.model import Configuration
from macsec.config.sources import KeyRing
from macsec.errors import ConfigError

NAME = "wpa_supplicant.conf"


def export(config: Configuration, ring: KeyRing, folder: Path) -> Export:
    """One file with one network block. Raises ConfigError."""
    mka, secy = agreement(config, "wpa_supplicant"), config.secy
    if secy.cipher not in SUITES:
        raise ConfigError(f"wpa_supplicant has no {secy.cipher}: {' or '.join(SUITES)}")
    notes: list[str] = []
    keys = list(caks(mka, ring, notes))
    if not keys:
        raise ConfigError("; ".join(notes))
    ckn, cak = keys[0]
    fields = {
        "key_mgmt": "NONE",
        "eapol_flags": 0,
        "macsec_policy": 1,
        "macsec_integ_only": int(not secy.encrypt),
        "macsec_replay_protect": int(secy.replay),
        "macsec_replay_window": secy.window,
        "macsec_port": mka.port,
        "mka_cak": cak.hex(),
        "mka_ckn": ckn.hex(),
        "mka_priority": mka.priority,
    }
    if SUITES[secy.cipher]:
        fields["macsec_csindex"] = SUITES[secy.cipher]
        notes.append("macsec_csindex is known to wpa_supplicant 2.11 and later; 2.10 refuses it")
    if mka.include_icv_indicator:
        fields["macsec_icv_indicator"] = 1
        notes.append("macsec_icv_indicator is known to versions after 2.11 only")
    if len(keys) > 1:
        notes.append(f"one CAK per port: {len(keys) - 1} of the key chain not exported")
    if mka.policy == "must-secure":
        notes.append(
            "must-secure cannot be expressed in this format: the key server decides, "
            "as macsec_policy=1"
        )
    if len(mka.keychain) == len(mka.caks) and mka.keychain[0].start.ns:
        notes.append("the CAK's start cannot be expressed in this format: it is used at once")
    carried = {"cipher", "encrypt", "replay", "window"}
    notes += secy_notes(secy, carried)
    notes += mka_notes(mka, {"priority", "port", "policy", "include_icv_indicator"})
    block = "".join(f"    {name}={value}\n" for name, value in fields.items())
    head = "# wpa_supplicant -D macsec_linux -i IFACE -c FILE\neapol_version=3\nap_scan=0\n"
    return Export([File(NAME, f"{head}network={{\n{block}}}\n")], notes)


FORMAT = ExchangeFormat(export, read)
