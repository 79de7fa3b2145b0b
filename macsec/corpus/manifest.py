"""The manifest of a run: a result for each finished capture, in segments that appear whole.

An object store cannot append. So results are kept until `SEGMENT` of them, or a time, have come,
and then written as one file. What a crash loses is done again, with the same octets. At the end of
a run all results are in one file for readers, which no later run depends on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from macsec.errors import ConfigError

from . import store
from .order import CaptureJson
from .store import OWN_FOLDER

SEGMENT = 1000
SECONDS = 10.0
_PREFIX = "done-"
_SEGMENT = re.compile(rf"{_PREFIX}(\d{{6,}})\.jsonl")
WHOLE = "_manifest.jsonl"
"""File of DEST with a line for each finished capture, by name."""


class Manifest:
    """Results by the name of the capture: those of earlier runs, and those of this one."""

    def __init__(self, dest: str, clock: Callable[[], float]) -> None:
        self._folder, self._clock = store.joined(dest, OWN_FOLDER), clock
        self._whole = store.joined(dest, WHOLE)
        self.done: dict[str, CaptureJson] = {}
        self._held: list[CaptureJson] = []
        self._since = clock()
        self._segments = 0
        for name in store.names_in(self._folder):
            number = _SEGMENT.fullmatch(name)
            if number is not None:
                self._segments = max(self._segments, int(number[1]))
                where = store.joined(self._folder, name)
                for result in results_in(store.fetched(where) or b"", store.shown(where)):
                    self._note(result)

    def _note(self, result: CaptureJson) -> None:
        self.done[result["name"]] = result

    def has(self, name: str, stamp: str) -> bool:
        """Return whether a capture is finished: it has results, and is the same as then."""
        result = self.done.get(name)
        return result is not None and result["error"] is None and result["stamp"] == stamp

    def add(self, result: CaptureJson) -> None:
        """Add a result."""
        self._note(result)
        self._held.append(result)
        if len(self._held) >= SEGMENT or self._clock() - self._since >= SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write the results that are held."""
        if self._held:
            self._segments += 1
            name = f"{_PREFIX}{self._segments:06d}.jsonl"
            store.put(store.joined(self._folder, name), _lines(self._held))
            self._held.clear()
        self._since = self._clock()

    def close(self) -> None:
        """Write the results that are held, and the file of all results."""
        self.flush()
        store.put(self._whole, _lines([self.done[name] for name in sorted(self.done)]))


def results_in(octets: bytes, where: str) -> list[CaptureJson]:
    """Return the results of a segment. Raises ConfigError for other octets, which names it."""
    try:
        results = [json.loads(line) for line in octets.splitlines()]
    except ValueError:
        results = [None]
    members = set(CaptureJson.__annotations__)
    if not all(isinstance(each, dict) and members <= each.keys() for each in results):
        raise ConfigError(f"{where} is no manifest of a corpus: choose another DEST")
    return results


def _lines(results: Sequence[CaptureJson]) -> bytes:
    return "".join(json.dumps(result) + "\n" for result in results).encode()
