"""All signs of a capture in order of likelihood."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from . import headers, hearing, names, saks, servers, timing
from .catalogue import QUIRKS, Certainty, Effect, Sign
from .evidence import Evidence

RULES: tuple[Callable[[Evidence], Iterator[Sign]], ...] = (
    headers.unreadable,
    names.misnamed,
    hearing.twins,
    hearing.deafness,
    hearing.absent,
    servers.unwilling,
    servers.elections,
    saks.distributions,
    timing.rhythms,
)

_CERTAINTIES, _EFFECTS, _NAMES = [*Certainty], [*Effect], [*QUIRKS]


def examine(evidence: Evidence) -> list[Sign]:
    """Return all signs, the likeliest reason of a fault first."""
    return ordered(sign for rule in RULES for sign in rule(evidence))


def ordered(signs: Iterable[Sign]) -> list[Sign]:
    """Return signs by certainty, then by effect, then the more specific first.

    A capture that is incomplete explains no fault of a link: these signs come last.
    """
    return sorted(dict.fromkeys(signs), key=_rank)


def _rank(sign: Sign) -> tuple[bool, int, int, int, int]:
    effect = QUIRKS[sign.quirk].effect
    return (
        effect is Effect.CAPTURE,
        _CERTAINTIES.index(sign.certainty),
        _EFFECTS.index(effect),
        _NAMES.index(sign.quirk),
        -1 if sign.frame is None else sign.frame,
    )
