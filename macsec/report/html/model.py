"""Plain data that the components draw, made by measurements and simulations.

    page.py      HtmlPage   the whole file: title, facts, sections
    tables.py    Table      rows of text;  CounterColumns: one column for each SecY
    lanes.py     Lanes      counts over time, a lane for each kind
    charts.py    Curves     percentiles;  Bars: a histogram;  Sizes: throughput against frame size
    topology.py  DrawnTopology  nodes and links, with a lock where a link is protected
    wiretap.py   Wiretap    a clear frame beside the same frame on the wire
    ladder.py    Ladder     messages between members
    strip.py     Strip      the replay window, PN by PN, over time

Each component is a function `draw(data) -> Html`, or several with names; `PageSection.body` takes
their results in order. Text in the data may be anything: it is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from macsec.report.html.markup import Html


@dataclass(frozen=True, slots=True)
class PageSection:
    """A part of a page. `note` is one line under the title; `anchor` has to be unique."""

    anchor: str
    title: str
    body: Sequence[Html]
    note: str = ""


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """A whole page. `lead` is one sentence; `facts` are shown in a table below it.

    `origin`: the run that made the page (version, command, date, machine). It differs from run to
    run, so it is apart from the facts, and no digest covers it.
    """

    title: str
    lead: str
    facts: Mapping[str, str]
    sections: Sequence[PageSection]
    origin: Mapping[str, str] = field(default_factory=dict)


# ---------------------------------------------------------------- tables


@dataclass(frozen=True, slots=True)
class CounterColumns:
    """Counters by SecY: name of the SecY (or port) to counter to count, as `SecY.counters`."""

    caption: str
    by_secy: Mapping[str, Mapping[str, int]]


# ---------------------------------------------------------------- charts


@dataclass(frozen=True, slots=True)
class Series:
    """A line: x and y of each point. A `dashed` line is arithmetic, not measured."""

    name: str
    points: Sequence[tuple[float, float]]
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Curves:
    """Percentile curves. Points are (share of all values from 0 to below 1, value)."""

    title: str
    unit: str
    series: Sequence[Series]


@dataclass(frozen=True, slots=True)
class Bar:
    """`count` values from `low` to `high`, both included."""

    low: int
    high: int
    count: int


@dataclass(frozen=True, slots=True)
class Bars:
    """A histogram; `beyond` is the number of values above the last bar."""

    title: str
    unit: str
    bars: Sequence[Bar]
    beyond: int = 0


@dataclass(frozen=True, slots=True)
class Sizes:
    """Values against frame size, both axes logarithmic. Points are (octets, value above 0).

    `decades`: the most that the axis of values has, counted from its top; 0: as many as needed.
    """

    title: str
    unit: str
    series: Sequence[Series]
    across: str = "octets a frame, with FCS"
    decades: int = 0


@dataclass(frozen=True, slots=True)
class CountLane:
    """Counts of one kind, bin by bin; a `bad` kind is red and its name bold."""

    name: str
    counts: Sequence[int]
    bad: bool = False


@dataclass(frozen=True, slots=True)
class Lanes:
    """Counts over time in bins of `width_ns`; `empty`: the sentence where there are none."""

    title: str
    width_ns: int
    lanes: Sequence[CountLane]
    empty: str = "No frames."


# ---------------------------------------------------------------- messages


@dataclass(frozen=True, slots=True)
class Rung:
    """A message from a member to all others, or with `quiet` several that say nothing new."""

    time: str
    member: str
    lines: Sequence[str]
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Ladder:
    """Messages between members, downwards in order; `note`: a sentence about what is left out."""

    title: str
    members: Sequence[str]
    rungs: Sequence[Rung]
    note: str = ""


# ---------------------------------------------------------------- topology


@dataclass(frozen=True, slots=True)
class DrawnNode:
    """A box. Nodes of one `group` (a region) are near one another; box and picture name it."""

    name: str
    group: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class DrawnLink:
    """A line between two nodes, by name. `label`: rate, delay. `protection`: suite, AN.

    A link that is not `protected` is drawn red and says UNPROTECTED. An `idle` one carries nothing.
    """

    a: str
    b: str
    protected: bool
    label: str = ""
    protection: str = ""
    idle: bool = False


@dataclass(frozen=True, slots=True)
class DrawnTopology:
    """Nodes and links. A link to a node that does not exist is a ValueError."""

    title: str
    nodes: Sequence[DrawnNode]
    links: Sequence[DrawnLink]


# ---------------------------------------------------------------- frames


@dataclass(frozen=True, slots=True)
class DumpField:
    """Octets `start` to `stop` (not included) of a frame; `kind` chooses the colour.

    Kinds: DA, SA, VLAN, SecTAG, clear, secure, ICV, padding, rest: the names that
    `macsec.frames.dissect.spans` gives. `meaning` is shown in the list of fields.
    """

    kind: str
    start: int
    stop: int
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class FrameDump:
    """A frame to show: octets without FCS, and fields without gaps."""

    caption: str
    octets: bytes
    fields: Sequence[DumpField]


@dataclass(frozen=True, slots=True)
class Wiretap:
    """The same frame twice: in clear at a host, and as it is on the wire."""

    clear: FrameDump
    wire: FrameDump


# ---------------------------------------------------------------- replay window


class Cell(Enum):
    """The state of a PN."""

    RECEIVED = "received"
    MISSING = "missing"
    LATE = "late"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class WindowMoment:
    """The receive SA after a frame. `cells`: the known states of PNs; others are still to come.

    The window reaches from `lowest_pn` up to, and not including, `next_pn`.
    """

    label: str
    lowest_pn: int
    next_pn: int
    cells: Mapping[int, Cell]


@dataclass(frozen=True, slots=True)
class Strip:
    """The replay window over time, a row for each moment, from PN `first` to `last`.

    `note`: a sentence about what is left out.
    """

    title: str
    first: int
    last: int
    moments: Sequence[WindowMoment] = field(default_factory=tuple)
    note: str = ""
