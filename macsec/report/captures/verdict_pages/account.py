"""Sections about the frames of a capture: verdicts, also over time, and refused frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from macsec.frames.sectag import TagRules
from macsec.offline.frame_log import KEPT, FrameLog, RefusedFrame
from macsec.report.captures.verdict_pages.dumps import fields
from macsec.report.captures.verdict_pages.reasons import REASONS
from macsec.report.html import lanes, tables, wiretap
from macsec.report.html.markup import Html, tag
from macsec.report.html.model import CountLane, FrameDump, Lanes, PageSection
from macsec.report.table import Table
from macsec.time_units import NS_PER_S

DUMPED = 12
"""Frames that are shown octet by octet."""


def sections(log: FrameLog, rules: TagRules) -> Iterator[PageSection]:
    """Yield verdicts with their counters, verdicts over time, and refused frames."""
    yield PageSection("verdicts", "Verdicts", [verdict_table(log)], _about(log))
    yield PageSection("time", "Verdicts over time", [_over_time(log)])
    yield PageSection("refused", "Frames that were not delivered", [*_refused(log, rules)])


def _about(log: FrameLog) -> str:
    return f"{log.frames:,} frames: each ends with one verdict, and adds one to its counter."


def verdict_table(log: FrameLog) -> Html:
    """Return frames by verdict, with counters and clauses."""
    rows = [
        [verdict.label, f"{count:,}", verdict.counter or "none", verdict.clause]
        for verdict, count in log.counts().items()
    ]
    marks = ["" if verdict.delivered else "bad" for verdict in log.counts()]
    head = ("verdict", "frames", "counter", "clause")
    return tables.draw(Table("Frames by verdict", head, rows, 1, marks, "no frames."))


def _over_time(log: FrameLog) -> Html:
    found = [
        CountLane(verdict.label, counts, bad=not verdict.delivered)
        for verdict, counts in log.over_time().items()
    ]
    return lanes.draw(Lanes("Frames of each verdict over time", log.width_ns, found))


def _refused(log: FrameLog, rules: TagRules) -> Iterator[Html]:
    if not log.refused:
        yield tag("p", "Every frame was delivered.", class_="note")
        return
    frames = in_order(log)
    total = sum(count for verdict, count in log.counts().items() if not verdict.delivered)
    yield tag("p", _kept(len(frames), total), class_="note")
    yield refused_table(log)
    shown = _of_each_verdict(frames)
    yield tag("div", *(_dump(frame, rules) for frame in shown), class_="dumps")
    if len(shown) < len(frames):
        text = f"{len(frames) - len(shown)} more frames of the table are not shown in octets."
        yield tag("p", text, class_="note")


def in_order(log: FrameLog) -> list[RefusedFrame]:
    """Return the refused frames that were kept."""
    return sorted(log.refused, key=lambda frame: frame.index)


def refused_table(log: FrameLog) -> Html:
    """Return the first refused frames of each verdict, with their reasons."""
    return tables.draw(_table(log, in_order(log)), prose=True)


def _kept(kept: int, total: int) -> str:
    if kept == total:
        return f"All {total:,} refused frames." if total > 1 else "One frame was refused."
    return (
        f"{total:,} frames were refused; the first {KEPT} of each verdict are below. "
        "macsec explain --frame N says why one ended so."
    )


def _table(log: FrameLog, frames: list[RefusedFrame]) -> Table:
    head = ("frame", "Wireshark", "seconds", "verdict", "SCI", "AN", "PN", "octets", "reason")
    start = log.start_ns or 0
    rows = [
        [
            f"{frame.index}",
            f"{frame.index + 1}",
            f"{(frame.time_ns - start) / NS_PER_S:.6f}",
            frame.verdict.label,
            "-" if frame.sci is None else f"{frame.sci:016x}",
            "-" if frame.an is None else str(frame.an),
            "-" if frame.pn is None else str(frame.pn),
            f"{frame.length:,}",
            f"{REASONS.get(frame.verdict, '')} ({frame.verdict.clause})",
        ]
        for frame in frames
    ]
    return Table("Refused frames", head, rows, len(head))


def _of_each_verdict(frames: list[RefusedFrame]) -> list[RefusedFrame]:
    """Return some frames: the first of each verdict, then the second of each, and so on."""
    rank: dict[int, int] = {}
    seen: dict[str, int] = {}
    for frame in frames:
        rank[frame.index] = seen.setdefault(frame.verdict.label, 0)
        seen[frame.verdict.label] += 1
    chosen = sorted(frames, key=lambda frame: (rank[frame.index], frame.index))[:DUMPED]
    return sorted(chosen, key=lambda frame: frame.index)


def _dump(frame: RefusedFrame, rules: TagRules) -> Html:
    way = f", {frame.way}" if frame.way else ""
    whole = len(frame.octets) == frame.length
    cut = "" if whole else f", first part of {frame.length:,} octets"
    title = f"Frame {frame.index} (Wireshark {frame.index + 1}){way}: {frame.verdict.label}{cut}"
    parts = fields(frame.octets.ljust(frame.length, b"\0"), rules)
    shown = [replace(part, stop=min(part.stop, len(frame.octets))) for part in parts]
    parts = [part for part in shown if part.start < part.stop]
    return wiretap.draw_frame(FrameDump(title, frame.octets, parts))
