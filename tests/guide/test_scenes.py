"""Blocks of the guide that need root, other machines or minutes, each in a scene of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.outputs.pages import APART, ROOT, Block, blocks, documents, outputs_missing
from support.real.hosts import need
from support.real.scenes import PRELUDE, SCENES, SUDO, Around, LeftOut

MARKED = APART - {"part"}
LANGUAGES = {"sh", "python"}
APART_FROM_THE_MACHINE = (
    "unshare",
    "--net",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
)


def marked(page: str) -> list[Block]:
    """Return the blocks of a page that do not run anywhere."""
    return [
        block
        for block in blocks(page)
        if block.language in LANGUAGES and MARKED & set(block.words) and "part" not in block.words
    ]


def test_every_marked_block_has_a_scene_or_a_reason() -> None:
    """A new block with a mark gets a row."""
    found = {page: len(marked(page)) for page in documents() if marked(page)}
    assert {page: len(rows) for page, rows in SCENES.items()} == found


def test_texts_that_a_scene_replaces_are_in_the_block() -> None:
    """A block that changes changes its scene."""
    for page, rows in SCENES.items():
        for block, around in zip(marked(page), rows, strict=True):
            for text, _ in around.replace if isinstance(around, Around) else ():
                assert text in block.text, (page, text)


def _lines(block: Block, around: Around, number: int) -> Iterator[str]:
    text = block.text
    for old, new in around.replace:
        text = text.replace(old, new)
    if block.language == "python":
        text = f"python3 -u - <<'END_OF_BLOCK'\n{text}END_OF_BLOCK\n"
    yield around.before
    yield f"rm -f out; out=out.{number}; : > $out; ln -s $out out"
    if around.background:
        yield f"{{\n{text}}} > $out 2>&1 &"
        yield f"until grep -qF '{around.background}' out; do kill -0 $!; sleep 0.1; done"
    else:
        yield f"{{\n{text}}} > $out 2>&1 || {{ cat out; exit 1; }}"
    yield around.after


@pytest.mark.network
@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "page", [page for page, rows in SCENES.items() if any(isinstance(s, Around) for s in rows)]
)
def test_blocks_of_a_page_run_in_their_scene_and_print_their_output(
    page: str, tmp_path: Path
) -> None:
    """One after the other, as root, in a network namespace of their own."""
    need("ping", "curl", "unshare")
    folder = tmp_path / "bin"
    folder.mkdir()
    python = f'#!/bin/sh\nexec "{sys.executable}" -P'
    for name, text in (
        ("sudo", SUDO),
        ("macsec", f'{python} -m macsec "$@"\n'),
        ("python3", f'{python} "$@"\n'),
        ("python", f'{python} "$@"\n'),
    ):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (tmp_path / "pcaps").symlink_to(ROOT / "pcaps")
    (tmp_path / "macsec").symlink_to(ROOT / "macsec")
    ran = [
        (block, around)
        for block, around in zip(marked(page), SCENES[page], strict=True)
        if not isinstance(around, LeftOut)
    ]
    script = [PRELUDE]
    for number, (block, around) in enumerate(ran):
        script += _lines(block, around, number)
    done = subprocess.run(
        [*APART_FROM_THE_MACHINE, "bash", "-ec", "\n".join(script)],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        env={
            **os.environ,
            "PATH": f"{folder}:{os.environ['PATH']}",
            "PYTHONUNBUFFERED": "1",  # what runs in the background is read while it runs
        },
    )
    assert done.returncode == 0, done.stdout[-4000:]
    for number, (block, around) in enumerate(ran):
        form = _alike if around.alike else str
        text = form((tmp_path / f"out.{number}").read_text())
        assert outputs_missing(block._replace(output=form(block.output)), text) == [], text


def _alike(text: str) -> str:
    """Return text without its numbers, units and results."""
    text = re.sub(r"\d[\d,.]*( [nµm]?s)?(?= |$)", "N", text, flags=re.M)
    return re.sub(r"\b(met|missed|not judged)\b", "RESULT", text)
