"""Instance data of openconfig-keychain and openconfig-macsec, as JSON (RFC 7951)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from macsec.config.exchange.devices.settings import (
    NAME,
    DeviceLimits,
    PortKey,
    PortSettings,
    one_way,
)
from macsec.suites import SUITES

_SUITES = {name: name.upper().replace("-", "_") for name in SUITES}
_OFFSETS = {0: "0_BYTES", 30: "30_BYTES", 50: "50_BYTES"}


def write(port: PortSettings) -> Iterator[str]:
    """Yield the lines of the JSON."""
    chain = [*port.keys, *([port.fallback] if port.fallback else [])]
    secy, mka = port.secy, port.mka
    policy = {
        "name": NAME,
        "key-server-priority": mka.priority,
        "macsec-cipher-suite": [_SUITES[secy.cipher]],
        "confidentiality-offset": _OFFSETS[secy.offset],
        "delay-protection": mka.delay_protection,
        "include-icv-indicator": mka.include_icv_indicator,
        "include-sci": secy.send_sci,
        "sak-rekey-interval": mka.sak_rekey_interval,
        "sak-rekey-on-live-peer-loss": mka.sak_rekey_on_live_peer_loss,
        "use-updated-eth-header": mka.use_updated_eth_header,
    }
    interface = {
        "name": "INTERFACE",
        "config": {"name": "INTERFACE", "enable": True, "replay-protection": secy.window},
        "mka": {"config": {"mka-policy": NAME, "key-chain": NAME}},
    }
    keychain = {
        "name": NAME,
        "config": {"name": NAME},
        "keys": {"key": [_key(key) for key in chain]},
    }
    tree = {
        "openconfig-keychain:keychains": {"keychain": [keychain]},
        "openconfig-macsec:macsec": {
            "mka": {"policies": {"policy": [{"name": NAME, "config": policy}]}},
            "interfaces": {"interface": [interface]},
        },
    }
    yield from json.dumps(tree, indent=2).splitlines()


def _key(key: PortKey) -> dict[str, Any]:
    found: dict[str, Any] = {
        "key-id": key.ckn,
        "config": {
            "key-id": key.ckn,
            "secret-key": key.cak,
            "crypto-algorithm": f"openconfig-keychain-types:AES_{key.bits}_CMAC",
        },
    }
    lifetime = {
        name: str(int(moment.timestamp()) * 10**9)
        for name, moment in (("start-time", key.start), ("end-time", key.end))
        if moment is not None
    }
    return found | ({"send-lifetime": {"config": lifetime}} if lifetime else {})


FORMAT = one_way(
    DeviceLimits(
        "openconfig-macsec",
        "openconfig.json",
        _SUITES,
        frozenset({"offset", "window", "send_sci"}),
        frozenset(
            {
                "priority",
                "delay_protection",
                "include_icv_indicator",
                "sak_rekey_interval",
                "sak_rekey_on_live_peer_loss",
                "use_updated_eth_header",
            }
        ),
        notes=("a fallback is a key of the chain like others: the model has none",),
    ),
    write,
)
