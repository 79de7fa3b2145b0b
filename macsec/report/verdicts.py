"""Verdicts of frames, one by one: JSON lines, and comments for a capture."""

from __future__ import annotations

import json
from collections.abc import Sequence

from macsec.secy import Outcome, Verdict

_HEADS = [
    json.dumps(
        {"verdict": verdict.label, "counter": verdict.counter, "delivered": verdict.delivered}
    )[1:-1]
    for verdict in Verdict
]
_REMARKS = [
    None if verdict is Verdict.OK else f"macsec: {verdict.label}, {verdict.counter or 'no counter'}"
    for verdict in Verdict
]


def lines(outcome: Outcome, first: int) -> str:
    """Return a JSON line for each input row; `first` is the index of the first."""
    text = []
    for row, code in enumerate(outcome.codes.tolist()):
        sci, an, pn = outcome.sci_an_pn(row)
        shown_sci = "null" if sci is None else f'"{sci:016x}"'
        shown_an = "null" if an is None else an
        shown_pn = "null" if pn is None else f'"{pn}"'
        text.append(
            f'{{"index": {first + row}, {_HEADS[code]}, '
            f'"sci": {shown_sci}, "an": {shown_an}, "pn": {shown_pn}}}\n'
        )
    return "".join(text)


def comments(outcome: Outcome, given: Sequence[str | None] | None) -> list[str | None] | None:
    """Return for each delivered row its comment, and its verdict unless that is ok."""
    codes = outcome.codes[outcome.delivered].tolist()
    if given is None and not any(codes):
        return None
    remarks = [_REMARKS[code] for code in codes]
    if given is None:
        return remarks
    return ["\n".join(filter(None, both)) or None for both in zip(given, remarks, strict=True)]
