"""Figures of the explanations: boxes of octets, the replay window, a key agreement, the parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from macsec.report.drawing.standalone import alone
from macsec.report.drawing.svg import inline, words
from macsec.report.html import ladder, strip
from macsec.report.html.markup import Html, tag
from macsec.report.html.model import Cell, Ladder, Rung, Strip, WindowMoment

WIDTH, HEIGHT, GAP, LEFT = 660.0, 40.0, 34.0, 10.0
TINTS = {
    "plain": "none",
    "tag": "#d29922",
    "secret": "#8a63d2",
    "check": "#d1574a",
    "part": "#3b82c4",
}


FLOORS = (
    (
        "Command line and pages",
        "part",
        (("cli", "verbs"), ("report", "JSON, text, HTML"), ("guide", "this manual")),
    ),
    (
        "Users of a SecY",
        "plain",
        (
            *(("offline", "captures"), ("lab, wire", "virtual time"), ("live", "devices")),
            *(("attacks", "with counters"), ("conformance", "vectors, plans")),
        ),
    ),
    (
        "The standards",
        "tag",
        (("port", "Controlled Port"), ("secy", "IEEE 802.1AE"), ("kay", "IEEE 802.1X, MKA")),
    ),
    (
        "Data planes with the same results",
        "secret",
        (("reference", "Python, clause by clause"), ("native", "C, AES-GCM kernels")),
    ),
)


class FigureBox(NamedTuple):
    """A field or a part: its label, a note below it, its share of the width, and its tint."""

    label: str
    note: str
    share: float
    tint: str = "plain"


def rows(title: str, text: str, found: Sequence[tuple[str, Sequence[FigureBox]]]) -> Html:
    """Return rows of boxes, each below its name."""
    shapes: list[Html] = []
    top = 4.0
    for name, boxes in found:
        shapes.append(words(LEFT, top + 12, name, class_="strong"))
        x, unit = LEFT, WIDTH / sum(box.share for box in boxes)
        for box in boxes:
            shapes += _box(box, x, top + 18, box.share * unit)
            x += box.share * unit
        top += 18 + HEIGHT + GAP
    return inline(title, text, WIDTH + 2 * LEFT, top, *shapes)


def _box(box: FigureBox, x: float, y: float, wide: float) -> list[Html]:
    tint = tag("rect", x=x, y=y, width=wide, height=HEIGHT, fill=TINTS[box.tint], fill_opacity=0.25)
    edge = tag("rect", x=x, y=y, width=wide, height=HEIGHT, fill="none", class_="axis")
    middle = x + wide / 2
    label = words(middle, y + 24, box.label, "middle")
    note = words(middle, y + HEIGHT + 14, box.note, "middle", class_="quiet")
    return [tint, edge, label, note]


def frame() -> str:
    """Return a frame before and behind a SecY."""
    clear = (
        FigureBox("DA", "6", 1),
        FigureBox("SA", "6", 1),
        FigureBox("EtherType and data", "user data", 4),
    )
    wire = (
        *(
            FigureBox("DA", "6", 1),
            FigureBox("SA", "6", 1),
            FigureBox("SecTAG", "8 or 16", 1.3, "tag"),
        ),
        *(FigureBox("secure data", "encrypted", 4, "secret"), FigureBox("ICV", "16", 1, "check")),
    )
    text = "MACsec adds a SecTAG and an ICV; the user data between them is encrypted"
    return alone(rows("A frame", text, [("At the Controlled Port", clear), ("On the wire", wire)]))


def sectag() -> str:
    """Return the fields of a SecTAG."""
    tags = (
        *(
            FigureBox("88-E5", "EtherType, 2", 1.2),
            FigureBox("TCI AN", "1", 1, "tag"),
            FigureBox("SL", "1", 0.8),
        ),
        *(
            FigureBox("PN", "packet number, 4", 2, "secret"),
            FigureBox("SCI", "8, optional", 3, "part"),
        ),
    )
    notes = {"V=0": "version", "ES": "end station", "SC": "SCI follows", "SCB": "broadcast"}
    notes |= {"E": "encrypted", "C": "changed", "AN": "two bits"}
    bits = [FigureBox(name, note, 2 if name == "AN" else 1, "tag") for name, note in notes.items()]
    text = "EtherType, TCI and AN, short length, packet number and SCI"
    return alone(rows("The SecTAG", text, [("SecTAG, octets", tags), ("TCI and AN, bits", bits)]))


def nonce() -> str:
    """Return the inputs of AES-GCM."""
    plain = (FigureBox("SCI", "8", 2, "part"), FigureBox("PN", "4", 1, "secret"))
    xpn = (FigureBox("SSCI", "4", 1, "part"), FigureBox("PN, 64 bits", "8", 2, "secret"))
    text = "The nonce is SCI and PN; under XPN, SSCI and PN, combined with the salt by exclusive or"
    named = [("Nonce of GCM-AES-128 and -256", plain), ("of GCM-AES-XPN, XOR the salt", xpn)]
    return alone(rows("The nonce", text, named))


def window() -> str:
    """Return the replay window while frames arrive out of order."""
    steps = (
        ("PN 5 arrives", 3, (1, 2, 3, 5), (4,), ()),
        ("PN 8 arrives", 6, (1, 2, 3, 5, 8), (4, 6, 7), ()),
        ("PN 6 arrives", 6, (1, 2, 3, 5, 6, 8), (4, 7), ()),
        ("PN 4 arrives", 6, (1, 2, 3, 5, 6, 8), (7,), (4,)),
    )
    moments = []
    for label, lowest, got, gone, late in steps:
        cells = dict.fromkeys(got, Cell.RECEIVED) | dict.fromkeys(gone, Cell.MISSING)
        cells |= dict.fromkeys(late, Cell.LATE)
        moments.append(WindowMoment(label, lowest, max(got) + 1, cells))
    return alone(_svg(strip.draw(Strip("A replay window of 3", 1, 10, moments))))


def agreement() -> str:
    """Return the MKPDUs until a link is secured."""
    rungs = [
        Rung("0 s", "A", ["hello: MI, MN 1, Key Server priority"]),
        Rung("0 s", "B", ["hello: lists A as potential peer"]),
        Rung("2 s", "A", ["lists B as live peer; distributes a SAK, wrapped in the KEK"]),
        Rung("2 s", "B", ["receives with the SAK"]),
        Rung("2 s", "A", ["transmits with the SAK"]),
        Rung("2 s", "B", ["transmits with the SAK: secured"]),
    ]
    return alone(_svg(ladder.draw(Ladder("Key agreement", ["A", "B"], rungs))))


def parts() -> str:
    """Return the packages of the emulator from the command line down to C."""
    found = [(name, [FigureBox(*box, 1, tint) for box in boxes]) for name, tint, boxes in FLOORS]
    text = "Four floors, each using the lower ones"
    return alone(rows("Parts of the emulator", text, found))


def _svg(figure: Html) -> Html:
    """Return the picture of a figure."""
    found = re.search(r"<svg.*?</svg>", figure, re.S)
    if found is None:
        raise ValueError("the figure has no picture")
    return Html(found[0])


FIGURES = {
    "frame.svg": frame,
    "sectag.svg": sectag,
    "nonce.svg": nonce,
    "window.svg": window,
    "agreement.svg": agreement,
    "parts.svg": parts,
}
"""All figures by the names of their files."""
