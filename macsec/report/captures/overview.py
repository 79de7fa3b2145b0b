"""A capture in a few lines: `inspect --summary`."""

from __future__ import annotations

from typing import Literal, TypedDict

from rich.text import Text

from macsec.offline.overview import ChannelKey, Overview, SeenChannel
from macsec.report.captures.inspect import ethertype_text, mac_text, seconds
from macsec.report.fields import Counts, Integer, Sci
from macsec.report.page import Page, drawn, heading, indented
from macsec.report.table import Table
from macsec.terms import sci_text


class ChannelJson(TypedDict):
    """Frames of one SCI and AN. `source`: the sender, where no SCI is in the tag or implied.

    `missing`: PNs between the lowest and the highest that no frame has; `repeated`: frames with a
    PN that was there before; `late`: frames that came behind a higher PN.
    """

    sci: Sci | None
    source: str | None
    an: int
    frames: int
    octets: int
    encrypted: int
    first_pn: Integer
    lowest_pn: Integer
    highest_pn: Integer
    missing: int
    repeated: int
    late: int


class OverviewJson(TypedDict):
    """`macsec/inspect-summary/1`: SCs of a capture, with their PNs and losses.

    `others`: frames without a SecTAG, by EtherType.
    """

    schema: Literal["macsec/inspect-summary/1"]
    frames: int
    octets: int
    seconds: float
    macsec: int
    channels: list[ChannelJson]
    others: Counts
    faults: Counts


def to_json(overview: Overview) -> OverviewJson:
    """Return the JSON of a capture."""
    return {
        "schema": "macsec/inspect-summary/1",
        "frames": overview.frames,
        "octets": overview.octets,
        "seconds": overview.span_ns / 1e9,
        "macsec": overview.macsec,
        "channels": [_item(key, overview.channels[key]) for key in overview.in_order],
        "others": {_kind(kind): frames for kind, frames in overview.others.most_common()},
        "faults": dict(overview.faults.most_common()),
    }


def _kind(ethertype: int | None) -> str:
    return "none" if ethertype is None else f"{ethertype:04x}"


def _item(key: ChannelKey, channel: SeenChannel) -> ChannelJson:
    return {
        "sci": None if key.sci is None else sci_text(key.sci),
        "source": None if key.source is None else mac_text(key.source),
        "an": key.an,
        "frames": channel.frames,
        "octets": channel.octets,
        "encrypted": channel.encrypted,
        "first_pn": str(channel.first_pn),
        "lowest_pn": str(channel.lowest_pn),
        "highest_pn": str(channel.highest_pn),
        "missing": channel.missing,
        "repeated": channel.repeated,
        "late": channel.late,
    }


_HEAD = (
    *("SCI", "AN", "frames", "octets", "encrypted", "PN from", "to"),
    *("missing", "repeated", "late"),
)


def to_page(page: Page, source: str, overview: Overview) -> None:
    """Print one row for each SCI and AN, and what else there is."""
    span = seconds(overview.span_ns)[:-3]
    counts = f"{overview.frames:,} frames, {overview.octets:,} octets in {span} s"
    page.add(heading(source, f"{counts}; {overview.macsec:,} MACsec"), Text())
    if overview.channels:
        rows = [_row(key, overview.channels[key]) for key in overview.in_order]
        page.add(*indented(drawn(Table("", _HEAD, rows, 1))))
    lines = [f"{n:,} {ethertype_text(kind)}" for kind, n in overview.others.most_common()]
    lines += [f"{n:,} bad SecTAG (9.12): {why}" for why, n in overview.faults.most_common()]
    if lines:
        page.add(*indented(Text("\n".join(lines))))


def _row(key: ChannelKey, channel: SeenChannel) -> list[str]:
    name = sci_text(key.sci) if key.sci is not None else f"none, of {mac_text(key.source or b'')}"
    numbers = (channel.missing, channel.repeated, channel.late)
    return [
        name,
        str(key.an),
        *(f"{number:,}" for number in (channel.frames, channel.octets, channel.encrypted)),
        str(channel.lowest_pn),
        str(channel.highest_pn),
        *(f"{number:,}" for number in numbers),
    ]
