"""Commands of a shell script, with variables put in: the plain ones, no loops and conditions."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from macsec.errors import ConfigError

UNKNOWN = "\0"
"""In a word: a value that only a running shell knows."""

_SEPARATORS = frozenset(["&&", "||", ";", "&", "|", ";;"])
_ALTERNATIVE = "||"
# fmt: off
_CONTROL = frozenset({
    "if", "then", "elif", "else", "fi", "for", "while", "until", "do", "done", "case", "esac",
    "function", "select", "{", "}", "(", ")", "[[", "((",
})
# fmt: on
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_DECLARES = frozenset(["export", "readonly", "local", "declare"])
_PIECES = re.compile(
    r"(?P<kept>'[^']*'|\\.)|(?P<unknown>\$\(|`|\$[0-9@*#?!$-])|\$(?P<name>[A-Za-z_]\w*)"
    r"|\$\{(?P<braced>[A-Za-z_]\w*)\}|(?P<odd>\$\{)",
    re.DOTALL,
)
_HERE = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")
_REDIRECTION = re.compile(r"[<>]+[&|]?|&>+")


@dataclass(frozen=True, slots=True)
class Command:
    """Words of one command and its line. `given`: lines of a here-document, with their numbers."""

    line: int
    words: tuple[str, ...]
    given: tuple[tuple[int, str], ...] = ()


def commands(text: str, path: Path) -> Iterator[Command]:
    """Return the commands in order, as if each succeeds. Raises ConfigError, naming the line."""
    variables: dict[str, str] = {}
    lines = iter(_logical(text))
    for number, line in lines:
        here = _HERE.search(line)
        given = tuple(_document(lines, here[2])) if here else ()
        try:
            tokens = _tokens(_expanded(_HERE.sub("", line), variables))
        except ValueError:
            raise ConfigError(f"{path}:{number}: a quotation that does not end") from None
        for words in _split(tokens):
            if words[0] in _CONTROL:
                raise ConfigError(
                    f"{path}:{number}: {words[0]}: conditions and loops are not followed: "
                    "write the commands out"
                )
            rest = _assign(words, variables)
            if rest:
                yield Command(number, tuple(rest), given)


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Lines that a backslash at the end continues, under the number of the first."""
    held, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first or number
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            held += line[:-1] + " "
            continue
        yield first, held + line
        held, first = "", 0
    if held:
        yield first, held


def _document(lines: Iterator[tuple[int, str]], end: str) -> Iterator[tuple[int, str]]:
    for number, line in lines:
        if line.strip() == end:
            return
        yield number, line


def _expanded(line: str, variables: dict[str, str]) -> str:
    def value(piece: re.Match[str]) -> str:
        if piece["kept"]:
            return piece[0]
        name = piece["name"] or piece["braced"]
        return variables.get(name, UNKNOWN) if name else UNKNOWN

    return _PIECES.sub(value, line)


def _tokens(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    return list(lexer)


def _split(tokens: list[str]) -> Iterator[list[str]]:
    """Commands of a line, without redirections, and without what runs only after a failure."""
    words: list[str] = []
    runs, skip = True, False
    for token in [*tokens, ";"]:
        if token in _SEPARATORS:
            if words and runs:
                yield words
            words, runs = [], token != _ALTERNATIVE and (runs or token in (";", "&"))
        elif _REDIRECTION.fullmatch(token):
            if words and words[-1].isdecimal() and len(words[-1]) == 1:
                words.pop()
            skip = True
        elif skip:
            skip = False
        else:
            words.append(token)


def _assign(words: list[str], variables: dict[str, str]) -> list[str]:
    """Take assignments in front; the rest is a command."""
    rest = words[1:] if words[0] in _DECLARES else list(words)
    found: dict[str, str] = {}
    while rest and (match := _ASSIGNMENT.fullmatch(rest[0])):
        found[match[1]] = match[2]
        rest.pop(0)
    if words[0] in _DECLARES or not rest:
        variables |= found
        return []
    return rest
