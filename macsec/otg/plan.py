"""A configuration whose names are resolved: wires, ports, secure entities, flows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass, field

from .model import Config, Path, RequestRefused, place, refuse
from .model.devices import DeviceIpv4, DeviceIpv6, EmulatedDevice, Ethernet
from .model.flows import TrafficFlow
from .model.ports import SPEEDS, Capture, Layer1, OtgPort
from .model.security import SecureEntity

SPEED = 10**10
"""Of a port without `layer1`, in bit/s."""
MTU = 14_000
_LOCATION = re.compile(r"([A-Za-z0-9_.:-]{1,64})/([ab])")
_EXPECTED = "expected an end of a wire, WIRE/a or WIRE/b, such as w1/a and w1/b for two ports"


@dataclass(frozen=True, slots=True, eq=False)
class PortPlan:
    """A test port: an end (0 or 1) of a wire."""

    port: OtgPort
    path: Path
    wire: str
    side: int
    speed: int | None
    mtu: int
    capture: Capture | None
    validate: str


@dataclass(frozen=True, slots=True, eq=False)
class EntityPlan:
    """A secure entity at a port. `vlans`: tags of its interface, in clear if it says so."""

    entity: SecureEntity
    path: Path
    port: str
    ethernet: Ethernet


@dataclass(frozen=True, slots=True, eq=False)
class EndPoint:
    """An end of a flow: a test port itself, or an interface of a device."""

    port: str
    ethernet: Ethernet | None = None
    ipv4: DeviceIpv4 | None = None
    ipv6: DeviceIpv6 | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FlowStream:
    """One direction of a flow."""

    flow: TrafficFlow
    path: Path
    tx: EndPoint
    rx: EndPoint


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A whole configuration. `warnings` go into the answer."""

    ports: dict[str, PortPlan]
    entities: dict[str, EntityPlan]
    ethernets: dict[str, Ethernet]
    streams: tuple[FlowStream, ...]
    auto_start: bool
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, config: Config) -> Plan:
        """Resolve all names. Raises RequestRefused with the path of what does not fit."""
        _check_names(config)
        ports = _ports(config)
        points = dict(_end_points(config))
        ethernets = {e.name: e for device in config.devices for e in device.ethernets}
        _check_ethernets(config, ports)
        entities = dict(_entities(config, ports))
        streams = tuple(_streams(config, ports, points))
        auto = config.options.protocol_options
        return cls(ports, entities, ethernets, streams, auto is not None and auto.auto_start_all)

    def entity_at(self, port: str) -> EntityPlan | None:
        """Return the secure entity of a port."""
        return next((each for each in self.entities.values() if each.port == port), None)


def _named(config: Config) -> Iterator[tuple[str, Path]]:
    """Yield all names that have to differ, with their places."""
    for at, port in enumerate(config.ports):
        yield port.name, ("ports", at, "name")
    for at, flow in enumerate(config.flows):
        yield flow.name, ("flows", at, "name")
    for at, device in enumerate(config.devices):
        yield from _names_of(device, ("devices", at))


def _names_of(device: EmulatedDevice, path: Path) -> Iterator[tuple[str, Path]]:
    yield device.name, (*path, "name")
    for at, ethernet in enumerate(device.ethernets):
        own = (*path, "ethernets", at)
        yield ethernet.name, (*own, "name")
        for kind in ("ipv4_addresses", "ipv6_addresses", "vlans"):
            for n, each in enumerate(getattr(ethernet, kind)):
                yield each.name, (*own, kind, n, "name")
    for at, interface in enumerate(device.macsec.ethernet_interfaces if device.macsec else ()):
        entity, own = interface.secure_entity, _entity_path(path, at)
        yield entity.name, (*own, "name")
        if (mka := entity.key_generation_protocol.mka) is not None:
            yield mka.name, (*own, "key_generation_protocol", "mka", "name")


def _entity_path(device: Path, at: int) -> Path:
    return (*device, "macsec", "ethernet_interfaces", at, "secure_entity")


def _check_names(config: Config) -> None:
    places: dict[str, Path] = {}
    for name, path in _named(config):
        if name in places:
            raise refuse(path, f"the name {name!r} is taken by {place(places[name])}")
        places[name] = path


def _ports(config: Config) -> dict[str, PortPlan]:
    known = {port.name for port in config.ports}
    layers = {
        name: each
        for at, each in enumerate(config.layer1)
        for name in _known(known, each.port_names, ("layer1", at, "port_names"))
    }
    captures = {
        name: each
        for at, each in enumerate(config.captures)
        for name in _known(known, each.port_names, ("captures", at, "port_names"))
    }
    validate = _validate(config, known)
    plans: dict[str, PortPlan] = {}
    ends: set[tuple[str, int]] = set()
    for at, port in enumerate(config.ports):
        path: Path = ("ports", at)
        wire, side = _end_of_wire(port, path)
        if (wire, side) in ends:
            raise refuse((*path, "location"), f"{port.location} has a port already")
        ends.add((wire, side))
        layer = layers.get(port.name)
        plans[port.name] = PortPlan(
            port,
            path,
            wire,
            side,
            _speed(layer),
            MTU if layer is None else layer.mtu,
            captures.get(port.name),
            validate.get(port.name, "strict"),
        )
    return plans


def _speed(layer: Layer1 | None) -> int | None:
    return None if layer is None or layer.speed is None else SPEEDS[layer.speed]


def _end_of_wire(port: OtgPort, path: Path) -> tuple[str, int]:
    match = _LOCATION.fullmatch(port.location)
    if match is None:
        raise refuse((*path, "location"), _EXPECTED)
    return match[1], "ab".index(match[2])


