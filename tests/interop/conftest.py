"""The kernel peer as a fixture: one for all tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from interop.kernel_peer.bench import Bench, need, running


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Iterator[Bench]:
    """Return a bench for all tests here."""
    need()
    with running(tmp_path_factory.mktemp("kernel")) as made:
        yield made
