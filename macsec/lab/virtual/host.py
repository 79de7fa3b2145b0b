"""A host of a virtual lab: a port with plain Ethernet, and the frames that it expects."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from macsec.config import Host as Address
from macsec.frames import frame_octets
from macsec.frames.dissect import vlan_tags_end
from macsec.frames.unsent import Unsent
from macsec.terms import ADDRESSES_LENGTH, ETHERNET_HEADER
from macsec.time_units import PS_PER_NS
from macsec.wire.engine import Engine
from macsec.wire.link import Port


@dataclass(slots=True)
class FlowTally:
    """Frames and latencies of a flow, end to end. Latencies in ps, from host port to host port.

    `unsent`: frames of its capture that its hosts could not send.
    """

    unsent: Unsent = field(default_factory=Unsent)
    sent: int = 0
    sent_octets: int = 0
    delivered: int = 0
    latency_sum: int = 0
    latency_least: int = 0
    latency_most: int = 0

    def arrive(self, latency: int) -> None:
        """Count a frame that arrived as it was sent."""
        self.latency_least = min(self.latency_least, latency) if self.delivered else latency
        self.latency_most = max(self.latency_most, latency)
        self.latency_sum += latency
        self.delivered += 1

    @property
    def mean_ns(self) -> float:
        """The mean latency in ns, for reports."""
        return self.latency_sum / self.delivered / PS_PER_NS if self.delivered else 0.0


@dataclass(slots=True)
class HostStats:
    """Frames at a host's port.

    `received`: all that arrived. `expected`: equal to a frame that a flow sent here.
    `strange`: for this host, but no flow sent such a frame: it was changed, or is a copy.
    `foreign`: for another host or for a group; a bridge flooded them.
    """

    sent: int = 0
    received: int = 0
    expected: int = 0
    strange: int = 0
    foreign: int = 0


class LabHost(ABC):
    """A host: `address`, `port`, `mtu`. `listener`, if set, takes each frame received."""

    listener: Callable[[bytes], None] | None

    def __init__(self, address: Address, port: Port, mtu: int) -> None:
        self.address = address
        self.mtu = mtu
        self.port = port

    @property
    def name(self) -> str:
        """Its name."""
        return self.address.name

    @property
    @abstractmethod
    def stats(self) -> HostStats:
        """The counts so far."""

    @abstractmethod
    def send(self, frame: bytes) -> None:
        """Send a frame now; its source address is one of the host's own from here on."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


@dataclass(slots=True)
class _Pending:
    tally: FlowTally
    times: deque[int] = field(default_factory=deque)


class VirtualHost(LabHost):
    """A host in Python, for an engine in Python."""

    def __init__(self, engine: Engine, address: Address, port: Port, mtu: int) -> None:
        super().__init__(address, port, mtu)
        self.listener = None
        self._stats = HostStats()
        self._engine = engine
        self._own = {address.mac.to_bytes(6)}
        self._pending: dict[bytes, _Pending] = {}
        port.receiver = self._receive

    @property
    def stats(self) -> HostStats:
        """The counts so far."""
        return self._stats

    def can_send(self, frame: bytes) -> bool:
        """Return whether a frame fits the MTU, which does not count a VLAN tag, as on Linux."""
        room = self.mtu + ETHERNET_HEADER
        return len(frame) <= room or len(frame) <= room + vlan_tags_end(frame, 1) - ADDRESSES_LENGTH

    def send(self, frame: bytes) -> None:
        """Send a frame now; its source address is one of the host's own from here on."""
        octets = frame_octets(frame)
        self._own.add(octets[6:12])
        self._stats.sent += 1
        self.port.send(octets)

    def expect(self, frame: bytes, tally: FlowTally) -> None:
        """Expect a frame that a flow sends here now."""
        pending = self._pending.setdefault(frame, _Pending(tally))
        pending.times.append(self._engine.now_ps)

    def _receive(self, frame: bytes) -> None:
        self._stats.received += 1
        if (pending := self._pending.get(frame)) is not None:
            pending.tally.arrive(self._engine.now_ps - pending.times.popleft())
            self._stats.expected += 1
            if not pending.times:
                del self._pending[frame]
        elif frame[:6] in self._own:
            self._stats.strange += 1
        else:
            self._stats.foreign += 1
        if self.listener is not None:
            self.listener(frame)
