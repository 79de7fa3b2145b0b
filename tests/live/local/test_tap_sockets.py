"""The questions that a running tap answers, and its clients."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest
from support.real.tap_questions import asked, sockets_below

from macsec.live.local import local_socket
from macsec.live.local.local_socket import Client
from macsec.live.local.tap_sockets import QuestionSocket, ask, names, path_of


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the sockets in these tests."""
    return sockets_below(tmp_path, monkeypatch)


def test_the_owner_gets_an_answer_from_a_private_socket(folder):
    """The process knows its client; the folder and the socket are the owner's alone."""
    seen: list[Client] = []

    def answer_for(client: Client) -> str:
        seen.append(client)
        return "x" * 5000

    with QuestionSocket("ms0", "status", answer_for) as server:
        assert asked(server, "ms0", "status") == "x" * 5000
        assert seen == [Client(os.getpid(), os.geteuid())]
        mode = os.stat(path_of("ms0", "status")).st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600
        assert [stat.S_IMODE(os.stat(at).st_mode) for at in (folder, folder.parent)] == [0o700] * 2
        assert names() == ["ms0"]
    assert names() == []
    assert ask("ms0", "status") is None


def test_an_answer_may_come_before_the_client_goes_on(folder, monkeypatch):
    """The process answers and closes as soon as the client has connected."""
    connect = socket.socket.connect
    with QuestionSocket("ms0", "status", lambda _: "at once") as server:

        def connect_and_serve(client: socket.socket, path: str) -> None:
            connect(client, path)
            server.serve()

        monkeypatch.setattr(socket.socket, "connect", connect_and_serve)
        assert ask("ms0", "status") == "at once"


def test_another_user_gets_no_answer(folder, monkeypatch):
    """Not even with access to the socket."""
    monkeypatch.setattr(local_socket, "client_of", lambda _: Client(1, os.geteuid() + 1))
    with QuestionSocket("ms0", "keys", lambda _: "the key") as server:
        assert asked(server, "ms0", "keys") is None


def test_the_socket_of_a_killed_process_is_replaced(folder):
    """Its socket exists and no process answers; the next process takes its place."""
    first = QuestionSocket("ms0", "status", lambda _: "first")
    path = path_of("ms0", "status")
    first._server.close()
    assert os.path.exists(path)
    assert ask("ms0", "status") is None
    with QuestionSocket("ms0", "status", lambda _: "second") as second:
        assert asked(second, "ms0", "status") == "second"


def test_a_look_for_killed_processes_asks_no_process_that_lives(folder):
    """A tap that starts is no client of the others: no record says that it has their SAKs."""
    seen: list[Client] = []

    def answer_for(client: Client) -> str:
        seen.append(client)
        return "the key"

    with QuestionSocket("ms0", "keys", answer_for) as server:
        with QuestionSocket("ms1", "status", lambda _: ""):
            server.serve()
        assert seen == []
        assert asked(server, "ms0", "keys") == "the key"
        assert len(seen) == 1


def test_a_client_that_has_hung_up_is_not_answered(folder):
    """It would be in the record of who has the SAKs."""
    seen: list[Client] = []

    def answer_for(client: Client) -> str:
        seen.append(client)
        return "the key"

    with QuestionSocket("ms0", "keys", answer_for) as server:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path_of("ms0", "keys"))
        server.serve()
        assert seen == []


def test_sockets_of_killed_processes_are_removed_at_the_next_start(folder):
    """Of any name and namespace; the socket of a process that lives stays, even if it is busy."""
    for name, question in (("gone", "status"), ("gone", "keys"), ("busy", "status")):
        server = QuestionSocket(name, question, lambda _: "")
        if name == "gone":
            server._server.close()  # as a kill does: the file stays
    clients = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(300)]
    for client in clients:  # more than its queue takes
        client.setblocking(False)
        client.connect_ex(path_of("busy", "status"))
    (folder / "4026531840-other.status").touch()
    with QuestionSocket("ms0", "status", lambda _: ""):
        left = {path.name.partition("-")[2] for path in folder.iterdir()}
        assert left == {"busy.status", "ms0.status"}
    for client in clients:
        client.close()
    server.close()


def test_a_client_that_hangs_up_does_no_harm(folder):
    """The process answers the next one."""
    with QuestionSocket("ms0", "status", lambda _: "x" * (1 << 20)) as server:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.connect(path_of("ms0", "status"))
        server.serve()
        server.serve()  # without a client
        assert asked(server, "ms0", "status") == "x" * (1 << 20)
