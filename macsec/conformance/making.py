"""Vectors of `secy-frame` from frames and a configuration: what this SecY makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from macsec.config import Configuration, KeyRing
from macsec.errors import ConfigError
from macsec.frames.dissect import vlan_tags_end
from macsec.frames.sectag import TCI, decode
from macsec.secy import SecY
from macsec.secy.from_config import require_transmit
from macsec.suites import SUITES
from macsec.terms import ADDRESSES_LENGTH, sci_text

from .schema import SCHEMA

BITS = (TCI.V, TCI.ES, TCI.SC, TCI.SCB, TCI.E, TCI.C)


def text_of(config: Configuration, frames: Iterable[bytes], named: str) -> str:
    """Return a file of vectors, one a line, with the SAK in it. Raises ConfigError.

    Frames that the SecY does not send are left out. `named`: the beginning of each id.
    """
    lines = ",\n".join(f"  {json.dumps(each)}" for each in _vectors(config, frames, named))
    about = json.dumps(f"frames of {named}, protected by macsec")
    return (
        f'{{\n "schema": "{SCHEMA}",\n "type": "secy-frame",\n "description": {about},\n'
        f' "sources": [],\n "vectors": [\n{lines}\n ]\n}}\n'
    )


def _vectors(
    config: Configuration, frames: Iterable[bytes], named: str
) -> Iterator[dict[str, Any]]:
    require_transmit(config)
    tx = config.tx
    if tx is None or tx.classes or not config.secy.protect:
        raise ConfigError("vectors need a transmit SC with SAs, and none for traffic classes")
    an = config.secy.encodingsa
    section = tx.sa[an]
    with KeyRing(config.origin.folder) as ring:
        sak = bytes(ring.key(section.key).expose()).hex()
    suite = SUITES[config.secy.cipher]
    xpn = {}
    if suite.xpn:
        xpn = {"ssci": f"{section.ssci or 0:08x}", "salt": (section.salt or b"").hex()}
    with SecY.from_config(config.to_send()) as secy:
        for number, frame in enumerate(frames):
            pn = secy.tx.sa[an].next_pn
            sent = secy.protect_frame(frame)
            if sent is None or secy.tx.sa[an].next_pn == pn:
                continue
            yield {
                "id": f"{named}-{number}",
                "suite": suite.name.upper(),
                "sak": sak,
                "sci": sci_text(tx.sci),
                "an": an,
                "pn": f"0x{pn:x}",
                **xpn,
                **_settings(config, frame, sent),
                "frame_in": frame.hex(),
                "frame_out": sent.hex(),
                "verdict": "valid",
            }


def _settings(config: Configuration, frame: bytes, sent: bytes) -> dict[str, Any]:
    """Return what a SecY has to be set to for this frame."""
    at = vlan_tags_end(frame, config.secy.clear_tags)
    tag = decode(sent[at:], config.secy.ethertype)
    if tag is None:
        raise ConfigError("a frame was sent in clear: no vector for secy.clear")
    kept = frame[ADDRESSES_LENGTH:at]
    return {
        "protection": "confidentiality" if config.secy.encrypt else "integrity",
        "conf_offset": config.secy.offset,
        "tci": {str(bit.name).lower(): int(bool(tag.tci & bit)) for bit in BITS},
        "clear_tags": kept.hex(),
        "clear_tags_in_aad": bool(kept) and config.secy.clear_tags_authenticated,
    }
