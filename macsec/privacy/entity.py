"""The PrY: user data frames to MPPDUs by priority, and back (17.4, 20.5, 20.11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from macsec.enumerations import TextEnum
from macsec.errors import ConfigError
from macsec.frames import frame_octets
from macsec.frames.dissect import vlan_tags_end
from macsec.terms import ADDRESSES_LENGTH, ETHERNET_HEADER

from . import privacy_frame
from .channel import FCS, ChannelSettings, PrivacyChannel
from .counters import FrameCounters, ReceiveCounters
from .mppdu import (
    ETHERTYPE,
    ETHERTYPE_LENGTH,
    EXPRESS,
    FRAME_LEAST,
    FRAME_MOST,
    PREEMPTABLE,
    EncapsulatedFrame,
    Errored,
    Fragment,
    Unknown,
    components,
)
from .reassembly import Reassembly

NEAREST_NON_TPMR_BRIDGE = bytes.fromhex("0180C2000003")
PRIORITIES = 8
MTU_EXTRA = 22
"""A reassembled frame has at most if-mtu and 22 octets (20.13.1)."""
PEERS_MOST = 255


class PrivacyType(TextEnum):
    """Privacy of a user priority (privacy-selection)."""

    NONE = "none"
    FRAME = "privacy-frame"
    EXPRESS = "express-channel"
    PREEMPTABLE = "preemptable-channel"


KINDS = {PrivacyType.EXPRESS: EXPRESS, PrivacyType.PREEMPTABLE: PREEMPTABLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class PrYSettings:
    """Settings of a PrY, by the names of the YANG module. Raises ConfigError.

    `selection`: by user priority. `least`: octets that a privacy frame fills at least behind its
    addresses. `peers`: addresses whose fragments are taken; None learns up to `max_peers`.
    """

    pry_address: bytes
    mppdu_dest_address: bytes = NEAREST_NON_TPMR_BRIDGE
    ethertype: int = ETHERTYPE
    selection: tuple[PrivacyType, ...] = (PrivacyType.FRAME,) * PRIORITIES
    frame_padding: int = 64
    least: int = 0
    channels: dict[PrivacyType, ChannelSettings] = field(default_factory=dict)
    peers: frozenset[bytes] | None = None
    max_peers: int = 16
    if_mtu: int = 1 << 15

    def __post_init__(self) -> None:
        if self.frame_padding not in privacy_frame.PADDINGS:
            raise ConfigError(f"frame-padding {self.frame_padding}: 1, 16, 32 or 64")
        if len(self.selection) != PRIORITIES:
            raise ConfigError(f"privacy-selection: {PRIORITIES} types are wanted")
        if not set(self.channels) <= set(KINDS):
            raise ConfigError("channel: express-channel or preemptable-channel")
        if not 1 <= self.max_peers <= PEERS_MOST:
            raise ConfigError(f"max-peers {self.max_peers}: 1 to {PEERS_MOST}")


class Sent(NamedTuple):
    """A frame for the Controlled Port, and the time when it leaves."""

    time_ns: int
    octets: bytes


class PrY:
    """A MAC Privacy protection Entity. Times are arguments; frames never raise.

    `send` takes a user data frame. Privacy frames and frames without privacy leave at once; what a
    channel carries leaves with `due`, which gives the MPPDUs of all channels up to a time. A
    channel starts at `start`, and sends MPPDUs of padding while it has no frames.
    """

    def __init__(self, settings: PrYSettings) -> None:
        self.settings = settings
        only_one = len(settings.channels) == 1  # then all its fragments are express
        self.channels = {
            kind: PrivacyChannel(given, EXPRESS if only_one else KINDS[kind])
            for kind, given in settings.channels.items()
        }
        self.frames = FrameCounters()
        self.received = ReceiveCounters()
        self.refused = 0
        """Frames that were too short or too long to be sent."""
        addresses = settings.mppdu_dest_address + settings.pry_address
        self._front = addresses + settings.ethertype.to_bytes(2)
        self._start_ns = 0
        self._departed = dict.fromkeys(self.channels, 0)
        self._partial: dict[tuple[bytes, int], Reassembly] = {}
        self._learned: set[bytes] = set()

    # ---------------------------------------------------------------- transmission

    def start(self, time_ns: int) -> None:
        """Begin the channels: the first MPPDU of each leaves at this time."""
        self._start_ns = time_ns
        self._departed = dict.fromkeys(self.channels, 0)

    def send(self, time_ns: int, frame: bytes) -> Sent | None:
        """Take a user data frame; return what leaves at once, None if a channel has it."""
        octets = frame_octets(frame)
        chosen = self._chosen(octets)
        if chosen in self.channels:
            if self.channels[chosen].settings.takes(octets):
                self.channels[chosen].add(octets)
            else:
                self.refused += 1
            return None
        if chosen is PrivacyType.NONE:
            self.frames.out_unprotected_frames += 1
            self.frames.out_unprotected_octets += len(octets)
            return Sent(time_ns, octets)
        if not FRAME_LEAST <= len(octets) <= FRAME_MOST:
            self.refused += 1
            return None
        given = self.settings
        mppdu = self._front + privacy_frame.privacy_frame(octets, given.frame_padding, given.least)
        privacy_frame.count(self.frames, octets, mppdu)
        return Sent(time_ns, mppdu)

    def _chosen(self, frame: bytes) -> PrivacyType:
        """20.8: the other channel takes the frames of one that is off, else they go alone."""
        tagged = vlan_tags_end(frame, 1) > ADDRESSES_LENGTH
        priority = frame[ADDRESSES_LENGTH + 2] >> 5 if tagged else 0
        chosen = self.settings.selection[priority]
        if chosen not in KINDS or chosen in self.channels:
            return chosen
        return next(iter(self.channels), PrivacyType.FRAME)

    def due(self, before_ns: int) -> Iterator[Sent]:
        """Yield the MPPDUs of the channels that leave before a time, in its order."""
        while True:
            times = {kind: self._departure(kind) for kind in self.channels}
            kind = min(times, key=lambda each: times[each], default=None)
            if kind is None or times[kind] >= before_ns:
                return
            self._departed[kind] += 1
            yield Sent(times[kind], self._front + self.channels[kind].next_mppdu())

    def rest(self) -> Iterator[Sent]:
        """Yield further MPPDUs until no channel has a frame."""
        while any(len(channel) for channel in self.channels.values()):
            yield from self.due(min(map(self._departure, self.channels)) + 1)

    def _departure(self, kind: PrivacyType) -> int:
        settings = self.channels[kind].settings
        return self._start_ns + settings.departure_ns(self._departed[kind])

    # ---------------------------------------------------------------- reception

    def receive(self, frame: bytes) -> list[bytes]:
        """Return the user data frames that a frame of the Controlled Port delivers."""
        octets = frame_octets(frame)
        counters = self.received
        if not self._is_mppdu(octets):
            counters.in_user_unprotected_frames += 1
            counters.in_user_unprotected_octets += len(octets)
            return [octets]
        counters.in_mppdus += 1
        peer, found, user = octets[6:12], [], 0
        for part in components(octets[ETHERNET_HEADER:]):
            if isinstance(part, EncapsulatedFrame):
                counters.in_encapsulated_frames += 1
                user += len(part.octets)
                found.append(part.octets)
            elif isinstance(part, Fragment):
                user += len(part.octets)
                found += self._reassembled(peer, part)
            elif isinstance(part, Unknown):
                counters.in_unknown_mppcis += 1
            elif isinstance(part, Errored):
                counters.in_errored_mppdus += 1
        counters.in_pad_octets += len(octets) - user
        counters.in_user_frames += len(found)
        counters.in_user_octets += sum(map(len, found))
        return found

    def _is_mppdu(self, octets: bytes) -> bool:
        """20.11: the EtherType, and our address or the group of MPPDUs."""
        given = self.settings
        if octets[ADDRESSES_LENGTH:ETHERNET_HEADER] != given.ethertype.to_bytes(ETHERTYPE_LENGTH):
            return False
        to = octets[:6]
        return to == given.pry_address or (to == given.mppdu_dest_address and bool(to[0] & 1))

    def _reassembled(self, peer: bytes, fragment: Fragment) -> list[bytes]:
        frame, discards = None, 1
        if self._knows(peer):
            key = peer, fragment.kind
            if key not in self._partial:
                self._partial[key] = Reassembly(self.settings.if_mtu + MTU_EXTRA - FCS)
            frame, discards = self._partial[key].add(fragment)
        counters = self.received
        if fragment.kind == EXPRESS:
            counters.in_user_express_fragments += 1
            counters.in_express_discard_fragments += discards
        else:
            counters.in_user_preemptable_fragments += 1
            counters.in_preemptable_discard_fragments += discards
        return [] if frame is None else [frame]

    def _knows(self, peer: bytes) -> bool:
        if self.settings.peers is not None:
            return peer in self.settings.peers
        if len(self._learned) < self.settings.max_peers:
            self._learned.add(peer)
        return peer in self._learned
