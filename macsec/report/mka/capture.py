"""The key agreement in a capture: JSON, or text with its members, SAKs and events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, TypedDict, cast

from rich.text import Text

from macsec.kay.keys.sak import KI, OFFSETS
from macsec.kay.listening.listener import Hearing
from macsec.kay.listening.story import Event, Kind, Member, ReportedUse, SakRecord, Stories, Story
from macsec.report.captures.inspect import seconds
from macsec.report.fields import Counts, Hex, Integer, Keywords, Sci
from macsec.report.mka.message import (
    KiJson,
    Message,
    MessageJson,
    ki_item,
    message_item,
    mkpdu_item,
)
from macsec.report.page import Page, columns, heading, indented, table_of
from macsec.report.table import Table
from macsec.terms import sci_text


class UseJson(TypedDict):
    """The use of a key by a member, in the `latest` or `old` slot."""

    ki: KiJson
    slot: Literal["latest", "old"]
    an: int
    transmits: bool
    receives: bool


class MemberJson(TypedDict):
    """A member of a CA; `mn`: its first and its last message number."""

    name: str
    sci: Sci
    mi: Hex
    messages: int
    mn: list[int]
    first_index: int
    first_ns: Integer
    last_ns: Integer
    version: int
    priority: int
    key_server: bool
    distributed: int
    live: list[str]
    potential: list[str]
    uses: list[UseJson]
    delay_protect: bool


class DistributionJson(TypedDict):
    """A SAK that was distributed."""

    ki: KiJson
    an: int
    cipher_suite: str
    confidentiality_offset: int | None
    key_server: str
    members: list[str]
    first_index: int
    first_ns: Integer
    times: int
    result: str | None
    key_check_value: str | None


CaEventJson = TypedDict(
    "CaEventJson",
    {
        "index": int,
        "time_ns": Integer,
        "who": str,
        "kind": Annotated[str, Keywords(enum=[kind.value for kind in Kind])],
        "mi": NotRequired[Hex],
        "mn": NotRequired[int],
        "last": NotRequired[int],
        "priority": NotRequired[int],
        "version": NotRequired[int],
        "for_ns": NotRequired[int],
        "suspended": NotRequired[bool],
        "seconds": NotRequired[int],
        "part": NotRequired[Literal["asks", "orders", "reports"]],
        "what": NotRequired[str],
        "from": NotRequired[int | bool],
        "to": NotRequired[int | bool],
        "peer": NotRequired[str],
        "ki": NotRequired[KiJson | None],
        "lowest_pn": NotRequired[Integer],
        "an": NotRequired[int],
        "suite": NotRequired[str],
        "result": NotRequired[str | None],
        "slot": NotRequired[Literal["latest", "old"]],
        "transmits": NotRequired[bool],
        "receives": NotRequired[bool],
        "on": NotRequired[bool],
    },
)
CaEventJson.__doc__ = """An event of a CA; its kind decides which of the optional members it has."""


class CaJson(TypedDict):
    """A CA in a capture."""

    ckn: Hex
    verified: bool
    wrong_icv: int
    unprotected: int
    key_servers: list[str]
    members: list[MemberJson]
    saks: list[DistributionJson]
    events: list[CaEventJson]


class MkaExplainJson(TypedDict):
    """`macsec/mka-explain/1`: members, SAKs and events of the key agreement in a capture."""

    schema: Literal["macsec/mka-explain/1"]
    capture: str
    frames: int
    eapol: Counts
    cas: list[CaJson]
    messages: list[MessageJson]


@dataclass(frozen=True, slots=True)
class Account:
    """The key agreement found in a capture. `start_ns`: the time of its first frame."""

    capture: str
    frames: int
    start_ns: int
    messages: Sequence[Message]
    stories: Stories

    @property
    def counts(self) -> Mapping[Hearing, int]:
        """EAPOL frames by the result of parsing them."""
        counts = dict.fromkeys(Hearing, 0)
        for message in self.messages:
            counts[message.heard.hearing] += 1
        return counts


# ---------------------------------------------------------------- JSON


def to_json(account: Account) -> MkaExplainJson:
    """Return the JSON of the key agreement in a capture."""
    return {
        "schema": "macsec/mka-explain/1",
        "capture": account.capture,
        "frames": account.frames,
        "eapol": {hearing.value: number for hearing, number in account.counts.items()},
        "cas": [_story_item(story) for story in account.stories.by_ckn.values()],
        "messages": [message_item(message) for message in account.messages],
    }


def _story_item(story: Story) -> CaJson:
    return {
        "ckn": story.ckn.hex(),
        "verified": story.verified,
        "wrong_icv": story.wrong_icv,
        "unprotected": story.plain,
        "key_servers": story.key_servers,
        "members": [_member_item(story, member) for member in story.members.values()],
        "saks": [_sak_item(story, sak) for sak in story.saks],
        "events": [_event_item(story, event) for event in story.events],
    }


def _member_item(story: Story, member: Member) -> MemberJson:
    basic = member.basic
    return {
        "name": member.name,
        "sci": sci_text(basic.sci),
        "mi": basic.mi.hex(),
        "messages": member.messages,
        "mn": [member.first_mn, basic.mn],
        "first_index": member.index,
        "first_ns": str(member.time_ns),
        "last_ns": str(member.last_ns),
        "version": basic.version,
        "priority": basic.priority,
        "key_server": basic.key_server,
        "distributed": member.distributed,
        "live": [story.name(mi) for mi in member.live],
        "potential": [story.name(mi) for mi in member.potential],
        "uses": [_use_item(ki, use) for ki, use in member.uses.items()],
        "delay_protect": member.delay_protect,
    }


def _use_item(ki: KI, use: ReportedUse) -> UseJson:
    return cast(UseJson, {"ki": ki_item(ki), **use._asdict()})


def _sak_item(story: Story, sak: SakRecord) -> DistributionJson:
    return {
        "ki": ki_item(sak.ki),
        "an": sak.an,
        "cipher_suite": sak.suite,
        "confidentiality_offset": OFFSETS[sak.code],
        "key_server": sak.key_server,
        "members": [story.name(mi) for mi in sak.members],
        "first_index": sak.index,
        "first_ns": str(sak.time_ns),
        "times": sak.times,
        "result": None if sak.result is None else sak.result.value,
        "key_check_value": sak.check_value,
    }


def _event_item(story: Story, event: Event) -> CaEventJson:
    common = {
        "index": event.frame,
        "time_ns": str(event.time_ns),
        "who": event.member,
        "kind": event.kind.value,
    }
    detail = {name: _plain(story, value) for name, value in event.detail.items()}
    return cast(CaEventJson, {**common, **detail})


def _plain(story: Story, value: Any) -> Any:
    if isinstance(value, KI):
        return ki_item(value)
    return story.name(value) if isinstance(value, bytes) else value


# ---------------------------------------------------------------- text


def to_page(page: Page, account: Account, every_message: bool = False) -> None:
    """Print for each CA its members, SAKs and events; with `every_message` each on a line."""
    kinds = [f"{number:,} {hearing.value}" for hearing, number in account.counts.items() if number]
    eapol = f"{len(account.messages):,} EAPOL: {', '.join(kinds)}" if kinds else "no EAPOL"
    page.add(heading(account.capture, f"{account.frames:,} frames, {eapol}"))
    if account.messages:
        page.add(Text("Frames are counted from 0; the numbers of Wireshark are one more.", "dim"))
    page.add(Text())
    for story in account.stories.by_ckn.values():
        page.add(heading(f"CA {story.ckn.hex()}", verification(story)), Text())
        if story.members:
            page.add(*indented(_members(story)))
        if story.saks:
            page.add(*indented(_saks(story, account.start_ns)))
        if story.events:
            page.add(*indented(_events(story, account.start_ns)))
    refused = [message for message in account.messages if message.heard.refusal is not None]
    if refused:
        page.add(heading("EAPOL that is no MKPDU"), Text(), *indented(_refused(refused, account)))
    if every_message:
        page.add(heading("Every message"), Text(), *indented(_messages(account)))


def story_tables(story: Story, start_ns: int) -> list[Table]:
    """Return the tables of members, SAKs and events of a CA; none is empty."""
    found = {
        "Members": _members(story) if story.members else None,
        "SAKs that were distributed": _saks(story, start_ns) if story.saks else None,
        "Events": _events(story, start_ns) if story.events else None,
    }
    return [table_of(caption, body) for caption, body in found.items() if body is not None]


def event_text(story: Story, event: Event) -> str:
    """Return an event in words."""
    return _WORDS[event.kind](story, event.detail)


def verification(story: Story) -> str:
    """Return whether the messages of a CA are authentic, and how that is known."""
    if not story.verified:
        hint = f"; {story.padded.hex()} differs in zeros at its end only" if story.padded else ""
        return f"not verified: no CAK for this CKN{hint}"
    if story.wrong_icv:
        if not story.members:
            return f"wrong CAK: the ICV of {story.wrong_icv:,} MKPDUs does not match"
        return f"{story.wrong_icv:,} with a wrong ICV: another CAK, or not of this CA"
    return "every ICV is right"


def _members(story: Story) -> Any:
    table = columns("left", "left", "left", "right", "left", "right", "right", "left", "left")
    names = ("member", "SCI", "MI", "MKPDUs", "MN", "priority", "version", "role", "live peers")
    table.add_row(*(Text(name, "bold") for name in names))
    for member in story.members.values():
        basic = member.basic
        role = "offers" if basic.key_server else ""
        if member.distributed:
            role = f"key server, {member.distributed} SAK{'s' * (member.distributed > 1)}"
        table.add_row(
            member.name,
            sci_text(basic.sci),
            basic.mi.hex(),
            str(member.messages),
            f"{member.first_mn} to {basic.mn}",
            str(basic.priority),
            str(basic.version),
            role,
            " ".join(story.name(mi) for mi in member.live) or "-",
        )
    return table


def _saks(story: Story, start_ns: int) -> Any:
    table = columns("right", "right", "left", "left", "right", "left", "left", "left", "left")
    names = ("seconds", "frame", "SAK", "from", "AN", "suite", "offset", "members", "check value")
    table.add_row(*(Text(name, "bold") for name in names))
    for sak in story.saks:
        offset = OFFSETS[sak.code]
        table.add_row(
            since(sak.time_ns, start_ns),
            str(sak.index),
            _ki(story, sak.ki),
            sak.key_server,
            str(sak.an),
            sak.suite,
            "none" if offset is None else str(offset),
            " ".join(story.name(mi) for mi in sak.members),
            sak.check_value or _why_not(sak),
        )
    return table


def _why_not(sak: SakRecord) -> str:
    return "-" if sak.result is None else sak.result.value


def _events(story: Story, start_ns: int) -> Any:
    table = columns("right", "right", "left", "left")
    table.add_row(*(Text(name, "bold") for name in ("seconds", "frame", "who", "what")))
    for event in story.events:
        when = since(event.time_ns, start_ns)
        table.add_row(when, str(event.frame), event.member, event_text(story, event))
    return table


def _refused(refused: Sequence[Message], account: Account) -> Any:
    table = columns("right", "right", "left")
    for message in refused:
        refusal = message.heard.refusal
        why = "" if refusal is None else refusal.text
        table.add_row(since(message.time_ns, account.start_ns), str(message.index), why)
    return table


def _messages(account: Account) -> Any:
    table = columns("right", "right", "left", "left", "left")
    for message in account.messages:
        mkpdu = message.heard.mkpdu
        if mkpdu is None:
            continue
        who = account.stories.by_ckn[mkpdu.basic.ckn].name(mkpdu.basic.mi)
        sets = [entry["name"] for entry in mkpdu_item(mkpdu)["sets"]]
        table.add_row(
            since(message.time_ns, account.start_ns),
            str(message.index),
            who,
            f"MN {mkpdu.basic.mn}",
            f"{message.heard.hearing.value}: {', '.join(sets) or 'basic only'}",
        )
    return table


def since(time_ns: int, start_ns: int) -> str:
    """Return the seconds since the first frame."""
    return seconds(time_ns - start_ns)[:-3]


def _ki(story: Story, ki: KI) -> str:
    return f"{story.name(ki.mi)}/{ki.kn}"


def _identity(detail: dict[str, Any]) -> str:
    return (
        f"MI {detail['mi']}, MN {detail['mn']}, priority {detail['priority']}, "
        f"MKA version {detail['version']}"
    )


def _distributes(story: Story, detail: dict[str, Any]) -> str:
    if detail["ki"] is None:
        return "orders all members to go unprotected"
    result = f": {detail['result']}" if detail["result"] else ""
    return f"distributes {_ki(story, detail['ki'])}, AN {detail['an']}, {detail['suite']}{result}"


def _uses(story: Story, detail: dict[str, Any]) -> str:
    doing = [word for word in ("receives", "transmits") if detail[word]]
    return (
        f"{' and '.join(doing) or 'neither receives nor transmits'} "
        f"with {_ki(story, detail['ki'])}, AN {detail['an']} ({detail['slot']})"
    )


def _silence(detail: dict[str, Any]) -> str:
    in_suspension = ", in a suspension" if detail["suspended"] else ""
    return f"was silent for {seconds(detail['for_ns'])[:-6]} s{in_suspension}"


def _suspension(seconds: int, part: str) -> str:
    if not seconds:
        return "ends the suspension" if part == "orders" else "reports no suspension any more"
    return {
        "orders": f"suspends key agreement for {seconds} s",
        "asks": f"asks for a suspension of {seconds} s",
        "reports": f"is suspended: {seconds} s left",
    }[part]


_WORDS: dict[Kind, Callable[[Story, dict[str, Any]], str]] = {
    Kind.JOINS: lambda _, detail: f"joins: {_identity(detail)}",
    Kind.RESTARTS: lambda _, detail: f"starts again: {_identity(detail)}",
    Kind.SILENT: lambda _, detail: _silence(detail),
    Kind.SUSPENDS: lambda _, detail: _suspension(**detail),
    Kind.OLD_MN: lambda _, detail: (
        f"MN {detail['mn']} is not above {detail['last']}: replayed, or late"
    ),
    Kind.SERVER_ON: lambda _, detail: "offers to be Key Server",
    Kind.SERVER_OFF: lambda _, detail: "is not Key Server",
    Kind.LIVE: lambda story, detail: f"hears {story.name(detail['peer'])}: live",
    Kind.POTENTIAL: lambda story, detail: f"has heard {story.name(detail['peer'])}: potential",
    Kind.DROPS: lambda story, detail: f"no longer lists {story.name(detail['peer'])}",
    Kind.DISTRIBUTES: _distributes,
    Kind.USES: _uses,
    Kind.RETIRES: lambda story, detail: f"has retired {_ki(story, detail['ki'])}",
    Kind.EXHAUSTS: lambda story, detail: (
        f"lowest PN {detail['lowest_pn']} with {_ki(story, detail['ki'])}: another SAK is due"
    ),
    Kind.DELAY_PROTECT: lambda _, detail: f"delay protection {'on' if detail['on'] else 'off'}",
    Kind.CHANGES: lambda _, detail: f"changes {detail['what']}: {detail['from']} to {detail['to']}",
}
