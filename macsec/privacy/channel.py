"""A privacy channel: MPPDUs of one size, at one rate, for any traffic (20.8, 20.9)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from macsec.errors import ConfigError
from macsec.terms import ADDRESSES_LENGTH

from .counters import ChannelCounters
from .mppdu import (
    ETHERTYPE_LENGTH,
    EXPRESS,
    FRAGMENT_HEADER,
    FRAME_HEADER,
    FRAME_LEAST,
    FRAME_MOST,
    SEQUENCES,
    EncapsulatedFrame,
    Fragment,
    Padding,
)

FCS = 4
ON_WIRE = 8 + ADDRESSES_LENGTH + 16 + 16 + FCS + 12
"""Octet times of an MPPDU beside its own octets: preamble, addresses, SecTAG, ICV, FCS, gap."""
NS_PER_S = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """Settings of a channel, by the names of the YANG module. Raises ConfigError.

    `user_data_frame_size`: with FCS, as there; a longer frame is sent in fragments.
    """

    requested_kbit_rate: int
    user_data_frame_size: int = 1522
    fragment_enable: bool = True

    def __post_init__(self) -> None:
        if not 128 <= self.user_data_frame_size <= 1 << 15:
            raise ConfigError(
                f"user-data-frame-size {self.user_data_frame_size}: 128 to 32768 octets"
            )
        if self.requested_kbit_rate < 1:
            raise ConfigError(f"requested-kbit-rate {self.requested_kbit_rate}: at least 1")

    @property
    def mppdu_size(self) -> int:
        """Octets of every MPPDU behind its addresses: EtherType, header, and the largest frame."""
        return ETHERTYPE_LENGTH + FRAME_HEADER + self.user_data_frame_size - FCS

    @property
    def mppdu_bits_on_wire(self) -> int:
        """Bit times of an MPPDU, protected by MACsec, on an Ethernet."""
        return 8 * (ON_WIRE + self.mppdu_size)

    @property
    def mppdu_interval(self) -> int:
        """Interval between MPPDUs in ns, rounded down; departures have no error that adds up."""
        return self.departure_ns(1)

    def departure_ns(self, number: int) -> int:
        """Return the time of an MPPDU after the first one, which has number 0."""
        return number * self.mppdu_bits_on_wire * NS_PER_S // (1000 * self.requested_kbit_rate)

    def takes(self, frame: bytes) -> bool:
        """Return whether a frame can be sent: long ones need fragments."""
        most = FRAME_MOST if self.fragment_enable else self.user_data_frame_size - FCS
        return FRAME_LEAST <= len(frame) <= most


class PrivacyChannel:
    """A queue of user data frames, and the MPPDUs that carry them. `kind`: of its fragments."""

    def __init__(self, settings: ChannelSettings, kind: int = EXPRESS) -> None:
        self.settings, self.kind = settings, kind
        self.counters = ChannelCounters()
        self._queue: deque[bytes] = deque()
        self._sent = 0
        """Octets of the first frame of the queue that have left in fragments."""
        self._sequence = 0

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, frame: bytes) -> None:
        """Queue a frame that the settings take."""
        self._queue.append(frame)

    def next_mppdu(self) -> bytes:
        """Return what follows the EtherType of the next MPPDU: always as long."""
        room = self.settings.mppdu_size - ETHERTYPE_LENGTH
        parts: list[bytes] = []
        user = 0
        while room and self._queue:
            part = self._whole(room) or self._fragment(room)
            if part is None:
                break
            parts.append(part.encode())
            user += len(part.octets)
            room -= len(parts[-1])
        parts.append(Padding(room).encode())
        counters = self.counters
        counters.out_mppdus += 1
        counters.out_ch_user_octets += user
        counters.out_ch_pad_octets += self.settings.mppdu_size + ADDRESSES_LENGTH - user
        return b"".join(parts)

    def _whole(self, room: int) -> EncapsulatedFrame | None:
        frame = self._queue[0]
        if self._sent or FRAME_HEADER + len(frame) > room:
            return None
        self._queue.popleft()
        self.counters.out_encapsulated_frames += 1
        self.counters.out_ch_user_frames += 1
        return EncapsulatedFrame(frame)

    def _fragment(self, room: int) -> Fragment | None:
        if room <= FRAGMENT_HEADER or not self.settings.fragment_enable:
            return None
        frame, start = self._queue[0], self._sent
        stop = min(len(frame), start + room - FRAGMENT_HEADER)
        last = stop == len(frame)
        part = Fragment(self.kind, self._sequence, start == 0, last, frame[start:stop])
        self._sequence = (self._sequence + 1) % SEQUENCES
        self._sent = 0 if last else stop
        if last:
            self._queue.popleft()
            self.counters.out_ch_user_frames += 1
        if self.kind == EXPRESS:
            self.counters.out_express_fragments += 1
        else:
            self.counters.out_preempt_fragments += 1
        return part
