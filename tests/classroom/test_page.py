"""The page in a headless browser: Python starts, stations answer, keyboard, widths, schemes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from macsec.classroom.site import write_site

pytestmark = pytest.mark.programs

playwright = pytest.importorskip("playwright.sync_api")

ARTEFACTS = "MACSEC_ARTEFACTS"
"""Environment variable: a folder that keeps the pictures."""
LONGEST_MS = 120_000
SMALL = """() => [document.documentElement.scrollWidth, [...document.querySelectorAll("body *")]
  .filter((each) => each.childNodes.length && parseFloat(getComputedStyle(each).fontSize) < 11)
  .map((each) => each.tagName)]"""


class Quiet(SimpleHTTPRequestHandler):
    """A server of static files that writes no log."""

    def log_message(self, *_: object) -> None:
        """Write nothing."""


def pyodide() -> Path:
    """Return the folder of Pyodide that npm made; else skip."""
    for folder in os.environ.get("NODE_PATH", "").split(os.pathsep):
        if folder and (Path(folder) / "pyodide").is_dir():
            return Path(folder) / "pyodide"
    pytest.skip("no Pyodide: npm install pyodide, and NODE_PATH")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a server of the folder."""
    folder = tmp_path_factory.mktemp("lesson")
    write_site(folder, pyodide())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def page(address: str) -> Iterator[Any]:
    """Return the page once Python runs, and fail for any message or request that is not its own."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        made = browser.new_page(viewport={"width": 1280, "height": 900})
        wrong: list[str] = []
        made.on("console", lambda message: wrong.append(message.text))
        made.on("pageerror", lambda error: wrong.append(str(error)))
        made.on("request", lambda request: _check(request.url, address, wrong))
        made.goto(address)
        made.wait_for_selector("[data-state]", timeout=LONGEST_MS)
        yield made
        assert wrong == []
        browser.close()


def _check(url: str, address: str, wrong: list[str]) -> None:
    if not url.startswith((address, "data:")):
        wrong.append(url)


def test_python_starts_and_enables_each_station(page: Any) -> None:
    """The page says that it is ready, and every station can be used."""
    assert page.get_attribute("body", "data-state") == "ready", page.inner_text("#status")
    assert page.locator("fieldset:disabled").count() == 0


def test_frame_grows_octet_by_octet(page: Any) -> None:
    """One octet, one field, all; the arrow keys show the field of another octet."""
    station = page.locator("#station-1")
    for button, octets, field in (
        ("octet", 1, "Destination address"),
        ("field", 6, "Destination address"),
        ("field", 12, "Source address"),
        ("all", 58, "ICV"),
    ):
        station.locator(f"[data-do={button}]").click()
        assert station.locator(".octets button").count() == octets
        assert station.locator(".field h3").inner_text() == field
    station.locator(".octets button").last.focus()
    page.keyboard.press("Home")
    for _ in range(14):
        page.keyboard.press("ArrowRight")
    assert station.locator(".field h3").inner_text() == "TCI and AN"
    station.locator("[name=pn]").fill("0")
    assert "pn 0" in station.locator(".fault").inner_text()
    station.locator("[name=pn]").fill("2")
    assert station.locator(".fault").inner_text() == ""


def test_flipped_bit_is_judged(page: Any) -> None:
    """A bit flipped by the keyboard changes verdict and counter, and back."""
    station = page.locator("#station-2")
    verdict = station.locator(".verdict strong")
    assert verdict.inner_text() == "ok"
    station.locator("[data-bit='112']").focus()
    page.keyboard.press("Space")
    assert verdict.inner_text() == "bad-tag"
    assert "InPktsBadTag 1" in station.locator(".verdict").inner_text()
    assert "V is set" in station.locator(".verdict").inner_text()
    page.keyboard.press("Space")
    assert verdict.inner_text() == "ok"


def test_window_refuses_what_is_below(page: Any) -> None:
    """Six PNs in disorder: five delivered, one late; XPN goes past 2^32."""
    station = page.locator("#station-3")
    station.locator("[data-do=mixed]").click()
    assert "InPktsOK 5, InPktsLate 1" in station.locator(".pns").inner_text()
    assert station.locator("tbody tr.bad").count() == 1
    station.locator("[data-do=wrap]").click()
    for _ in range(4):
        station.locator("[data-do=next]").click()
    cells = station.locator("tbody tr").first.locator("td").all_inner_texts()
    assert cells[:4] == [str(1 << 32), "✓ ok", "0", str(1 << 32)]
    station.locator(".strip .next").focus()
    page.keyboard.press("Enter")
    assert station.locator("tbody tr").count() == 5


def test_reused_nonce_ends_in_a_forgery(page: Any) -> None:
    """The second text is read, and a forged frame is delivered; other texts do the same."""
    station = page.locator("#station-4")
    station.locator("[name=second]").fill("Nothing happens today")
    station.locator("[data-do=attack]").click()
    assert station.locator(".read").inner_text() == "Nothing happens today"
    assert station.locator(".card.good strong").all_inner_texts() == ["ok"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_page_fits_and_can_be_read(page: Any, width: int, scheme: str) -> None:
    """Nothing is wider than the page, and no text is below 11 pixels."""
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=scheme)
    if folder := os.environ.get(ARTEFACTS):
        page.screenshot(path=Path(folder) / f"classroom-{width}-{scheme}.png", full_page=True)
    assert page.evaluate(SMALL) == [width, []]
