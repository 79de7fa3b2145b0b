"""The PNs that we tell: the lowest that we have used lately with each key (IEEE 802.1X 9.10.1)."""

from __future__ import annotations

from collections import deque
from collections.abc import Container

from macsec.kay.cp import Slot
from macsec.kay.mkpdu.parameter_sets import LOW_32, KeyUse
from macsec.kay.participant import MKA_BOUNDED_HELLO_TIME_NS
from macsec.kay.sak import KI


def whole_pn(lower: int, told: int) -> int:
    """A PN of 64 bits from its lower half and an earlier one: PNs rise, so a fall is a carry."""
    pn = told & ~LOW_32 | lower
    return pn + LOW_32 + 1 if pn + LOW_32 // 2 < told else max(pn, told)


class TransmitPNs:
    """nextPN of our transmit SAs over the last half second and a little more."""

    def __init__(self) -> None:
        self._samples: dict[KI, deque[tuple[int, int]]] = {}

    def tell(self, ki: KI, next_pn: int, now_ns: int) -> None:
        """nextPN is this now."""
        samples = self._samples.setdefault(ki, deque())
        if not samples or samples[-1][1] != next_pn:
            samples.append((now_ns, next_pn))
        while len(samples) > 1 and samples[1][0] <= now_ns - MKA_BOUNDED_HELLO_TIME_NS:
            samples.popleft()

    def current(self, ki: KI) -> int:
        """nextPN as told last; 1 before that."""
        return self._samples[ki][-1][1] if ki in self._samples else 1

    def settled(self, ki: KI, now_ns: int) -> int:
        """What nextPN was half a second ago: frames with lower ones are older than that."""
        before = now_ns - MKA_BOUNDED_HELLO_TIME_NS
        pns = [pn for time, pn in self._samples.get(ki, ()) if time <= before]
        return pns[-1] if pns else 1

    def use_of(self, slot: Slot | None, protects: bool, now_ns: int) -> KeyUse | None:
        """A slot as SAK Use reports it; never a lowest PN of 0.

        Without delay protection nobody judges frames by it, and it may be as new as can be: it
        tells the Key Server of exhaustion.
        """
        if slot is None:
            return None
        pn = self.settled(slot.ki, now_ns) if protects else self.current(slot.ki)
        return KeyUse(slot.ki, slot.an, slot.transmits, slot.receives, pn)

    def keep(self, kis: Container[KI]) -> None:
        """Forget keys that are gone."""
        for ki in [ki for ki in self._samples if ki not in kis]:
            del self._samples[ki]
