"""One frame explained: JSON, a table of what happened, and both frames as aligned dumps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypedDict

from rich.text import Text

from macsec.frames.dissect import Span
from macsec.frames.sectag import MEANINGS, TCI
from macsec.offline.explain import Explanation, PNs
from macsec.report.captures.inspect import SCI_FROM, ethertype_text, mac_text, tci_names
from macsec.report.fields import Hex, Integer, Label, Octets, Sci, SciFrom
from macsec.report.page import CLAUSES, Page, columns, heading, indented
from macsec.secy import Controls, Verdict
from macsec.terms import sci_text

STYLES = {
    "DA": "cyan",
    "SA": "cyan",
    "VLAN": "blue",
    "SecTAG": "yellow",
    "clear": "green",
    "secure": "magenta",
    "ICV": "bold red",
    "padding": "dim",
    "rest": "",
}
OCTETS_PER_ROW = 12
"""Both dumps beside one another fit 100 columns."""
LONGEST_SPAN = 12 * OCTETS_PER_ROW
"""A longer span is cut in the middle, unless `full` is set."""
WITHOUT_COUNTERPART = frozenset({"SecTAG", "ICV", "padding"})
RIGHT_ICV = frozenset({Verdict.OK, Verdict.DELAYED})


class SpanJson(TypedDict):
    """A part of the frame: octets `start` to `stop`, not included."""

    name: str
    start: int
    stop: int


class PnsJson(TypedDict):
    """The PNs of an SA."""

    next_pn: Integer
    lowest_pn: Integer | None


class ExplainJson(TypedDict):
    """`macsec/explain/1`: the fields, PNs, keys and reason of one frame."""

    schema: Literal["macsec/explain/1"]
    frame: int
    direction: Literal["protect", "validate"]
    verdict: Label
    counter: str | None
    delivered: bool
    clause: str
    reason: str
    fault: str | None
    da: str
    sa: str
    tci: list[str] | None
    sl: int | None
    pn_field: Integer | None
    sci: Sci | None
    sci_from: SciFrom | None
    an: int | None
    pn: Integer | None
    before: PnsJson | None
    after: PnsJson | None
    replay: bool
    window: int
    cipher: str
    cipher_ran: bool
    iv: Hex | None
    aad: list[Octets]
    encrypted: Octets | None
    spans: list[SpanJson]
    protected: Hex | None
    clear: Hex | None


@dataclass(frozen=True, slots=True)
class Subject:
    """A frame of a capture, and the controls of the SecY that handled it."""

    capture: str
    frame: int
    controls: Controls


def to_json(trace: Explanation, subject: Subject) -> ExplainJson:
    """Return the JSON of an explained frame."""
    tag, verdict, controls = trace.tag, trace.verdict, subject.controls
    return {
        "schema": "macsec/explain/1",
        "frame": subject.frame,
        "direction": "protect" if trace.transmit else "validate",
        "verdict": verdict.label,
        "counter": verdict.counter,
        "delivered": verdict.delivered,
        "clause": verdict.clause,
        "reason": trace.reason,
        "fault": trace.sight.fault,
        "da": mac_text(trace.sight.destination),
        "sa": mac_text(trace.sight.source),
        "tci": None if tag is None else tci_names(tag.tci),
        "sl": None if tag is None else tag.sl,
        "pn_field": None if tag is None else str(tag.pn),
        "sci": None if trace.sci is None else sci_text(trace.sci),
        "sci_from": None if tag is None else trace.sight.sci_from or "peer",
        "an": trace.an,
        "pn": None if trace.pn is None else str(trace.pn),
        "before": _pns_json(trace.before),
        "after": _pns_json(trace.after),
        "replay": controls.replay,
        "window": controls.window,
        "cipher": controls.cipher.name,
        "cipher_ran": trace.cipher_ran,
        "iv": None if trace.iv is None else trace.iv.hex(),
        "aad": [[span.start, span.stop] for span in trace.aad],
        "encrypted": None if trace.text is None else [trace.text.start, trace.text.stop],
        "spans": [_span_json(span) for span in trace.spans],
        "protected": None if trace.protected is None else trace.protected.hex(),
        "clear": None if trace.clear is None else trace.clear.hex(),
    }


def _span_json(span: Span) -> SpanJson:
    return {"name": span.name, "start": span.start, "stop": span.stop}


def _pns_json(pns: PNs | None) -> PnsJson | None:
    if pns is None:
        return None
    lowest = None if pns.lowest_pn is None else str(pns.lowest_pn)
    return {"next_pn": str(pns.next_pn), "lowest_pn": lowest}


def _origin(subject: Subject) -> str:
    return f"of {subject.capture}; {subject.frame + 1} in Wireshark"


def to_page(page: Page, trace: Explanation, subject: Subject, full: bool) -> None:
    """Print the verdict with its reasons, and both frames."""
    table = columns("left", "left")
    for name, value in _facts(trace, subject.controls):
        table.add_row(Text(name, "dim"), value)
    page.add(heading(f"frame {subject.frame}", _origin(subject)), Text(), *indented(table))
    page.lines(list(_dump(trace, full)))
    if not trace.verdict.clause.startswith("none"):
        page.lines([Text(), Text(CLAUSES, "dim")])


# -------------------------------------------------------------------- facts


def _facts(trace: Explanation, controls: Controls) -> Iterator[tuple[str, Text]]:
    yield "verdict", _verdict(trace)
    yield "because", Text(trace.reason)
    yield from _tag_facts(trace)
    yield from _pn_facts(trace, controls)
    yield from _cipher_facts(trace, controls)


def _verdict(trace: Explanation) -> Text:
    verdict = trace.verdict
    went = ("sent" if trace.transmit else "delivered") if verdict.delivered else None
    went = went or ("not sent" if trace.transmit else "not delivered")
    counter = verdict.counter or "no counter"
    style = "bold green" if verdict.delivered else "bold red"
    clause = verdict.clause if verdict.clause.startswith("none") else f"clause {verdict.clause}"
    return Text.assemble((verdict.label, style), f", {went}   {counter}   {clause}")


def _tag_facts(trace: Explanation) -> Iterator[tuple[str, Text]]:
    tag = trace.tag
    if tag is None:
        yield "SecTAG", Text("cut short" if trace.sight.is_macsec else _no_tag(trace))
        return
    bits = " ".join(tci_names(tag.tci)) or "no bit set"
    meaning = MEANINGS[tag.tci & (TCI.E | TCI.C)]
    yield (
        "SecTAG",
        Text.assemble(
            (bits, "yellow"), f"   AN {tag.an}   SL {tag.sl}   PN {tag.pn:08x}   ({meaning})"
        ),
    )
    if trace.sci is None:
        yield "SCI", Text("not in the tag, and there is not exactly one peer")
    else:
        where = SCI_FROM[trace.sight.sci_from]
        yield "SCI", Text(f"{sci_text(trace.sci)}   {where}")


def _no_tag(trace: Explanation) -> str:
    return ethertype_text(trace.sight.ethertype)


def _pn_facts(trace: Explanation, controls: Controls) -> Iterator[tuple[str, Text]]:
    if trace.pn is not None:
        how = ""
        if controls.cipher.xpn and not trace.transmit:
            base = "next" if controls.profile.window_from_next_pn else "lowest"
            how = f"   {trace.pn:016x}, the upper half recovered from the {base} PN"
        yield "PN", Text(f"{trace.pn}{how}")
    before, after = trace.before, trace.after
    if before is None or after is None:
        if trace.tag is not None and not trace.transmit:
            yield "SA", Text("none found: no PN was compared, no cipher ran")
        return
    yield "next PN", _change(before.next_pn, after.next_pn)
    if before.lowest_pn is not None:
        yield "lowest PN", _change(before.lowest_pn, after.lowest_pn)
        replay = "on" if controls.replay else "off"
        duplicates = ", duplicates refused" if controls.duplicates_reject else ""
        yield "window", Text(f"{controls.window}, replay {replay}{duplicates}")


def _change(before: int, after: int | None) -> Text:
    return Text(
        f"{before}, not moved" if before == after else f"{before} \N{RIGHTWARDS ARROW} {after}"
    )


def _cipher_facts(trace: Explanation, controls: Controls) -> Iterator[tuple[str, Text]]:
    if trace.iv is not None:
        made = "(SSCI, PN) XOR Salt" if controls.cipher.xpn else "SCI, PN"
        yield "IV", Text(f"{trace.iv.hex()}   {made}")
    if not trace.cipher_ran:
        yield "cipher", Text("did not run")
        return
    yield "cipher", Text(controls.cipher.name)
    yield "AAD", Text(" and ".join(_range(span) for span in trace.aad))
    done = "encrypted" if trace.transmit else "decrypted"
    yield done, Text("nothing" if trace.text is None else _range(trace.text))
    icv = trace.sight.icv
    if icv is not None:
        yield "ICV", Text.assemble(_range(icv), "   ", _icv_word(trace))


def _icv_word(trace: Explanation) -> tuple[str, str]:
    if trace.transmit:
        return "", ""
    return ("right", "green") if trace.verdict in RIGHT_ICV else ("wrong", "bold red")


def _range(span: Span) -> str:
    return f"octets {span.start} to {span.stop - 1} ({span.stop - span.start})"


# -------------------------------------------------------------------- dumps


def _dump(trace: Explanation, full: bool) -> Iterator[Text]:
    width = 3 * OCTETS_PER_ROW - 1
    yield Text(f"  {'':14}{'on the wire':<{width}}   {'':6}in the clear", "bold")
    for span in trace.spans:
        for first, last in _rows(span, full):
            if last < 0:
                yield Text(f"  {'':14}\N{HORIZONTAL ELLIPSIS} {first:,} octets more: --full", "dim")
                continue
            name = span.name if first == span.start else ""
            yield _row(trace, span, name, first, last)


def _rows(span: Span, full: bool) -> Iterator[tuple[int, int]]:
    """Yield first and last octet of each row; (n, -1) means that n octets are left out."""
    starts = list(range(span.start, span.stop, OCTETS_PER_ROW))
    shown = LONGEST_SPAN // OCTETS_PER_ROW // 2
    if full or span.stop - span.start <= LONGEST_SPAN:
        head, tail = starts, []
    else:
        head, tail = starts[:shown], starts[-shown:]
    yield from ((first, min(first + OCTETS_PER_ROW, span.stop)) for first in head)
    if tail:
        yield tail[0] - (head[-1] + OCTETS_PER_ROW), -1
    yield from ((first, min(first + OCTETS_PER_ROW, span.stop)) for first in tail)


def _row(trace: Explanation, span: Span, name: str, first: int, last: int) -> Text:
    width = 3 * OCTETS_PER_ROW - 1
    style = STYLES[span.name]
    left = right = ""
    if trace.protected is not None:
        left = f"{first:04x}  {trace.protected[first:last].hex(' '):<{width}}"
    moved = _moved(trace, span)
    if trace.clear is not None and moved is not None:
        octets = trace.clear[first - moved : last - moved]
        right = f"{first - moved:04x}  {octets.hex(' ')}" if octets else ""
    line = f"  {name:<7} {left:<{6 + width}}   {right}".rstrip()
    return Text(line, style)


def _moved(trace: Explanation, span: Span) -> int | None:
    """Return the distance of a span from its place in the clear frame; None: not in that frame."""
    if trace.protected is None or trace.protected == trace.clear:
        return 0
    if span.name in WITHOUT_COUNTERPART:
        return None
    behind = trace.tag is not None and span.start >= trace.sight.at
    return trace.tag.length if behind and trace.tag is not None else 0
