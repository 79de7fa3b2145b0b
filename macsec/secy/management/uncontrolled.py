"""Frames that a user sends at the Uncontrolled Port, which no step of the SecY sees (10.7.3)."""

from __future__ import annotations

from dataclasses import dataclass

from macsec.terms import BROADCAST


@dataclass(slots=True)
class PacketCount:
    """Frames counted one by one: octets, and packets to one station, to a group, to all."""

    octets: int = 0
    unicast: int = 0
    multicast: int = 0
    broadcast: int = 0

    def add(self, frame: bytes, count: int = 1) -> None:
        """Count a frame, or this many like it."""
        self.octets += len(frame) * count
        if not frame or not frame[0] & 1:
            self.unicast += count
        elif frame[:6] == BROADCAST:
            self.broadcast += count
        else:
            self.multicast += count

    def packets(self, prefix: str) -> dict[str, int]:
        """Return the packets by the names of RFC 2863."""
        return {
            f"{prefix}UcastPkts": self.unicast,
            f"{prefix}MulticastPkts": self.multicast,
            f"{prefix}BroadcastPkts": self.broadcast,
        }
