"""The outcome of a lab as a page of HTML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from macsec.frames.sectag import TagRules
from macsec.lab.virtual.lab import Lab
from macsec.lab.virtual.records.probe import PnFate, Probe, WindowState
from macsec.report.captures.verdict_pages.dumps import fields
from macsec.report.html import page, strip, tables, topology, wiretap
from macsec.report.html.markup import Html, tag
from macsec.report.html.model import (
    Cell,
    FrameDump,
    HtmlPage,
    PageSection,
    Strip,
    WindowMoment,
    Wiretap,
)
from macsec.report.lab.agreement import ms_text
from macsec.report.lab.expected import expectations, table
from macsec.report.lab.outcome import (
    LabRun,
    agreement_table,
    alarm,
    began,
    counters,
    drop_table,
    flow_table,
    host_table,
    link_table,
    sak_table,
    to_json,
    trouble,
    unsent,
)
from macsec.report.lab.picture import drawn_topology
from macsec.secy import Verdict
from macsec.time_units import NS_PER_MS

COUNTED_MOST = 48
"""The largest number of SecYs whose counters are shown."""
SHOWN_PNS = 36
SHOWN_SECYS = 12
CELLS = {PnFate.RECEIVED: Cell.RECEIVED, PnFate.LATE: Cell.LATE, PnFate.DUPLICATE: Cell.DUPLICATE}


def to_html(
    lab: Lab,
    run: LabRun,
    observers: Sequence[Probe],
    origin: Mapping[str, str] | None = None,
    passage: PageSection | None = None,
) -> str:
    """Return the text of the file. `observers`: one for each station, in the order of the links.

    `origin`: the run that made the page, which is no part of its outcome. `passage`: a section
    about a capture that was sent across the lab.
    """
    warning = alarm(lab)
    sections = [
        PageSection("topology", "Topology", [*_warning(warning), *_trouble(lab), *_topology(lab)]),
        PageSection("links", "Links", _link_tables(lab), _about_standby(lab)),
        *_agreement(lab),
        PageSection(
            "traffic", "Traffic", [tables.draw(flow_table(lab)), tables.draw(host_table(lab))]
        ),
        *_wiretap(lab, observers),
        *_window(lab, observers),
        PageSection("counters", "Counters", [*_counters(lab)]),
    ]
    if run.question:
        found = tables.draw(table(expectations(run.expect, to_json(lab, run))))
        sections.insert(0, PageSection("answer", run.question, [tag("p", run.answer), found]))
    if passage is not None:
        sections.insert(0, passage)
    facts = {
        "seed": str(run.seed),
        "digest": lab.digest,
        "traffic began": began(lab),
        "ended at": f"{ms_text(lab.engine.now_ns)} of virtual time",
        "data plane": lab.backend or "none",
        "unprotected": warning or "no link",
    }
    lead = lab.blueprint.description or "Sites, the links between them, and traffic."
    verb = "lab run" if passage is None else "replay --topology"
    title = f"macsec {verb} {run.topology}"
    return page.render(HtmlPage(title, lead, facts, sections, origin or {}))


def essentials(lab: Lab, links_most: int) -> Iterator[Html]:
    """Yield warnings, picture, links and traffic, for a cell of a notebook."""
    yield from _warning(alarm(lab))
    yield from _trouble(lab)
    if len(lab.links) > links_most:
        yield tag("p", f"{len(lab.links):,} links: macsec lab run --report shows all.")
        return
    yield from _topology(lab)
    yield from _link_tables(lab)
    yield tables.draw(flow_table(lab))


def _warning(text: str) -> list[Html]:
    return [tag("p", text, class_="alarm")] if text else []


def _trouble(lab: Lab) -> list[Html]:
    return [tag("p", line, class_="alarm") for line in (*trouble(lab), *unsent(lab))]


def _agreement(lab: Lab) -> Iterator[PageSection]:
    """Yield the key agreement of each link, and its SAKs."""
    table = agreement_table(lab)
    if table.rows:
        figures = [tables.draw(table)]
        if any(link.state.rekeys for link in lab.links if link.state):
            figures.append(tables.draw(sak_table(lab)))
        note = (
            "MKPDUs are those of both directions; blocked: frames at a port that was not secured. "
            "Names and KIs are no secret."
        )
        yield PageSection("mka", "Key agreement", figures, note)


def _link_tables(lab: Lab) -> list[Html]:
    dropped = drop_table(lab)
    return [tables.draw(each) for each in (link_table(lab), dropped) if each.rows]


def _about_standby(lab: Lab) -> str:
    idle = [link.plan.name for link in lab.links if link.plan.standby]
    if not idle:
        return ""
    return f"The edges forward along a tree: {', '.join(idle)} would close a loop and is standby."


# ---------------------------------------------------------------- pictures


def _topology(lab: Lab) -> Iterator[Html]:
    yield topology.draw(drawn_topology(lab))


# ---------------------------------------------------------------- a frame


def _wiretap(lab: Lab, observers: Sequence[Probe]) -> Iterator[PageSection]:
    ends = [end for link in lab.links for end in link.ends or ()]
    for end, observer in zip(ends, observers, strict=True):
        if observer.sample is not None:
            clear, wire = observer.sample
            controls = end.secy.controls
            rules = TagRules(controls.cipher.xpn, controls.icv_length, ethertype=controls.ethertype)
            pair = Wiretap(
                FrameDump("In clear, inside the site", clear, fields(clear, rules, 0)),
                FrameDump("On the wire", wire, fields(wire, rules, controls.offset)),
            )
            note = (
                f"The first frame protected by {end.name}; the right side is visible without a key."
            )
            yield PageSection("wiretap", "What a wiretap sees", [wiretap.draw(pair)], note)
            return


# ---------------------------------------------------------------- replay window


def _window(lab: Lab, observers: Sequence[Probe]) -> Iterator[PageSection]:
    ends = [end for link in lab.links for end in link.ends or ()]
    seen = [(end, each) for end, each in zip(ends, observers, strict=True) if each.arrivals]
    if not seen:
        return
    # A link with late frames shows most, then one with frames out of order.
    end, observer = min(seen, key=lambda pair: (not pair[1].any_late, pair[1].in_order))
    window = end.secy.controls.window
    title = f"{end.name}, window {window:,}"
    note = "A row for each received frame, with the known state of each PN (10.6.2, 10.6.5)."
    figure = strip.draw(_strip(title, observer.arrivals))
    yield PageSection("window", "The replay window over time", [figure], note)


def _strip(title: str, arrivals: Sequence[WindowState]) -> Strip:
    first, last = _shown(arrivals)
    shown = [each for each in arrivals if first <= each.pn <= last]
    left_out = len(arrivals) - len(shown)
    note = f"{left_out} frames with other PNs are left out." if left_out else ""
    return Strip(title, first, last, [_moment(each, first) for each in shown], note)


def _shown(arrivals: Sequence[WindowState]) -> tuple[int, int]:
    """Return the span of PNs to draw: the latest with the most late frames, then most frames."""
    pns = sorted({each.pn for each in arrivals})
    spans = [(first, min(first + SHOWN_PNS - 1, pns[-1])) for first in pns]

    def shows(span: tuple[int, int]) -> tuple[int, int]:
        inside = [each for each in arrivals if span[0] <= each.pn <= span[1]]
        return sum(each.verdict is not Verdict.OK for each in inside), len(inside)

    return max(reversed(spans), key=shows)


def _moment(arrival: WindowState, first: int) -> WindowMoment:
    known = {
        pn: CELLS[arrival.fates[pn]] if pn in arrival.fates else Cell.MISSING
        for pn in range(first, arrival.next_pn)
    }
    label = f"{arrival.time_ns / NS_PER_MS:,.3f} ms: PN {arrival.pn}, {arrival.verdict.label}"
    return WindowMoment(label, arrival.lowest_pn, arrival.next_pn, known)


# ---------------------------------------------------------------- counters


def _counters(lab: Lab) -> Iterator[Html]:
    """Yield tables of a readable width; SecYs without counts are left out."""
    found = counters(lab)
    every = [name for name, each in found.by_secy.items() if any(each.values())]
    busy = every[:COUNTED_MOST]
    for at in range(0, len(busy), SHOWN_SECYS):
        names = busy[at : at + SHOWN_SECYS]
        part = {name: found.by_secy[name] for name in names}
        yield tables.draw_counters(type(found)(found.caption, part))
    if not busy:
        yield tag("p", "All counters are zero.", class_="note")
    if left := len(every) - len(busy):
        text = f"The counters of {left:,} more SecYs are left out: macsec lab run --json has all."
        yield tag("p", text, class_="note")
