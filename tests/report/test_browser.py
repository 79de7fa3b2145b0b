"""Pages in a real headless browser: they render, and load nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import pytest
from support.outputs.gallery import HOSTILE, PAGE
from support.planes import PLANES

from macsec.config import load_topology
from macsec.config.static_keys import seeded
from macsec.lab import Blueprint, Lab
from macsec.lab.virtual.records.probe import Probe
from macsec.measure.latency.run import LatencyPlan, measure
from macsec.measure.machine import machine
from macsec.report.html.page import POLICY, render
from macsec.report.lab import page
from macsec.report.lab.outcome import LabRun
from macsec.report.latency.page import to_html
from macsec.suites import SUITES

pytestmark = pytest.mark.programs

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
HOST = "x.test"
PNG = b"\x89PNG\r\n\x1a\n"


def latency() -> str:
    """Return the report of a small measurement."""
    plan = LatencyPlan(
        sizes=(64, 1518),
        suites=[SUITES["gcm-aes-128"]],
        frames=200,
        loads=(50,),
        trial_s=0.0005,
        slices=2,
        backend=PLANES[-1].backend,
    )
    return to_html(measure(plan), machine())


def lab(topology: Any) -> str:
    """Return the report of a lab in virtual time."""
    blueprint = Blueprint.of(load_topology(topology), seeded(1, "a test"))
    with Lab(blueprint, 1, PLANES[-1].backend, PLANES[-1].kernel) as made:
        ends = [end for link in made.links for end in link.ends or ()]
        probes = [Probe(made.engine, end) for end in ends]
        made.run()
        return page.to_html(made, LabRun(made.blueprint.name, 1), probes)


HOSTILE_LAB = {
    "name": "hostile",
    "description": HOSTILE,
    "macsec": {"window": 4},
    "sites": {"a": {"hosts": 5}, "b" * 28: {}, "c": {}},
    "links": [
        {"between": ["a", "b" * 28], "delay": "1ms", "jitter": "300us", "duplicate": "20%"},
        {"between": ["b" * 28, "c"], "delay": "1ms", "loss": "10%", "macsec": "off"},
        {"between": ["a", "c"], "delay": "9ms"},
    ],
    "traffic": [{"from": "a-h1", "to": "c-h1", "pps": 5000, "count": 60, "payload": HOSTILE}],
}
"""Text that is markup, a link in clear, one that is idle, and frames out of order."""

LAB_SECTIONS = ("topology", "links", "traffic", "wiretap", "window", "counters")
PAGES = {
    "gallery": (
        lambda: render(PAGE),
        ("charts", "topology", "wiretap", "window", "counters"),
    ),
    "latency": (latency, ("targets", "processing", "throughput", "serialisation")),
    "two-regions": (lambda: lab("two-regions"), LAB_SECTIONS),
    "hostile": (lambda: lab(HOSTILE_LAB), LAB_SECTIONS),
}


@pytest.fixture(scope="module")
def browser() -> str:
    """Return a browser that runs without a screen."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser: looked for {', '.join(BROWSERS)}")
    return found


def run(browser: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run the browser once, with its own profile and a log of its network requests."""
    log = ("--log-net-log=" + str(folder / "net.json"), f"--user-data-dir={folder / 'profile'}")
    command = [browser, *FLAGS, *log, *arguments]
    return subprocess.run(command, capture_output=True, timeout=120, check=True)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_renders_and_loads_nothing(browser: str, tmp_path: Path, name: str) -> None:
    """The document has its sections, no text ran as script, and the network was not used."""
    make, anchors = PAGES[name]
    file = tmp_path / f"{name}.html"
    file.write_text(make(), encoding="utf-8")
    text = run(browser, tmp_path, "--dump-dom", file.as_uri()).stdout.decode()
    for anchor in anchors:
        assert f'<section id="{anchor}"' in text
    assert "<script" not in text
    assert not re.search(r"<\w[^<>]*\s(src|href)=.https?:", text)
    assert "<svg" in text
    # The hostile text names a host: it was neither requested nor resolved.
    asked = (tmp_path / "net.json").read_text(errors="replace")
    assert HOST in HOSTILE
    assert HOST not in asked


@pytest.mark.parametrize(
    "name",
    [
        name if name == "gallery" else pytest.param(name, marks=pytest.mark.exhaustive)
        for name in PAGES
    ],
)
def test_a_page_has_a_screenshot(browser: str, tmp_path: Path, name: str) -> None:
    """The picture is not empty."""
    file = tmp_path / f"{name}.html"
    file.write_text(PAGES[name][0](), encoding="utf-8")
    shot = tmp_path / f"{name}.png"
    run(browser, tmp_path, "--window-size=1300,4000", f"--screenshot={shot}", file.as_uri())
    assert shot.read_bytes().startswith(PNG)
    assert shot.stat().st_size > 50_000


@pytest.mark.parametrize("page", [lambda: render(PAGE), lambda: lab(HOSTILE_LAB)])
def test_a_page_does_not_scroll_sideways_on_a_narrow_screen(
    browser: str, tmp_path: Path, page: Callable[[], str]
) -> None:
    """On a narrow screen the page does not scroll sideways: only parts of it do."""
    file = tmp_path / "page.html"
    probe = "<script>document.title = document.documentElement.scrollWidth</script>"
    text = page().replace(escape(POLICY), "default-src 'unsafe-inline'")
    file.write_text(text.replace("</body>", f"{probe}</body>"), encoding="utf-8")
    dumped = run(browser, tmp_path, "--window-size=500,900", "--dump-dom", file.as_uri())
    title = re.search(rb"<title>(\d+)</title>", dumped.stdout)
    assert title is not None
    assert int(title[1]) <= 500
