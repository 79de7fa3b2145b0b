"""MAC Privacy protection: counters of a run, and what a wiretap sees."""

from __future__ import annotations

from collections import Counter
from typing import Literal, NotRequired, TypedDict

from rich.text import Text

from macsec.privacy import Observation, PrY
from macsec.report.fields import Counts
from macsec.report.page import Page, drawn, heading, indented
from macsec.report.table import Table

SHOWN = 12
"""Rows of a distribution in text; JSON has all."""


class PrivacyJson(TypedDict):
    """`macsec/privacy/1`: frames wrapped in MPPDUs, or unwrapped.

    `counters`: by the names of ieee802-dot1ae-pry.

    `refused`: frames too short, too long or cut. `channels`: with `wrap`, by privacy type.
    """

    schema: Literal["macsec/privacy/1"]
    direction: Literal["wrap", "unwrap"]
    frames: int
    written: int
    refused: int
    counters: Counts
    channels: dict[str, Counts]
    warnings: NotRequired[list[str]]


class PrivacyObservationJson(TypedDict):
    """`macsec/privacy-observation/1`: frames by length, by gap in ns, and by both addresses."""

    schema: Literal["macsec/privacy-observation/1"]
    frames: int
    constant: bool
    sizes: Counts
    gaps_ns: Counts
    addresses: Counts


class Run:
    """Numbers of a run: frames read, written, refused."""

    def __init__(self) -> None:
        self.frames = self.written = self.refused = 0


def run_json(entity: PrY, run: Run, direction: Literal["wrap", "unwrap"]) -> PrivacyJson:
    """Return the JSON of `wrap` or `unwrap`."""
    sending = direction == "wrap"
    return {
        "schema": "macsec/privacy/1",
        "direction": direction,
        "frames": run.frames,
        "written": run.written,
        "refused": run.refused + entity.refused,
        "counters": entity.frames.named() if sending else entity.received.named(),
        "channels": {kind.value: each.counters.named() for kind, each in entity.channels.items()},
    }


def run_text(found: PrivacyJson) -> str:
    """Return one line, and one for each channel."""
    shown = {name: count for name, count in found["counters"].items() if count}
    lines = [
        f"{found['direction']}: {found['frames']:,} frames, {found['written']:,} written, "
        f"{found['refused']:,} refused" + "".join(f", {n:,} {name}" for name, n in shown.items())
    ]
    for kind, counts in found["channels"].items():
        lines.append(f"{kind}: " + ", ".join(f"{n:,} {name}" for name, n in counts.items() if n))
    return "\n".join(lines)


def observation_json(seen: Observation) -> PrivacyObservationJson:
    """Return the JSON of `observe`."""
    return {
        "schema": "macsec/privacy-observation/1",
        "frames": seen.frames,
        "constant": seen.constant,
        "sizes": _counts(seen.sizes),
        "gaps_ns": _counts(seen.gaps),
        "addresses": {each.hex(): count for each, count in sorted(seen.addresses.items())},
    }


def _counts(given: Counter[int]) -> Counts:
    return {str(value): count for value, count in sorted(given.items())}


def observation_page(page: Page, seen: Observation) -> None:
    """Write the distributions, the most frequent values first."""
    word = "one size, one gap, one pair of addresses" if seen.constant else "they vary"
    page.add(heading(f"{seen.frames:,} frames", word), Text())
    for name, given in (("octets", seen.sizes), ("gap, ns", seen.gaps)):
        rows = [[f"{value:,}", f"{count:,}"] for value, count in given.most_common(SHOWN)]
        caption = f"{len(given):,} values" if len(given) > SHOWN else ""
        page.add(*indented(drawn(Table(caption, (name, "frames"), rows, 0))))
    page.add(Text(f"  pairs of addresses: {len(seen.addresses):,}"))
