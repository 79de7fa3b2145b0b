"""The outcome of `replay` across one link as a page of HTML."""

from __future__ import annotations

from collections.abc import Mapping

from macsec.frames.sectag import TagRules
from macsec.offline.frame_log import FrameLog
from macsec.offline.replay import WAYS, Replay
from macsec.report.captures.replay import UNSENT, ReplayRun, gbit_per_s, per_second
from macsec.report.captures.verdict_pages.account import sections
from macsec.report.html import page, tables
from macsec.report.html.markup import Html, tag
from macsec.report.html.model import CounterColumns, HtmlPage, PageSection
from macsec.report.table import Table


def to_html(replay: Replay, run: ReplayRun, log: FrameLog, origin: Mapping[str, str]) -> str:
    """Return the text of the file."""
    secy = replay.secys[0]
    score = replay.score
    facts = {
        "capture": run.capture,
        "result": f"{score.equal:,} of {score.frames:,} frames arrived unchanged",
        "cipher suite": run.cipher,
        "data plane": f"{secy.backend}/{secy.kernel}",
        "wire": run.wire,
    }
    controls = secy.controls
    rules = TagRules(controls.cipher.xpn, controls.icv_length, ethertype=controls.ethertype)
    parts = [
        PageSection("frames", "Frames", [_frames(replay, run)]),
        *sections(log, rules),
        PageSection("counters", "Counters", [_counters(replay)]),
    ]
    lead = "A capture across an emulated link: protected, validated, compared octet for octet."
    return page.render(HtmlPage(f"macsec replay {run.capture}", lead, facts, parts, origin))


def _frames(replay: Replay, run: ReplayRun) -> Html:
    score = replay.score
    share = 100 * score.overhead / score.protected_from_octets if score.protected else 0.0
    rows = [
        ["frames in", f"{score.frames:,}", f"{score.octets:,}", ""],
        ["protected", f"{score.protected:,}", f"{score.protected_octets:,}", ""],
        ["delivered", f"{score.delivered:,}", "", ""],
        ["equal, octet for octet", f"{score.equal:,}", "", ""],
        ["overhead", "", f"{score.overhead:,}", f"{share:.2f} % of the clear octets"],
    ]
    rows += [
        [name.replace("_", " "), f"{count:,}", "", reason]
        for name, reason in UNSENT.items()
        if (count := getattr(score.unsent, name))
    ]
    gbit = gbit_per_s(score.octets, run.seconds)
    speed = f"{per_second(score.frames, run.seconds):,.0f} frames/s, {gbit:.3f} Gbit/s"
    head = ("", "frames", "octets", "")
    return tag(
        "div",
        tables.draw(Table("Frames", head, rows)),
        tag("p", f"Speed: {speed} of clear frames, files not counted.", class_="note"),
    )


def _counters(replay: Replay) -> Html:
    found = {way: replay.counters(side) for side, way in enumerate(WAYS)}
    return tables.draw_counters(CounterColumns("Counters by direction", found))
