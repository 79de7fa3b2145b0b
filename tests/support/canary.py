"""Every key of the run is a canary: no output, log, report, file or traceback may hold one (R22).

A pytest plugin. Each `Key` that a test makes is noted. After each test its output is
searched for all keys so far: captured output and logs, the output of `CliRunner` and `subprocess`,
the text of its failure, and the files in its `tmp_path`; and each error of the package that
`pytest.raises` caught, as a traceback with the locals of the package's own frames. The forms are
raw octets, hex of any case with separators, base64, `repr` of bytes, a list of numbers, one number.
A key that is found fails the test.

A key may be in

- readers of vectors (macsec.conformance): their keys are published;
- files that the test itself wrote (`Path.write_text`, `Path.write_bytes`);
- files that only their owner can read, which is how the package writes keys; but records of packet
  numbers and audit logs, private as well, are searched;
- exports of `macsec keys` to a terminal, and tracebacks under MACSEC_DEBUG=1.

Keys that text may contain by chance (counted octets, few different ones) are no canaries, nor are
keys on pages of the guide.
"""

from __future__ import annotations

import ast
import base64
import re
import stat
import subprocess
import traceback
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import macsec
from macsec.errors import MACsecError
from macsec.keys import Key
from macsec.otg.model.field_types import WITHHELD

PACKAGE = str(Path(macsec.__file__).parent)
VECTORS = f"{PACKAGE}/conformance/"
ROOT = Path(__file__).resolve().parents[2]
_KEY_DIGITS = re.compile(r"\b(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{32})\b")
LENGTHS = (16, 32)
MOST_OCTETS = 1 << 20
"""Of one text or file; a longer one is searched at both ends."""
MOST_FILES = 64
MOST_KEYS = 20_000
SEARCHED_THOUGH_PRIVATE = (".pn", ".jsonl", ".log")

_BETWEEN = b"\0" * 8
"""Between pieces that are searched as one."""

_HEX = re.compile(rb"(?:0x)?[0-9A-Fa-f]{2}(?:[:\-. ,_\n]{0,2}(?:0x|\\x)?[0-9A-Fa-f]{2}){15,}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_\-]{22,}")
_LITERAL = re.compile(rb"b'(?:[^'\\\n]|\\.)*'|b\"(?:[^\"\\\n]|\\.)*\"")
_NUMBERS = re.compile(rb"(?:\d{1,3}, ?){15,}\d{1,3}")
_NUMBER = re.compile(rb"\d{20,80}")


@cache
def _published() -> frozenset[bytes]:
    """Return the octets that pages of the guide show in hex, and the mark in place of a CAK."""
    pages = [ROOT / "README.md", *Path(PACKAGE, "guide").rglob("*.md")]
    digits = (found for page in pages for found in _KEY_DIGITS.findall(page.read_text("utf-8")))
    return frozenset(map(bytes.fromhex, digits)) | {WITHHELD}


