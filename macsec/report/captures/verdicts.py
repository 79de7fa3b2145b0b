"""Verdicts of frames, one by one: JSON lines, and comments for a capture."""

from __future__ import annotations

import json

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


def comments(outcome: Outcome) -> list[str | None] | None:
    """Return the verdict of each delivered row, None where it is ok; None if all are ok."""
    codes = outcome.codes[outcome.delivered]
    return [_REMARKS[code] for code in codes.tolist()] if codes.any() else None
