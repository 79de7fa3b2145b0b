"""Changes of the ports of a lab that is up, by their names."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from support.mka.kays import CKN, pair
from support.outputs.schemas import validator

from macsec.cli.lab.control import PortControl
from macsec.cli.shared.ports.changes import ChangeRequest
from macsec.cli.shared.ports.event_log import EventLog, port_events
from macsec.live.local.local_socket import Client

PORTS = ("one:left", "one:right")


class Ends:
    """Two members as the ends of a link of a lab; `changed`: how often one was changed."""

    def __init__(self) -> None:
        self.segment, *self.members = pair()
        self.lock, self.changed = threading.Lock(), 0
        ends = [SimpleNamespace(agreement=member.station.agreement) for member in self.members]
        link = SimpleNamespace(plan=SimpleNamespace(name="one", sites=("left", "right")), ends=ends)
        static = SimpleNamespace(plan=SimpleNamespace(name="two", sites=("left", "right")), ends=[])
        self.lab: Any = SimpleNamespace(agreements=self, segments={"one": link, "two": static})

    def now_ns(self) -> int:
        """Return the time of the KaYs."""
        return self.segment.engine.now_ns

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the lock."""
        with self.lock:
            yield
        self.changed += 1


def ask(control: PortControl, port: str | None, **given: Any) -> Any:
    """Return the answer to a request about a port."""
    octets = ChangeRequest(port, **given).encode([])
    return json.loads(control.answer(Client(42, 0), octets))


@pytest.mark.parametrize("at", [0, 1])
def test_a_change_is_made_at_its_port_alone(tmp_path, at):
    """Under the lock, and recorded with the name of the port."""
    ends = Ends()
    log = EventLog(str(tmp_path / "events"), lambda: 7.0)
    events = {
        name: port_events(log, name, member.kay, dict)
        for name, member in zip(PORTS, ends.members, strict=True)
    }
    control = PortControl(ends.lab, events)
    found = ask(control, PORTS[at], disable=[CKN.hex()])
    assert found["changes"] == [f"participant of CKN {CKN.hex()} disabled"]
    assert [bool(member.kay.participants) for member in ends.members] == [at == 1, at == 0]
    assert (ends.changed, ends.lock.locked()) == (1, False)
    (record,) = map(json.loads, (tmp_path / "events").read_text().splitlines())
    validator("macsec/event/1").validate(record)
    assert (record["port"], record["event"], record["pid"]) == (PORTS[at], "changed", 42)


@pytest.mark.parametrize("port", [None, "one", "one:west", "two:left"])
def test_an_unknown_port_is_refused_with_all_names(port):
    """A link with static keys has no port that could be changed; nothing changes."""
    ends = Ends()
    found = ask(PortControl(ends.lab, {}), port, macsec=False)
    assert found["exit_code"] == 2
    assert found["error"].endswith("it has one:left, one:right")
    assert all(member.kay.secured for member in ends.members)
