"""Ports of the virtual wire as named interfaces of scapy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from scapy.config import conf
from scapy.interfaces import InterfaceProvider, NetworkInterface

from macsec.errors import ConfigError
from macsec.wire.engine import Engine

from .socket import OpenPort, PortSocket
from .waiting import Selector

FIRST_INDEX = 1 << 20
"""First interface index; no interface of the system has one this high."""


@contextmanager
def interfaces(engine: Engine, ports: Mapping[str, OpenPort]) -> Iterator[None]:
    """Make `sendp(p, iface=NAME)`, `sniff(iface=NAME)` and the like reach these ports.

    A port with an attribute `mac` has that address, others get one. Raises ConfigError for a name
    that scapy already has.
    """
    for name in ports:
        if name in conf.ifaces.data or any(name == dev.name for dev in conf.ifaces.values()):
            raise ConfigError(f"interface {name!r}: scapy already has this name; use another")
    provider = _provider(engine, ports)
    conf.ifaces.register_provider(provider)
    try:
        yield
    finally:
        ours = conf.ifaces.providers.pop(provider)
        for key in [key for key, dev in conf.ifaces.data.items() if dev.provider is ours]:
            del conf.ifaces.data[key]


def _provider(engine: Engine, ports: Mapping[str, OpenPort]) -> type[InterfaceProvider]:
    """Return a class, since scapy registers classes and makes one object of each."""

    class NamedSocket(PortSocket):
        """A socket on the port of this name."""

        def __init__(self, iface: Any = None, filter: str | None = None, **_: Any) -> None:  # noqa: A002
            self.closed = True
            if filter:
                raise ConfigError("filter: there is no BPF in virtual time; use lfilter")
            super().__init__(engine, ports[getattr(iface, "name", iface)], by_name=True)

    class Ports(InterfaceProvider):
        """The ports."""

        name = "virtual wire"
        selector = Selector.of(engine)

        def load(self) -> dict[str, NetworkInterface]:
            return {
                name: NetworkInterface(self, _described(name, port, number))
                for number, (name, port) in enumerate(ports.items())
            }

        def _l2socket(self, dev: NetworkInterface) -> type[PortSocket]:
            return NamedSocket

        def _l2listen(self, dev: NetworkInterface) -> type[PortSocket]:
            return NamedSocket

        def _is_valid(self, dev: NetworkInterface) -> bool:
            return True

    return Ports


def _described(name: str, port: OpenPort, number: int) -> dict[str, Any]:
    own = f"02:00:00:00:{number >> 8 & 0xFF:02x}:{number & 0xFF:02x}"
    return {
        "name": name,
        "network_name": name,
        "description": f"virtual wire, {port.name}",
        "index": FIRST_INDEX + number,
        "mac": getattr(port, "mac", None) or own,
        "type": 1,  # Ethernet
    }
