"""Signs that one member does not hear another: the CAK, the header, or the way between."""

from __future__ import annotations

from collections.abc import Iterator

from macsec.kay.listening.listener import Hearing

from .catalogue import Certainty, Sign
from .evidence import ENOUGH, CaEvidence, Evidence, Observed, member
from .headers import differing, unreadable
from .names import misnamed

RETURNS = 3
"""Returns to an earlier MI that show two participants: a late MKPDU of a first life makes two."""


def absent(evidence: Evidence) -> Iterator[Sign]:
    """Yield signs of MKPDUs that are not there."""
    if not evidence.associations and not any(True for _ in unreadable(evidence)):
        number = len(evidence.observed)
        yield Sign("no-mkpdu", Certainty.SHOWN, None, f"{number} EAPOL frames, none an MKPDU")
    for association in evidence.associations.values():
        unseen = [each for each in association.messages if each.live - association.owners.keys()]
        if unseen:
            mi = min(unseen[0].live - association.owners.keys())
            sci = member(unseen[0].mkpdu.basic.sci)
            detail = f"{association.name}: {sci} lists {mi.hex()} as live"
            yield Sign("one-sided", Certainty.SHOWN, unseen[0].frame, detail, len(unseen))
    scis = {sci for each in evidence.associations.values() for sci in each.senders}
    lists = any(
        message.lists for each in evidence.associations.values() for message in each.messages
    )
    explained = [*misnamed(evidence), *twins(evidence)]
    if len(scis) == 1 and not lists and not explained:
        (first, *more) = next(iter(evidence.associations.values())).messages
        if len(more) >= ENOUGH:
            to = first.mkpdu.destination.hex(":")
            detail = f"{member(*scis)} alone, {len(more) + 1} MKPDUs to {to}, and no peer listed"
            yield Sign("alone", Certainty.SHOWN, more[-1].frame, detail)


def twins(evidence: Evidence) -> Iterator[Sign]:
    """Yield signs of two participants with one SCI in one CA, whose MKPDUs alternate."""
    for association in evidence.associations.values():
        for sci, messages in association.senders.items():
            back = _back_and_forth(messages)
            if back is None:
                continue
            mixed = len({message.heard.hearing for message in messages}) > 1
            kinds = {
                (basic.priority, basic.version, basic.capability)
                for basic in (message.mkpdu.basic for message in messages)
            }
            quirk = "two-chains" if mixed or len(kinds) == 1 else "same-address"
            mis = " and ".join(dict.fromkeys(each.mkpdu.basic.mi.hex() for each in messages))
            detail = f"{association.name}: {member(sci)} sends as {mis} in turn"
            detail += ", with different CAKs" if mixed else ""
            certainty = Certainty.SHOWN if mixed else Certainty.LIKELY
            yield Sign(quirk, certainty, back.frame, detail)


def _back_and_forth(messages: list[Observed]) -> Observed | None:
    """Return the MKPDU with which two MIs have alternated for long, each with newer numbers."""
    newest: dict[bytes, int] = {}
    last, returns = b"", 0
    for message in messages:
        basic = message.mkpdu.basic
        if basic.mi != last and basic.mn > newest.get(basic.mi, basic.mn):
            returns += 1
        if returns == RETURNS:
            return message
        newest[basic.mi] = max(basic.mn, newest.get(basic.mi, 0))
        last = basic.mi
    return None


def deafness(evidence: Evidence) -> Iterator[Sign]:
    """Yield signs that a member does not hear another, each with its likeliest reason."""
    for association in evidence.associations.values():
        alternating = any(True for _ in twins(Evidence(association.messages, evidence.life_ns)))
        if not alternating:
            yield from _wrong_icvs(association)
        done: set[frozenset[int]] = set()
        for listener, speaker in association.pairs():
            pair = frozenset((listener, speaker))
            shown = association.deaf(listener, speaker)
            if shown is not None and pair not in done:
                done.add(pair)
                yield from _deaf(association, listener, speaker, shown)


def _wrong_icvs(association: CaEvidence) -> Iterator[Sign]:
    """Yield a sign for each member whose ICVs are wrong under the CAK that was given."""
    wrong = [message for message in association.messages if message.wrong_icv]
    if not wrong:
        return
    if len(wrong) == len(association.messages):
        if any(message.live for message in wrong):
            detail = f"{association.name}: all {len(wrong)} ICVs are wrong, and peers are live"
            yield Sign("cak-of-file", Certainty.SHOWN, wrong[0].frame, detail, len(wrong))
        return
    by_sender: dict[int, list[Observed]] = {}
    for message in wrong:
        by_sender.setdefault(message.mkpdu.basic.sci, []).append(message)
    for sci, messages in by_sender.items():
        rest = len(association.senders[sci]) - len(messages)
        others = "the others are right" if not rest else f"{rest} of its others are right"
        detail = f"{association.name}: {len(messages)} ICVs of {member(sci)} are wrong, {others}"
        yield Sign("wrong-cak", Certainty.SHOWN, messages[0].frame, detail, len(messages))


def _deaf(association: CaEvidence, listener: int, speaker: int, shown: Observed) -> Iterator[Sign]:
    signs = differing(association, listener, speaker)
    yield from signs
    senders = association.senders
    both = [*senders[listener], *senders[speaker]]
    authentic = all(message.heard.hearing is Hearing.AUTHENTIC for message in both)
    some_wrong = any(message.wrong_icv for message in both)
    all_wrong = all(message.wrong_icv for message in both)
    if association.hears(speaker, listener):
        detail = (
            f"{association.name}: {member(speaker)} lists {member(listener)}, which lists it in "
            "none of its MKPDUs"
        )
        yield Sign("one-way", Certainty.POSSIBLE if signs else Certainty.SHOWN, shown.frame, detail)
    elif authentic:
        detail = f"{association.name}: {member(listener)} and {member(speaker)}"
        certainty = Certainty.POSSIBLE if signs else Certainty.SHOWN
        yield Sign("filtered", certainty, shown.frame, detail)
    elif all_wrong or not some_wrong:
        detail = (
            f"{association.name}: {member(listener)} and {member(speaker)} list each other in none "
            "of their MKPDUs"
        )
        certainty = Certainty.POSSIBLE if signs else Certainty.LIKELY
        yield Sign("wrong-cak", certainty, shown.frame, detail)
