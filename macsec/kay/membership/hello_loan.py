"""Hellos on loan: while nothing is new, another sends and hears them, and reports what it did.

The borrower makes the MKPDUs that the KaY would make, at the same times, and accepts the
ones that `Hellos` would accept. It leaves everything else to the KaY.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.kay.mkpdu.stencil import Stencil
from macsec.keys import Key

from .hellos import Hellos
from .participant import Participant
from .peers import Peer


class PeerTerms(NamedTuple):
    """A live peer, its last hello, and the place of its MN in our MKPDU."""

    peer: Peer
    stencil: Stencil
    us: int
    """Place of our MN in its hello."""
    in_ours: int


@dataclass(frozen=True, slots=True)
class HelloTerms:
    """A participant without news: all that its next hellos depend on.

    `times`: when its MKPDUs were sent, the last ones up to `mn`. From `until_ns` on time alone
    changes something.
    """

    participant: Participant
    ick: Key
    stencil: Stencil
    mn: int
    times: tuple[int, ...]
    hello_ns: int
    period_ns: int
    life_ns: int
    until_ns: int
    peers: tuple[PeerTerms, ...]


class PeerReport(NamedTuple):
    """A peer as the borrower has it now; `heard_ns` is None if it heard nothing of it."""

    mn: int
    expires_ns: int
    heard_ns: int | None


@dataclass(frozen=True, slots=True)
class HelloReport:
    """Hellos that a borrower sent and heard since its last report.

    `times`: when the last MKPDUs up to `mn` were sent; `kept` of them within a Life Time. `unread`:
    one was heard, and it has not looked since for what is due.
    """

    now_ns: int
    hello_ns: int
    heard: int
    heard_ns: int
    sent: int
    sent_ns: int
    mn: int
    kept: int
    times: Sequence[int]
    unread: bool
    peers: Sequence[PeerReport]


def hello_terms(
    participant: Participant, hellos: Hellos, stencil: Stencil, period_ns: int, until_ns: int
) -> HelloTerms | None:
    """Return the terms of a participant whose next MKPDU `stencil` makes; None if it has news."""
    holder, peers = participant.key.holder, participant.peers
    if participant.news or peers.potential or not isinstance(holder, MemoryHolder):
        return None
    found = [_peer_terms(participant, peer, hellos, stencil) for peer in peers.live]
    every = tuple(each for each in found if each is not None)
    if not every or len(every) < len(found):
        return None
    return HelloTerms(
        participant=participant,
        ick=holder.ick,
        stencil=stencil,
        mn=participant.identity.mn,
        times=participant.identity.sent_ns,
        hello_ns=participant.hello_ns,
        period_ns=period_ns,
        life_ns=peers.life_ns,
        until_ns=until_ns,
        peers=every,
    )


def _peer_terms(
    participant: Participant, peer: Peer, hellos: Hellos, stencil: Stencil
) -> PeerTerms | None:
    known = hellos.known(peer.mi)
    us = None if known is None else known.stencil.place(participant.identity.mi)
    in_ours = stencil.place(peer.mi)
    if known is None or us is None or in_ours is None or known.peer is not peer:
        return None
    return PeerTerms(peer, known.stencil, us, in_ours)


def take_report(terms: HelloTerms, report: HelloReport) -> None:
    """Enter what a borrower did into the participant and its peers."""
    participant = terms.participant
    participant.hello_ns = report.hello_ns
    participant.note_sent(_last(report.times, report.sent))
    participant.identity.follow(report.mn, _last(report.times, report.kept))
    for one, now in zip(terms.peers, report.peers, strict=True):
        if now.heard_ns is not None:
            one.peer.mn, one.peer.expires_ns = now.mn, now.expires_ns
            one.peer.ability.show(now.heard_ns, one.peer.ability.capability)


def _last(times: Sequence[int], count: int) -> Sequence[int]:
    return times[max(0, len(times) - count) :]
