"""The tree of openconfig with leaves that no published revision has, and that test plans read.

They are those of OpenConfig's plan MSEC-1.1, below interfaces/interface/state of openconfig-macsec,
and what its newest revision has: status, security-policy. libyang refuses them under older ones.
"""

from __future__ import annotations

from macsec.kay.policy import Security

from .openconfig import openconfig_tree
from .ports import ManagedPort, Ports
from .values import Tree, count64

_MKA = {
    "tx-pkts-ctrl": "out-mkpdu",
    "rx-pkts-ctrl": "in-mkpdu",
    "rx-unrecognized-ckn": "rx-unrecognized-ckn",
    "rx-badicv-pkts": "in-mkpdu-icv-verification-errors",
}
_FRAMES = {
    "tx-pkts-err-in": "ifOutErrors",
    "rx-pkts-err-in": "ifInErrors",
    "rx-pkts-dropped": "ifInDiscards",
}
SECURITY = {Security.MUST_SECURE: "MUST_SECURE", Security.SHOULD_SECURE: "SHOULD_SECURE"}


def telemetry_tree(ports: Ports) -> Tree:
    """Return the instance data of ports, with these leaves."""
    tree = openconfig_tree(ports)
    macsec = tree["openconfig-macsec:macsec"]
    for port, entry in zip(ports, macsec["interfaces"]["interface"], strict=True):
        entry["state"] |= _state(port)
        entry["state"]["counters"] |= _counters(port)
    policies = {each["name"]: each for each in macsec["mka"]["policies"]["policy"]}
    for port in ports:
        if port.kay is None or port.kay.policy.security not in SECURITY:
            continue
        more = {"security-policy": SECURITY[port.kay.policy.security]}
        policy = policies[port.policy]
        policy["config"], policy["state"] = policy["config"] | more, policy["state"] | more
    return tree


def _state(port: ManagedPort) -> Tree:
    kay = port.kay
    if kay is None:
        return {"status": "ACTIVE" if port.secy.controls.protects else "INACTIVE"}
    if not kay.active:
        return {"status": "INACTIVE"}
    if kay.principal is None or not kay.secured:
        return {"status": "PENDING"}
    return {"status": "ACTIVE", "ckn": kay.principal.key.ckn.hex()}


def _counters(port: ManagedPort) -> Tree:
    found = port.secy.interface_counters
    counts = {leaf: count64(found[name]) for leaf, name in _FRAMES.items()}
    if port.blocked is not None:
        sent, received = port.blocked
        counts["tx-pkts-dropped"] = count64(sent)
        counts["rx-pkts-dropped"] = count64(found["ifInDiscards"] + received)
    if port.kay is not None:
        counts |= {leaf: count64(port.kay.counters[name]) for leaf, name in _MKA.items()}
    return counts
