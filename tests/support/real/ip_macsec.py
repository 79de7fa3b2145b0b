"""MACsec devices as `ip -s -j macsec show` prints them, beside our ports of the same devices."""

from __future__ import annotations

from typing import Any

from macsec.monitoring import SA, SC, MonitoredPort

Facts = dict[str, Any]
COUNTERS = ("In", "Out")


def facts_shown(shown: Facts) -> Facts:
    """Return the facts of a device that iproute2 shows."""
    return {
        "name": shown["ifname"],
        "sci": int(shown["sci"], 16),
        "suite": shown["cipher_suite"].lower(),
        "encrypts": shown["encrypt"],
        "protects": shown["protect"],
        "validate": shown["validate"],
        "window": shown.get("window"),
        "counters": _counters(shown),
        "sas": [_sa_shown(each) for each in shown["sa_list"]],
        "receive": [
            {
                "sci": int(each["sci"], 16),
                "counters": _counters(each),
                "sas": [_sa_shown(sa) for sa in each["sa_list"]],
            }
            for each in shown["rx_sc"]
        ],
    }


def facts_of(port: MonitoredPort) -> Facts:
    """Return the same facts of a port; iproute2 6.1 shows PNs modulo 2^32."""
    transmit, *receive = port.scs
    own = ("InPktsUntagged", "OutPktsUntagged", "OutPktsTooLong", "InPktsNoTag", "InPktsBadTag")
    secy = (*own, "InPktsUnknownSCI", "InPktsNoSCI", "InPktsOverrun")
    return {
        "name": port.name,
        "sci": int(port.sci, 16),
        "suite": port.suite,
        "encrypts": port.encrypts,
        "protects": port.protects,
        "validate": port.validate,
        "window": port.replay_window,
        "counters": {name: port.counters[name] for name in secy} | dict(transmit.counters),
        "sas": _sas(transmit),
        "receive": [
            {"sci": int(sc.sci, 16), "counters": dict(sc.counters), "sas": _sas(sc)}
            for sc in receive
        ],
    }


def _sas(sc: SC) -> list[Facts]:
    return [_sa(sa) for sa in sc.sas]


def _sa(sa: SA) -> Facts:
    ssci = {} if sa.ssci is None else {"ssci": sa.ssci}
    pn = sa.next_pn & 0xFFFFFFFF
    return {"an": sa.an, "pn": pn, "active": sa.in_use, "counters": dict(sa.counters), **ssci}


def _sa_shown(shown: Facts) -> Facts:
    ssci = {"ssci": int(shown["ssci"], 16)} if "ssci" in shown else {}
    facts = {name: shown[name] for name in ("an", "pn", "active")}
    return {**facts, "counters": _counters(shown), **ssci}


def _counters(shown: Facts) -> dict[str, int]:
    return {name: count for name, count in shown.items() if name.startswith(COUNTERS)}
