"""Signs in the status and the counters of a running port."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from macsec.kay.counters import Reception

from .catalogue import Certainty, Sign
from .examination import ordered


class _CounterSign(NamedTuple):
    """A counter that shows a fault. `certainty` if no peer is live; else it is possible."""

    counter: str
    quirk: str
    certainty: Certainty
    words: str


_COUNTERS = (
    _CounterSign(
        Reception.BAD_ICV.value, "wrong-cak", Certainty.LIKELY, "{} MKPDUs failed their ICV"
    ),
    _CounterSign(
        Reception.UNKNOWN_CKN.value, "ckn-mismatch", Certainty.LIKELY, "{} MKPDUs name another CKN"
    ),
    _CounterSign(
        Reception.REFLECTED.value, "same-address", Certainty.SHOWN, "{} MKPDUs have our own SCI"
    ),
    _CounterSign(
        Reception.MALFORMED.value, "malformed", Certainty.SHOWN, "{} MKPDUs cannot be parsed"
    ),
    _CounterSign(Reception.OLD_MN.value, "replayed", Certainty.LIKELY, "{} MKPDUs have an old MN"),
    _CounterSign(
        "sak-cipher-mismatch-errors",
        "suite-mismatch",
        Certainty.SHOWN,
        "{} distributions of a cipher suite that is not among ours",
    ),
    _CounterSign(
        "sak-reuse-refused", "kn-reuse", Certainty.SHOWN, "{} distributions of a KN used before"
    ),
    _CounterSign("sak-an-refused", "two-ans", Certainty.SHOWN, "{} distributions of an AN beyond"),
    _CounterSign("sak-refused", "sak-not-used", Certainty.LIKELY, "{} distributions refused"),
)


def examine_running(mka: Mapping[str, Any]) -> list[Sign]:
    """Return the signs of a port, from its status as `macsec mka status --json` has it."""
    return ordered(_signs(mka))


def _signs(mka: Mapping[str, Any]) -> Iterator[Sign]:
    counters, secured = mka["counters"], mka["status"]["Secured"] == "Yes"
    participants: Sequence[Mapping[str, Any]] = mka["participants"]
    live = any(int(each["live_peers"]) for each in participants)
    padded = "differs from ours in zeros at its end" in mka["reason"]
    found = 0
    for each in _COUNTERS:
        number = counters.get(each.counter, 0)
        if not number:
            continue
        found += 1
        quirk = "ckn-padding" if each.quirk == "ckn-mismatch" and padded else each.quirk
        certainty = Certainty.POSSIBLE if secured else each.certainty
        detail = f"{each.words.format(number)} ({each.counter})"
        yield Sign(quirk, certainty, None, detail, number)
    if secured or found:
        return
    heard = counters.get(Reception.ACCEPTED.value, 0)
    if any(int(each["potential_peers"]) for each in participants) and not live:
        yield Sign("one-way", Certainty.SHOWN, None, "a peer is heard, and does not list this port")
    elif not heard:
        detail = f"{counters.get('out-mkpdu', 0)} MKPDUs sent, none heard"
        yield Sign("alone", Certainty.SHOWN, None, detail)
    elif live and all(each["is_elected"] == "No" for each in participants):
        yield Sign("no-server", Certainty.SHOWN, None, mka["reason"])
    elif live:
        yield Sign("no-sak", Certainty.LIKELY, None, mka["reason"])
