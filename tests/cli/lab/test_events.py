"""`lab run --events`: the records of both ends of each link, in virtual time."""

from __future__ import annotations

import json

from support.outputs.schemas import validator

TOPOLOGY = """
sites: {left: {hosts: [l1]}, right: {hosts: [r1]}}
links: [{name: one, between: [left, right], delay: 1ms}]
traffic: [{from: l1, to: r1, pps: 1000, count: 5, size: 300}]
"""


def test_each_end_of_a_link_records_its_session_and_saks(desk):
    """With virtual times, and the same digest as a run without; a second run appends."""
    path, events = desk.folder / "one.yaml", desk.folder / "events.jsonl"
    path.write_text(TOPOLOGY)
    plain = desk.json("lab", "run", str(path))
    with_events = desk.json("lab", "run", str(path), "--events", str(events))
    assert with_events["digest"] == plain["digest"]
    text = events.read_text()
    found = [json.loads(line) for line in text.splitlines()]
    for record in found:
        validator("macsec/event/1").validate(record)
        assert 0 <= record["time"] < 60
    for port in ("one:left", "one:right"):
        own = [record["event"] for record in found if record["port"] == port]
        assert own == ["peer-live", "sak", "sak", "session"]
    desk.run("lab", "run", str(path), "--events", str(events))
    assert events.read_text() == text * 2
