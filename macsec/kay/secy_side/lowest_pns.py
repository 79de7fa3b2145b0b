"""Lowest PNs (IEEE 802.1X 9.10.1): ours in our MKPDUs, and the PNs that peers report.

`TransmitPNs` keeps nextPN of our transmit SAs. `raise_lowest_pns` is delay protection: frames of a
peer below the lowest PN that it reports are too old.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container

from macsec.kay.keys.sak import KI
from macsec.kay.membership.peers import Peer
from macsec.kay.mkpdu.parameter_sets import LOW_32, KeyUse
from macsec.kay.secy_side.associations import Associations
from macsec.kay.secy_side.cp import KeySlot
from macsec.kay.timers import MKA_BOUNDED_HELLO_TIME_NS
from macsec.time_units import NS_PER_MS

GRID_NS = 10 * NS_PER_MS
"""Samples of nextPN are kept this far apart, so that their number has a bound."""


class TransmitPNs:
    """nextPN of our transmit SAs by KI, over the last half second and a little more."""

    def __init__(self) -> None:
        self._samples: dict[KI, deque[tuple[int, int]]] = {}

    def record(self, ki: KI, next_pn: int, now_ns: int) -> None:
        """Record nextPN at this time."""
        samples = self._samples.setdefault(ki, deque())
        if len(samples) > 1 and now_ns - samples[-2][0] < GRID_NS:
            samples.pop()
        if not samples or samples[-1][1] != next_pn:
            samples.append((now_ns, next_pn))
        while len(samples) > 1 and samples[1][0] <= now_ns - MKA_BOUNDED_HELLO_TIME_NS:
            samples.popleft()

    def current(self, ki: KI) -> int:
        """Return the last nextPN; 1 before the first."""
        return self._samples[ki][-1][1] if ki in self._samples else 1

    def rests(self, ki: KI, next_pn: int, now_ns: int) -> bool:
        """Return whether reports stay the same as long as nextPN is this."""
        samples = self._samples.get(ki, ())
        settled_ns = now_ns - MKA_BOUNDED_HELLO_TIME_NS
        return (
            [pn for time, pn in samples if time <= settled_ns]
            == [next_pn]
            == [pn for _, pn in samples]
        )

    def settled(self, ki: KI, now_ns: int) -> int:
        """Return nextPN of half a second ago: frames with lower PNs are older than that."""
        before = now_ns - MKA_BOUNDED_HELLO_TIME_NS
        pns = [pn for time, pn in self._samples.get(ki, ()) if time <= before]
        return pns[-1] if pns else 1

    def use_of(self, slot: KeySlot | None, protects: bool, now_ns: int) -> KeyUse | None:
        """Return a key as SAK Use reports it; its lowest PN is never 0.

        Without delay protection no peer judges frames by the lowest PN. The newest is then best:
        the Key Server learns of exhaustion from it.
        """
        if slot is None:
            return None
        pn = self.settled(slot.ki, now_ns) if protects else self.current(slot.ki)
        return KeyUse(slot.ki, slot.an, slot.transmits, slot.receives, pn)

    def keep(self, kis: Container[KI]) -> None:
        """Forget every key but these."""
        for ki in [ki for ki in self._samples if ki not in kis]:
            del self._samples[ki]


def whole_pn(lower: int, last: int) -> int:
    """Return the PN of 64 bits with this lower half: PNs rise, so a fall from `last` is a carry."""
    pn = last & ~LOW_32 | lower
    return pn + LOW_32 + 1 if pn + LOW_32 // 2 < last else max(pn, last)


def raise_lowest_pns(associations: Associations, peer: Peer, sci: int) -> None:
    """Raise the lowest PN of a peer's receive SAs to the one that it reports.

    The same report a second time changes nothing.
    """
    if peer.use is None or not peer.use.delay_protect:
        return
    for reported in (peer.use.latest, peer.use.old):
        if reported is not None:
            associations.raise_lowest_pn(reported.ki, sci, reported.lowest_pn)
