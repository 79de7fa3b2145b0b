"""Hosts in C."""

from __future__ import annotations

from typing import Any

from macsec.config import Host as Address
from macsec.errors import ConfigError
from macsec.frames import frame_octets
from macsec.lab.virtual.host import HostStats, LabHost
from macsec.wire.link import Port, Receiver

from .engine import NativeEngine, ffi, lib
from .port import NativePort, Place, frame_of, watch_of


class NativeHost(LabHost):
    """A host in C; `number` is its name there."""

    def __init__(self, engine: NativeEngine, address: Address, port: Port, mtu: int) -> None:
        super().__init__(address, port, mtu)
        if not isinstance(port, NativePort):
            raise ConfigError(f"host {address.name}: {port!r} is not a port of its engine")
        self._engine = engine
        lane = port.in_c.part
        made = lib.macsec_lab_add_host(engine.lab, int(address.mac), mtu, lane)
        self.number = engine.number_of(made)
        self._listener: Receiver | None = None
        port.receiver = Place(lib.MACSEC_LAB_HOST, self.number, 0, self._receive)

    @property
    def listener(self) -> Receiver | None:
        """Takes each frame received."""
        return self._listener

    @listener.setter
    def listener(self, listener: Receiver | None) -> None:
        self._listener = listener
        lib.macsec_lab_watch_host(self._engine.lab, self.number, watch_of(listener))

    @property
    def stats(self) -> HostStats:
        """The counts so far."""
        found = ffi.new("macsec_lab_host_counts *")
        lib.macsec_lab_host(self._engine.lab, self.number, found)
        return HostStats(found.sent, found.received, found.expected, found.strange, found.foreign)

    def send(self, frame: bytes) -> None:
        """Send a frame now; its source address is one of the host's own from here on."""
        octets, engine = frame_octets(frame), self._engine
        engine.check(lib.macsec_lab_host_send(engine.lab, self.number, octets, len(octets)))

    def _receive(self, frame: bytes) -> None:
        engine = self._engine
        engine.check(lib.macsec_lab_host_receive(engine.lab, self.number, frame, len(frame)))

    def hear(self, frame: bytes) -> None:
        """Give a received frame to the listener."""
        if self._listener is not None:
            self._listener(frame)


class Hosts:
    """The hosts of an engine, for its hook."""

    def __init__(self, engine: NativeEngine) -> None:
        self._hosts: list[NativeHost] = []
        engine.hooks[lib.MACSEC_LAB_HOST_RECEIVES] = self._received

    def add(self, host: NativeHost) -> NativeHost:
        """Add the host that was made last."""
        self._hosts.append(host)
        return host

    def _received(self, call: Any) -> None:
        self._hosts[call.part].hear(frame_of(call))
