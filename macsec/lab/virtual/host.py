"""A host of a virtual lab: a port with plain Ethernet, and the frames that it expects."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from macsec.config import Host as Address
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


@dataclass(slots=True)
class _Pending:
    tally: FlowTally
    times: deque[int] = field(default_factory=deque)


class VirtualHost:
    """A host: `address`, `port`, `mtu`, `stats`. `listener`, if set, takes each frame received."""

    def __init__(self, engine: Engine, address: Address, port: Port, mtu: int) -> None:
        self.address = address
        self.mtu = mtu
        self.port = port
        self.stats = HostStats()
        self.listener: Callable[[bytes], None] | None = None
        self._engine = engine
        self._own = {address.mac.to_bytes(6)}
        self._pending: dict[bytes, _Pending] = {}
        port.receiver = self._receive

    @property
    def name(self) -> str:
        """Its name."""
        return self.address.name

    def can_send(self, frame: bytes) -> bool:
        """Return whether a frame fits the MTU, which does not count a VLAN tag, as on Linux."""
        room = self.mtu + ETHERNET_HEADER
        return len(frame) <= room or len(frame) <= room + vlan_tags_end(frame, 1) - ADDRESSES_LENGTH

    def send(self, frame: bytes) -> None:
        """Send a frame now; its source address is one of the host's own from here on."""
        self._own.add(frame[6:12])
        self.stats.sent += 1
        self.port.send(frame)

    def expect(self, frame: bytes, tally: FlowTally) -> None:
        """Expect a frame that a flow sends here now."""
        pending = self._pending.setdefault(frame, _Pending(tally))
        pending.times.append(self._engine.now_ps)

    def _receive(self, frame: bytes) -> None:
        self.stats.received += 1
        if (pending := self._pending.get(frame)) is not None:
            pending.tally.arrive(self._engine.now_ps - pending.times.popleft())
            self.stats.expected += 1
            if not pending.times:
                del self._pending[frame]
        elif frame[:6] in self._own:
            self.stats.strange += 1
        else:
            self.stats.foreign += 1
        if self.listener is not None:
            self.listener(frame)

    def __repr__(self) -> str:
        return f"<VirtualHost {self.name}>"
