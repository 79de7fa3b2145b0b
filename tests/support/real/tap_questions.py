"""Sockets of taps below a folder of a test, and a client of one."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from macsec.live.local import tap_sockets
from macsec.live.local.tap_sockets import QuestionSocket, ask


def sockets_below(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let taps of this test have their sockets below `folder`; return where these are."""
    monkeypatch.setattr(tap_sockets, "PARENT", str(folder / "run"))
    monkeypatch.setattr(tap_sockets, "FOLDER", str(folder / "run/tap"))
    return folder / "run/tap"


def asked(server: QuestionSocket, name: str, question: str) -> str | None:
    """Return the answer to a client in another thread, which the server serves."""
    answers: list[str | None] = []
    client = threading.Thread(target=lambda: answers.append(ask(name, question)))
    client.start()
    while client.is_alive():
        server.serve()
        client.join(0.001)
    return answers[0]
