"""Wires, test ports and flows of a plan on one engine in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from macsec.config.static_keys import Draw
from macsec.kay.holders import Edge
from macsec.lab.virtual.lab import parts_of
from macsec.time_units import PS_PER_S
from macsec.wire.link import Link
from macsec.wire.params import LinkParams

from .capture import PortCapture
from .keying import encapsulation_of, secy_and_kay
from .model import RequestRefused, place, refuse
from .model.devices import TPIDS
from .model.headers import Header, VlanHeader
from .model.patterns import Pattern
from .plan import SPEED, EndPoint, EntityPlan, FlowStream, Plan, PortPlan
from .ports import MkaSession, TestPort
from .traffic.flow_run import FCS, FlowParts, FlowRun
from .traffic.layers import Addresses, HeaderLayer, layers_of
from .traffic.pacing import Pacing
from .traffic.packets import Packets
from .traffic.rates import CurrentRates
from .traffic.signature import Signature, signed
from .traffic.sizes import bounds_of, sizes_of

_SAMPLE_PS = PS_PER_S // 10
_LINE = 24
"""Octets of a line beside a frame without FCS, as `overhead: ethernet` has them."""
Wires = Mapping[str, Mapping[str, Any]]
"""Impairments by the name of a wire."""


class _Down:
    """A wire without a link: nothing arrives."""

    def on_frame(self, *_: object) -> list[bytes]:
        """Take a frame from the wire."""
        return []


_DOWN = _Down()


class Wire:
    """A wire between two ports; `up` while its link is."""

    def __init__(self, link: Link, speeds: tuple[int, int]) -> None:
        self.link = link
        self.speeds = speeds
        self.up = True
        self.changed_ns = 0


class RunningStream:
    """A stream of a flow on its ports; `extra_octets`: what its SecY adds to each frame."""

    def __init__(self, stream: FlowStream, run: FlowRun, ports: tuple[TestPort, TestPort]) -> None:
        self.stream = stream
        self.run = run
        self.tx, self.rx = ports
        self.controlled = self.rx.protects(stream.rx)
        secy = self.tx.secy if self.tx.protects(stream.tx) else None
        self.extra_octets = 0 if secy is None else _added(secy.controls.send_sci)


def _added(has_sci: bool) -> int:
    return 16 + (16 if has_sci else 8)


class TestBench:
    """A plan on an engine. `advance` it; close it to wipe the keys.

    Raises RequestRefused with the place of what a SecY, a KaY or a flow cannot have.
    """

    __test__ = False  # no class of tests

    def __init__(self, plan: Plan, wires: Wires, draw: Draw, seed: int, backend: str) -> None:
        self.plan = plan
        self._seed = seed
        self._parts = parts_of(backend, seed)
        self.engine = self._parts.engine
        self.protocols = False
        self.ports: dict[str, TestPort] = {}
        self.wires: dict[str, Wire] = {}
        self.streams: list[RunningStream] = []
        self._edge = Edge(clock=lambda: self.engine.now_ns, who="macsec otg")
        try:
            for name in dict.fromkeys(each.wire for each in plan.ports.values()):
                self.wires[name] = self._wire(name, wires)
            for each in plan.ports.values():
                self.ports[each.port.name] = self._port(each, draw, backend)
            for number, stream in enumerate(plan.streams):
                self.streams.append(self._stream(number, stream))
        except BaseException:
            self.close()
            raise
        self._listen()
        self.engine.after(_SAMPLE_PS, self._sample)

    # ------------------------------------------------------------ building

    def _wire(self, name: str, wires: Wires) -> Wire:
        given = dict(wires.get(name, {}))
        by_side = {p.side: p for p in self.plan.ports.values() if p.wire == name}
        speeds = tuple(self._speed(by_side.get(side), given) for side in range(2))
        both = tuple(
            LinkParams.of({"overhead": "ethernet", **given, "rate": speed}) for speed in speeds
        )
        own = {port.port.name for port in by_side.values()}
        keyed = any(entity.port in own for entity in self.plan.entities.values())
        link = self._parts.link(f"wire {name}", (both[0], both[1]), keyed)
        return Wire(link, (speeds[0], speeds[1]))

    def _speed(self, port: PortPlan | None, given: Mapping[str, Any]) -> int:
        if port is not None and port.speed is not None:
            return port.speed
        return LinkParams.of(given).rate or SPEED

    def _port(self, plan: PortPlan, draw: Draw, backend: str) -> TestPort:
        link = self.wires[plan.wire].link
        entity = self.plan.entity_at(plan.port.name)
        capture = (
            None
            if plan.capture is None
            else PortCapture(self.engine, link, plan.side, plan.capture)
        )
        port = TestPort(plan, link, entity, None, None, capture, CurrentRates(), CurrentRates())
        if entity is not None:
            secy, kay = secy_and_kay(entity, plan.validate, draw, self._edge, backend)
            port.station = self._parts.station(port.end, secy, kay, f"port {plan.port.name}")
            first = _starting_pn(entity, secy.controls.cipher.xpn)
            if port.station.agreement is not None:
                port.session = MkaSession(port.station.agreement, first)
            elif first > 1:
                secy.raise_tx_pn(0, first)
        return port

    def _stream(self, number: int, stream: FlowStream) -> RunningStream:
        flow, ports = stream.flow, (self.ports[stream.tx.port], self.ports[stream.rx.port])
        self._check_macsec(stream, ports[0])
        signature = Signature(number) if flow.metrics.enable else None
        packets = Packets(_layers(stream), flow.payload, signature)
        _check_size(stream, packets.least, ports[0].plan.mtu)
        wire = self.wires[ports[0].plan.wire]
        speed = wire.speeds[ports[0].plan.side]
        title = f"{flow.name} {number}"
        parts = FlowParts(
            packets,
            partial(Pacing, flow, speed),
            partial(sizes_of, flow.size, self._seed, title),
            ports[0].sender(stream.tx),
            partial(_passage, wire.link, ports[0].plan.side),
        )
        return RunningStream(stream, FlowRun(self.engine, parts), ports)

    def _check_macsec(self, stream: FlowStream, tx: TestPort) -> None:
        for at, header in enumerate(stream.flow.packet):
            if header.choice == "macsec" and not tx.protects(stream.tx):
                raise refuse(
                    (*stream.path, "packet", at, "macsec"),
                    "the sender is no device with a secure entity that encapsulates: use tx_rx "
                    "device with such an interface, or leave the header out",
                )

    def _listen(self) -> None:
        """Give each port the receivers that its streams need."""
        for port in self.ports.values():
            kinds = {each.controlled for each in self.streams if each.rx is port}
            port.receive(
                partial(self._arrive, port, True) if True in kinds else None,
                partial(self._arrive, port, False) if False in kinds else None,
            )

    def _arrive(self, port: TestPort, controlled: bool, frame: bytes) -> None:
        found = signed(frame)
        if found is None or found.flow >= len(self.streams):
            return
        each = self.streams[found.flow]
        if each.rx is not port or each.controlled is not controlled:
            return
        speed = self.wires[port.plan.wire].speeds[each.tx.plan.side]
        line_ps = (len(frame) + each.extra_octets + _LINE) * 8 * PS_PER_S // speed
        mode = each.stream.flow.metrics.latency.mode
        each.run.arrive(frame, found, line_ps * (2 if mode == "store_forward" else 1))

    # ------------------------------------------------------------ running

    @property
    def now_ns(self) -> int:
        """The virtual time."""
        return self.engine.now_ns

    @property
    def busy(self) -> bool:
        """True while a flow sends."""
        return any(each.run.state == "started" for each in self.streams)

    def advance(self, ns: int) -> None:
        """Let virtual time pass."""
        self.engine.run(self.engine.now_ns + ns)

    def _sample(self) -> None:
        now_ps = self.engine.now_ps
        for port in self.ports.values():
            counts = port.counts
            new = [now - before for now, before in zip(counts, port.counted, strict=True)]
            port.counted = counts
            port.tx_rate.add(now_ps - 1, new[1] + FCS * new[0], new[0])
            port.rx_rate.add(now_ps - 1, new[3] + FCS * new[2], new[2])
        self.engine.after(_SAMPLE_PS, self._sample)

    def set_protocols(self, on: bool) -> None:
        """Start or stop key agreement of all secure entities."""
        if on == self.protocols:
            return
        self.protocols = on
        for port in self.ports.values():
            self._follow_link(port)

    def set_link(self, names: Iterable[str], up: bool) -> None:
        """Set the link of the wires of some ports."""
        for wire_name in sorted({self.ports[name].plan.wire for name in names}):
            wire = self.wires[wire_name]
            if wire.up == up:
                continue
            wire.up, wire.changed_ns = up, self.engine.now_ns
            if up:
                wire.link.taps.remove(_DOWN)
            else:
                wire.link.taps.append(_DOWN)
            for port in self.ports.values():
                if port.plan.wire == wire_name:
                    self._follow_link(port)

    def _follow_link(self, port: TestPort) -> None:
        """Start or stop the KaY of a port, as the link and the protocols are."""
        station = port.station
        if station is None or station.agreement is None:
            return
        on = self.protocols and self.wires[port.plan.wire].up
        if on and not station.running:
            station.start()
        elif not on and station.running:
            station.agreement.stop(station.now_ns)
            station.running = False

    def close(self) -> None:
        """Wipe all keys."""
        for port in self.ports.values():
            if port.station is not None:
                port.station.close()


def _passage(link: Link, direction: int) -> Callable[[], bool]:
    """Return a test that is true once as many frames have ended as are sent by now."""
    entered = link.stats[direction]
    wanted = entered.sent + entered.duplicated

    def passed() -> bool:
        stats = link.stats[direction]
        dropped = stats.queue_drops + stats.fcs_errors + stats.too_long + stats.down_drops
        return stats.received + stats.lost + dropped >= wanted

    return passed


def _starting_pn(entity: EntityPlan, xpn: bool) -> int:
    given = encapsulation_of(entity.entity)
    if given is None:
        return 1
    first = given.crypto_engine.encrypt_decrypt.tx_pn
    return first.starting_xpn if xpn else first.starting_pn


def _layers(stream: FlowStream) -> list[HeaderLayer]:
    headers = list(stream.flow.packet) or [Header()]
    ethernet = stream.tx.ethernet
    if ethernet is not None and not any(header.choice == "vlan" for header in headers):
        tags = [
            Header(
                choice="vlan",
                vlan=VlanHeader(
                    priority=Pattern(value=vlan.priority),
                    id=Pattern(value=vlan.id),
                    tpid=Pattern(value=TPIDS[vlan.tpid]),
                ),
            )
            for vlan in ethernet.vlans
        ]
        headers[1:1] = tags
    return layers_of(headers, _addresses(stream.tx, stream.rx))


def _addresses(tx: EndPoint, rx: EndPoint) -> Addresses:
    if tx.ethernet is None or rx.ethernet is None:
        return Addresses()
    given = next(
        (
            ip.gateway_mac.value
            for ip in (tx.ipv4, tx.ipv6)
            if ip is not None and ip.gateway_mac.choice == "value"
        ),
        None,
    )
    to = rx.ethernet.mac if given is None else given
    return Addresses(
        (tx.ethernet.mac, to),
        _pair(tx.ipv4, rx.ipv4),
        _pair(tx.ipv6, rx.ipv6),
    )


def _pair(tx: Any, rx: Any) -> tuple[int, int]:
    return (0 if tx is None else tx.address, 0 if rx is None else rx.address)


def _check_size(stream: FlowStream, least: int, mtu: int) -> None:
    low, high = bounds_of(stream.flow.size)
    if low - FCS < least:
        raise RequestRefused(
            f"{place((*stream.path, 'size'))}: frames of {low} octets have no room for the headers"
            + (" and the 18 octets that metrics need" if stream.flow.metrics.enable else "")
            + f": expected {least + FCS} or more"
        )
    most = mtu + 18 + 8
    if high > most:
        raise RequestRefused(
            f"{place((*stream.path, 'size'))}: frames of {high} octets do not fit the mtu of "
            f"{mtu} in layer1: expected at most {most}"
        )
