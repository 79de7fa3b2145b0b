"""Find words of the project's old dialect: a checker for plain technical English.

`python tests/support/english.py macsec/kay tests/kay` prints every finding as FILE:LINE: text.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
SUFFIXES = {".py", ".pyi", ".c", ".h", ".md", ".yaml", ".sh"}

BANNED = {
    r"told|tells?|telling": "say report, print, show, send, or name the thing",
    r"so many": "say n, or at most n",
    r"by the (?:batch|frame|word)": "say in batches",
    r"lets? go|letting go": "say drop or release",
    r"reads? off": "say read or parse",
    r"stands?(?!-)|stood|standing": "say is, exists, holds or lies",
    r"whoever|whatever|somebody|nobody|anybody|someone": "name the thing",
    r"(?:is|are|was|be) asked of": "name the operation",
    r"what came (?:up|of)": "name the result",
    r"(?:one )?lines? of talk|talks?|talking": "say message, or communicate",
    r"speaks?|spoken|speaking": "say send, or use a protocol",
    r"goes round|go round|going round|went round": "say loop or bypass",
    r"those who|those that|he who|who asks|who wants": "name the thing",
    r"a word for": "say has no field for",
    r"comes? to nothing|what becomes of|what became of": "name the result",
}
"""Words that may not be used, and what to write instead. An underscore counts as a space."""

NOT_A_VERB = re.compile(r"with ?stand|under ?stand|stand-?by|standard|stand-?(?:ins?|alone)", re.I)
OPENINGS = {"what", "whether", "how", "who", "where", "why", "those", "such", "somebody", "whoever"}
"""Words that may not open a docstring: it opens with an imperative verb or a noun."""

_BANNED = [
    (re.compile(rf"(?<![a-z])(?:{words.replace(' ', '[ _]')})(?![a-z])", re.I), advice)
    for words, advice in BANNED.items()
]


class Finding(NamedTuple):
    """A banned word, or a banned opening of a docstring."""

    path: str
    line: int
    found: str
    advice: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.found}: {self.advice}"


def name_of(path: Path) -> str:
    """The name of a file as messages show it: from the root of the repository if it is below."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def words_in(path: Path) -> Iterator[Finding]:
    """Every banned word of a file."""
    name = name_of(path)
    for number, line in enumerate(path.read_text().split("\n"), 1):
        text = NOT_A_VERB.sub("", line)
        for pattern, advice in _BANNED:
            for match in pattern.finditer(text):
                yield Finding(name, number, match.group(0), advice)


def openings_in(path: Path) -> Iterator[Finding]:
    """Every docstring of a Python file that opens with a banned word."""
    name = name_of(path)
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        for at, statement in enumerate(body):
            if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Constant):
                continue
            text = statement.value.value
            if not isinstance(text, str) or not text.split():
                continue
            documents = at == 0 or isinstance(body[at - 1], ast.Assign | ast.AnnAssign)
            first = text.split()[0].strip("`,.:;").lower()
            if documents and first in OPENINGS:
                advice = "open with an imperative verb or a noun"
                yield Finding(name, statement.lineno, f'"""{text.split()[0]}', advice)


def findings_in(path: Path) -> list[Finding]:
    """All findings of a file, in the order of its lines."""
    found = list(words_in(path))
    if path.suffix in {".py", ".pyi"}:
        found += openings_in(path)
    return sorted(found, key=lambda finding: finding.line)


def files_below(places: list[Path]) -> list[Path]:
    """The files below some places, without the two that have to hold the words."""
    found = []
    for place in places:
        below = [place] if place.is_file() else sorted(place.rglob("*"))
        found += [path for path in below if path.suffix in SUFFIXES and path.is_file()]
    return [path for path in found if path.name not in {"english.py", "test_english.py"}]


def main() -> int:
    """Print the findings below the places of the command line."""
    places = [Path(name).resolve() for name in sys.argv[1:]] or [ROOT / "macsec"]
    found = [finding for path in files_below(places) for finding in findings_in(path)]
    print(*found, f"{len(found)} findings", sep="\n")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
