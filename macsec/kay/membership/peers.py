"""The Live and Potential Peer Lists of a participant (IEEE 802.1X 9.4.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from macsec.kay.announcement.contents import Announced
from macsec.kay.keys.sak import KI
from macsec.kay.mkpdu.parameter_sets import Basic, KeyUse, PeerId, SakUse
from macsec.kay.timers import MKA_LIFE_TIME_NS

from .ability import Ability

LIVE_LIMIT = 40
POTENTIAL_LIMIT = 32
"""With these limits an MKPDU with both lists fits a frame of 1500 octets."""

PAST_LIMIT = 1024
"""Former members that are remembered; the longest gone makes room."""


@dataclass(slots=True)
class Peer:
    """Another member. `basic` and `use` are of its last MKPDU; None if only others listed it.

    `mn` is that of its last MKPDU; the MN of `basic` may be an earlier one.
    """

    mi: bytes
    mn: int
    expires_ns: int
    live: bool = False
    basic: Basic | None = None
    use: SakUse | None = None
    acknowledged: KI | None = None
    """The newest KI of ours with which it reported to receive."""
    suspended: bool = False
    """True if its last MKPDU reported a suspension."""
    ability: Ability = field(default_factory=Ability)
    plain: bool = False
    """True if its last MKPDU ordered plain frames."""
    announced: Announced | None = None
    """Its last announcement in an MKPDU."""
    kmd: str = ""

    @property
    def sci(self) -> int | None:
        """Its SCI, once heard."""
        return None if self.basic is None else self.basic.sci

    def uses(self, ki: KI) -> list[KeyUse]:
        """Return its reports of a key, as Latest Key or Old Key."""
        if self.use is None:
            return []
        return [slot for slot in (self.use.latest, self.use.old) if slot and slot.ki == ki]

    def receives(self, ki: KI) -> bool:
        """True if it reports that it receives with a key."""
        return any(slot.receives for slot in self.uses(ki))

    def transmits(self, ki: KI) -> bool:
        """True if it reports that it transmits with a key."""
        return any(slot.transmits for slot in self.uses(ki))


class Past(NamedTuple):
    """A member that left the lists: its last MN, when it left, the next MI of its SCI if any."""

    mn: int
    gone_ns: int
    successor: bytes | None


def entries(peers: Iterable[Peer]) -> tuple[PeerId, ...]:
    """Return peers as entries of a peer list."""
    return tuple(PeerId(peer.mi, peer.mn) for peer in peers)


class Peers:
    """All members, by MI, that were heard or listed by a live peer within a Life Time.

    The MNs of former members stay known: a past MKPDU is never taken for a new one.
    """

    def __init__(self, life_ns: int = MKA_LIFE_TIME_NS) -> None:
        self._life_ns = life_ns
        self._held_ns = 0
        self._peers: dict[bytes, Peer] = {}
        self._past: dict[bytes, Past] = {}
        self._live: list[Peer] | None = None
        self.changes = 0
        """The number of times that a member came, went, or changed its list."""

    @property
    def life_ns(self) -> int:
        """The Life Time."""
        return self._life_ns

    def is_held(self, now_ns: int) -> bool:
        """Return whether a suspension still keeps members that were not heard."""
        return bool(self._held_ns) and now_ns < self._held_ns + self._life_ns

    def find(self, mi: bytes) -> Peer | None:
        """Return the member with an MI, or None."""
        return self._peers.get(mi)

    def is_past(self, basic: Basic, now_ns: int, proves: bool) -> bool:
        """True for an MKPDU of the past: its MN is not above the last one, or its MI given up.

        After a Life Time no replay can list a recent MN of ours. A former member that `proves` its
        life so may then return with any MN, also if another station used its MI meanwhile.
        """
        peer, past = self._peers.get(basic.mi), self._past.get(basic.mi)
        if peer is not None and peer.basic is not None:
            return basic.mn <= peer.mn
        if past is None or self.is_superseded(basic.mi):
            return past is not None
        returns = proves and now_ns >= past.gone_ns + self._life_ns
        return basic.mn <= past.mn and not returns

    def is_superseded(self, mi: bytes) -> bool:
        """True if a member gave up this MI for one under which it is live now."""
        past = self._past.get(mi)
        heir = None if past is None else self._peers.get(past.successor or b"")
        return heir is not None and heir.live

    @property
    def live(self) -> list[Peer]:
        """The Live Peer List, the greatest SCI first: the order of SSCIs. Read often, so kept."""
        if self._live is None:
            live = (peer for peer in self._peers.values() if peer.live)
            self._live = sorted(live, key=lambda peer: peer.sci or 0, reverse=True)
        return self._live

    @property
    def potential(self) -> list[Peer]:
        """The Potential Peer List."""
        return [peer for peer in self._peers.values() if not peer.live]

    @property
    def mns(self) -> list[tuple[bytes, int]]:
        """The MI and MN of each member, in any order."""
        return [(peer.mi, peer.mn) for peer in self._peers.values()]

    @property
    def next_expiry_ns(self) -> int | None:
        """Time at which the next peer leaves its list unless it is heard."""
        return min(map(self._expires_ns, self._peers.values()), default=None)

    def hold(self, until_ns: int) -> None:
        """Keep every member until a Life Time after this: key agreement is suspended."""
        self._held_ns = until_ns

    def _expires_ns(self, peer: Peer) -> int:
        held_ns = self._held_ns + self._life_ns if self._held_ns else 0
        return max(peer.expires_ns, held_ns) if peer.live else peer.expires_ns

    def hear(self, basic: Basic, now_ns: int) -> Peer | None:
        """Record an MKPDU that is newer than the last; None if the lists are full."""
        peer = self._peers.get(basic.mi)
        if peer is None:
            self._supersede(basic.sci, now_ns)
            if not self._room():
                return None
            peer = self._peers[basic.mi] = Peer(basic.mi, basic.mn, now_ns + self._life_ns)
            self._changed()
        peer.mn, peer.basic = basic.mn, basic
        if not peer.live:
            peer.expires_ns = now_ns + self._life_ns
        return peer

    def prove(self, peer: Peer, now_ns: int) -> bool:
        """Make a peer live, since it lists us; return whether that is new.

        Another entry of the same SCI is this member before it restarted: it is removed.
        """
        peer.expires_ns = now_ns + self._life_ns
        if peer.live or len(self.live) >= LIVE_LIMIT:
            return False
        for other in [*self._peers.values()]:
            if other is not peer and other.sci == peer.sci:
                self._forget(other, now_ns, peer.mi)
        peer.live = True
        self._changed()
        return True

    def hear_again(self, peer: Peer, mn: int, now_ns: int) -> None:
        """Record an MKPDU of a live peer that lists us, and has no news but its MN."""
        peer.mn, peer.expires_ns = mn, now_ns + self._life_ns

    def learn(self, listed: Iterable[PeerId], now_ns: int) -> None:
        """Add the unknown ones of a live peer's live peers as potential."""
        for mi, mn in listed:
            if mi in self._peers or self.is_superseded(mi):
                continue
            if len(self.potential) < POTENTIAL_LIMIT:
                self._peers[mi] = Peer(mi, mn, now_ns + self._life_ns)
                self._changed()

    def expire(self, now_ns: int) -> list[Peer]:
        """Remove and return the peers whose Life Time has run out."""
        gone = [peer for peer in self._peers.values() if self._expires_ns(peer) <= now_ns]
        for peer in gone:
            self._forget(peer, now_ns)
        return gone

    def doubt(self) -> None:
        """Make every peer potential: we have a new MI, which no peer has listed yet."""
        for peer in self._peers.values():
            peer.live = False
        self._changed()

    def _changed(self) -> None:
        self._live = None
        self.changes += 1

    def _supersede(self, sci: int, now_ns: int) -> None:
        """Remove potential peers of this SCI: it has a new MI, and will not use an earlier one."""
        for peer in self.potential:
            if peer.sci == sci:
                self._forget(peer, now_ns)

    def _room(self) -> bool:
        """Return whether a potential peer fits; one that was only listed makes room."""
        potential = self.potential
        if len(potential) < POTENTIAL_LIMIT:
            return True
        unheard = next((peer for peer in potential if peer.basic is None), None)
        if unheard is not None:
            del self._peers[unheard.mi]
            self._changed()
        return unheard is not None

    def _forget(self, peer: Peer, now_ns: int, successor: bytes | None = None) -> None:
        """Remove a member from the lists, and remember its last MN."""
        del self._peers[peer.mi]
        self._changed()
        if peer.basic is None:
            return
        self._past.pop(peer.mi, None)
        self._past[peer.mi] = Past(peer.mn, now_ns, successor)
        if len(self._past) > PAST_LIMIT:
            del self._past[next(iter(self._past))]
