"""Pages in a real browser, headless: they render, and ask for nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
from html import escape
from pathlib import Path

import pytest
from planes import PLANES
from report.gallery import HOSTILE, PAGE

from macsec.measure.latency import Plan, measure
from macsec.measure.machine import machine
from macsec.report.html.page import POLICY, render
from macsec.report.latency_page import to_html
from macsec.suites import SUITES

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
HOST = "x.test"
PNG = b"\x89PNG\r\n\x1a\n"


def latency() -> str:
    """The report of a small measurement."""
    plan = Plan(
        sizes=(64, 1518),
        suites=[SUITES["gcm-aes-128"]],
        frames=200,
        loads=(50,),
        trial_s=0.0005,
        slices=2,
        backend=PLANES[-1].backend,
    )
    return to_html(measure(plan), machine())


PAGES = {
    "gallery": (
        lambda: render(PAGE),
        ("charts", "topology", "wiretap", "window", "counters"),
    ),
    "latency": (latency, ("targets", "processing", "throughput", "serialisation")),
}


@pytest.fixture(scope="module")
def browser() -> str:
    """A browser that runs without a screen."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser: looked for {', '.join(BROWSERS)}")
    return found


def run(browser: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """One run, with a profile of its own and a log of what it asks the network for."""
    log = ("--log-net-log=" + str(folder / "net.json"), f"--user-data-dir={folder / 'profile'}")
    command = [browser, *FLAGS, *log, *arguments]
    return subprocess.run(command, capture_output=True, timeout=120, check=True)


@pytest.mark.parametrize("name", PAGES)
def test_page(browser: str, tmp_path: Path, name: str) -> None:
    """The document has its sections, no text ran as script, and there is a picture to look at."""
    make, anchors = PAGES[name]
    file = tmp_path / f"{name}.html"
    file.write_text(make(), encoding="utf-8")
    text = run(browser, tmp_path, "--dump-dom", file.as_uri()).stdout.decode()
    for anchor in anchors:
        assert f'<section id="{anchor}"' in text
    assert "<script" not in text
    assert not re.search(r"<\w[^<>]*\s(src|href)=.https?:", text)
    assert "<svg" in text
    shot = tmp_path / f"{name}.png"
    run(browser, tmp_path, "--window-size=1300,4000", f"--screenshot={shot}", file.as_uri())
    assert shot.read_bytes().startswith(PNG)
    assert shot.stat().st_size > 50_000
    # The hostile text names a host: it was neither asked for nor looked up.
    asked = (tmp_path / "net.json").read_text(errors="replace")
    assert HOST in HOSTILE
    assert HOST not in asked


def test_no_overflow(browser: str, tmp_path: Path) -> None:
    """On a narrow screen the page itself does not scroll sideways: only what is in it does."""
    file = tmp_path / "gallery.html"
    probe = "<script>document.title = document.documentElement.scrollWidth</script>"
    text = render(PAGE).replace(escape(POLICY), "default-src 'unsafe-inline'")
    file.write_text(text.replace("</body>", f"{probe}</body>"), encoding="utf-8")
    dumped = run(browser, tmp_path, "--window-size=500,900", "--dump-dom", file.as_uri())
    told = re.search(rb"<title>(\d+)</title>", dumped.stdout)
    assert told is not None
    assert int(told[1]) <= 500
