"""Blocks of the documents that users read: README.md and the pages of the guide.

A block of commands is ```sh, with words behind it where it cannot run anywhere:

root     needs root, and interfaces or hosts of its own; runs in a scene
network  needs other machines, or packages of an index; runs in a scene: support/real/scenes.py
minutes  takes long; runs in a scene, with less work
part     not complete by itself

A plain block right behind it is its output: each line is printed, `...` is any text. A file is
```yaml NAME or ```python NAME.py, written before the commands of the page; ```python without a
name runs by itself.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from macsec.guide.topics import topics

ROOT = Path(__file__).parents[3]
APART = {"root", "network", "minutes", "part"}
"""Words of blocks that do not run by themselves."""

_PART = re.compile(r"^#+ ([^\n]*)$|^( *)```(\w*)([^\n]*)\n(.*?)^ *```$", re.M | re.S)


class Block(NamedTuple):
    """A block of a page: its heading, language, words behind that, text, and its output."""

    page: str
    heading: str
    language: str
    words: tuple[str, ...]
    text: str
    output: str

    @property
    def name(self) -> str:
        """Name of the file that the block is, or nothing."""
        return next((word for word in self.words if "." in word), "")

    @property
    def runs(self) -> bool:
        """Return whether the block runs anywhere, as any user."""
        return not APART & set(self.words)


@cache
def documents() -> dict[str, str]:
    """Return the text of README.md and of each page of the guide by name."""
    pages = {name: topic.text for name, topic in topics().items()}
    return {"README": (ROOT / "README.md").read_text("utf-8"), **pages}


def _blocks(page: str, text: str) -> Iterator[Block]:
    heading, last, end = "", None, 0
    for part in _PART.finditer(text):
        if part[1]:
            heading = part[1]
            continue
        words = tuple(part[4].split())
        block = Block(page, heading, part[3], words, part[5], "")
        if not part[3] and last is not None and not text[end : part.start()].strip():
            block, last = last._replace(output=part[5]), None
        if last is not None:
            yield last
        last, end = block, part.end()
    if last is not None:
        yield last


@cache
def blocks(page: str) -> tuple[Block, ...]:
    """Return the blocks of a page, each with its output."""
    return tuple(_blocks(page, documents()[page]))


def all_blocks(language: str) -> list[Block]:
    """Return the blocks of a language of all pages."""
    return [each for page in documents() for each in blocks(page) if each.language == language]


def command_lines(block: Block) -> Iterator[list[str]]:
    """Yield the arguments of each command of macsec in a block."""
    for line in block.text.replace("\\\n", " ").splitlines():
        yield from _commands(_joined(line))


def _joined(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    return list(lexer)


def _commands(words: list[str]) -> Iterator[list[str]]:
    """Yield what is behind each `macsec` that is a command, up to the end of the command."""
    one: list[str] | None = None
    for word in [*words, ";"]:
        if set(word) <= set("|&;<>"):
            if one:
                yield one
            one = None
        elif one is not None:
            one.append(word)
        elif word == "macsec":
            one = []


def outputs_missing(block: Block, printed: str) -> list[str]:
    """Return the lines of the output of a block that were not printed.

    Spaces do not count, nor does which kernel this CPU has.
    """
    found = [" ".join(line.split()) for line in printed.splitlines()]
    missing = []
    for line in map(str.split, block.output.splitlines()):
        pattern = re.escape(" ".join(line)).replace(r"\.\.\.", ".*")
        pattern = re.sub(r"native/[a-z0-9\\-]+", r"native/[a-z0-9-]+", pattern)
        if not any(re.fullmatch(pattern, each) for each in found):
            missing.append(" ".join(line))
    return missing
