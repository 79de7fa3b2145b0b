"""Pages in a browser: desktop and phone, light and dark; no overflow, no overlap, legible."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import escape, unescape
from pathlib import Path
from re import DOTALL, findall
from typing import Any

import pytest
from cli.conftest import Desk
from report.test_browser import BROWSERS, run
from support.outputs.gallery import PAGE
from support.virtual.topologies import TOPOLOGIES

from macsec.report.html import topology
from macsec.report.html.model import HtmlPage, PageSection
from macsec.report.html.page import POLICY, render

pytestmark = pytest.mark.programs

ROOT = Path(__file__).parents[2]
WIDTHS = (1280, 390)
SCHEMES = {"light": (), "dark": ("--blink-settings=preferredColorScheme=0",)}
LEAST_TEXT, LEAST_CONTRAST = 10.9, 4.5

PROBE = """
const shown = element => { const box = element.getBoundingClientRect();
  return box.width > 0 && box.height > 0; };
const numbers = text => (text.match(/[\\d.]+/g) || []).map(Number);
const light = text => { const [r, g, b] = numbers(text).map(value => { value /= 255;
  return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const behind = element => { for (let at = element; at; at = at.parentElement) {
  const colour = getComputedStyle(at).backgroundColor, parts = numbers(colour);
  if (parts.length && (parts.length < 4 || parts[3] > 0)) return colour; }
  return 'rgb(255, 255, 255)'; };
const contrast = (one, other) => { const [a, b] = [light(one), light(other)].sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05); };
const found = {overflow: document.documentElement.scrollWidth - window.innerWidth,
  small: [], faint: [], overlaps: [], texts: 0, outside: []};
for (const svg of document.querySelectorAll('svg[role=img]')) {
  const scale = svg.getScreenCTM().a, frame = svg.getBoundingClientRect(), placed = [];
  for (const text of svg.querySelectorAll('text')) {
    if (!text.textContent || !shown(text)) continue;
    found.texts += 1;
    const style = getComputedStyle(text), size = parseFloat(style.fontSize) * scale;
    if (size < LEAST_TEXT) found.small.push([text.textContent, size]);
    const box = text.getBoundingClientRect();
    if (box.left < frame.left - 2 || box.right > frame.right + 2)
      found.outside.push(text.textContent);
    for (const [other, name] of placed)
      if (Math.min(box.right, other.right) - Math.max(box.left, other.left) > 2
        && Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top) > 3)
        found.overlaps.push([name, text.textContent]);
    placed.push([box, text.textContent]);
    if (!text.classList.contains('alarmed') && contrast(style.fill, behind(svg)) < LEAST_CONTRAST)
      found.faint.push(text.textContent);
  }
}
for (const element of document.querySelectorAll('body *:not(svg *)')) {
  const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
  if (!own || !shown(element) || element.tagName === 'SCRIPT') continue;
  const style = getComputedStyle(element);
  if (parseFloat(style.fontSize) < LEAST_TEXT)
    found.small.push([element.textContent, style.fontSize]);
  if (contrast(style.color, behind(element)) < LEAST_CONTRAST)
    found.faint.push(element.textContent);
}
const note = parent.document.createElement('pre');
note.className = 'found';
note.textContent = JSON.stringify([NAME, WIDTH, found]);
parent.document.body.append(note);
"""


def topologies() -> str:
    """Return a page with all topologies."""
    sections = [
        PageSection(f"t{at}", name, [topology.draw(make())])
        for at, (name, make) in enumerate(TOPOLOGIES.items())
    ]
    return render(HtmlPage("Topologies", "All of them.", {}, sections))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The pages of all verbs, from small runs, and those of all components."""
    folder = tmp_path_factory.mktemp("pages")
    desk = Desk(folder)

    def path(name: str) -> str:
        return str(folder / name)

    shutil.copy(ROOT / "pcaps" / "tls13.pcap", path("in.pcap"))
    wire, one = path("w.pcapng"), path("keys/a-to-b.yaml")
    mka = str(ROOT / "pcaps" / "mka" / "three-late.pcap")
    vectors = str(ROOT / "macsec" / "conformance" / "vectors" / "xpn_pn_recovery.json")
    runs = {
        "replay": ("replay", path("in.pcap"), "--wire", wire, "--save-config", path("keys")),
        "validate": ("validate", "-c", one, wire, path("out.pcapng")),
        "mka": ("mka", "explain", mka),
        "attack": ("attack", "run", "replay", "--seed", "1"),
        "conformance": ("conformance", vectors),
        "lab": ("lab", "run", "two-regions"),
        "ring": ("lab", "run", "ring"),
        "throughput": (
            *("bench", "throughput", "--sizes", "64,512,1514", "--rounds", "1"),
            *("--peers", "none", "--batch", "8"),
        ),
        "latency": (
            *("bench", "latency", "--sizes", "64,1518", "--frames", "500", "--loads", "none"),
        ),
    }
    for name, arguments in runs.items():
        desk.run(*arguments, "--report", path(f"{name}.html"))
    made = {name: Path(path(f"{name}.html")).read_text(encoding="utf-8") for name in runs}
    return {**made, "gallery": render(PAGE), "topologies": topologies()}


def frame(name: str, width: int, text: str) -> str:
    """Return a page in a frame of a width, with the probe at its end."""
    values = {"NAME": json.dumps(name), "WIDTH": str(width)}
    probe = PROBE.replace("LEAST_TEXT", str(LEAST_TEXT))
    probe = probe.replace("LEAST_CONTRAST", str(LEAST_CONTRAST))
    for word, value in values.items():
        probe = probe.replace(word, value)
    text = text.replace(escape(POLICY), "default-src 'unsafe-inline'")
    text = text.replace("</body>", f"<script>{probe}</script></body>")
    return (
        f'<iframe srcdoc="{escape(text)}" style="width:{width}px;height:900px;border:0"></iframe>'
    )


@pytest.fixture(scope="module", params=SCHEMES)
def found(
    request: pytest.FixtureRequest,
    pages: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[tuple[str, int], dict[str, Any]]:
    """The findings on each page at each width, in one run of the browser a scheme."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"no browser: looked for {', '.join(BROWSERS)}")
    folder = tmp_path_factory.mktemp(request.param)
    file = folder / "all.html"
    frames = [frame(name, width, text) for name, text in pages.items() for width in WIDTHS]
    file.write_text(f"<!DOCTYPE html><html><body>{''.join(frames)}</body></html>", encoding="utf-8")
    arguments = (*SCHEMES[request.param], "--window-size=1400,1000", "--dump-dom", file.as_uri())
    text = run(browser, folder, *arguments).stdout.decode()
    notes = findall(r'<pre class="found">(.*?)</pre>', text, DOTALL)
    rows = [json.loads(unescape(note)) for note in notes]
    assert len(rows) == len(frames)
    return {(name, width): findings for name, width, findings in rows}


def all_of(found: dict[tuple[str, int], dict[str, Any]], kind: str) -> dict[str, Any]:
    """Return the findings of a kind, page by page, without pages that have none."""
    return {f"{name} {width}": each[kind] for (name, width), each in found.items() if each[kind]}


def test_no_page_scrolls_sideways(found) -> None:
    """Only figures and tables do, inside the page."""
    assert {name: by for name, by in all_of(found, "overflow").items() if by > 0} == {}


def test_no_text_is_smaller_than_11_pixels(found) -> None:
    """Neither in pictures that shrink, nor in words."""
    assert all_of(found, "small") == {}


def test_no_two_texts_of_a_picture_overlap(found) -> None:
    """Labels, numbers and names each have their place."""
    assert all_of(found, "overlaps") == {}


def test_no_text_of_a_picture_is_cut(found) -> None:
    """Every text ends inside its picture."""
    assert all_of(found, "outside") == {}


def test_every_text_has_contrast(found) -> None:
    """At least 4.5 to 1 against what is behind it, light and dark."""
    assert all_of(found, "faint") == {}


def test_the_probe_sees_what_is_wrong(tmp_path: Path) -> None:
    """A picture with two texts in one place, small and faint, has findings of each kind."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"no browser: looked for {', '.join(BROWSERS)}")
    bad = (
        '<body><svg role="img" width="50" height="40" style="overflow:visible"><text x="0" y="20"'
        ' font-size="6" fill="#fefefe">one two three four five</text><text x="0" y="20" font-size='
        '"12">one two three</text></svg><p style="width:3000px">wide</p></body>'
    )
    file = tmp_path / "bad.html"
    file.write_text(f"<!DOCTYPE html><html><body>{frame('bad', 390, bad)}</body></html>")
    text = run(browser, tmp_path, "--dump-dom", file.as_uri()).stdout.decode()
    (note,) = findall(r'<pre class="found">(.*?)</pre>', text, DOTALL)
    findings = json.loads(unescape(note))[2]
    assert all(findings[kind] for kind in ("overflow", "small", "overlaps", "outside", "faint"))


def test_a_printed_page_has_every_column(pages, tmp_path: Path) -> None:
    """The last columns of wide tables are on the paper too."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    reader = shutil.which("pdftotext")
    if browser is None or reader is None:
        pytest.skip("no browser, or no pdftotext (poppler-utils)")
    file, paper = tmp_path / "lab.html", tmp_path / "lab.pdf"
    file.write_text(pages["lab"], encoding="utf-8")
    run(browser, tmp_path, f"--print-to-pdf={paper}", file.as_uri())
    printed = subprocess.run([reader, "-layout", paper, "-"], capture_output=True, check=True)
    words = printed.stdout.decode().split()
    for head in re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', pages["lab"]):
        assert set(unescape(head).split()) <= set(words), head
