"""Hellos in short: another MKPDU of a live peer that differs from its last one in MNs only.

Where nothing else changes, the whole judgment of such an MKPDU gives the same result again.
"""

from __future__ import annotations

from typing import NamedTuple

from macsec.errors import MACsecError
from macsec.kay.counters import KayCounters, Reception
from macsec.kay.mkpdu.frame import Mkpdu
from macsec.kay.mkpdu.parameter_sets import SakUse
from macsec.kay.mkpdu.stencil import MI_AT, MN_AT, MN_LENGTH, Stencil

from .participant import Participant
from .peers import Peer

_MI, _MN = slice(MI_AT, MN_AT), slice(MN_AT, MN_AT + MN_LENGTH)


class LastHello(NamedTuple):
    """The last MKPDU of a peer that was accepted and changed nothing, and who heard it."""

    participant: Participant
    peer: Peer
    stencil: Stencil


class Hellos:
    """The last hellos of live peers, by MI.

    What they prove depends on the state of the KaY: `forget` all when it changes.
    """

    def __init__(self, counters: KayCounters, updated_header: bool) -> None:
        self._counters = counters
        self._updated_header = updated_header
        self._hellos: dict[bytes, LastHello] = {}
        self._uses: dict[bytes, SakUse | None] = {}

    def forget(self) -> None:
        """Judge the next MKPDU of each peer as a whole."""
        self._hellos.clear()
        self._uses.clear()

    def drop(self, mi: bytes) -> None:
        """Judge the next MKPDU of a peer as a whole: its last one may have said something else."""
        self._hellos.pop(mi, None)

    def known(self, mi: bytes) -> LastHello | None:
        """Return the last hello of a member, or None."""
        return self._hellos.get(mi)

    def hear(self, frame: bytes, now_ns: int) -> bool:
        """Accept and count a hello like the last one; False if it needs the whole judgment."""
        known = self._hellos.get(frame[_MI])
        if known is None or not known.stencil.fits(frame):
            return False
        participant, peer, stencil = known
        try:
            holder = participant.key.holder
            if not holder.icv_valid(stencil.signed(frame), stencil.icv(frame)):
                return False
        except MACsecError:
            return False
        listed = stencil.listed(frame, participant.identity.mi)
        if not participant.hear_again(peer, int.from_bytes(frame[_MN]), listed, now_ns):
            return False
        peer.ability.show(now_ns, peer.ability.capability)
        self._counters.add(Reception.ACCEPTED)
        return True

    def learn(self, participant: Participant, mkpdu: Mkpdu, frame: bytes, now_ns: int) -> None:
        """Keep an accepted MKPDU that added to no other counter, after `drop`.

        The second one in a row with the same lowest PNs is worth it: traffic moves them.
        """
        mi = mkpdu.basic.mi
        peer = participant.peers.find(mi)
        if peer is None or not peer.live or mkpdu.suspension_s:
            return
        if not peer.ability.capability or peer.ability.shown_ns != now_ns:
            return
        repeats = mi in self._uses and self._uses[mi] == peer.use
        self._uses[mi] = peer.use
        if repeats:
            stencil = Stencil(mkpdu, frame, self._updated_header)
            if stencil.usable:
                self._hellos[mi] = LastHello(participant, peer, stencil)
