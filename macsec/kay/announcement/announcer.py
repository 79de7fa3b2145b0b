"""EAPOL-Announcements of a port: sent regularly and on request; those of others are learned."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from macsec.kay.counters import KayCounters, Reception
from macsec.kay.policy import KayPolicy
from macsec.time_units import NS_PER_MS, NS_PER_S

from .contents import Announced, own, read, tlvs_of
from .frames import GENERIC, REQUEST, decode, encode

INTERVAL_NS = 5 * NS_PER_S
HOLD_NS = 15 * NS_PER_S
DELAY_NS = 30 * NS_PER_MS
RATE = 5
"""Announcements a second, at most."""

LEARNED_LIMIT = 64


class Learned(NamedTuple):
    """Announcement of a station, and its time."""

    announced: Announced
    now_ns: int


class Announcer:
    """Sends generic announcements of a port, and learns those of others."""

    def __init__(self, sci: int, policy: KayPolicy, counters: KayCounters) -> None:
        self._source = sci.to_bytes(8)[:6]
        self._policy = policy
        self._counters = counters
        self._learned: dict[bytes, Learned] = {}
        self._sent: deque[int] = deque(maxlen=RATE)
        self.due_ns: int | None = None

    def start(self, now_ns: int) -> None:
        """Announce from now on, if the policy wants it."""
        if self._policy.announce_frames:
            self.due_ns = now_ns

    def stop(self) -> None:
        """Announce no more, and forget what was learned."""
        self.due_ns = None
        self._learned.clear()

    def hear(self, now_ns: int, frame: bytes) -> Reception | None:
        """Take an announcement or a request; None if a frame is neither, or none is wanted."""
        found = None if self.due_ns is None else decode(frame)
        if found is None or self.due_ns is None or found.source == self._source:
            return None
        if found.kind == REQUEST:
            self.due_ns = min(self.due_ns, max(now_ns + DELAY_NS, self._free_ns))
        else:
            self._learn(found.source, Learned(read(found.tlvs), now_ns))
        return Reception.ANNOUNCEMENT

    @property
    def _free_ns(self) -> int:
        """Time from which on another one keeps the rate."""
        return self._sent[0] + NS_PER_S if len(self._sent) == RATE else 0

    def _learn(self, source: bytes, heard: Learned) -> None:
        self._learned.pop(source, None)
        self._learned[source] = heard
        if len(self._learned) > LEARNED_LIMIT:
            del self._learned[next(iter(self._learned))]

    def learned(self, now_ns: int) -> dict[bytes, Announced]:
        """Return what other stations announced within the last 15 s, by MAC address."""
        return {
            source: heard.announced
            for source, heard in self._learned.items()
            if now_ns < heard.now_ns + HOLD_NS
        }

    def poll(self, now_ns: int) -> bytes | None:
        """Return the announcement that is due."""
        if self.due_ns is None or now_ns < self.due_ns:
            return None
        self.due_ns = now_ns + INTERVAL_NS
        self._sent.append(now_ns)
        self._counters.add("out-announcement")
        policy = self._policy
        tlvs = tlvs_of(own(policy))
        return encode(GENERIC, self._source, policy.destination, tlvs, policy.eapol_ethertype)
