"""The folder of a lab that is up: its lock, its files, the rest of a killed lab."""

from __future__ import annotations

import json
import os
import threading

import pytest

from macsec.errors import ConfigError, MACsecError
from macsec.live.local.lab_state import (
    FACTS,
    HOSTS,
    LOCK,
    STATUS,
    Published,
    RunningLab,
    ask,
    found,
)

UP = RunningLab(
    os.getpid(),
    "two",
    {"host:web": "/h", "site:west": "/s", "link:web": "/l", "link:w-e": "/w"},
    1000,
    "/home",
)


@pytest.fixture
def folder(tmp_path):
    """Return the folder of a lab."""
    return str(tmp_path / "state")


def test_a_lab_is_found_while_it_is_up(folder, tmp_path):
    """From `publish` to `close`; only the lock is left."""
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


def test_the_folder_is_private(folder):
    """Only its owner reads the status."""
    with Published(folder):
        assert os.stat(folder).st_mode & 0o777 == 0o700


def test_a_second_lab_is_refused(folder):
    """The first one is still found."""
    with Published(folder) as state:
        state.publish(UP, {})
        with pytest.raises(MACsecError, match="a lab is up already"):
            Published(folder)
        assert found(folder) == UP


def test_the_next_lab_removes_the_files_of_a_killed_one(folder):
    """Another process may have its pid by now."""
    os.mkdir(folder)
    stale = {"pid": 1, "topology": "old", "places": {}}
    for name, text in ((LOCK, ""), (FACTS, json.dumps(stale)), (STATUS, "")):
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
def test_a_name_is_a_host_else_a_site_else_a_link(name, place):
    """Or the kind that its prefix names."""
    assert UP.place(name) == place


def test_an_unknown_place_is_refused_with_all_hosts():
    """In one line."""
    with pytest.raises(
        ConfigError, match=r"nowhere: the lab has no such host, site or link; .* web$"
    ):
        UP.place("nowhere")


def test_a_client_gets_the_status_of_now(folder):
    """However long it is."""
    with Published(folder) as state:
        state.publish(UP, {})
        answers = []
        asking = threading.Thread(target=lambda: answers.append(ask(folder)))
        asking.start()
        state.answer(lambda: {"a": "b" * 100_000})
        asking.join(20)
    assert answers == [{"a": "b" * 100_000}]


def test_a_lab_that_ends_before_it_answers_is_an_error(folder):
    """One line."""
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
    assert faults == [f"the lab ended before it answered ({folder})"]


def test_a_path_too_long_for_a_socket_is_refused(tmp_path):
    """Before the folder is made."""
    folder = tmp_path / ("x" * 100)
    with pytest.raises(ConfigError, match="the path is too long for a socket"):
        Published(str(folder))
    assert not folder.exists()


def test_a_folder_that_others_write_to_is_refused(tmp_path):
    """A link there could lead the files of a lab, or a process number, anywhere."""
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o700)
    shared.chmod(0o1777)
    for use in (Published, found):
        with pytest.raises(ConfigError, match="another user can write there"):
            use(str(shared))