class Canaries:
    """Keys, and the search for them."""

    def __init__(self) -> None:
        self._names: dict[bytes, str] = {}
        self._heads: Any = np.empty(0, np.uint64)

    def add(self, octets: bytes) -> None:
        """Add a key, unless text may contain it by chance."""
        if len(octets) not in LENGTHS or octets in self._names or len(self._names) > MOST_KEYS:
            return
        steps = {(b - a) % 256 for a, b in pairwise(octets)}
        if len(set(octets)) < 10 or len(steps) < 6 or octets in _published():
            return
        self._names[octets] = f"{len(octets)} octets"

    def found(self, octets: bytes) -> str | None:
        """Return the form in which `octets` hold a key, or None."""
        if len(octets) > MOST_OCTETS:
            octets = octets[: MOST_OCTETS // 2] + octets[-MOST_OCTETS // 2 :]
        if self._raw(octets):
            return "raw"
        if b"\0" in octets[:4096]:  # no text
            return None
        for form, pieces in _FORMS.items():
            if self._raw(_BETWEEN.join(pieces(octets))):
                return form
        return None

    def _raw(self, octets: bytes) -> bool:
        if len(octets) < LENGTHS[0] or not self._names:
            return False
        heads = self._sorted_heads()
        for shift in range(8):
            words = np.frombuffer(octets, "<u8", (len(octets) - shift) // 8, shift)
            places = np.minimum(np.searchsorted(heads, words), len(heads) - 1)
            for at in np.flatnonzero(heads[places] == words).tolist():
                start = shift + 8 * at
                if any(octets[start : start + length] in self._names for length in LENGTHS):
                    return True
        return False

    def _sorted_heads(self) -> Any:
        """Return the first eight octets of each key as sorted integers."""
        if len(self._heads) != len(self._names):
            octets = b"".join(key[:8] for key in self._names)
            self._heads = np.sort(np.frombuffer(octets, "<u8"))
        return self._heads


def _hex(octets: bytes) -> Iterator[bytes]:
    for match in _HEX.findall(octets):
        digits = re.sub(rb"0x|\\x|[^0-9A-Fa-f]", b"", match).decode()
        for start in (0, 1):
            whole = digits[start:]
            yield bytes.fromhex(whole[: len(whole) // 2 * 2])


def _base64(octets: bytes) -> Iterator[bytes]:
    for match in _BASE64.findall(octets):
        for start in range(4):
            part = match[start:].replace(b"-", b"+").replace(b"_", b"/")
            if len(part) % 4 == 1:
                part = part[:-1]
            yield base64.b64decode(part + b"=" * (-len(part) % 4))


def _literals(octets: bytes) -> Iterator[bytes]:
    for match in _LITERAL.findall(octets):
        try:
            value = ast.literal_eval(match.decode("ascii"))
        except (ValueError, SyntaxError):
            continue
        yield value


def _numbers(octets: bytes) -> Iterator[bytes]:
    for match in _NUMBERS.findall(octets):
        yield bytes(min(int(part), 255) for part in match.split(b","))


def _number(octets: bytes) -> Iterator[bytes]:
    for match in _NUMBER.findall(octets):
        value = int(match)
        for order in ("big", "little"):
            for length in LENGTHS:
                if value < 1 << 8 * length:
                    yield value.to_bytes(length, order)  # type: ignore[arg-type]


_FORMS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "as hex": _hex,
    "as base64": _base64,
    "as the repr of bytes": _literals,
    "as a list of numbers": _numbers,
    "as one number": _number,
}


class Plugin:
    """Plugin that notes keys and the output of tests, and searches the output for the keys."""

    def __init__(self) -> None:
        self.canaries = Canaries()
        self._seen: list[tuple[str, bytes]] = []
        self._own: set[Path] = set()
        self._patch = pytest.MonkeyPatch()

    # ---------------------------------------------------------------- notes

    def pytest_sessionstart(self) -> None:
        """Start to note keys and output."""
        make, invoke = Key.__init__, CliRunner.invoke
        communicate = subprocess.Popen.communicate
        write_text, write_bytes = Path.write_text, Path.write_bytes

        def noted_key(key: Key, octets: bytes, **more: bool) -> None:
            # A copy first: the key may overwrite its source, and refuses all that is no octets.
            copy = bytes(bytearray(octets)) if isinstance(octets, bytes | bytearray) else None
            make(key, octets, **more)
            self.canaries.add(bytes(octets) if copy is None else copy)

        def noted_invoke(runner: CliRunner, command: Any, args: Any = None, **more: Any) -> Any:
            result = invoke(runner, command, args, **more)
            debugged = "MACSEC_DEBUG" in (more.get("env") or ())
            if not debugged and (not args or args[0] != "keys" or result.exit_code):
                self._seen.append(("the command line", result.stdout_bytes + result.stderr_bytes))
            return result

        def noted_process(process: Any, *args: Any, **more: Any) -> Any:
            texts = communicate(process, *args, **more)
            for text in texts:
                if text:
                    octets = text if isinstance(text, bytes) else text.encode()
                    self._seen.append(("a process", octets))
            return texts

        def noted_text(path: Path, *args: Any, **more: Any) -> int:
            self._own.add(path.absolute())
            return write_text(path, *args, **more)

        def noted_bytes(path: Path, *args: Any) -> int:
            self._own.add(path.absolute())
            return write_bytes(path, *args)

        self._patch.setattr(Key, "__init__", noted_key)
        self._patch.setattr(CliRunner, "invoke", noted_invoke)
        self._patch.setattr(subprocess.Popen, "communicate", noted_process)
        self._patch.setattr(Path, "write_text", noted_text)
        self._patch.setattr(Path, "write_bytes", noted_bytes)
        self._note_errors()

    def _note_errors(self) -> None:
        kind = type(pytest.raises(MACsecError))
        leave = kind.__exit__

        def noted(context: Any, cls: Any, error: Any, trace: Any) -> Any:
            if isinstance(error, MACsecError):
                self._seen.append(("a traceback", traceback_with_locals(error)))
            return leave(context, cls, error, trace)

        self._patch.setattr(kind, "__exit__", noted)

    def pytest_sessionfinish(self) -> None:
        """Stop to note."""
        self._patch.undo()

    # ---------------------------------------------------------------- searches

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: Any) -> Any:
        """Fail a test that let a key out."""
        report = yield
        if call.when == "setup":
            return report
        if call.when == "call":
            self._seen += [("a file", octets) for octets in self._files(item)]
        texts = [*self._seen, *((name, text.encode()) for name, text in report.sections)]
        texts.append(("the failure", report.longreprtext.encode()))
        self._seen = []
        for where, octets in texts:
            form = self.canaries.found(octets)
            if form is not None:
                report.outcome = "failed"
                report.sections = []  # they would be shown, and searched again
                item._report_sections.clear()
                report.longrepr = f"canary: a key is in {where}, {form} ({report.nodeid})"
        if call.when == "teardown":
            self._own.clear()
        return report

    def _files(self, item: pytest.Item) -> Iterator[bytes]:
        folder = getattr(item, "funcargs", {}).get("tmp_path")
        if folder is None:
            return
        files = (path for path in sorted(folder.rglob("*")) if self._is_searched(path))
        for _, path in zip(range(MOST_FILES), files, strict=False):
            with path.open("rb") as file:
                yield file.read(MOST_OCTETS)

    def _is_searched(self, path: Path) -> bool:
        try:
            mode = path.lstat().st_mode
        except OSError:
            return False
        if not stat.S_ISREG(mode) or path.absolute() in self._own:
            return False
        return bool(mode & 0o077) or path.suffix in SEARCHED_THOUGH_PRIVATE


def traceback_with_locals(error: BaseException) -> bytes:
    """Return the locals of the package's frames and the messages, as a debugger shows an error."""
    lines: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        for frame, _ in traceback.walk_tb(seen.__traceback__):
            name = frame.f_code.co_filename
            if name.startswith(PACKAGE) and not name.startswith(VECTORS):
                lines += [f"{name} = {shown(value)}" for name, value in frame.f_locals.items()]
        lines.append(str(seen))
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\n".join(lines).encode(errors="replace")


def shown(value: Any) -> str:
    """Return the repr of a value, which may be half made or gone."""
    try:
        return repr(value)
    except Exception as error:
        return f"<{type(value).__name__}: {type(error).__name__}>"
