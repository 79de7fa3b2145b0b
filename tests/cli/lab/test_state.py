"""The folder of a lab that is up: who holds it, who finds it, what a killed one leaves."""

from __future__ import annotations

import json
import os
import threading

import pytest

from macsec.cli.lab.state import HOSTS, LOCK, STATUS, TOLD, Published, Up, ask, found
from macsec.errors import ConfigError, MACsecError

UP = Up(
    os.getpid(), "two", {"host:web": "/h", "site:west": "/s", "link:web": "/l", "link:w-e": "/w"}
)


@pytest.fixture
def folder(tmp_path):
    """Where a lab may be."""
    return str(tmp_path / "state")


def test_found_while_it_is_up(folder, tmp_path):
    """From when it is published until it is closed; the lock alone stays."""
    with pytest.raises(MACsecError, match="no lab is up"):
        found(folder)
    with Published(folder) as state:
        with pytest.raises(MACsecError, match="no lab is up"):
            found(folder)
        state.publish(UP, {"web": ["10.0.0.1", "fd00::1"], "db": ["10.0.0.2"]})
        assert found(folder) == UP
        names = (tmp_path / "state" / HOSTS).read_text().splitlines()
        assert names[2:] == ["10.0.0.1 web", "fd00::1 web", "10.0.0.2 db"]
    assert os.listdir(folder) == [LOCK]
    with pytest.raises(MACsecError, match="no lab is up"):
        found(folder)


def test_only_its_owner_enters(folder):
    """The status is not for everybody."""
    with Published(folder):
        assert os.stat(folder).st_mode & 0o777 == 0o700


def test_one_at_a_time(folder):
    """A second one is refused and leaves the first alone."""
    with Published(folder) as state:
        state.publish(UP, {})
        with pytest.raises(MACsecError, match="a lab is up already"):
            Published(folder)
        assert found(folder) == UP


def test_what_a_killed_one_left(folder):
    """Its process number may be another's by now: it is gone as soon as the next one comes."""
    os.mkdir(folder)
    stale = {"pid": 1, "topology": "old", "places": {}}
    for name, text in ((LOCK, ""), (TOLD, json.dumps(stale)), (STATUS, "")):
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)
    with pytest.raises(MACsecError, match="no lab is up"):
        found(folder)
    with Published(folder) as state:
        with pytest.raises(MACsecError, match="no lab is up"):
            found(folder)
        state.publish(UP, {})
        assert found(folder) == UP


@pytest.mark.parametrize(
    "name, place",
    [("web", "/h"), ("west", "/s"), ("w-e", "/w"), ("link:web", "/l"), ("host:web", "/h")],
)
def test_places(name, place):
    """A host, else a site, else a link; or as it is told."""
    assert UP.place(name) == place


def test_no_such_place():
    """The hosts are named."""
    with pytest.raises(ConfigError, match=r"nobody: nothing in the lab is called so; .* web$"):
        UP.place("nobody")


def test_status(folder):
    """Who asks is told what the lab says then."""
    with Published(folder) as state:
        state.publish(UP, {})
        told = []
        asking = threading.Thread(target=lambda: told.append(ask(folder)))
        asking.start()
        state.answer(lambda: {"a": "b" * 100_000})
        asking.join(20)
    assert told == [{"a": "b" * 100_000}]


def test_it_ends_while_it_is_asked(folder):
    """One line for that too."""
    with Published(folder) as state:
        state.publish(UP, {})
        faults = []

        def asking():
            try:
                ask(folder)
            except MACsecError as error:
                faults.append(str(error))

        thread = threading.Thread(target=asking)
        thread.start()
        state._server.accept()[0].close()
        thread.join(20)
    assert faults == [f"the lab ended while it was asked ({folder})"]


def test_a_folder_with_too_long_a_name(tmp_path):
    """Said before anything is made."""
    folder = tmp_path / ("x" * 100)
    with pytest.raises(ConfigError, match="too long a path for a socket"):
        Published(str(folder))
    assert not folder.exists()
