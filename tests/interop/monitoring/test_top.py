"""`macsec top` on a real terminal above real taps: seen as an operator sees it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.real import hosts
from support.real.taps import Tap, mka_configuration
from support.real.terminal import Terminal, on_terminal

pytest.importorskip("macsec._native", reason="the native data plane is not built")
pytest.importorskip("textual", reason="textual is not installed: pip install 'macsec[top]'")

pytestmark = pytest.mark.programs
CAK = "5a" * 16
A, B = "10.7.0.1", "10.7.0.2"
ECHOES = 25
TOP = (sys.executable, "-m", "macsec", "top")


@pytest.fixture(scope="module")
def taps(tmp_path_factory) -> Iterator[tuple[Tap, Tap]]:
    """Return two secured taps on a cable, after traffic."""
    hosts.need("ping")
    folder: Path = tmp_path_factory.mktemp("top")
    with ExitStack() as stack:
        both = stack.enter_context(hosts.hosts(folder))
        hosts.cable(*both)
        made = []
        for at, host in enumerate(both):
            config = mka_configuration(folder / f"{at}.yaml", CAK, 10 + at)
            made.append(stack.enter_context(closing(Tap(host, "wire", config, (A, B)[at]))))
        hosts.until(lambda: all(tap.secured for tap in made), "both are secured", made[0].process)
        made[0].host.run("ping", "-n", "-q", "-c", str(ECHOES), "-i", "0.01", "-W", "1", B)
        yield made[0], made[1]


def namespace_of(tap: Tap) -> int:
    """Return the number of its network namespace."""
    with tap.host.inside():
        return Path("/proc/thread-self/ns/net").stat().st_ino


def name_of(tap: Tap) -> str:
    """Return the name of a source: the other tap has an interface of the same name."""
    return f"tap ms0 @{str(namespace_of(tap))[-4:]}"


def printed(*words: str) -> str:
    """Return what a verb prints here."""
    command = [sys.executable, "-m", "macsec", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def values(text: str, source: str, port: str = "ms0") -> dict[str, int]:
    """Return the counters of a source on the screen of counters."""
    row = re.compile(rf"^{re.escape(source)} +{port} +(\S+) +([\d,]+) ", re.M)
    return {name: int(total.replace(",", "")) for name, total in row.findall(text)}


def exported(metrics: str, namespace: int) -> dict[str, int]:
    """Return the counters of a SecY among metrics."""
    return {
        sample.labels["counter"]: int(sample.value)
        for family in text_string_to_metric_families(metrics)
        for sample in family.samples
        if sample.name.startswith("macsec_secy_") and sample.labels["namespace"] == str(namespace)
    }


def at_rest(tap: Tap) -> tuple[dict[str, Any], str, str]:
    """Return the answers of `mka status`, `top` and the exporter, between which no frame came."""
    for _ in range(10):
        before = tap.report()
        found = before, printed("top", "--once"), printed("exporter", "--once")
        if tap.report()["counters"] == before["counters"]:
            return found
    pytest.fail("frames come all the time")


def test_numbers_are_those_of_status_and_of_the_exporter(taps):
    """Counters of the SecY, next PN, peers: the same as `mka status` and `exporter --once`."""
    for tap in taps:
        name = name_of(tap)
        before, text, metrics = at_rest(tap)
        secy = {key: n for key, n in values(text, name).items() if "-" not in key}
        assert secy == {key: n for key, n in before["counters"].items() if n and key in secy}
        assert secy["InPktsOK"] >= ECHOES
        assert secy == {key: n for key, n in exported(metrics, namespace_of(tap)).items() if n}
        (peer,) = re.findall(rf"^{re.escape(name)} +ms0 +(\w{{16}}) +(\w+) +live", text, re.M)
        (member,) = before["mka"]["participants"]
        assert peer[1] in json.dumps(member)
        assert re.search(rf"^{re.escape(name)} +ms0 +secured", text, re.M)
        assert CAK not in text


def test_screens_keys_and_end_on_a_terminal(taps):
    """Every screen at 80 x 24; q ends it with the terminal as it was; no mouse is asked for."""
    with on_terminal(*TOP, "--interval", "0.5") as terminal:
        terminal.until_row("(tap|lab|kernel) ")  # those of other tests may fill all rows
        assert terminal.colours > {"default"}
        for key, seen in zip("spce", ("next PN", "Key Server", "InPktsOK", "answers"), strict=True):
            terminal.press(key)
            terminal.until(seen)
        terminal.press("?")
        terminal.until("these keys")
        assert not re.search(rb"\x1b\[\?100[023]h", terminal.octets)
        terminal.press("\x1b")
        terminal.until("answers")
        terminal.press("q")
        end(terminal)


def end(terminal: Terminal) -> None:
    """Wait for the end, which leaves the other screen and shows the cursor."""
    assert terminal.closed() == 0
    assert b"\x1b[?1049l" in terminal.octets
    assert b"\x1b[?25h" in terminal.octets


def test_without_colour_nothing_is_coloured(taps):
    """NO_COLOR, also on a terminal of 120 columns; a repeated answer draws little."""
    with on_terminal(*TOP, "--interval", "0.2", columns=120, rows=60, NO_COLOR="1") as terminal:
        terminal.until(name_of(taps[1]))
        terminal.press("s")
        terminal.until("PN/s")
        assert terminal.colours == {"default"}
        assert not re.search(rb"\x1b\[(?:\d+;)*(?:3[0-7]|4[0-7]|[34]8;[\d;]+)m", terminal.octets)
        terminal.press("\x03")
        end(terminal)


def test_tap_that_is_killed_keeps_its_row(taps):
    """Its row has no answer, and the peer is not secured; the last test, since it ends both."""
    one, two = taps
    other, name = name_of(one), name_of(two)
    with on_terminal(*TOP, "--interval", "0.2", columns=160, rows=60) as terminal:
        terminal.until_row(f"{re.escape(name)} +ms0 +secured")
        two.kill()
        terminal.until_row(f"{re.escape(name)} +ms0 +no answer")
        terminal.until("no process answers")
        terminal.until_row(f"{re.escape(other)} +ms0 +not secured")
        one.end()
        terminal.until_row(f"{re.escape(other)} +ms0 +gone")
        terminal.press("x")
        hosts.until(lambda: other not in terminal.text, "gone rows are removed")
        terminal.press("q")
        end(terminal)
