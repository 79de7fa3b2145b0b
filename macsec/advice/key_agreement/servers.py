"""Signs in the election of the Key Server, and in members that want no MACsec."""

from __future__ import annotations

from collections.abc import Iterator

from .catalogue import Certainty, Sign
from .evidence import CaEvidence, Evidence, Observed, member

SETTLED = 3
"""MKPDUs of a member after which an election is over."""


def elections(evidence: Evidence) -> Iterator[Sign]:
    """Yield signs in the Key Servers of each CA."""
    for association in evidence.associations.values():
        yield from _tie(association, evidence.life_ns)
        yield from _none_serves(association)
        yield from _another(association)


def unwilling(evidence: Evidence) -> Iterator[Sign]:
    """Yield signs of members that do not want MACsec, and of orders to go without."""
    for association in evidence.associations.values():
        for sci, messages in association.senders.items():
            yield from _undesired(association, sci, messages)
        orders = [each for each in association.messages if each.mkpdu.plain]
        if orders and not _given(association):
            server = member(orders[0].mkpdu.basic.sci)
            detail = f"{association.name}: {server} sends a Distributed SAK without a SAK"
            yield Sign("plain-ordered", Certainty.LIKELY, orders[0].frame, detail, len(orders))


def _given(association: CaEvidence) -> list[Observed]:
    return [each for each in association.messages if each.mkpdu.distributed is not None]


def _wants(message: Observed) -> bool:
    basic = message.mkpdu.basic
    return basic.desired and basic.capability > 0


def _undesired(association: CaEvidence, sci: int, messages: list[Observed]) -> Iterator[Sign]:
    off = [message for message in messages if not _wants(message)]
    if not off:
        return
    basic = off[0].mkpdu.basic
    what = "MACsec Desired off" if not basic.desired else "MACsec Capability 0"
    detail = f"{association.name}: {member(sci)} sends {what}"
    before = [each for each in messages if each.frame < off[0].frame and _wants(each)]
    use = off[0].mkpdu.use
    in_use = before and use is not None and use.latest is not None
    quirk = "desired-off-in-use" if in_use else "not-desired"
    yield Sign(quirk, Certainty.SHOWN, off[0].frame, detail, len(off))


def _tie(association: CaEvidence, life_ns: int) -> Iterator[Sign]:
    given = _given(association)
    scis = [message.mkpdu.basic.sci for message in given]
    for at in range(2, len(given)):
        one, other, again = scis[at - 2 : at + 1]
        if one == again != other and given[at].time_ns - given[at - 2].time_ns <= life_ns:
            first, second = (given[at - 2].mkpdu.basic, given[at - 1].mkpdu.basic)
            detail = (
                f"{association.name}: {member(one)}, priority {first.priority}, and "
                f"{member(other)}, priority {second.priority}, distribute in turn"
            )
            yield Sign("server-tie", Certainty.SHOWN, given[at - 1].frame, detail)
            return


def _none_serves(association: CaEvidence) -> Iterator[Sign]:
    """Yield a sign where members hear each other, and none is or none acts as Key Server."""
    senders = association.senders
    live = [each for each in association.messages if each.live]
    settled = len(senders) > 1 and all(
        sum(1 for each in messages if each.live) >= SETTLED for messages in senders.values()
    )
    orders = any(each.mkpdu.plain for each in association.messages)
    if not settled or _given(association) or orders:
        return
    if not any(each.mkpdu.basic.key_server for each in association.messages):
        priorities = ", ".join(
            f"{member(sci)} has priority {each[0].mkpdu.basic.priority}"
            for sci, each in senders.items()
        )
        yield Sign(
            "no-server", Certainty.SHOWN, live[-1].frame, f"{association.name}: {priorities}"
        )
        return
    if all(_wants(each) for each in association.messages):
        server = next(each for each in live if each.mkpdu.basic.key_server)
        detail = f"{association.name}: {member(server.mkpdu.basic.sci)} offers to be Key Server"
        yield Sign("no-sak", Certainty.SHOWN, live[-1].frame, detail)


def _another(association: CaEvidence) -> Iterator[Sign]:
    """Yield a sign where a SAK comes from a member although a better one is live and willing."""
    willing: dict[bytes, tuple[int, int]] = {}
    for message in association.messages:
        basic = message.mkpdu.basic
        if basic.key_server:
            willing[basic.mi] = basic.priority, basic.sci
        else:
            willing.pop(basic.mi, None)
        if message.mkpdu.distributed is None:
            continue
        own = basic.priority, basic.sci
        better = [willing[mi] for mi in message.live if willing.get(mi, own) < own]
        if better:
            priority, sci = min(better)
            detail = (
                f"{association.name}: {member(basic.sci)}, priority {basic.priority}, distributes, "
                f"and {member(sci)}, priority {priority}, is live and offers to be Key Server"
            )
            yield Sign("election", Certainty.LIKELY, message.frame, detail)
            return
