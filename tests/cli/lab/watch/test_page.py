"""The page of `--watch` in a headless browser: widths, schemes, keyboard, faults, a lost lab."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.programs

playwright = pytest.importorskip("playwright.sync_api")
pytest.importorskip("uvicorn")

TOPOLOGY = """\
name: watched
sites: {left: {region: a}, right: {region: a}, far-away-site-of-a-long-name: {region: b}}
links:
  - {name: wan, between: [left, right], delay: 1ms, rate: 1mbit}
  - {name: lan, between: [right, far-away-site-of-a-long-name], delay: 1ms}
  - {name: bare, between: [left, far-away-site-of-a-long-name], delay: 9ms, macsec: off}
traffic: [{from: left-h1, to: right-h1, rate: 200kbit, duration: 1000s}]
begin: 1s
"""
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
ARTEFACTS = "MACSEC_ARTEFACTS"
"""Environment variable: a folder that keeps the pictures."""

LAYOUT = """() => {
  const small = [...document.querySelectorAll("body *")].filter((each) =>
    each.childNodes.length && parseFloat(getComputedStyle(each).fontSize) < 11);
  return [document.documentElement.scrollWidth, small.map((each) => each.tagName)];
}"""
CONTRAST = """() => {
  const channel = (c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) =>
    0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const found = parse(getComputedStyle(node).backgroundColor);
      if (found.length === 3 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const node of document.querySelectorAll("main *, header *, footer *")) {
    if (![...node.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim())) continue;
    if (node.closest("svg, option") || node.disabled) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(`${node.textContent.trim().slice(0, 20)} ${ratio.toFixed(2)}`);
  }
  return low;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Return a browser that runs without a screen."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no chromium")
    with playwright.sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield made
        made.close()


class Watched:
    """A process of `lab run --watch` and the pages on it."""

    def __init__(self, browser: Any, folder: Path) -> None:
        file = folder / "watched.yaml"
        file.write_text(TOPOLOGY)
        self.process = subprocess.Popen(
            ["macsec", "lab", "run", str(file), "--watch", "--pace", "10"],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stderr is not None
        self.url = re.search(r"http\S+", self.process.stderr.readline())[0]
        self.browser, self.folder = browser, folder
        self.faults: list[str] = []

    def page(self, size: str = "desktop", scheme: str = "light", **more: Any) -> Any:
        """Return a page that shows the lab."""
        width, height = SIZES[size]
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, **more
        )
        page = context.new_page()
        page.on("console", lambda message: self.faults.append(message.text))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.goto(self.url)
        page.wait_for_selector("#picture .edge")
        return page

    def picture(self, page: Any, name: str) -> None:
        """Keep a picture."""
        folder = Path(os.environ.get(ARTEFACTS) or self.folder)
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"watch-{name}.png", full_page=True)


@pytest.fixture
def watched(browser: Any, tmp_path: Path) -> Iterator[Watched]:
    """Return a watched lab, which must leave no fault in the console of its pages."""
    made = Watched(browser, tmp_path)
    yield made
    for context in browser.contexts:
        context.close()
    made.process.terminate()
    made.process.communicate(timeout=60)
    assert made.process.returncode == 0
    assert made.faults == []


def until(page: Any, condition: str) -> None:
    """Wait until an expression is true; the policy of the page refuses `wait_for_function`."""
    for _ in range(300):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never true: {condition}")


def state(page: Any, text: str) -> None:
    """Wait until the chosen link has a state."""
    playwright.expect(page.locator("#facts dd").first).to_have_text(text, timeout=30_000)


def ended(page: Any) -> None:
    """End the run, and wait for its last state."""
    page.click("#end")
    playwright.expect(page.locator("#state")).to_contain_text("ended", timeout=30_000)


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        ("desktop", "light"),
        ("phone", "dark"),
        pytest.param("desktop", "dark", marks=pytest.mark.exhaustive),
        pytest.param("phone", "light", marks=pytest.mark.exhaustive),
    ],
)
def test_the_page_fits_and_can_be_read(watched: Watched, size: str, scheme: str) -> None:
    """In each state nothing is wider than the screen, small, or pale."""
    page = watched.page(size, scheme)
    state(page, "\u2713 secured")
    until(page, "document.querySelectorAll('#ladder .right, #ladder .left').length > 3")
    check(watched, page, f"{size}-{scheme}-normal")
    page.click("button[data-kind=cut]")
    state(page, "\u2715 cut")
    check(watched, page, f"{size}-{scheme}-cut")
    page.click("button[data-kind=cut]")
    page.select_option("#site", "left")
    page.click("button[data-kind=wrong_key]")
    state(page, "\u2715 not secured")
    check(watched, page, f"{size}-{scheme}-wrong-key")
    ended(page)
    check(watched, page, f"{size}-{scheme}-ended")


def check(watched: Watched, page: Any, name: str) -> None:
    """Check the layout and the contrast of a page, and keep its picture."""
    width, small = page.evaluate(LAYOUT)
    watched.picture(page, name)
    assert width <= page.viewport_size["width"]
    assert small == []
    assert page.evaluate(CONTRAST) == []


def test_the_keyboard_alone_chooses_a_link_and_cuts_it(watched: Watched) -> None:
    """Each control is reached by Tab; a link of the picture is a button with its state in words."""
    page = watched.page(reduced_motion="reduce")
    state(page, "\u2713 secured")
    met = []
    for _ in range(40):
        page.keyboard.press("Tab")
        met.append(page.evaluate("document.activeElement.getAttribute('aria-label') || ''"))
        if met[-1].startswith("Link lan"):
            break
    assert met[-1].startswith("Link lan, right to far-away-site-of-a-long-name: secured, load")
    page.keyboard.press("Enter")
    assert page.inner_text("#link-title") == "Link lan"
    assert page.evaluate(
        "getComputedStyle(document.querySelector('.wire')).transitionDuration"
    ) in (
        "0s",
        "",
    )
    page.focus("button[data-kind=cut]")
    page.keyboard.press("Enter")
    state(page, "\u2715 cut")
    assert page.get_attribute("button[data-kind=cut]", "aria-pressed") == "true"


def test_the_file_of_the_run_has_its_digest(watched: Watched, tmp_path: Path) -> None:
    """Faults by click, then the file, then `lab run`."""
    page = watched.page()
    for kind in ("drop", "delay", "clock", "wrong_key"):
        state_of = f"button[data-kind={kind}]"
        page.click(state_of)
        page.wait_for_selector(f"{state_of}[aria-pressed=true]")
    ended(page)
    digest = re.search("digest ([0-9a-f]{64})", page.inner_text("#facts-of-run"))[1]
    with page.expect_download() as download:
        page.click("#download")
    file = tmp_path / "run.yaml"
    download.value.save_as(file)
    again = ["macsec", "lab", "run", str(file), "--json"]
    out = subprocess.run(again, capture_output=True, text=True, check=True).stdout
    assert f'"digest": "{digest}"' in out


def test_a_lab_does_not_wait_for_its_pages(watched: Watched) -> None:
    """It runs on while a page takes nothing, and after one has gone; another sees the past."""
    first = watched.page()
    first.click("#link")
    stopped = first.context.new_cdp_session(first)
    stopped.send("Debugger.enable")
    stopped.send("Debugger.pause")
    second = watched.page()
    before = float(second.inner_text("#clock").split()[0])
    until(second, f"parseFloat(document.querySelector('#clock').textContent) > {before + 10}")
    stopped.send("Debugger.disable")
    first.context.close()
    until(second, "document.querySelectorAll('#events li').length > 5")
    assert "secured" in second.inner_text("#events")
