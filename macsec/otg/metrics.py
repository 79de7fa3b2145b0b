"""Metrics and states of a bench, with the names of the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address
from typing import Any

from macsec.kay.counters import Reception
from macsec.kay.kay import Kay
from macsec.time_units import PS_PER_NS

from .bench import RunningStream, TestBench
from .model import Path, refuse
from .plan import EndPoint
from .ports import TestPort
from .traffic.pacing import LINE_OCTETS

Row = dict[str, Any]
_NOT_MKPDUS = {Reception.NOT_MKA, Reception.ANNOUNCEMENT}

_SECY = {
    "out_pkts_protected": "OutPktsProtected",
    "out_pkts_encrypted": "OutPktsEncrypted",
    "in_pkts_ok": "InPktsOK",
    "in_pkts_bad_tag": "InPktsBadTag",
    "in_pkts_late": "InPktsLate",
    "in_pkts_no_sci": "InPktsNoSCI",
    "in_pkts_not_using_sa": "InPktsNotUsingSA",
    "in_pkts_not_valid": "InPktsNotValid",
    "in_pkts_unknown_sci": "InPktsUnknownSCI",
    "in_pkts_unused_sa": "InPktsUnusedSA",
    "in_pkts_invalid": "InPktsInvalid",
    "in_pkts_untagged": "InPktsUntagged",
    "out_octets_protected": "OutOctetsProtected",
    "out_octets_encrypted": "OutOctetsEncrypted",
    "in_octets_validated": "InOctetsValidated",
    "in_octets_decrypted": "InOctetsDecrypted",
}
_BAD = ("InPktsBadTag", "InPktsNotValid", "InPktsInvalid")
"""Frames that failed a check: of the SecTAG, or of the ICV."""


def chosen(rows: Iterator[tuple[str, Row]], names: Sequence[str], path: Path) -> list[Row]:
    """Return the rows of some names, or all. Raises RequestRefused for a name that none has."""
    found = list(rows)
    known = {name for name, _ in found}
    for at, name in enumerate(names):
        if name not in known:
            listed = ", ".join(sorted(known)) or "none"
            raise refuse((*path, at), f"nothing is named {name!r} here; there is {listed}")
    return [row for name, row in found if not names or name in names]


def columns(rows: list[Row], wanted: Sequence[str], keys: Sequence[str], path: Path) -> list[Row]:
    """Return the rows with some columns alone, or all."""
    if not wanted:
        return rows
    for at, name in enumerate(wanted):
        if rows and name not in rows[0]:
            raise refuse((*path, at), f"there is no column {name!r}")
    return [{n: v for n, v in row.items() if n in wanted or n in keys} for row in rows]


def port_rows(bench: TestBench) -> Iterator[tuple[str, Row]]:
    """Yield the metrics of each port."""
    for port in bench.ports.values():
        yield port.name, _port(bench, port)


def _port(bench: TestBench, port: TestPort) -> Row:
    frames_tx, octets_tx, frames_rx, octets_rx = port.counts
    wire, now_ps = bench.wires[port.plan.wire], bench.engine.now_ps
    tx, rx = port.tx_rate.at(now_ps), port.rx_rate.at(now_ps)
    sends = any(each.run.state == "started" and each.tx is port for each in bench.streams)
    return {
        "name": port.name,
        "location": port.plan.port.location,
        "link": "up" if wire.up else "down",
        "capture": "started" if port.capture is not None and port.capture.running else "stopped",
        "frames_tx": frames_tx,
        "frames_rx": frames_rx,
        "bytes_tx": octets_tx + 4 * frames_tx,
        "bytes_rx": octets_rx + 4 * frames_rx,
        "frames_tx_rate": tx[0],
        "frames_rx_rate": rx[0],
        "bytes_tx_rate": tx[1],
        "bytes_rx_rate": rx[1],
        "transmit": "started" if sends else "stopped",
        "last_change": wire.changed_ns,
        "speed": wire.speeds[port.plan.side] // 8000,
    }


def flow_rows(bench: TestBench) -> Iterator[tuple[str, Row]]:
    """Yield the metrics of each stream whose flow has some."""
    for each in bench.streams:
        if each.stream.flow.metrics.enable:
            yield each.stream.flow.name, _flow(bench, each)


def _flow(bench: TestBench, each: RunningStream) -> Row:
    counts, given = each.run.counts, each.stream.flow.metrics
    now_ps = bench.engine.now_ps
    (tx, tx_octets), (rx, rx_octets) = counts.tx_rate.at(now_ps), counts.rx_rate.at(now_ps)
    lost = counts.frames_tx - counts.frames_rx
    row: Row = {
        "name": each.stream.flow.name,
        "port_tx": each.tx.name,
        "port_rx": each.rx.name,
        "transmit": each.run.state,
        "frames_tx": counts.frames_tx,
        "frames_rx": counts.frames_rx,
        "bytes_tx": counts.bytes_tx,
        "bytes_rx": counts.bytes_rx,
        "frames_tx_rate": tx,
        "frames_rx_rate": rx,
        "tx_l1_rate_bps": (tx_octets + LINE_OCTETS * tx) * 8,
        "rx_l1_rate_bps": (rx_octets + LINE_OCTETS * rx) * 8,
        "tx_rate_bytes": tx_octets,
        "rx_rate_bytes": rx_octets,
    }
    for way, octets in (("tx", tx_octets), ("rx", rx_octets)):
        for unit, size in (("bps", 1), ("kbps", 10**3), ("mbps", 10**6)):
            row[f"{way}_rate_{unit}"] = octets * 8 / size
    if given.loss or given.enable:
        row["loss"] = 100 * lost / counts.frames_tx if counts.frames_tx else 0.0
    if given.timestamps and counts.first_ps is not None and counts.last_ps is not None:
        row["timestamps"] = {
            "first_timestamp_ns": counts.first_ps / PS_PER_NS,
            "last_timestamp_ns": counts.last_ps / PS_PER_NS,
        }
    if given.latency.enable and counts.frames_rx:
        row["latency"] = {
            "minimum_ns": counts.latency_least / PS_PER_NS,
            "maximum_ns": counts.latency_most / PS_PER_NS,
            "average_ns": counts.latency_sum / counts.frames_rx / PS_PER_NS,
        }
    return row


def macsec_rows(bench: TestBench) -> Iterator[tuple[str, Row]]:
    """Yield the metrics of each SecY."""
    for port in bench.ports.values():
        if port.entity is not None and port.station is not None:
            yield port.entity.entity.name, _secy(bench, port)


def _secy(bench: TestBench, port: TestPort) -> Row:
    if port.station is None or port.entity is None:
        raise AssertionError("a port without a secure entity")
    counters = port.station.secy.counters
    return {
        "name": port.entity.entity.name,
        "session_state": _state(bench, port),
        "session_flap_count": 0 if port.session is None else port.session.flaps,
        "in_pkts_bad": sum(counters[name] for name in _BAD),
        **{name: counters[ours] for name, ours in _SECY.items()},
    }


def _state(bench: TestBench, port: TestPort) -> str:
    if port.session is not None:
        return "up" if port.session.up else "down"
    return "up" if bench.wires[port.plan.wire].up else "down"


def mka_rows(bench: TestBench) -> Iterator[tuple[str, Row]]:
    """Yield the metrics of each KaY."""
    for port in bench.ports.values():
        mka = port.entity and port.entity.entity.key_generation_protocol.mka
        if mka and port.station is not None and port.station.agreement is not None:
            kay = port.station.agreement.kay
            yield (
                mka.name,
                {
                    "name": mka.name,
                    "session_state": _state(bench, port),
                    "session_flap_count": 0 if port.session is None else port.session.flaps,
                    **_kay(kay),
                },
            )


def _kay(kay: Kay) -> Row:
    counters = kay.counters
    received = (each for each in Reception if each not in _NOT_MKPDUS)
    peers = [participant.peers for participant in kay.all_participants]
    principal = kay.principal
    live = [] if principal is None else principal.peers.live
    slot = next((slot for slot in kay.cp.slots() if slot.transmits), None)
    uses = [] if slot is None else live
    return {
        "mkpdu_tx": counters["out-mkpdu"],
        "mkpdu_rx": sum(counters[each.value] for each in received),
        "live_peer_count": sum(len(each.live) for each in peers),
        "potential_peer_count": sum(len(each.potential) for each in peers),
        "latest_key_tx_peer_count": sum(peer.transmits(slot.ki) for peer in uses if slot),
        "latest_key_rx_peer_count": sum(peer.receives(slot.ki) for peer in uses if slot),
        "malformed_mkpdu": counters[Reception.MALFORMED.value],
        "icv_mismatch": counters[Reception.BAD_ICV.value],
    }


def neighbor_rows(bench: TestBench, version: int) -> Iterator[tuple[str, Row]]:
    """Yield the gateway of each interface, with its MAC address once frames reach it."""
    kind = f"ipv{version}"
    owners = {
        address.address: ethernet
        for ethernet in bench.plan.ethernets.values()
        for address in getattr(ethernet, f"{kind}_addresses")
    }
    for ethernet in bench.plan.ethernets.values():
        for address in getattr(ethernet, f"{kind}_addresses"):
            row = {
                "ethernet_name": ethernet.name,
                f"{kind}_address": str(ip_address(address.gateway)),
            }
            given = address.gateway_mac.value
            owner = owners.get(address.gateway)
            if address.gateway_mac.choice == "value" and given is not None:
                row["link_layer_address"] = _mac_text(given)
            elif owner is not None and _reach(bench, ethernet, owner):
                row["link_layer_address"] = _mac_text(owner.mac)
            yield ethernet.name, row


def _reach(bench: TestBench, near: Any, far: Any) -> bool:
    """Return whether two interfaces are at one wire, and both pass frames now."""
    ports = [bench.ports[each.connection.port_name] for each in (near, far)]
    wire = bench.wires[ports[0].plan.wire]
    protected = [
        port.protects(EndPoint(port.name, each))
        for port, each in zip(ports, (near, far), strict=True)
    ]
    open_ = all(
        port.station is None
        or not port.protects(EndPoint(port.name, each))
        or port.station.port.enabled
        for port, each in zip(ports, (near, far), strict=True)
    )
    return (
        wire.up
        and ports[0] is not ports[1]
        and ports[0].plan.wire == ports[1].plan.wire
        and protected[0] == protected[1]
        and open_
    )


def _mac_text(mac: int) -> str:
    return ":".join(f"{octet:02x}" for octet in mac.to_bytes(6))


Rows = Callable[[TestBench], Iterator[tuple[str, Row]]]
