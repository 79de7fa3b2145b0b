"""Ports as openconfig-macsec has them: MKA policies, interfaces, counters."""

from __future__ import annotations

from collections.abc import Mapping

from macsec.kay.policy import KayPolicy

from .ports import ManagedPort, Ports
from .values import Tree, count64

WINDOW_LIMIT = 0xFFFF
"""The largest replay window that the published type holds."""
COUNTS = {
    "tx-untagged-pkts": "OutPktsUntagged",
    "rx-untagged-pkts": "InPktsUntagged",
    "rx-badtag-pkts": "InPktsBadTag",
    "rx-unknownsci-pkts": "InPktsUnknownSCI",
    "rx-nosci-pkts": "InPktsNoSCI",
    "rx-late-pkts": "InPktsLate",
}
MKA_COUNTS = (
    "in-mkpdu",
    "in-sak-mkpdu",
    "in-cak-mkpdu",
    "out-mkpdu",
    "out-sak-mkpdu",
    "out-cak-mkpdu",
)
ERROR_COUNTS = (
    "out-mkpdu-errors",
    "in-mkpdu-icv-verification-errors",
    "in-mkpdu-validation-errors",
    "in-mkpdu-bad-peer-errors",
    "in-mkpdu-peer-list-errors",
    "sak-generation-errors",
    "sak-hash-errors",
    "sak-encryption-errors",
    "sak-decryption-errors",
    "sak-cipher-mismatch-errors",
)
VALID = ("InPktsOK", "InPktsUnchecked", "InPktsDelayed")
INVALID = ("InPktsInvalid", "InPktsNotValid", "InPktsLate")


def openconfig_tree(ports: Ports) -> Tree:
    """Return the instance data of ports, their policies and key chains."""
    agreed = [port for port in ports if port.kay is not None]
    return {
        "openconfig-interfaces:interfaces": {
            "interface": [
                {"name": port.name, "config": values, "state": values | _is_up(port)}
                for port in ports
                for values in [{"name": port.name, "type": "iana-if-type:ethernetCsmacd"}]
            ]
        },
        "openconfig-keychain:keychains": {
            "keychain": [{"name": port.policy, "config": {"name": port.policy}} for port in agreed]
        },
        "openconfig-macsec:macsec": {
            "mka": {
                "policies": {"policy": _policies(agreed)},
                "state": {"counters": _errors(agreed)},
            },
            "interfaces": {"interface": [_interface(port) for port in ports]},
        },
    }


def _is_up(port: ManagedPort) -> Tree:
    return {"admin-status": "UP", "oper-status": "UP" if port.opened else "DOWN"}


def _policies(ports: Ports) -> list[Tree]:
    return [
        {"name": port.policy, "config": values, "state": values}
        for port in ports
        if port.kay is not None
        for values in [_policy(port.policy, port.kay.policy, port.secy.controls.send_sci)]
    ]


def _policy(name: str, policy: KayPolicy, send_sci: bool) -> Tree:
    return {
        "name": name,
        "key-server-priority": policy.key_server_priority,
        "macsec-cipher-suite": [policy.cipher.name.upper().replace("-", "_")],
        "confidentiality-offset": f"{policy.offset}_BYTES",
        "delay-protection": policy.delay_protection,
        "include-icv-indicator": policy.include_icv_indicator,
        "include-sci": send_sci,
        "sak-rekey-interval": policy.sak_rekey_interval,
        "sak-rekey-on-live-peer-loss": policy.sak_rekey_on_live_peer_loss,
        "use-updated-eth-header": policy.use_updated_eth_header,
    }


def _errors(ports: Ports) -> Tree:
    kays = [port.kay for port in ports if port.kay is not None]
    return {name: count64(sum(kay.counters[name] for kay in kays)) for name in ERROR_COUNTS}


def _interface(port: ManagedPort) -> Tree:
    secy = port.secy
    state = {
        "name": port.name,
        "enable": secy.controls.protects,
        "replay-protection": min(secy.controls.window, WINDOW_LIMIT),
    }
    tree: Tree = {
        "name": port.name,
        "config": state,
        "state": {**state, "counters": _counted(COUNTS, secy.counters)},
        "scsa-tx": {"scsa-tx": _transmit(port)},
        "scsa-rx": {"scsa-rx": _receive(port)},
    }
    if port.kay is not None:
        names = {"mka-policy": port.policy, "key-chain": port.policy}
        counters = {name: count64(port.kay.counters[name]) for name in MKA_COUNTS}
        tree["mka"] = {"config": names, "state": {**names, "counters": counters}}
    return tree


def _counted(names: Mapping[str, str], counters: Mapping[str, int]) -> Tree:
    return {node: count64(counters[counter]) for node, counter in names.items()}


def _transmit(port: ManagedPort) -> list[Tree]:
    """Return the transmit SCs. SAs of an SC are not apart there: those in use are summed."""
    entries = []
    for sc in port.secy.tx_classes.values():
        if sc.sci is None:
            continue
        sas = [sa.counters for sa in sc.sa.values()]
        counters = {
            "sc-auth-only": count64(sc.counters["OutPktsProtected"]),
            "sc-encrypted": count64(sc.counters["OutPktsEncrypted"]),
            "sa-auth-only": count64(sum(each["OutPktsProtected"] for each in sas)),
            "sa-encrypted": count64(sum(each["OutPktsEncrypted"] for each in sas)),
        }
        entries.append({"sci-tx": sc.sci, "state": {"sci-tx": sc.sci, "counters": counters}})
    return entries


def _receive(port: ManagedPort) -> list[Tree]:
    entries = []
    for sc in port.secy.rx.values():
        sas = [sa.counters for sa in sc.sa.values()]
        counters = {
            "sc-invalid": count64(sum(sc.counters[name] for name in INVALID)),
            "sc-valid": count64(sum(sc.counters[name] for name in VALID)),
            "sa-invalid": count64(sum(each.get(name, 0) for each in sas for name in INVALID)),
            "sa-valid": count64(sum(each.get(name, 0) for each in sas for name in VALID)),
        }
        entries.append({"sci-rx": sc.sci, "state": {"sci-rx": sc.sci, "counters": counters}})
    return entries
