"""The SAKs that a running `macsec tap --mka` uses, as a configuration of static SAs.

Keys leave the process here and nowhere else: over a socket for its own user, if the configuration
has `allow_export`.
"""

from __future__ import annotations

import json
from typing import Any

from macsec.config import Configuration
from macsec.kay.kay import Kay
from macsec.kay.keys.sak import Sak
from macsec.secy import SecY
from macsec.secy.channels import TransmitSC
from macsec.terms import sci_text

Entries = dict[str, Any]


def export(kay: Kay, secy: SecY, model: Configuration) -> str:
    """Return a configuration in JSON, keys included; `macsec.config.load` takes it as a mapping."""
    controls = secy.controls
    given = {
        **model.secy.model_dump(mode="json", by_alias=True),
        "cipher": controls.cipher.name,
        "encrypt": controls.encrypt,
        "offset": controls.offset,
        "encodingsa": controls.encodingsa,
    }
    saks = {sak.an: sak for sak in kay.saks()}
    tx, *others = (_transmit(sc, saks) for sc in secy.tx_classes.values())
    classes = {
        str(traffic_class): {"sa": sas}
        for traffic_class, sas in zip(list(secy.tx_classes)[1:], others, strict=True)
    }
    tree: Entries = {
        "secy": {name: value for name, value in given.items() if value is not None},
        "tx": {"sci": sci_text(kay.sci), "sa": tx, **({"classes": classes} if classes else {})},
        "rx": [{"sci": sci, "sa": _received(secy, sci, saks)} for sci in secy.rx],
    }
    return json.dumps(tree)


def _transmit(sc: TransmitSC, saks: dict[int, Sak]) -> Entries:
    return {
        str(an): _sa(saks[an], int(str(sc.sci), 16), sa.next_pn)
        for an, sa in sc.sa.items()
        if an in saks
    }


def _received(secy: SecY, sci: str, saks: dict[int, Sak]) -> Entries:
    return {
        str(an): _sa(saks[an], int(sci, 16), sa.next_pn)
        for an, sa in secy.rx[sci].sa.items()
        if an in saks
    }


def _sa(sak: Sak, sci: int, next_pn: int) -> Entries:
    tree: Entries = {"key": sak.key.expose().hex(), "pn": next_pn}
    if sak.salt is not None:
        tree |= {"salt": sak.salt.hex(), "ssci": f"{sak.ssci(sci):08x}"}
    return tree
