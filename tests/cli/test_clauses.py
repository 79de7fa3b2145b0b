"""The page of clauses has each one that an output names, and outputs name the page."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from cli.conftest import Desk

from macsec.advice.key_agreement.catalogue import QUIRKS
from macsec.attacks import ATTACKS
from macsec.cli.help.tables import COUNTERS
from macsec.guide.topics import topics
from macsec.report.page import CLAUSES
from macsec.secy import Verdict

NUMBER = re.compile(r"\d+(?:\.\d+)+")


def rows(standard: int) -> set[str]:
    """Return the clauses of a table: 0 of 802.1AE, 1 of 802.1X."""
    part = topics()["clauses"].text.split("IEEE 802.1X-2020:")[standard]
    return set(re.findall(r"^\| (\d[\d.]*) \|", part, re.M))


def test_clauses_of_verdicts_counters_and_attacks_have_a_row() -> None:
    """Clauses of 802.1AE."""
    texts = [verdict.clause for verdict in Verdict if not verdict.clause.startswith("none")]
    texts += [attack.clause for attack in ATTACKS.values()] + [row[2] for row in COUNTERS]
    assert {number for text in texts for number in NUMBER.findall(text)} - rows(0) == set()


def test_clauses_of_faults_of_key_agreement_have_a_row() -> None:
    """Clauses of 802.1X."""
    named = [
        number
        for quirk in QUIRKS.values()
        for part in quirk.source.split(";")
        if "802.1X " in part
        for number in NUMBER.findall(part.partition("802.1X ")[2].partition(":")[0])
    ]
    assert set(named) - rows(1) == set()
    assert named


def test_outputs_that_name_clauses_end_with_the_page(desk: Desk, some: list[bytes]) -> None:
    """One line, and none where no clause decides."""
    wire = desk.protected(some)
    words = ("explain", "-c", desk.config(), wire, "--frame", "0")
    assert desk.run(*words).stdout.splitlines()[-1] == CLAUSES
    assert desk.run("attack", "run", "replay").stdout.splitlines()[-1] == CLAUSES
    assert "# Clauses" in desk.run(*CLAUSES.removeprefix("clauses: macsec ").split()).stdout


def test_a_frame_that_no_clause_decides_names_no_page(desk: Desk, some: list[bytes]) -> None:
    """A frame that the capture cut."""
    (frame,) = desk.frames(Path(desk.protected(some[4:])).name)
    source = desk.capture([frame[:-10]], "cut.pcap", wire_length=np.array([len(frame)]))
    text = desk.run("explain", "-c", desk.config(), source, "--frame", "0").stdout
    assert "none: the capture cut the frame" in text
    assert CLAUSES not in text
