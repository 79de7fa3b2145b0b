"""`--events`: a JSON line for each change of a port, and what a full file loses."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from support.mka.kays import CKN, Actor, Segment, member_of, pair
from support.outputs.schemas import validator

from macsec.cli.shared.ports.event_log import EventLog, opened, port_events
from macsec.errors import ConfigError
from macsec.report.mka.status import reason
from macsec.secy import SecY


def records(path: Path) -> list[dict[str, Any]]:
    """Return the records of a file; each has its schema."""
    found = [json.loads(line) for line in path.read_text().splitlines()]
    for each in found:
        validator("macsec/event/1").validate(each)
        assert list(each)[:3] == ["time", "event", "port"]
    return found


def kinds(found: list[dict[str, Any]]) -> list[str]:
    """Return the event of each record, with its change or counter."""
    return [
        " ".join([each["event"], each.get("change", each.get("counter", ""))]) for each in found
    ]


def test_session_saks_and_peers_have_a_record_each(tmp_path):
    """From the first key to the loss of the last peer; nothing changed, nothing written."""
    path = tmp_path / "events.jsonl"
    segment, a, b = pair()
    log = EventLog(str(path), lambda: segment.now)
    events = port_events(log, "ms0", a.kay, lambda: a.secy.counters)
    for _ in range(2):
        events.note()
    first = records(path)
    assert kinds(first) == ["peer-live ", "sak installed", "sak transmits", "session "]
    assert (first[0]["ckn"], first[0]["sci"]) == (CKN.hex(), f"{b.kay.sci:016x}")
    assert (first[3]["secured"], first[3]["ckn"], first[3]["time"]) == (True, CKN.hex(), 2)
    b.station.stop()
    segment.run(segment.now + 20)
    events.note()
    last = records(path)[4:]
    assert kinds(last) == ["peer-lost ", "sak deleted", "session ", "mka-failed "]
    assert last[3]["failed"]
    assert (last[0]["mi"], last[2]["secured"]) == (first[0]["mi"], False)
    assert "silent" in last[2]["reason"]


def test_a_suspension_has_a_record_for_its_start_and_end(tmp_path):
    """At both members; the status says it meanwhile, and the session goes on."""
    segment, *members = pair()
    ports = []
    for member in members:
        log = EventLog(str(tmp_path / member.name), lambda: segment.now)
        ports.append(port_events(log, "ms0", member.kay, lambda m=member: m.secy.counters))
    members[1].kay.suspend(segment.engine.now_ns, 30)
    members[1].station.settle()
    for seconds, text in ((10, "; key agreement is suspended"), (30, "")):
        segment.run(segment.now + seconds)
        for member, port in zip(members, ports, strict=True):
            port.note()
            assert reason(member.kay).partition(", AN ")[2][1:] == text
    for member in members:
        found = [one for one in records(tmp_path / member.name) if one["event"] == "suspension"]
        assert [one["suspended"] for one in found] == [True, False]


def test_a_group_cak_has_a_record_when_it_comes_and_goes(tmp_path):
    """With its source; a CAK of the configuration has none."""
    path = tmp_path / "events.jsonl"
    segment = Segment(seed=20)  # its CKNs are random, and no test has a CAK that is equal
    a, b = (segment.add(name, key_server_priority=at) for at, name in enumerate("ab"))
    segment.run(2)
    events = port_events(
        EventLog(str(path), lambda: segment.now), "ms0", b.kay, lambda: b.secy.counters
    )
    events.note()
    for _ in range(2):
        a.kay.new_group(segment.engine.now_ns)
        a.station.settle()
        segment.run(segment.now + 10)
        events.note()
    found = [each for each in records(path) if each["event"] == "cak"]
    assert [(each["source"], each["change"]) for each in found] == [
        ("group", "added"),
        ("group", "removed"),
        ("group", "added"),
    ]
    assert found[0]["ckn"] == found[1]["ckn"] != found[2]["ckn"]
    assert CKN.hex() not in {each["ckn"] for each in found}


def test_refused_mkpdus_have_one_record_a_counter_and_interval(tmp_path):
    """A flood of MKPDUs writes a line, with their number since the line before."""
    path = tmp_path / "events.jsonl"
    kay, actor = member_of()
    stranger = Actor(kay, actor.sci, cak=bytes(16))
    events = port_events(EventLog(str(path), lambda: 0.0), "ms0", kay, lambda: SecY().counters)
    for times in (300, 0, 2):
        for _ in range(times):
            stranger.say()
        events.count()
    found = records(path)
    assert kinds(found) == ["mkpdu-refused in-mkpdu-icv-verification-errors"] * 2
    assert [(each["count"], each["total"]) for each in found] == [(300, 300), (2, 302)]


def test_dropped_frames_have_one_record_a_class(tmp_path):
    """The SecY's classes and those of the devices; delivered frames have none."""
    path = tmp_path / "events.jsonl"
    counters = dict.fromkeys(SecY().counters, 0)
    lost = {"to_wire dropped": 0}
    log = EventLog(str(path), lambda: 0.0)
    events = port_events(log, "ms0", None, lambda: counters, lambda: lost)
    events.count()
    counters |= {"InPktsNotValid": 3, "InPktsOK": 9, "OutPktsTooLong": 1}
    lost["to_wire dropped"] = 4
    events.note()
    events.count()
    events.count()
    names = ["InPktsNotValid", "OutPktsTooLong", "to_wire dropped"]
    assert kinds(records(path)) == [f"frames-dropped {name}" for name in names]
    counters["InPktsNotValid"] = 1  # cleared, and one more
    events.forget_counts()
    events.count()
    assert records(path)[3]["count"] == 1


def test_lost_records_are_counted_and_never_waited_for(tmp_path):
    """A pipe that is full takes none; once it is read, the number of lost ones comes first."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    log = EventLog(str(path), lambda: 0.0)
    for _ in range(3000):
        log.write("ms0", "changed", changes=["x" * 100], pid=1)
    octets = b""
    while piece := _read(reader):
        octets += piece
    log.write("ms0", "changed", changes=[], pid=1)
    octets += _read(reader)
    os.close(reader)
    found = [json.loads(line) for line in octets.splitlines()]
    (at,) = (at for at, each in enumerate(found) if each["event"] == "records-lost")
    validator("macsec/event/1").validate(found[at])
    assert found[at]["count"] == 3000 - at
    assert len(found) == at + 2
    log.close()


def test_records_lost_to_the_end_are_said(tmp_path, capsys):
    """No later record counts them, so that a line on stderr does."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with opened(str(path), lambda: 0.0) as log:
        os.close(reader)
        for _ in range(3):
            log.write("ms0", "changed", changes=[], pid=1)
    assert capsys.readouterr().err == f"macsec: --events {path}: records lost at the end: 3\n"


def _read(file: int) -> bytes:
    try:
        return os.read(file, 1 << 16)
    except BlockingIOError:
        return b""


def test_records_are_appended_and_a_bad_file_is_refused(tmp_path):
    """Exit 2 for a folder, and for a pipe without a reader: it would block."""
    path = tmp_path / "events.jsonl"
    for _ in range(2):
        log = EventLog(str(path), lambda: 1.5)
        log.write("ms0", "changed", changes=[], pid=1)
        log.close()
    assert [each["time"] for each in records(path)] == [1.5, 1.5]
    os.mkfifo(tmp_path / "pipe")
    for bad in (tmp_path, tmp_path / "pipe", tmp_path / "no" / "file"):
        with pytest.raises(ConfigError, match=r"--events .*: cannot open it"):
            EventLog(str(bad), lambda: 0.0)
