"""The mark of one record: it only rises, and only the process that opened it writes."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest

from macsec.custody import numbers


class RecordInMemory:
    """A folder with one record, which keeps every value that is written."""

    def __init__(self) -> None:
        self.written: list[int] = []

    def read(self, of: Any) -> Any:
        """Return the record."""
        return SimpleNamespace(next_pn=100)

    def lock(self, of: Any) -> int:
        """Lock it."""
        return 1

    def unlock(self, lock: int) -> None:
        """Release it."""

    def where(self, of: Any) -> str:
        """Return its name."""
        return "record"

    def write(self, record: Any) -> None:
        """Keep the value."""
        self.written.append(record.next_pn)


@pytest.fixture
def folder() -> RecordInMemory:
    """A record with nextPN 100."""
    return RecordInMemory()


def opened(folder: RecordInMemory) -> Any:
    """Return the PNs of the record."""
    return numbers.PacketNumbers(folder, SimpleNamespace(), 1, False)


def test_mark_never_falls(folder: RecordInMemory) -> None:
    """A mark at or below the present one writes nothing."""
    pns = opened(folder)
    pns.reserve(200)
    pns.reserve(200)
    pns.reserve(150)
    assert (pns.mark, folder.written) == (200, [200])


def test_another_process_settles_nothing(
    folder: RecordInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the child of a fork the end of a SecY leaves the record alone."""
    pns = opened(folder)
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: -1)
        pns.settle(120)
    assert folder.written == []
    pns.settle(120)
    assert folder.written == [120]
