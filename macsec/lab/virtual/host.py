"""A host of a lab: a port with plain Ethernet, and what was meant to reach it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from macsec.config import Host as Address
from macsec.time_units import PS_PER_NS
from macsec.wire.engine import Engine
from macsec.wire.link import Port


@dataclass(slots=True)
class Tally:
    """What became of a flow, end to end.

    Latencies in ps, from the sending host's port to the receiving one's.
    """

    sent: int = 0
    sent_octets: int = 0
    delivered: int = 0
    latency_sum: int = 0
    latency_least: int = 0
    latency_most: int = 0

    def arrive(self, latency: int) -> None:
        """A frame arrived as it was sent."""
        self.latency_least = min(self.latency_least, latency) if self.delivered else latency
        self.latency_most = max(self.latency_most, latency)
        self.latency_sum += latency
        self.delivered += 1

    @property
    def mean_ns(self) -> float:
        """The mean latency in ns; for reports."""
        return self.latency_sum / self.delivered / PS_PER_NS if self.delivered else 0.0


@dataclass(slots=True)
class HostStats:
    """Frames at a host's port.

    `received`: all of them. `expected`: those sent to it by a flow, octet for octet.
    `strange`: those for it that no flow sent so: changed, or once too often.
    `foreign`: those for somebody else or for a group, which a bridge flooded.
    """

    sent: int = 0
    received: int = 0
    expected: int = 0
    strange: int = 0
    foreign: int = 0


@dataclass(slots=True)
class _Pending:
    tally: Tally
    times: deque[int] = field(default_factory=deque)


class Host:
    """A host: `address`, `port`, `stats`. `listener`, where set, is shown all that arrives."""

    def __init__(self, engine: Engine, address: Address, port: Port) -> None:
        self.address = address
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

    def send(self, frame: bytes) -> None:
        """A frame leaves now; its source address is one of the host's from here on."""
        self._own.add(frame[6:12])
        self.stats.sent += 1
        self.port.send(frame)

    def expect(self, frame: bytes, tally: Tally) -> None:
        """A flow sends this frame here now."""
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
        return f"<Host {self.name}>"
