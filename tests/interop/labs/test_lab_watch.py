"""The page of a lab that is up: `macsec lab up --watch`, by HTTP, with faults on real wires."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
from support.real.hosts import PATIENCE, missed, until
from support.real.up_lab import UpLab, smallest, started

pytest.importorskip("macsec._native", reason="the native data plane is not built")
pytest.importorskip("uvicorn")

LINK = "left-right"


class Page:
    """Requests of the page of a lab, with the token of its address."""

    def __init__(self, lab: UpLab) -> None:
        log, address = (
            lab.folder.parent / "log",
            r"watch: http://(127\.0\.0\.1):(\d+)/\?token=(\S+)\n",
        )
        until(lambda: re.search(address, log.read_text()), "the page", lab.process)
        found = re.search(address, log.read_text())
        assert found is not None
        self.address, self.token = (found[1], int(found[2])), found[3]

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """Send a request; return the status and the body of the answer."""
        connection = HTTPConnection(*self.address, timeout=PATIENCE)
        try:
            given = {"x-macsec-token": self.token, **headers}
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, given)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def fault(self, kind: str, value: str, **more: str) -> int:
        """Inject a fault, or end it; return the status."""
        request = {"act": "fault", "link": LINK, "kind": kind, "value": value, **more}
        return self.ask("POST", "/act", request)[0]

    def news(self) -> Iterator[tuple[str, Any]]:
        """Yield events and states as they come."""
        connection = HTTPConnection(*self.address, timeout=PATIENCE)
        try:
            connection.request("GET", "/events", headers={"x-macsec-token": self.token})
            answer, kind = connection.getresponse(), ""
            while line := answer.readline().decode().strip() or " ":
                name, _, text = line.partition(": ")
                if name == "event":
                    kind = text
                elif name == "data":
                    yield kind, json.loads(text)
        finally:
            connection.close()


def secured(lab: UpLab) -> bool:
    """Return whether the link is secured, by the status of the lab."""
    (link,) = json.loads(lab.macsec("status", "--json"))["links"]
    return bool(link["mka"]["status"] == "secured")


def test_clicks_on_the_page_reach_the_wires_of_a_lab_that_is_up(tmp_path):
    """A cut link loses all echoes, a wrong CAK the session; both come back, and no other page."""
    with started(tmp_path / "state", smallest(tmp_path), "--watch") as lab:
        page = Page(lab)
        echoes = ("ping", "-c", "3", "-i", "0.05", "-W", "1", "10.0.2.1")
        until(lambda: secured(lab), "the link", lab.process)
        assert missed(lab.on("l1", *echoes)) == 0
        assert page.fault("cut", "on") == 202
        until(lambda: "100% packet loss" in lab.on("l1", *echoes, code=1), "the cut", lab.process)
        assert page.fault("cut", "off") == 202
        until(lambda: secured(lab), "the link", lab.process)
        until(lambda: missed(lab.on("l1", *echoes)) == 0, "echoes", lab.process)
        assert page.fault("wrong_key", "on", site="left") == 202
        until(lambda: not secured(lab), "the end of the session", lab.process)
        assert page.fault("wrong_key", "off", site="left") == 202
        until(lambda: secured(lab), "the link", lab.process)

        assert page.fault("clock", "500") == 400  # the clock is the machine's
        assert page.ask("GET", "/run.yaml")[0] == 404
        assert page.ask("GET", "/", host="evil.example")[0] == 421
        assert page.ask("POST", "/act", {"act": "end"}, **{"x-macsec-token": "x"})[0] == 403
        assert lab.process.poll() is None


def test_the_page_of_a_lab_that_is_up_has_its_events_and_ends_with_it(tmp_path):
    """A state with both ends, the session in the log, and a closed port after SIGINT."""
    with started(tmp_path / "state", smallest(tmp_path), "--watch") as lab:
        page = Page(lab)
        seen: dict[str, Any] = {}
        for kind, data in page.news():
            seen[kind] = data
            if len(seen) == 2:
                break
        assert {"left", "right"} <= {each["site"] for each in seen["log"] if "site" in each}
        assert [each["text"] for each in seen["log"]].count("secured") == 2
        assert [link["name"] for link in seen["state"]["links"]] == [LINK]
        lab.process.send_signal(signal.SIGINT)
        assert lab.process.wait(60) in (0, 130)
        with pytest.raises(ConnectionRefusedError):
            page.ask("GET", "/")
