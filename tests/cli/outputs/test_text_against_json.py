"""Text output shows numbers and names of `--json` whole, on narrow terminals and in a pipe."""

from __future__ import annotations

import io
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.planes import frame_of

from macsec.cli import cli

ROOT = Path(__file__).parents[3]
WIDTHS = (40, 60, 80, 130)
MARGIN = 8
"""Columns of indentation: a longer word than the rest is left to the terminal, whole."""
AROUND = ".,;:()"
STYLE = re.compile(r"\x1b\[[0-9;]*m")

LATENCY = ("bench", "latency", "--sizes", "64", "--frames", "30", "--trial", "0.2", "--slices", "2")
THROUGHPUT = ("bench", "throughput", "--sizes", "64,1518", "--batch", "4", "--rounds", "1")
QUICK = {
    "validate": ("validate", "-c", "link.yaml", "wire.pcap", "out.pcap"),
    "protect": ("protect", "-c", "protect-first.yaml", "clear-first.pcap", "out.pcap"),
    "inspect": ("inspect", "wire.pcap"),
    "inspect --summary": ("inspect", "wire.pcap", "--summary"),
    "explain": ("explain", "-c", "link.yaml", "wire.pcap", "--frame", "1"),
    "replay": ("replay", "clear-first.pcap"),
    "attack run": ("attack", "run", "flip-tci", "--seed", "1"),
    "mka explain": ("mka", "explain", str(ROOT / "pcaps/mka/three.pcap")),
    "doctor": ("doctor",),
}
LONG = {
    "conformance": ("conformance", str(ROOT / "macsec/conformance/vectors/annex_c.json")),
    "replay --topology": ("replay", "clear-first.pcap", "--topology", "two-regions"),
    "lab run": ("lab", "run", "ring", "--until", "40ms"),
    "attack run all": ("attack", "run", "all", "--seed", "1", "--frames", "500"),
    "bench latency": (*LATENCY, "--loads", "20"),
    "bench throughput": (*THROUGHPUT, "--peers", "none"),
}
MEASURED = {"bench latency", "bench throughput"}
"""Verbs with times of this run: only their names are compared."""
UNFOLDED = {"inspect"}
"""Verbs with lines for each frame, which the terminal folds: copied or searched, they are whole."""
WIDEST = {"inspect": 200}
"""Columns of the widest form of verbs whose form for a pipe is another."""


class Terminal(io.StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        """Return True, as a terminal does."""
        return True


@pytest.fixture
def output(desk, monkeypatch):
    """Return a function: stdout of a verb at a width (None is a pipe), and its messages."""
    desk.protected([frame_of(length) for length in (47, 48, 1500)] * 400)
    desk.config(tx=False)
    monkeypatch.setenv("TERM", "xterm")

    def text(args: tuple[str, ...], width: int | None) -> tuple[str, str]:
        out, messages = io.StringIO() if width is None else Terminal(), io.StringIO()
        Path("out.pcap").unlink(missing_ok=True)
        with monkeypatch.context() as patch:
            patch.setenv("COLUMNS", str(width or 80))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", messages)
            with pytest.raises(SystemExit):
                cli.main(list(args))
        return STYLE.sub("", out.getvalue()), messages.getvalue()

    return text


def facts(tree: Any) -> Iterator[str]:
    """Yield names and numbers of an object, as text has them."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield name
            yield from facts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from facts(value)
    elif isinstance(tree, str):
        yield from words(tree)
    elif isinstance(tree, int | float) and not isinstance(tree, bool):
        yield from (f"{tree:,}", str(tree))


def words(text: str) -> list[str]:
    """Return the words of a text without the punctuation around them."""
    return [word.strip(AROUND) for word in text.split()]


def on_screen(text: str, width: int) -> str:
    """Return the lines of a terminal, which breaks at its last column."""
    lines = text.splitlines()
    return "\n".join(
        line[at : at + width] for line in lines for at in range(0, max(len(line), 1), width)
    )


@pytest.mark.parametrize(
    "verb", [*QUICK, *(pytest.param(verb, marks=pytest.mark.exhaustive) for verb in LONG)]
)
def test_text_of_every_width_has_what_json_has(output, verb):
    """A name of the JSON in the widest text is whole on each terminal; a number as often."""
    args = (QUICK | LONG)[verb]
    printed, _ = output((*args, "--json"), None)
    known = set(facts(json.loads(printed)))
    if verb in MEASURED:
        known = {word for word in known if not word[:1].isdigit()}
    widest = words("".join(output(args, WIDEST.get(verb))))
    shown = Counter(word for word in widest if word in known)
    assert len(shown) >= 3
    for width in WIDTHS:
        text, messages = output(args, width)
        folded = text if verb in UNFOLDED else on_screen(text, width)
        whole, broken = Counter(words(text + messages)), Counter(words(f"{folded}\n{messages}"))
        for word, times in shown.items():
            there = broken if len(word) <= width - MARGIN else whole
            least = times if any(map(str.isdigit, word)) else 1
            assert there[word] >= least, f"{word!r} at {width} columns"
