"""The server of `--watch`: token, host, origin, policy, and the parts of the page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from macsec.cli.lab.watch.commands import PageCommand
from macsec.cli.lab.watch.feed import COMMANDS_MOST, Feed
from macsec.errors import ConfigError

pytest.importorskip("starlette")
pytest.importorskip("httpx")
testclient = pytest.importorskip("starlette.testclient")
server = pytest.importorskip("macsec.cli.lab.watch.server")

HOST, TOKEN = "127.0.0.1:4711", "token-of-the-test"
ORIGIN = f"http://{HOST}"


def parse(request: Any) -> PageCommand:
    """Return the command of a request; refuse every one but two."""
    if request.get("act") != "pause":
        raise ConfigError("act: expected pause")
    return PageCommand("pause")


@pytest.fixture
def feed() -> Iterator[Feed]:
    """Return a feed of no lab."""
    with Feed(lambda: 0) as made:
        yield made


@pytest.fixture
def client(feed: Feed) -> Any:
    """Return a client of the application."""
    made = server.application(feed, parse, frozenset({HOST}), TOKEN)
    return testclient.TestClient(made, base_url=ORIGIN)


def test_each_path_needs_the_token(client: Any, feed: Feed) -> None:
    """A wrong one, none, or one in the address of a POST is refused."""
    for path in ("/", "/events", "/run.yaml", "/nothing"):
        assert client.get(path).status_code == 403
        assert client.get(path, params={"token": TOKEN + "x"}).status_code == 403
        assert client.get(path, params={"token": "é"}).status_code == 403
    assert client.get("/", params={"token": TOKEN}).status_code == 200
    asked = json.dumps({"act": "pause"})
    assert client.post("/act", content=asked).status_code == 403
    assert client.post("/act", params={"token": TOKEN}, content=asked).status_code == 403
    assert not feed.take()
    assert client.post("/act", content=asked, headers={server.TOKEN: TOKEN}).status_code == 202
    assert [command.act for command in feed.take()] == ["pause"]


@pytest.mark.parametrize("host", ["evil.test", "evil.test:4711", "127.0.0.1", "127.0.0.1:80", ""])
def test_another_host_is_refused(client: Any, host: str) -> None:
    """A name of others that resolves to loopback reaches nothing, even with the token."""
    answer = client.get("/", params={"token": TOKEN}, headers={"host": host})
    assert answer.status_code == 421
    assert "macsec lab" not in answer.text


def test_another_origin_is_refused(client: Any, feed: Feed) -> None:
    """A page of others sends its origin, also `null`."""
    for origin, status in (("http://evil.test", 403), ("null", 403), (ORIGIN, 202)):
        headers = {server.TOKEN: TOKEN, "origin": origin}
        assert client.post("/act", content='{"act":"pause"}', headers=headers).status_code == status
    assert len(feed.take()) == 1


def test_every_answer_has_the_policy(client: Any) -> None:
    """Own script and style by hash, nothing else; refusals too."""
    for answer in (client.get("/", params={"token": TOKEN}), client.get("/")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert len(re.findall("'sha256-", policy)) == 2
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"


def test_the_page_has_one_script_and_nothing_from_elsewhere() -> None:
    """No attribute is style or script, which the policy would refuse."""
    text = server.page()
    assert text.count("<script") == text.count("<style") == 1
    assert len(server.PARTS.findall(text)) == 2
    markup = server.PARTS.sub("", text)
    assert not re.search(r"\s(on\w+|style)=", markup)
    assert not re.search(r"(src|href)=.(https?:)?//", markup)
    assert "innerHTML" not in text


def test_a_wrong_request_is_answered(client: Any, feed: Feed) -> None:
    """With a reason; one that is too long is not read on."""
    headers = {server.TOKEN: TOKEN}
    for content, reason in (
        (b"{", "expected JSON"),
        (b"\xff", "expected JSON"),
        (b'{"act": "fly"}', "act: expected pause"),
        (b" " * 5000, "too long"),
    ):
        answer = client.post("/act", content=content, headers=headers)
        assert (answer.status_code, reason in answer.json()["error"]) == (400, True)
    for _ in range(COMMANDS_MOST):
        feed.ask(PageCommand("pause"))
    answer = client.post("/act", content=b'{"act": "pause"}', headers=headers)
    assert answer.status_code == 503


def test_the_run_is_a_file_if_there_is_one(client: Any, feed: Feed) -> None:
    """A lab in real time has none."""
    assert client.get("/run.yaml", params={"token": TOKEN}).status_code == 404
    feed.recording = lambda: "sites: {}\n"
    answer = client.get("/run.yaml", params={"token": TOKEN})
    assert answer.text == "sites: {}\n"
    assert "attachment" in answer.headers["content-disposition"]


@pytest.mark.parametrize("asked", ["[" * 4000, '{"a":' * 700, "\xff", "", "pause"])
def test_no_body_is_a_fault_of_the_server(feed: Feed, client: Any, asked: str) -> None:
    """JSON that is too deep, and none at all, are the caller's mistake."""
    answer = client.post("/act", content=asked.encode("latin-1"), headers={server.TOKEN: TOKEN})
    assert answer.status_code == 400
    assert not feed.take()
