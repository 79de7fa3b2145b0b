"""Bridges in C."""

from __future__ import annotations

from functools import partial
from typing import Any

from macsec.errors import ConfigError
from macsec.lab.virtual.bridge import Bridge, BridgeCounts, Known, Usable
from macsec.wire.link import Port

from .engine import NativeEngine, ffi, lib
from .port import NativePort, Place

ADDRESS = 6
NO_PORT = -1


class NativeBridge(Bridge):
    """A bridge in C, which asks `known` once for each address."""

    def __init__(self, engine: NativeEngine, name: str, known: Known | None = None) -> None:
        self._engine = engine
        self._number = engine.number_of(lib.macsec_lab_add_bridge(engine.lab))
        self._hairpin = False
        self._reserved = 0
        super().__init__(name, known)

    @property
    def hairpin(self) -> bool:
        """True if frames for the port of their source are flooded."""
        return self._hairpin

    @hairpin.setter
    def hairpin(self, hairpin: bool) -> None:
        self._hairpin = hairpin
        lib.macsec_lab_hairpin(self._engine.lab, self._number, hairpin)

    @property
    def reserved(self) -> int:
        """The link-local addresses that are not relayed, a bit for each."""
        return self._reserved

    @reserved.setter
    def reserved(self, reserved: int) -> None:
        self._reserved = reserved
        lib.macsec_lab_reserve(self._engine.lab, self._number, reserved)

    @property
    def counts(self) -> BridgeCounts:
        """The counts so far."""
        found = ffi.new("macsec_lab_bridge_counts *")
        lib.macsec_lab_bridge(self._engine.lab, self._number, found)
        return BridgeCounts(found.filtered, found.flooded, found.link_local, found.runts)

    def attach(self, port: Port, leader: int | None = None, usable: Usable = lambda: True) -> None:
        """Add a port, with a `leader` to an aggregation; a member is usable while it is open."""
        if not isinstance(port, NativePort):
            raise ConfigError(f"bridge {self.name}: {port!r} is not a port of its engine")
        lab = self._engine.lab
        number = self._engine.number_of(lib.macsec_lab_attach(lab, self._number, port.in_c))
        if leader is not None:
            lib.macsec_lab_aggregate(lab, self._number, number, leader)
        give = partial(self._relay, number)
        port.receiver = Place(lib.MACSEC_LAB_BRIDGE, self._number, number, give)
        self.ports.append(port)

    def _relay(self, source: int, frame: bytes) -> None:
        engine = self._engine
        end = lib.macsec_lab_relay(engine.lab, self._number, source, frame, len(frame))
        engine.check(end)

    def port_of(self, address: int) -> int:
        """Return the port of an address that was not seen yet, or -1."""
        number = self._known(address.to_bytes(ADDRESS))
        return NO_PORT if number is None else number


class Bridges:
    """The bridges of an engine, for its hook."""

    def __init__(self, engine: NativeEngine) -> None:
        self._bridges: list[NativeBridge] = []
        engine.hooks[lib.MACSEC_LAB_WHICH_PORT] = self._which_port

    def add(self, bridge: NativeBridge) -> NativeBridge:
        """Add the bridge that was made last."""
        self._bridges.append(bridge)
        return bridge

    def _which_port(self, call: Any) -> int:
        bridge: NativeBridge = self._bridges[call.part]
        return bridge.port_of(call.number)
