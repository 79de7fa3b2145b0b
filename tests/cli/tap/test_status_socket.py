"""What a running tap tells, and to whom."""

from __future__ import annotations

import json
import os
import socket
import stat
import threading
from pathlib import Path

import pytest
from cli.conftest import Desk

from macsec.cli.tap import status_socket
from macsec.cli.tap.status_socket import Answering, Asker, ask, names, path_of


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the sockets lie in these tests."""
    monkeypatch.setattr(status_socket, "PARENT", str(tmp_path / "run"))
    monkeypatch.setattr(status_socket, "FOLDER", str(tmp_path / "run/tap"))
    return tmp_path / "run/tap"


def asked(answering: Answering, name: str, question: str) -> str | None:
    """What somebody is told who asks while the process answers."""
    told: list[str | None] = []
    client = threading.Thread(target=lambda: told.append(ask(name, question)))
    client.start()
    while client.is_alive():
        answering.answer()
        client.join(0.001)
    return told[0]


def test_an_answer(folder):
    """Whoever asks is known to the process; the folder and the socket are the owner's alone."""
    seen: list[Asker] = []

    def tell(asker: Asker) -> str:
        seen.append(asker)
        return "x" * 5000

    with Answering("ms0", "status", tell) as answering:
        assert asked(answering, "ms0", "status") == "x" * 5000
        assert seen == [Asker(os.getpid(), os.geteuid())]
        mode = os.stat(path_of("ms0", "status")).st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600
        assert [stat.S_IMODE(os.stat(at).st_mode) for at in (folder, folder.parent)] == [0o700] * 2
        assert names() == ["ms0"]
    assert names() == []
    assert ask("ms0", "status") is None


def test_another_user_is_told_nothing(folder, monkeypatch):
    """Even one who got at the socket."""
    monkeypatch.setattr(status_socket, "_asker", lambda _: Asker(1, os.geteuid() + 1))
    with Answering("ms0", "keys", lambda _: "the key") as answering:
        assert asked(answering, "ms0", "keys") is None


def test_one_that_was_killed(folder):
    """Its socket is there and nobody answers; the next process takes its place."""
    first = Answering("ms0", "status", lambda _: "first")
    path = path_of("ms0", "status")
    first._server.close()
    assert os.path.exists(path)
    assert ask("ms0", "status") is None
    with Answering("ms0", "status", lambda _: "second") as second:
        assert asked(second, "ms0", "status") == "second"


def test_who_asks_and_hangs_up(folder):
    """The process goes on."""
    with Answering("ms0", "status", lambda _: "x" * (1 << 20)) as answering:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.connect(path_of("ms0", "status"))
        answering.answer()
        answering.answer()  # nobody is there
        assert asked(answering, "ms0", "status") == "x" * (1 << 20)


def test_status_where_none_runs(folder, desk: Desk):
    """Exit 1 and a line, with a name and without."""
    assert "no macsec tap --mka runs" in desk.run("mka", "status", code=1).stderr
    assert "ms7: no macsec tap --mka runs" in desk.run("mka", "status", "ms7", code=1).stderr


def test_keys_where_none_runs(folder, desk: Desk):
    """Told apart: none runs, and one that gives none out."""
    words = ("keys", "export", "--to", "ip-macsec", "--running", "ms0")
    assert "no tap --mka runs" in desk.run(*words, code=1).stderr
    with Answering("ms0", "status", lambda _: json.dumps({})) as answering:
        stop = threading.Event()

        def serve() -> None:
            while not stop.wait(0.001):
                answering.answer()

        server = threading.Thread(target=serve)
        server.start()
        told = desk.run(*words, code=1).stderr
        stop.set()
        server.join()
    assert "allow_export" in told


def test_one_source_of_keys(desk: Desk):
    """A configuration or a running tap, not both, not none."""
    words = ("keys", "export", "--to", "ip-macsec")
    for more in ((), ("-c", desk.config(), "--running", "ms0")):
        assert "give either -c FILE or --running NAME" in desk.run(*words, *more, code=2).stderr
