"""Profiles as a table of switches, and the frames where two of them part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypedDict

from rich.text import Text

from macsec.offline.difference import VALIDATE, Difference, Ending, Parting
from macsec.report.fields import Hex, Integer, Label, Sci
from macsec.report.page import Page, drawn, heading, indented
from macsec.report.table import Table
from macsec.secy import PROFILES, Profile
from macsec.secy.profiles.switches import (
    LIMITS,
    STRICT_ALONE,
    SWITCHES,
    Reading,
    is_documented,
    reading,
)
from macsec.terms import sci_text

OPEN = "-"
"""A switch that is not documented of a profile."""


class ReadingJson(TypedDict):
    """Reading of a switch; `documented`: known of it, not taken from `ieee`."""

    on: bool
    documented: bool
    reads: str
    source: str


class ProfileJson(TypedDict):
    """A profile: its switches, and what can be set."""

    switches: dict[str, ReadingJson]
    icv_lengths: list[int]
    validate_frames: list[str]


class ProfilesJson(TypedDict):
    """`macsec/profiles/1`: behaviour profiles and what is particular to each."""

    schema: Literal["macsec/profiles/1"]
    profiles: dict[str, ProfileJson]


class EndingJson(TypedDict):
    """End of a frame at one receiver. `octets`: the frame delivered."""

    verdict: Label
    counter: str | None
    delivered: bool
    clause: str
    sci: Sci | None
    an: int | None
    pn: Integer | None
    octets: Hex | None


class CauseJson(TypedDict):
    """A switch that parts a frame, and both readings of it."""

    switch: str
    first: str
    first_source: str
    second: str
    second_source: str


class PartingJson(TypedDict):
    """A frame that both receivers end otherwise. `together`: only with the other switches."""

    frame: int
    first: EndingJson
    second: EndingJson
    causes: list[str]
    together: bool


class VerdictPairJson(TypedDict):
    """Frames that one receiver ended so and the other so."""

    first: Label
    second: Label
    frames: int


class ProfilesDiffJson(TypedDict):
    """`macsec/profiles-diff/1`: frames of a capture whose verdicts differ between two profiles.

    `parted_shown`: the members of `partings`, see --most.
    """

    schema: Literal["macsec/profiles-diff/1"]
    profiles: list[str]
    frames: int
    parted: int
    parted_shown: int
    verdicts: list[VerdictPairJson]
    by_switch: dict[str, int]
    causes: list[CauseJson]
    counters: dict[str, list[int]]
    partings: list[PartingJson]
    backend: str


# -------------------------------------------------------------------- the table


def table_json() -> ProfilesJson:
    """Return all profiles."""
    return {
        "schema": "macsec/profiles/1",
        "profiles": {
            name: {
                "switches": {switch: _reading_json(profile, switch) for switch in SWITCHES},
                "icv_lengths": list(profile.icv_lengths),
                "validate_frames": list(profile.validate_frames),
            }
            for name, profile in PROFILES.items()
        },
    }


def _reading_json(profile: Profile, switch: str) -> ReadingJson:
    text, source = reading(profile, switch)
    return {
        "on": getattr(profile, switch),
        "documented": is_documented(profile, switch),
        "reads": text,
        "source": source,
    }


def table_page(page: Page) -> None:
    """Write the switches of all profiles, and what those mean that are on."""
    rows = [[name, *(_cell(each, name) for each in PROFILES.values())] for name in SWITCHES]
    rows += [[name, *(_limit(each, name) for each in PROFILES.values())] for name in LIMITS]
    page.add(heading("profiles", "switches where receivers read the same octets differently"))
    page.add(Text(), *indented(drawn(Table("", ("switch", *PROFILES), rows, 1 + len(PROFILES)))))
    meanings = [[name, switch.on.text, switch.on.source] for name, switch in SWITCHES.items()]
    meanings += [[name, text, ""] for name, text in LIMITS.items()]
    page.add(*indented(drawn(Table("", ("switch", "on means", "from"), meanings, 3))))
    page.add(Text(f"  {OPEN}  not documented of it, and so taken as in ieee", "dim"))


def _cell(profile: Profile, name: str) -> str:
    if not is_documented(profile, name):
        return OPEN
    return "on" if getattr(profile, name) else "off"


def _limit(profile: Profile, name: str) -> str:
    if not is_documented(profile, name):
        return OPEN
    if name == "icv_lengths":
        lengths = profile.icv_lengths
        return f"{lengths[0]}" if len(lengths) == 1 else f"{lengths[0]} to {lengths[-1]}"
    return " ".join(profile.validate_frames)


# -------------------------------------------------------------------- a difference


def readings(profiles: Sequence[Profile], cause: str) -> tuple[Reading, Reading]:
    """Return how both profiles read a switch; what is not documented of one says so."""
    first, second = (_read_by(profile, cause) for profile in profiles)
    return first, second


def _read_by(profile: Profile, cause: str) -> Reading:
    if cause == VALIDATE:
        strict = len(profile.validate_frames) < len(PROFILES["ieee"].validate_frames)
        return STRICT_ALONE if strict else Reading("validate is as configured", "10.7.8")
    text, source = reading(profile, cause)
    if not is_documented(profile, cause):
        source = f"not documented of {profile.name}, so as ieee: {source}"
    return Reading(text, source)


def parting_lines(parting: Parting, profiles: Sequence[Profile]) -> Iterator[Text]:
    """Yield the lines of a frame: both ends, then each cause as both profiles read it."""
    yield Text(f"frame {parting.frame}", "bold")
    width = max(len(profile.name) for profile in profiles)
    endings = (parting.first, parting.second)
    for profile, ending in zip(profiles, endings, strict=True):
        verdict = ending.verdict
        style = "green" if verdict.delivered else "red"
        yield Text.assemble(
            f"  {profile.name:{width}}  ", (f"{verdict.label:15}", style), f"  {_fate(ending)}"
        )
    for cause in parting.causes:
        first, second = readings(profiles, cause)
        yield Text(f"  {cause}" + (", with the others" if parting.together else ""))
        for profile, (text, source) in zip(profiles, (first, second), strict=True):
            yield Text.assemble(f"    {profile.name:{width}}  {text}", (f"  ({source})", "dim"))


def _fate(ending: Ending) -> str:
    verdict = ending.verdict
    counter = verdict.counter or "no counter"
    clause = verdict.clause if verdict.clause.startswith("none") else f"clause {verdict.clause}"
    went = "not delivered" if ending.octets is None else f"{len(ending.octets)} octets delivered"
    pn = "" if ending.pn is None else f", PN {ending.pn}"
    return f"{counter}, {went}{pn}, {clause}"


def summary(page: Page, difference: Difference) -> None:
    """Write the counts: verdicts, switches, counters."""
    first, second = (profile.name for profile in difference.profiles)
    tallies = difference.tallies
    page.add(heading(f"{tallies.parted:,} of {tallies.frames:,} frames part", f"{first}, {second}"))
    if not tallies.parted:
        return
    pairs = [[a.label, b.label, f"{n:,}"] for (a, b), n in tallies.verdicts.most_common()]
    switches = [[name, f"{n:,}"] for name, n in tallies.causes.most_common()]
    counters = [[name, f"{a:,}", f"{b:,}"] for name, (a, b) in difference.counters().items()]
    page.add(
        Text(),
        *indented(
            drawn(Table("", (first, second, "frames"), pairs, 2)),
            drawn(Table("", ("switch", "frames"), switches)),
            drawn(Table("", ("counter", first, second), counters)),
        ),
    )


def diff_json(difference: Difference, partings: Sequence[Parting]) -> ProfilesDiffJson:
    """Return the JSON of a difference with the partings that are shown."""
    tallies = difference.tallies
    return {
        "schema": "macsec/profiles-diff/1",
        "profiles": [profile.name for profile in difference.profiles],
        "frames": tallies.frames,
        "parted": tallies.parted,
        "parted_shown": len(partings),
        "verdicts": [
            {"first": a.label, "second": b.label, "frames": n}
            for (a, b), n in tallies.verdicts.most_common()
        ],
        "by_switch": dict(tallies.causes.most_common()),
        "causes": [_cause_json(difference, name) for name in tallies.causes],
        "counters": {name: list(pair) for name, pair in difference.counters().items()},
        "partings": [_parting_json(parting) for parting in partings],
        "backend": difference.receivers[0].backend,
    }


def _cause_json(difference: Difference, name: str) -> CauseJson:
    first, second = readings(difference.profiles, name)
    return {
        "switch": name,
        "first": first.text,
        "first_source": first.source,
        "second": second.text,
        "second_source": second.source,
    }


def _parting_json(parting: Parting) -> PartingJson:
    return {
        "frame": parting.frame,
        "first": _ending_json(parting.first),
        "second": _ending_json(parting.second),
        "causes": list(parting.causes),
        "together": parting.together,
    }


def _ending_json(ending: Ending) -> EndingJson:
    verdict = ending.verdict
    return {
        "verdict": verdict.label,
        "counter": verdict.counter,
        "delivered": verdict.delivered,
        "clause": verdict.clause,
        "sci": None if ending.sci is None else sci_text(ending.sci),
        "an": ending.an,
        "pn": None if ending.pn is None else str(ending.pn),
        "octets": None if ending.octets is None else ending.octets.hex(),
    }
