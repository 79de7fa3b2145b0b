"""Signs in the times and the message numbers of MKPDUs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from statistics import median

from macsec.time_units import NS_PER_S

from .catalogue import Certainty, Sign
from .evidence import CaEvidence, Evidence, Observed, member

LEAST_INTERVALS = 3
SLOW = 3
"""Seconds: an interval of hellos from here on leaves less than one lost MKPDU in a Life Time."""
BOUNDED = 1
"""Seconds: hellos under delay protection come each half second (9.10.1)."""
MANY_LIVES = 4
MANY_SAKS = 4


def rhythms(evidence: Evidence) -> Iterator[Sign]:
    """Yield signs in the times of each member."""
    for association in evidence.associations.values():
        for mi, messages in association.lives.items():
            sci = association.owners[mi]
            yield from _slow(association, sci, messages, evidence.life_ns)
            yield from _old(association, sci, messages)
        yield from _delay_protection(association)
        yield from _restarts(association)
        yield from _churn(association, evidence.life_ns)


def _slow(
    association: CaEvidence, sci: int, messages: list[Observed], life_ns: int
) -> Iterator[Sign]:
    """Yield a sign of slow hellos, or else of hellos that were sent and are not in the capture."""
    if any(each.mkpdu.suspension_s for each in messages):
        return
    steps = [(b.time_ns - a.time_ns, b) for a, b in pairwise(messages)]
    one_by_one = [
        (after.time_ns - before.time_ns, after)
        for before, after in pairwise(messages)
        if after.mkpdu.basic.mn == before.mkpdu.basic.mn + 1
    ]
    if len(one_by_one) >= LEAST_INTERVALS:
        usual = median(step for step, _ in one_by_one)
        if usual > min(SLOW * NS_PER_S, life_ns * 0.5):
            shown = one_by_one[0][1]
            detail = f"{association.name}: {member(sci)} sends each {usual / NS_PER_S:.1f} s"
            yield Sign("slow-hello", Certainty.SHOWN, shown.frame, detail)
            return
    for (step, after), before in zip(steps, messages, strict=False):
        missing = after.mkpdu.basic.mn - before.mkpdu.basic.mn - 1
        if step > life_ns and missing > 0:
            detail = (
                f"{association.name}: {missing} MKPDUs of {member(sci)} before this one are "
                f"missing, a gap of {step / NS_PER_S:.1f} s"
            )
            yield Sign("lost-hellos", Certainty.SHOWN, after.frame, detail)
            return


def _old(association: CaEvidence, sci: int, messages: list[Observed]) -> Iterator[Sign]:
    """Yield a sign of an MKPDU whose number was passed more than a second ago."""
    newest: Observed | None = None
    for message in messages:
        mn = message.mkpdu.basic.mn
        if newest is None or mn > newest.mkpdu.basic.mn:
            newest = message
            continue
        earlier = [each for each in messages if each.mkpdu.basic.mn >= mn and each is not message]
        if message.time_ns - earlier[0].time_ns > NS_PER_S:
            detail = (
                f"{association.name}: MN {mn} of {member(sci)} after MN {newest.mkpdu.basic.mn}"
            )
            yield Sign("replayed", Certainty.SHOWN, message.frame, detail)
            return


def _delay_protection(association: CaEvidence) -> Iterator[Sign]:
    protecting: dict[int, Observed] = {}
    for message in association.messages:
        use = message.mkpdu.use
        if use is not None and use.delay_protect:
            protecting.setdefault(message.mkpdu.basic.sci, message)
    for sci, shown in protecting.items():
        for other, messages in association.senders.items():
            after = [each.time_ns for each in messages if each.time_ns >= shown.time_ns]
            steps = [b - a for a, b in pairwise(after)]
            slow = len(steps) >= LEAST_INTERVALS and median(steps) > BOUNDED * NS_PER_S
            if other not in protecting and slow:
                detail = (
                    f"{association.name}: {member(sci)} has delay protection on, {member(other)} "
                    f"has it off and sends each {median(steps) / NS_PER_S:.1f} s"
                )
                yield Sign("delay-protection", Certainty.LIKELY, shown.frame, detail)


def _restarts(association: CaEvidence) -> Iterator[Sign]:
    for sci in association.senders:
        lives = [each for mi, each in association.lives.items() if association.owners[mi] == sci]
        if len(lives) >= MANY_LIVES:
            detail = f"{association.name}: {len(lives)} MIs of {member(sci)}"
            yield Sign("restarts", Certainty.SHOWN, lives[1][0].frame, detail, len(lives) - 1)


def _churn(association: CaEvidence, life_ns: int) -> Iterator[Sign]:
    first: dict[bytes, Observed] = {}
    for message in association.messages:
        sak = message.mkpdu.distributed
        if sak is not None:
            first.setdefault(sak.wrapped, message)
    given = [*first.values()]
    for at in range(MANY_SAKS - 1, len(given)):
        spent = given[at].time_ns - given[at - MANY_SAKS + 1].time_ns
        if spent < (MANY_SAKS - 1) * life_ns // 2:
            detail = f"{association.name}: {MANY_SAKS} SAKs in {spent / NS_PER_S:.1f} s"
            yield Sign("sak-churn", Certainty.SHOWN, given[at].frame, detail, len(given))
            return
