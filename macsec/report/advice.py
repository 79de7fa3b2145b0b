"""Advice: JSON, and pages of text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypedDict

from rich.text import Text

from macsec.advice.mtu import IPV4_TCP, IPV6_TCP, HopKind, along, wire_for
from macsec.advice.peer_systems import PeerSystem, Remark, Response
from macsec.advice.pn_headroom import Headroom
from macsec.advice.replay_window import ChannelOrder, advised, steps
from macsec.report.fields import Keywords, Sci
from macsec.report.page import Page, columns, drawn, heading, indented
from macsec.report.table import Table
from macsec.terms import sci_text
from macsec.wire.units import rate_text

RISK = (
    "A receiver remembers no PN: a frame that was recorded is delivered again until as many frames "
    "as the window has have followed it (802.1AE 10.6.2, 10.6.4, 10.7.8). duplicates: reject, "
    "which is not of the standard, closes this for a receiver that has it."
)
_STYLES = {Response.REFUSES: "bold red", Response.FLAPS: "red", Response.NOTE: "yellow"}


class StepJson(TypedDict):
    """A window, and the frames that it makes late."""

    window: int
    lost: int


class ChannelWindowJson(TypedDict):
    """An SC at a receiver. `window`: the least that loses no frame; `exposure_s`: see `risk`."""

    place: str
    sci: Sci
    frames: int
    late: int
    repeated: int
    apart: int
    window: int
    advised: int
    frames_per_s: float
    exposure_s: float | None
    steps: list[StepJson]


class AdviseWindowJson(TypedDict):
    """`macsec/advise-window/1`: the replay window that each SC of a capture or a lab needs."""

    schema: Literal["macsec/advise-window/1"]
    of: str
    window: int
    advised: int
    risk: str
    channels: list[ChannelWindowJson]


class LayerMtuJson(TypedDict):
    """A layer of a path: the octets that it takes, and the MTU inside."""

    name: str
    octets: int
    mtu: int


class PathMtuJson(TypedDict):
    """A path, its layers from the wire on, and the MTU of IP. `wire_for_1500`: the MTU it needs."""

    path: str
    title: str
    layers: list[LayerMtuJson]
    ip_mtu: int
    tcp_mss_ipv4: int
    tcp_mss_ipv6: int
    wire_for_1500: int
    source: str


class AdviseMtuJson(TypedDict):
    """`macsec/advise-mtu/1`: the MTU that IP has on each path over a wire.

    `macsec_octets`: SecTAG and ICV.
    """

    schema: Literal["macsec/advise-mtu/1"]
    wire: int
    send_sci: bool
    macsec_octets: int
    paths: list[PathMtuJson]


class RemarkJson(TypedDict):
    """The response of the other end to a setting."""

    setting: str
    response: Annotated[str, Keywords(enum=[each.value for each in Response])]
    text: str
    change: str
    source: str


class AdviseLinkJson(TypedDict):
    """`macsec/advise-link/1`: the response of the other end to each setting of a configuration."""

    schema: Literal["macsec/advise-link/1"]
    against: str
    title: str
    source: str
    remarks: list[RemarkJson]


class HeadroomJson(TypedDict):
    """A line at full rate: seconds to the threshold and to the last PN, and the interval."""

    bits_per_s: int
    frame: int
    suite: str
    frames_per_s: float
    soft_s: float
    hard_s: float
    interval_s: int | None
    note: str


class AdviseRekeyJson(TypedDict):
    """`macsec/advise-rekey/1`: seconds until the PNs of an SA run out, at rates and frame sizes.

    `configured_s`: the interval of a configuration.
    """

    schema: Literal["macsec/advise-rekey/1"]
    configured_s: int | None
    lines: list[HeadroomJson]


# ---------------------------------------------------------------- window

Places = Mapping[str, Iterable[ChannelOrder]]
"""The SCs by the place where their frames arrive."""


def window_json(of: str, places: Places) -> AdviseWindowJson:
    """Return the JSON of windows."""
    channels = [_channel(place, each) for place, some in places.items() for each in some]
    window = max((each["window"] for each in channels), default=0)
    return {
        "schema": "macsec/advise-window/1",
        "of": of,
        "window": window,
        "advised": advised(window),
        "risk": RISK,
        "channels": channels,
    }


def _channel(place: str, channel: ChannelOrder) -> ChannelWindowJson:
    least = advised(channel.window)
    exposure = channel.exposure_s(least)
    return {
        "place": place,
        "sci": sci_text(channel.sci),
        "frames": channel.frames,
        "late": channel.late,
        "repeated": channel.repeated,
        "apart": channel.apart,
        "window": channel.window,
        "advised": least,
        "frames_per_s": round(channel.rate, 3),
        "exposure_s": None if exposure is None else round(exposure, 9),
        "steps": [{"window": window, "lost": lost} for window, lost in steps(channel)],
    }


def window_page(page: Page, found: AdviseWindowJson) -> None:
    """Print the windows of all SCs, the frames that each loses, and the risk."""
    result = f"replay window {found['advised']}: {found['window']} loses no frame"
    if not found["channels"]:
        page.add(heading(found["of"], "no advice: no frame has a SecTAG"), Text())
        return
    page.add(heading(found["of"], result), Text())
    rows = [
        [
            each["place"],
            each["sci"],
            f"{each['frames']:,}",
            f"{each['late']:,}",
            f"{each['repeated']:,}",
            f"{each['window']:,}",
            f"{each['advised']:,}",
            "-" if each["exposure_s"] is None else _seconds(each["exposure_s"]),
        ]
        for each in found["channels"]
    ]
    head = ("place", "SCI", "frames", "late", "repeated", "least", "advised", "replayable")
    page.add(*indented(drawn(Table("", head, rows, 2))))
    lost: dict[int, int] = {}
    for each in found["channels"]:
        for step in each["steps"]:
            lost[step["window"]] = lost.get(step["window"], 0) + step["lost"]
    if len(lost) > 1:
        lines = [[f"{window:,}", f"{number:,}"] for window, number in sorted(lost.items())]
        page.add(*indented(drawn(Table("", ("window", "frames lost"), lines, 0))))
    page.add(Text(RISK))
    if any(each["apart"] for each in found["channels"]):
        page.add(
            Text("PNs far off are of another SAK, or of no sender: no window is made for them.")
        )
    if any(each["repeated"] for each in found["channels"]):
        page.add(Text("Repeated PNs are copies or replays: no window is made for them."))


def _seconds(seconds: float) -> str:
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if seconds * factor >= 1:
            return f"{seconds * factor:,.1f} {unit}"
    return f"{seconds * 1e9:,.0f} ns"


# ---------------------------------------------------------------- mtu


def mtu_json(wire: int, with_sci: bool, octets: int, paths: Iterable[HopKind]) -> AdviseMtuJson:
    """Return the JSON of MTUs."""
    return {
        "schema": "macsec/advise-mtu/1",
        "wire": wire,
        "send_sci": with_sci,
        "macsec_octets": octets,
        "paths": [_path(path, wire, octets) for path in paths],
    }


def _path(path: HopKind, wire: int, octets: int) -> PathMtuJson:
    layers = [*along(path, wire, octets)]
    mtu = layers[-1].mtu
    return {
        "path": path.name,
        "title": path.title,
        "layers": [{"name": one.name, "octets": one.octets, "mtu": one.mtu} for one in layers],
        "ip_mtu": mtu,
        "tcp_mss_ipv4": mtu - IPV4_TCP,
        "tcp_mss_ipv6": mtu - IPV6_TCP,
        "wire_for_1500": wire_for(path, 1500, octets),
        "source": path.source,
    }


def mtu_page(page: Page, found: AdviseMtuJson) -> None:
    """Print the MTU of each layer of each path."""
    sci = "with an SCI" if found["send_sci"] else "without an SCI"
    rest = f"MACsec takes {found['macsec_octets']} octets {sci}; an XPN suite takes no more"
    page.add(heading(f"MTU of the wire {found['wire']:,}", rest), Text())
    paths = found["paths"]
    numbers = ("ip_mtu", "tcp_mss_ipv4", "tcp_mss_ipv6", "wire_for_1500")
    rows = [[each["path"], *(f"{each[name]:,}" for name in numbers)] for each in paths]  # type: ignore[literal-required]
    head = ("path", "IP", "MSS IPv4", "MSS IPv6", "wire for 1500")
    page.add(*indented(drawn(Table("", head, rows))))
    layers = [
        [each["path"], " > ".join(f"{one['name']} {one['mtu']}" for one in each["layers"])]
        for each in paths
    ]
    page.add(*indented(drawn(Table("", ("path", "MTU inside each layer"), layers, 2))))
    titles = [[each["path"], each["title"], each["source"]] for each in paths]
    page.add(*indented(drawn(Table("", ("path", "is", "octets from"), titles, 3))))
    page.add(
        Text(
            "A port that counts a VLAN tag apart (1518 and 1522 octets) has 4 more for a tag that "
            "is outermost. IPsec beside MACsec counts where both are on one hop."
        )
    )


# ---------------------------------------------------------------- link


def link_json(system: PeerSystem, remarks: Sequence[Remark]) -> AdviseLinkJson:
    """Return the JSON of remarks."""
    return {
        "schema": "macsec/advise-link/1",
        "against": system.name,
        "title": system.title,
        "source": system.source,
        "remarks": [
            {
                "setting": each.setting,
                "response": each.response.value,
                "text": each.text,
                "change": each.change,
                "source": each.source,
            }
            for each in remarks
        ],
    }


def link_page(page: Page, system: PeerSystem, remarks: Sequence[Remark]) -> None:
    """Print the remarks, refusals first."""
    counts = [
        f"{number} {response.value}"
        for response in Response
        if (number := sum(each.response is response for each in remarks))
    ]
    page.add(heading(f"against {system.title}", ", ".join(counts) or "no remark"), Text())
    for each in remarks:
        page.add(Text.assemble((f"{each.response.value}  ", _STYLES[each.response]), each.setting))
        table: Any = columns("left", "left")
        for name, text in (("why", each.text), ("change", each.change), ("source", each.source)):
            table.add_row(Text(name, "dim"), text)
        page.add(*indented(table))


# ---------------------------------------------------------------- rekey


def rekey_json(lines: Sequence[Headroom], configured_s: int | None) -> AdviseRekeyJson:
    """Return the JSON of headrooms."""
    return {
        "schema": "macsec/advise-rekey/1",
        "configured_s": configured_s,
        "lines": [
            {
                "bits_per_s": each.rate,
                "frame": each.size,
                "suite": each.suite,
                "frames_per_s": round(each.frames_per_s, 3),
                "soft_s": round(each.soft_s, 3),
                "hard_s": round(each.hard_s, 3),
                "interval_s": each.interval_s,
                "note": each.note,
            }
            for each in lines
        ],
    }


def rekey_page(page: Page, found: AdviseRekeyJson) -> None:
    """Print the time until PNs are used up, and the advised interval."""
    configured = found["configured_s"]
    rest = "at full rate, frames of one size"
    if configured is not None:
        rest = f"configured: {f'each {configured} s' if configured else 'no timer'}"
    page.add(heading("PN headroom", rest), Text())
    notes = [*dict.fromkeys(each["note"] for each in found["lines"])]
    rows = [
        [
            each["suite"],
            rate_text(each["bits_per_s"]),
            f"{each['frame']:,}",
            f"{each['frames_per_s'] / 1e6:,.2f}",
            _span(each["soft_s"]),
            _span(each["hard_s"]),
            "none" if each["interval_s"] is None else f"{each['interval_s']:,} s",
            f"{notes.index(each['note']) + 1}",
        ]
        for each in found["lines"]
    ]
    head = ("suite", "rate", "frame", "Mframe/s", "3/4 used in", "all in", "rekey", "note")
    page.add(*indented(drawn(Table("", head, rows))))
    page.add(*(Text(f"{at}  {note}") for at, note in enumerate(notes, 1)))


def _span(seconds: float) -> str:
    if seconds >= 1000 * 31_557_600:
        return "> 1,000 years"
    for unit, length in (("years", 31_557_600), ("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.1f} {unit}"
    return f"{seconds:,.1f} s"
