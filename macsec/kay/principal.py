"""Which participant is the principal, whose SAKs protect the port's traffic (IEEE 802.1X 9.7)."""

from __future__ import annotations

from collections.abc import Sequence

from macsec.kay.participant import Participant


def choose(
    participants: Sequence[Participant], current: Participant | None, fallback_may: bool
) -> Participant | None:
    """The principal from now on; `participants` in the order of their keys' preference.

    Only a Key Server moves by itself, to a key that reaches everybody whom the present one does;
    the others follow what it distributes. Without live peers there is no principal.
    """
    live = [participant for participant in participants if participant.peers.live]
    if not fallback_may:
        live = [participant for participant in live if not participant.key.fallback]
    if current not in live:
        return live[0] if live else None
    best = live[0]
    moves = best.is_server and best.reach >= current.reach
    return best if moves else current
