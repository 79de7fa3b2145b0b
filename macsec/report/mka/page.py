"""The key agreement in a capture as a page of HTML: a ladder of its messages, and its tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from macsec.kay.listening.story import Event, Story
from macsec.report.html import ladder, page, tables
from macsec.report.html.markup import Html, tag
from macsec.report.html.model import HtmlPage, Ladder, PageSection, Rung
from macsec.report.table import Table

from .capture import Account, event_text, since, story_tables, verification
from .message import Message

DRAWN_MOST = 120
"""Steps of a ladder; more are in the table of events alone."""
MEMBERS_MOST = 10
LINES_MOST = 5
LISTED_MOST = 500
"""Rows of a table."""


def to_html(account: Account, origin: Mapping[str, str]) -> str:
    """Return the text of the file."""
    eapol = ", ".join(f"{count:,} {kind.value}" for kind, count in account.counts.items() if count)
    facts = {
        "capture": account.capture,
        "frames": f"{account.frames:,}, of them EAPOL: {eapol or 'none'}",
    }
    sections = [
        PageSection(
            f"ca{at}", f"CA {story.ckn.hex()}", [*_story(account, story)], verification(story)
        )
        for at, story in enumerate(account.stories.by_ckn.values())
    ]
    if not sections:
        nothing = tag("p", "No MKPDU in this capture.", class_="note")
        sections = [PageSection("ca0", "Key agreement", [nothing])]
    refused = [message for message in account.messages if message.heard.refusal is not None]
    if refused:
        section = PageSection("refused", "EAPOL that is no MKPDU", [_refused(account, refused)])
        sections.append(section)
    lead = "MACsec Key Agreement as the messages show it; no key is on this page."
    return page.render(HtmlPage("macsec mka explain", lead, facts, sections, origin))


def _story(account: Account, story: Story) -> Iterator[Html]:
    if not story.members:
        yield tag("p", "No authentic message: members and SAKs are not known.", class_="note")
        return
    yield ladder.draw(_ladder(account, story))
    for table in story_tables(story, account.start_ns):
        shown = table.rows[:LISTED_MOST]
        yield tables.draw(Table(table.caption, table.head, shown, table.names), prose=True)
        if left := len(table.rows) - len(shown):
            text = f"{left:,} more rows are left out: macsec mka explain --json has all."
            yield tag("p", text, class_="note")


def _ladder(account: Account, story: Story) -> Ladder:
    rungs = _rungs(account, story)
    names = list(dict.fromkeys(member.name for member in story.members.values()))
    notes = []
    if len(rungs) > DRAWN_MOST:
        notes.append(f"{len(rungs) - DRAWN_MOST:,} later steps are not drawn; see the events.")
    if len(names) > MEMBERS_MOST:
        notes.append(f"{len(names) - MEMBERS_MOST:,} members have no line of their own.")
    title = "Messages, in seconds since the first frame"
    return Ladder(title, names[:MEMBERS_MOST], rungs[:DRAWN_MOST], " ".join(notes))


def _rungs(account: Account, story: Story) -> list[Rung]:
    """Return a step for each message with news; those without are counted between."""
    news: dict[int, list[Event]] = {}
    for event in story.events:
        news.setdefault(event.frame, []).append(event)
    rungs: list[Rung] = []
    quiet: list[Message] = []
    for message in account.messages:
        mkpdu = message.heard.mkpdu
        if mkpdu is None or mkpdu.basic.ckn != story.ckn:
            continue
        events = news.get(message.index)
        if events is None:
            quiet.append(message)
            continue
        rungs += _quiet(account, quiet)
        quiet = []
        time = since(message.time_ns, account.start_ns)
        name = story.name(mkpdu.basic.mi)
        rungs.append(Rung(time, name, _lines(story, events)))
    return rungs + _quiet(account, quiet)


def _quiet(account: Account, messages: Sequence[Message]) -> list[Rung]:
    if not messages:
        return []
    count = len(messages)
    text = "1 MKPDU without news" if count == 1 else f"{count:,} MKPDUs without news"
    return [Rung(since(messages[0].time_ns, account.start_ns), "", [text], quiet=True)]


def _lines(story: Story, events: Sequence[Event]) -> list[str]:
    texts = [f"{event.member} {event_text(story, event)}" for event in events]
    if len(texts) > LINES_MOST:
        texts = [*texts[: LINES_MOST - 1], f"and {len(texts) - LINES_MOST + 1} more changes"]
    return texts


def _refused(account: Account, messages: Sequence[Message]) -> Html:
    rows = [
        (
            since(message.time_ns, account.start_ns),
            str(message.index),
            "" if message.heard.refusal is None else message.heard.refusal.text,
        )
        for message in messages[:LISTED_MOST]
    ]
    caption = f"Refused EAPOL frames: {len(messages):,}"
    return tables.draw(Table(caption, ("seconds", "frame", "reason"), rows, 3), prose=True)