def _known(ports: Set[str], names: list[str], path: Path) -> list[str]:
    for at, name in enumerate(names):
        if name not in ports:
            raise refuse((*path, at), f"there is no port {name!r}")
    return names


def _validate(config: Config, known: Set[str]) -> dict[str, str]:
    modes: dict[str, str] = {}
    for at, each in enumerate(config.options.per_port_options):
        path: Path = ("options", "per_port_options", at, "port_name")
        _known(known, [each.port_name], path)
        for protocol in each.protocols:
            if protocol.macsec.validate_frames is not None:
                modes[each.port_name] = protocol.macsec.validate_frames.choice
    return modes


def _check_ethernets(config: Config, ports: dict[str, PortPlan]) -> None:
    for at, device in enumerate(config.devices):
        for n, ethernet in enumerate(device.ethernets):
            if ethernet.connection.port_name not in ports:
                path: Path = ("devices", at, "ethernets", n, "connection", "port_name")
                raise refuse(path, f"there is no port {ethernet.connection.port_name!r}")


def _entities(config: Config, ports: dict[str, PortPlan]) -> Iterator[tuple[str, EntityPlan]]:
    taken: dict[str, str] = {}
    for at, device in enumerate(config.devices):
        own = {ethernet.name: ethernet for ethernet in device.ethernets}
        for n, interface in enumerate(device.macsec.ethernet_interfaces if device.macsec else ()):
            path = _entity_path(("devices", at), n)
            ethernet = own.get(interface.eth_name)
            if ethernet is None:
                raise refuse(
                    (*path[:-1], "eth_name"), f"this device has no interface {interface.eth_name!r}"
                )
            port = ethernet.connection.port_name
            if port in taken:
                raise refuse(
                    path,
                    f"port {port!r} has the secure entity {taken[port]!r} already: a port has one",
                )
            taken[port] = interface.secure_entity.name
            yield (
                interface.secure_entity.name,
                EntityPlan(interface.secure_entity, path, port, ethernet),
            )


def _end_points(config: Config) -> Iterator[tuple[str, EndPoint]]:
    """Yield the end points of flows between devices, by every name that they go by."""
    for device in config.devices:
        by_name = {}
        for ethernet in device.ethernets:
            port = ethernet.connection.port_name
            v4, v6 = ethernet.ipv4_addresses, ethernet.ipv6_addresses
            whole = EndPoint(port, ethernet, v4[0] if v4 else None, v6[0] if v6 else None)
            by_name[ethernet.name] = whole
            yield ethernet.name, whole
            for ipv4 in v4:
                yield ipv4.name, EndPoint(port, ethernet, ipv4=ipv4)
            for ipv6 in v6:
                yield ipv6.name, EndPoint(port, ethernet, ipv6=ipv6)
        if len(by_name) == 1:
            yield device.name, next(iter(by_name.values()))
        for interface in device.macsec.ethernet_interfaces if device.macsec else ():
            if interface.eth_name in by_name:
                yield interface.secure_entity.name, by_name[interface.eth_name]


def _streams(
    config: Config, ports: dict[str, PortPlan], points: dict[str, EndPoint]
) -> Iterator[FlowStream]:
    for at, flow in enumerate(config.flows):
        path: Path = ("flows", at)
        tx, rx, both = _ends(flow, (*path, "tx_rx"), ports, points)
        _check_wire(ports, tx, rx, (*path, "tx_rx"))
        yield FlowStream(flow, path, tx, rx)
        if both:
            yield FlowStream(flow, path, rx, tx)


def _ends(
    flow: TrafficFlow, path: Path, ports: dict[str, PortPlan], points: dict[str, EndPoint]
) -> tuple[EndPoint, EndPoint, bool]:
    device, port = flow.tx_rx.device, flow.tx_rx.port
    if flow.tx_rx.choice == "device" and device is not None:
        own = (*path, "device")
        tx = _point(points, device.tx_names[0], (*own, "tx_names", 0))
        rx = _point(points, device.rx_names[0], (*own, "rx_names", 0))
        return tx, rx, device.bidirectional
    if port is None:
        raise refuse(path, "expected port or device")
    names = [port.rx_name] if port.rx_name is not None else port.rx_names or []
    other = names[0] if names else _other_end(ports, port.tx_name, (*path, "port", "tx_name"))
    for name, key in ((port.tx_name, "tx_name"), (other, "rx_names")):
        if name not in ports:
            raise refuse((*path, "port", key), f"there is no port {name!r}")
    return EndPoint(port.tx_name), EndPoint(str(other)), False


def _point(points: dict[str, EndPoint], name: str, path: Path) -> EndPoint:
    if name not in points:
        raise refuse(path, f"there is no device, interface or address {name!r}")
    return points[name]


def _other_end(ports: dict[str, PortPlan], name: str, path: Path) -> str:
    if name not in ports:
        raise refuse(path, f"there is no port {name!r}")
    own = ports[name]
    for other, plan in ports.items():
        if plan.wire == own.wire and other != name:
            return other
    raise refuse(path, f"no port is at the other end of wire {own.wire}")


def _check_wire(ports: dict[str, PortPlan], tx: EndPoint, rx: EndPoint, path: Path) -> None:
    near, far = ports[tx.port], ports[rx.port]
    if near.wire != far.wire or near is far:
        raise RequestRefused(
            f"{place(path)}: {tx.port} is at {near.port.location} and {rx.port} at "
            f"{far.port.location}: expected both ends of one wire"
        )
