"""A capture's key agreement: JSON, or who is who, which SAKs, and what happened when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from macsec.kay.listening.listener import Hearing
from macsec.kay.listening.story import Event, Kind, Member, SakRecord, Stories, Story
from macsec.kay.sak import KI, OFFSETS
from macsec.report.inspect import seconds
from macsec.report.mka.message import Message, ki_item, message_item
from macsec.report.page import Page, grid, heading, indented
from macsec.terms import sci_text


@dataclass(frozen=True, slots=True)
class Account:
    """A capture that was listened to. `start_ns`: the time of its first frame."""

    capture: str
    frames: int
    start_ns: int
    messages: Sequence[Message]
    stories: Stories

    @property
    def counts(self) -> Mapping[Hearing, int]:
        """EAPOL frames by what they were."""
        counts = dict.fromkeys(Hearing, 0)
        for message in self.messages:
            counts[message.heard.hearing] += 1
        return counts


# ---------------------------------------------------------------- JSON


def to_json(account: Account) -> dict[str, Any]:
    """`macsec/mka-explain/1`."""
    return {
        "schema": "macsec/mka-explain/1",
        "capture": account.capture,
        "frames": account.frames,
        "eapol": {hearing.value: number for hearing, number in account.counts.items()},
        "cas": [_story_item(story) for story in account.stories.by_ckn.values()],
        "messages": [message_item(message) for message in account.messages],
    }


def _story_item(story: Story) -> dict[str, Any]:
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


def _member_item(story: Story, member: Member) -> dict[str, Any]:
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
        "uses": [{"ki": ki_item(ki), **use._asdict()} for ki, use in member.uses.items()],
        "delay_protect": member.delay_protect,
    }


def _sak_item(story: Story, sak: SakRecord) -> dict[str, Any]:
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


def _event_item(story: Story, event: Event) -> dict[str, Any]:
    return {
        "index": event.frame,
        "time_ns": str(event.time_ns),
        "who": event.member,
        "kind": event.kind.value,
        **{name: _plain(story, value) for name, value in event.detail.items()},
    }


def _plain(story: Story, value: Any) -> Any:
    if isinstance(value, KI):
        return ki_item(value)
    return story.name(value) if isinstance(value, bytes) else value


# ---------------------------------------------------------------- text


def to_page(page: Page, account: Account, every_message: bool = False) -> None:
    """The text: for each CA its members, its SAKs and its events; or every message on a line."""
    told = [f"{number:,} {hearing.value}" for hearing, number in account.counts.items() if number]
    eapol = f"{len(account.messages):,} EAPOL: {', '.join(told)}" if told else "no EAPOL"
    page.add(heading(account.capture, f"{account.frames:,} frames, {eapol}"), Text())
    for story in account.stories.by_ckn.values():
        page.add(heading(f"CA {story.ckn.hex()}", _standing(story)), Text())
        page.add(*indented(_members(story)))
        if story.saks:
            page.add(*indented(_saks(story, account.start_ns)))
        page.add(*indented(_events(story, account.start_ns)))
    refused = [message for message in account.messages if message.heard.refusal is not None]
    if refused:
        page.add(heading("EAPOL that is no MKPDU"), Text(), *indented(_refused(refused, account)))
    if every_message:
        page.add(heading("Every message"), Text(), *indented(_messages(account)))


def _standing(story: Story) -> str:
    if not story.verified:
        return "not verified: no CAK for this CKN"
    if story.wrong_icv:
        return f"{story.wrong_icv:,} with a wrong ICV: another CAK, or not of this CA"
    return "every ICV is right"


def _members(story: Story) -> Any:
    table = grid("left", "left", "left", "right", "left", "right", "right", "left", "left")
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
    table = grid("right", "right", "left", "left", "right", "left", "left", "left", "left")
    names = ("seconds", "frame", "SAK", "from", "AN", "suite", "offset", "members", "check value")
    table.add_row(*(Text(name, "bold") for name in names))
    for sak in story.saks:
        offset = OFFSETS[sak.code]
        table.add_row(
            _since(sak.time_ns, start_ns),
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
    table = grid("right", "right", "left", "left")
    table.add_row(*(Text(name, "bold") for name in ("seconds", "frame", "who", "what")))
    for event in story.events:
        when = _since(event.time_ns, start_ns)
        table.add_row(when, str(event.frame), event.member, _WORDS[event.kind](story, event.detail))
    return table


def _refused(refused: Sequence[Message], account: Account) -> Any:
    table = grid("right", "right", "left")
    for message in refused:
        refusal = message.heard.refusal
        why = "" if refusal is None else refusal.text
        table.add_row(_since(message.time_ns, account.start_ns), str(message.index), why)
    return table


def _messages(account: Account) -> Any:
    table = grid("right", "right", "left", "left", "left")
    for message in account.messages:
        mkpdu = message.heard.mkpdu
        if mkpdu is None:
            continue
        who = account.stories.by_ckn[mkpdu.basic.ckn].name(mkpdu.basic.mi)
        sets = [entry["name"] for entry in message_item(message)["mkpdu"]["sets"]]
        table.add_row(
            _since(message.time_ns, account.start_ns),
            str(message.index),
            who,
            f"MN {mkpdu.basic.mn}",
            f"{message.heard.hearing.value}: {', '.join(sets) or 'basic only'}",
        )
    return table


def _since(time_ns: int, start_ns: int) -> str:
    return seconds(time_ns - start_ns)[:-3]


def _ki(story: Story, ki: KI) -> str:
    return f"{story.name(ki.mi)}/{ki.kn}"


def _who(told: dict[str, Any]) -> str:
    return (
        f"MI {told['mi']}, MN {told['mn']}, priority {told['priority']}, "
        f"MKA version {told['version']}"
    )


def _distributes(story: Story, told: dict[str, Any]) -> str:
    if told["ki"] is None:
        return "tells all to go unprotected"
    result = f": {told['result']}" if told["result"] else ""
    return f"distributes {_ki(story, told['ki'])}, AN {told['an']}, {told['suite']}{result}"


def _uses(story: Story, told: dict[str, Any]) -> str:
    doing = [word for word in ("receives", "transmits") if told[word]]
    return (
        f"{' and '.join(doing) or 'neither receives nor transmits'} "
        f"with {_ki(story, told['ki'])}, AN {told['an']} ({told['slot']})"
    )


_WORDS: dict[Kind, Callable[[Story, dict[str, Any]], str]] = {
    Kind.JOINS: lambda _, told: f"is there: {_who(told)}",
    Kind.RESTARTS: lambda _, told: f"starts again: {_who(told)}",
    Kind.SILENT: lambda _, told: f"was silent for {seconds(told['for_ns'])[:-6]} s",
    Kind.OLD_MN: lambda _, told: f"MN {told['mn']} is not above {told['last']}: replayed, or late",
    Kind.SERVER_ON: lambda _, told: "offers to be Key Server",
    Kind.SERVER_OFF: lambda _, told: "is not Key Server",
    Kind.LIVE: lambda story, told: f"hears {story.name(told['peer'])}: live",
    Kind.POTENTIAL: lambda story, told: f"has heard {story.name(told['peer'])}: potential",
    Kind.DROPS: lambda story, told: f"no longer lists {story.name(told['peer'])}",
    Kind.DISTRIBUTES: _distributes,
    Kind.USES: _uses,
    Kind.RETIRES: lambda story, told: f"has retired {_ki(story, told['ki'])}",
    Kind.EXHAUSTS: lambda story, told: (
        f"lowest PN {told['lowest_pn']} with {_ki(story, told['ki'])}: another SAK is due"
    ),
    Kind.DELAY_PROTECT: lambda _, told: f"delay protection {'on' if told['on'] else 'off'}",
    Kind.CHANGES: lambda _, told: f"changes {told['what']}: {told['from']} to {told['to']}",
}
