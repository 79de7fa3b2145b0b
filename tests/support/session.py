"""A pytest plugin: which tests a run takes, on how many processes, and what it left out."""

from __future__ import annotations

from collections import Counter
from os.path import abspath
from typing import Any

import pytest

LEFT_OUT = pytest.StashKey[int]()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Use this process alone where a debugger or a measurement needs it, or for a single file."""
    option = config.option
    alone = option.capture == "no" or option.trace or option.benchmark_enable
    files = {argument.partition("::")[0] for argument in config.args}
    single = len(files) == 1 and (config.invocation_params.dir / files.pop()).is_file()
    return 0 if alone or single else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out exhaustive tests, unless `-m` names the marker or the test or its file is named."""
    if "exhaustive" in config.option.markexpr or config.option.benchmark_enable:
        return
    named = tuple(abspath(config.invocation_params.dir / argument) for argument in config.args)
    left_out = [item for item in items if _is_exhaustive(item) and not _is_named(item, named)]
    config.hook.pytest_deselected(items=left_out)
    gone = set(left_out)
    items[:] = [item for item in items if item not in gone]
    config.stash[LEFT_OUT] = len(left_out)


def _is_exhaustive(item: pytest.Item) -> bool:
    return item.get_closest_marker("exhaustive") is not None


def _is_named(item: pytest.Item, named: tuple[str, ...]) -> bool:
    """Return whether one of the arguments is this test, all its cases, its class, or its file."""
    whole = f"{item.path}::{item.nodeid.partition('::')[2]}"
    return any(whole == one or whole.startswith((f"{one}[", f"{one}::")) for one in named)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send the number of tests left out from a process of pytest-xdist to the first process."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = session.config.stash.get(LEFT_OUT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take that number; each process collects the same tests."""
    left_out = getattr(node, "workeroutput", {}).get("left_out", 0)
    node.config.stash[LEFT_OUT] = left_out


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print one line for each reason of a skip, and one for the tests left out."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"skipped {count}: {reason}")
    left_out = config.stash.get(LEFT_OUT, 0)
    if left_out:
        terminalreporter.write_line(
            f"left out {left_out} exhaustive tests: run them with `pytest -m exhaustive`, "
            'all tests with `pytest -m "exhaustive or not exhaustive"`'
        )
