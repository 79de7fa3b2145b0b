"""The kernel peer itself: a command that hangs does not take the guest with it."""

from __future__ import annotations

import pytest
from interop.kernel_peer import kpeer
from interop.kernel_peer.bench import Bench


def test_a_command_that_takes_too_long_is_killed_and_the_next_one_runs(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all that it started; the failure has the command and what it printed so far."""
    monkeypatch.setattr(kpeer, "PATIENCE", 20)
    with pytest.raises(pytest.fail.Exception, match=r"not in 11 s: echo begun.*\nbegun"):
        bench.kernel.sh("echo begun; (sleep 1000 | cat)", seconds=1)
    assert "sleep" not in bench.kernel.ok("cat /proc/[0-9]*/comm")
    assert bench.kernel.sh("exit 7") == (7, "")
