"""The toolbar of Wireshark: messages in pieces, a log, and pipes that close."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from macsec.cli.extcap.controls import ADD, SET, Toolbar, ToolbarMessage


def message(control: int, command: int, text: str) -> bytes:
    """Return a message as Wireshark sends it."""
    body = bytes((control, command)) + text.encode()
    return b"T" + len(body).to_bytes(3) + body


@pytest.fixture
def pipes(tmp_path: Path) -> tuple[Path, Path]:
    """Two named pipes."""
    both = tmp_path / "in", tmp_path / "out"
    for path in both:
        os.mkfifo(path)
    return both


def test_messages_are_found_in_any_pieces(pipes: tuple[Path, Path]) -> None:
    """One octet at a time, and two at once."""
    octets = message(0, SET, "keys.yaml") + message(1, ADD, "")
    with Toolbar(str(pipes[0]), None) as tools:
        writer = os.open(pipes[0], os.O_WRONLY)
        found = []
        for octet in octets[:-1]:
            os.write(writer, bytes([octet]))
            found += tools.messages()
        os.write(writer, octets[-1:] + octets)
        found += tools.messages()
        os.close(writer)
        assert tools.messages() == []
        assert tools.descriptors == []
    assert found == [ToolbarMessage(0, SET, "keys.yaml"), ToolbarMessage(1, ADD, "")] * 2


def test_other_octets_are_passed_over(pipes: tuple[Path, Path]) -> None:
    """Octets that do not begin with T end with the read."""
    with Toolbar(str(pipes[0]), None) as tools:
        writer = os.open(pipes[0], os.O_WRONLY)
        os.write(writer, b"nothing of extcap")
        assert tools.messages() == []
        os.write(writer, message(0, SET, "x"))
        assert tools.messages() == [ToolbarMessage(0, SET, "x")]
        os.close(writer)


def test_a_line_of_the_log_is_a_message(pipes: tuple[Path, Path]) -> None:
    """To the control of the log; nothing waits for a reader."""
    with Toolbar(None, str(pipes[1])) as tools:
        reader = os.open(pipes[1], os.O_RDONLY | os.O_NONBLOCK)
        tools.say(1, "keys of a.yaml")
        assert os.read(reader, 100) == message(1, ADD, "keys of a.yaml\n")
        for _ in range(10_000):
            tools.say(1, "x" * 100)
        os.close(reader)


def test_without_pipes_nothing_arrives() -> None:
    """As dumpcap starts it without a toolbar."""
    with Toolbar(None, None) as tools:
        tools.say(1, "text")
        assert (tools.messages(), tools.descriptors) == ([], [])
