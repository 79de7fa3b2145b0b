"""The outcome of a lab as a page of HTML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from macsec.frames.dissect import Span, observe, spans
from macsec.frames.sectag import MEANINGS, TCI, TagRules
from macsec.lab.virtual.lab import Lab
from macsec.lab.virtual.probe import PnFate, Probe, WindowState
from macsec.lab.virtual.site_link import SiteLink
from macsec.report.html import page, strip, tables, topology, wiretap
from macsec.report.html.markup import Html, tag
from macsec.report.html.model import (
    Cell,
    DrawnLink,
    DrawnNode,
    DrawnTopology,
    DumpField,
    FrameDump,
    HtmlPage,
    PageSection,
    Strip,
    WindowMoment,
    Wiretap,
)
from macsec.report.lab.agreement import ms_text
from macsec.report.lab.outcome import (
    LabRun,
    agreement_table,
    alarm,
    began,
    counters,
    flow_table,
    host_table,
    link_table,
    params_text,
    sak_table,
    trouble,
    unsent,
)
from macsec.time_units import NS_PER_MS

DRAWN_MOST = 40
"""The largest number of sites that is drawn."""
SHOWN_PNS = 36
SHOWN_SECYS = 12
CELLS = {PnFate.RECEIVED: Cell.RECEIVED, PnFate.LATE: Cell.LATE, PnFate.DUPLICATE: Cell.DUPLICATE}


def to_html(lab: Lab, run: LabRun, observers: Sequence[Probe]) -> str:
    """Return the text of the file. `observers`: one for each station, in the order of the links."""
    warning = alarm(lab)
    sections = [
        PageSection("topology", "Topology", [*_warning(warning), *_trouble(lab), *_topology(lab)]),
        PageSection("links", "Links", [tables.draw(link_table(lab))], _about_standby(lab)),
        *_agreement(lab),
        PageSection(
            "traffic", "Traffic", [tables.draw(flow_table(lab)), tables.draw(host_table(lab))]
        ),
        *_wiretap(lab, observers),
        *_window(lab, observers),
        PageSection("counters", "Counters", [*_counters(lab)]),
    ]
    facts = {
        "seed": str(run.seed),
        "digest": lab.digest,
        "traffic began": began(lab),
        "ended at": f"{ms_text(lab.engine.now_ns)} of virtual time",
        "data plane": lab.backend or "none",
        "unprotected": warning or "no link",
    }
    lead = lab.blueprint.description or "Sites, the links between them, and traffic."
    return page.render(HtmlPage(f"macsec lab run {run.topology}", lead, facts, sections))


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
            "MKPDUs and refused frames are those of both directions. Names and KIs are no secret."
        )
        yield PageSection("mka", "Key agreement", figures, note)


def _about_standby(lab: Lab) -> str:
    idle = [link.plan.name for link in lab.links if link.plan.standby]
    if not idle:
        return ""
    return f"The edges forward along a tree: {', '.join(idle)} would close a loop and is standby."


# ---------------------------------------------------------------- pictures


def _topology(lab: Lab) -> Iterator[Html]:
    if len(lab.sites) > DRAWN_MOST:
        return
    regions = list(dict.fromkeys(lab.blueprint.regions.values()))
    nodes = [DrawnNode(site, _tier(lab, site, regions), _note(lab, site)) for site in lab.sites]
    links = [
        DrawnLink(*link.plan.sites, link.protected, _label(link), (link.plan.cipher or "").upper())
        for link in lab.links
    ]
    links = [
        replace(drawn, idle=link.plan.standby) for drawn, link in zip(links, lab.links, strict=True)
    ]
    yield topology.draw(DrawnTopology(lab.blueprint.name, nodes, links))


def _tier(lab: Lab, site: str, regions: list[str]) -> int:
    region = lab.blueprint.regions.get(site)
    return lab.blueprint.tree.depth(site) if region is None else regions.index(region)


def _note(lab: Lab, site: str) -> str:
    hosts = [host.name for host in lab.hosts.values() if host.address.site == site]
    text = ", ".join(hosts)
    return text if len(text) < 20 else f"{len(hosts)} hosts"


def _label(link: SiteLink) -> str:
    return params_text(link) + (" (standby)" if link.plan.standby else "")


# ---------------------------------------------------------------- a frame


def _wiretap(lab: Lab, observers: Sequence[Probe]) -> Iterator[PageSection]:
    ends = [end for link in lab.links for end in link.ends or ()]
    for end, observer in zip(ends, observers, strict=True):
        if observer.sample is not None:
            clear, wire = observer.sample
            controls = end.secy.controls
            rules = TagRules(controls.cipher.xpn, controls.icv_length, ethertype=controls.ethertype)
            pair = Wiretap(
                FrameDump("In clear, inside the site", clear, _fields(clear, rules, 0)),
                FrameDump("On the wire", wire, _fields(wire, rules, controls.offset)),
            )
            note = (
                f"The first frame protected by {end.name}; the right side is visible without a key."
            )
            yield PageSection("wiretap", "What a wiretap sees", [wiretap.draw(pair)], note)
            return


def _fields(octets: bytes, rules: TagRules, offset: int) -> list[DumpField]:
    sight = observe(octets, rules)
    meanings = {"rest": "EtherType and user data, readable"}
    if sight.tag is not None:
        tag_ = sight.tag
        what = MEANINGS[tag_.tci & (TCI.E | TCI.C)]
        text = f"AN {tag_.an}, PN {tag_.pn}, SL {tag_.sl}, SCI {_sci(tag_.sci)}"
        meanings["SecTAG"] = f"{text}; {what}"
    return [_field(span, meanings) for span in spans(octets, sight, offset)]


def _field(span: Span, meanings: Mapping[str, str]) -> DumpField:
    kind = "clear" if span.name == "rest" else span.name
    return DumpField(kind, span.start, span.stop, meanings.get(span.name, ""))


def _sci(sci: int | None) -> str:
    return "not in the tag" if sci is None else f"{sci:016x}"


# ---------------------------------------------------------------- replay window


def _window(lab: Lab, observers: Sequence[Probe]) -> Iterator[PageSection]:
    ends = [end for link in lab.links for end in link.ends or ()]
    seen = [(end, each) for end, each in zip(ends, observers, strict=True) if each.arrivals]
    if not seen:
        return
    # A link with frames out of order shows more.
    end, observer = min(seen, key=lambda pair: pair[1].in_order)
    window = end.secy.controls.window
    title = f"{end.name}, window {window:,}"
    note = "A row for each received frame, with the known state of each PN (10.6.2, 10.6.5)."
    figure = strip.draw(_strip(title, observer.arrivals))
    yield PageSection("window", "The replay window over time", [figure], note)


def _strip(title: str, arrivals: Sequence[WindowState]) -> Strip:
    first, last = _shown([arrival.pn for arrival in arrivals])
    return Strip(title, first, last, [_moment(arrival, first) for arrival in arrivals])


def _shown(pns: Sequence[int]) -> tuple[int, int]:
    """Return the span of PNs to draw: the latest of those with the most arrivals."""
    spans = [(first, min(first + SHOWN_PNS - 1, max(pns))) for first in sorted(set(pns))]
    return max(reversed(spans), key=lambda span: sum(span[0] <= pn <= span[1] for pn in pns))


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
    busy = [name for name, each in found.by_secy.items() if any(each.values())][:DRAWN_MOST]
    for at in range(0, len(busy), SHOWN_SECYS):
        names = busy[at : at + SHOWN_SECYS]
        part = {name: found.by_secy[name] for name in names}
        yield tables.draw_counters(type(found)(found.caption, part))
    if not busy:
        yield tag("p", "All counters are zero.")
