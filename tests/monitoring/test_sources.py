"""Finding taps and labs, and asking them: each source that does not answer has its reason."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from support.real.tap_questions import sockets_below

from macsec.live.local import lab_state, tap_sockets
from macsec.live.local.lab_state import Published, RunningLab
from macsec.live.local.local_socket import LocalSocket, no_request
from macsec.live.local.tap_sockets import MONITOR, QuestionSocket
from macsec.monitoring import Monitored, PortSource, Snapshot, SourceKind, discover, snapshot
from macsec.monitoring.transfer import to_text

TAPS_AND_LABS = (SourceKind.TAP, SourceKind.LAB)


@pytest.fixture(autouse=True)
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that these tests have in place of /run/macsec."""
    sockets_below(tmp_path, monkeypatch)
    monkeypatch.setattr(lab_state, "DEFAULT", str(tmp_path / "run"))
    return tmp_path / "run"


def found() -> list[PortSource]:
    """Return the taps and labs."""
    return [source for source in discover() if source.kind in TAPS_AND_LABS]


def asked(server: LocalSocket, source: PortSource) -> Snapshot:
    """Return the snapshot that a client in another thread takes, while the server serves."""
    answers: list[Snapshot] = []
    client = threading.Thread(target=lambda: answers.append(snapshot(source)))
    client.start()
    while client.is_alive():
        server.serve()
        client.join(0.001)
    return answers[0]


def test_without_anything_that_runs_nothing_is_found():
    """No folder is no source, and no error."""
    assert found() == []


def test_a_tap_of_any_namespace_is_found_and_answers():
    """Its row has the number of its namespace; a source that ended has its reason."""
    with QuestionSocket("ms0", MONITOR, lambda _: to_text(Monitored())) as server:
        (source,) = found()
        assert source.kind is SourceKind.TAP
        assert source.name == "ms0"
        assert source.namespace == os.stat("/proc/self/ns/net").st_ino
        assert asked(server, source) == Snapshot(source)
    gone = snapshot(source)
    assert not gone.up
    assert "no process answers" in gone.reason


@pytest.mark.parametrize(
    "text", ["", "{}", "no JSON", '{"schema": "macsec/monitored/1", "ports": 3}']
)
def test_an_answer_of_another_version_is_a_row_with_its_reason(text):
    """No answer of a process raises an exception."""
    with QuestionSocket("ms0", MONITOR, lambda _: text) as server:
        (source,) = found()
        assert "another version" in asked(server, source).reason


def test_a_lab_that_is_up_is_found_and_answers(run):
    """A folder of a lab that has ended is no source."""
    folder = run / "labs/east"
    (run / "labs/west").mkdir(parents=True)
    with Published(str(folder)) as state:
        state.publish(RunningLab(os.getpid(), "t", {}), {})
        with LocalSocket(state.path(MONITOR), lambda _, __: to_text(Monitored()), no_request) as at:
            (source,) = found()
            assert (source.kind, source.name) == (SourceKind.LAB, "east")
            assert asked(at, source).up
    assert found() == []
    assert "no lab is up" in snapshot(source).reason


def refused(*_: object) -> None:
    """Refuse like the folder of another user."""
    raise PermissionError


@pytest.mark.parametrize("kind", TAPS_AND_LABS)
def test_what_another_user_has_is_a_row_with_its_reason(run, monkeypatch, kind):
    """A folder that may not be listed is a source without a name, refused for want of root."""
    monkeypatch.setattr(os, "listdir", refused)
    (source,) = [each for each in found() if each.kind is kind]
    assert source.name == ""
    assert snapshot(source).reason.endswith("needs root")


@pytest.mark.parametrize("bind", [lambda path: None, lambda path: Path(path).write_text("x")])
def test_a_socket_without_a_process_has_its_reason(run, bind: Callable[[str], object]):
    """A socket of a process that was killed, and a file in its place."""
    (run / "tap").mkdir(parents=True)
    path = tap_sockets.path_in(1, "ms0", MONITOR)
    if bind(path) is None:
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(path)
    (source,) = found()
    assert (source.namespace, source.name) == (1, "ms0")
    assert snapshot(source).reason
