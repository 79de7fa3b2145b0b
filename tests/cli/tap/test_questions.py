"""Verbs that ask running taps: their answers, and the absence of a tap."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from cli.conftest import Desk
from support.real.tap_questions import sockets_below

from macsec.live.local.tap_sockets import QuestionSocket


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the sockets in these tests."""
    return sockets_below(tmp_path, monkeypatch)


def test_status_without_a_running_tap_is_exit_1(folder, desk: Desk):
    """One line, with a name and without."""
    assert "no macsec tap --mka runs" in desk.run("mka", "status", code=1).stderr
    assert "ms7: no macsec tap --mka runs" in desk.run("mka", "status", "ms7", code=1).stderr


def test_key_export_says_why_there_are_no_keys(folder, desk: Desk):
    """No tap runs, or its configuration does not allow the export."""
    words = ("keys", "export", "--to", "ip-macsec", "--running", "ms0")
    assert "no tap --mka runs" in desk.run(*words, code=1).stderr
    with QuestionSocket("ms0", "status", lambda _: json.dumps({})) as server:
        stop = threading.Event()

        def serve() -> None:
            while not stop.wait(0.001):
                server.serve()

        thread = threading.Thread(target=serve)
        thread.start()
        message = desk.run(*words, code=1).stderr
        stop.set()
        thread.join()
    assert "allow_export" in message


def test_keys_come_from_a_configuration_or_a_running_tap(desk: Desk):
    """Not from both, and not from none."""
    words = ("keys", "export", "--to", "ip-macsec")
    for more in ((), ("-c", desk.config(), "--running", "ms0")):
        assert "give either -c FILE or --running NAME" in desk.run(*words, *more, code=2).stderr
