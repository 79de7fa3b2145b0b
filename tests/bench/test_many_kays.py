"""Many KaYs in one process: all are secured, all take the second SAK, no frame is lost."""

from __future__ import annotations

import json
from functools import partial

import many_kays
import pytest


def check(found: many_kays.Crowd, links: int) -> None:
    """Check all that does not depend on the machine."""
    assert found.participants == found.rekeyed == 2 * links
    assert found.secured_virtual_s < 10
    assert found.rekey_virtual_s < 1
    assert found.frames_sent == 14 * 2 * links
    assert found.frames_lost == 0
    assert found.hellos_a_s == pytest.approx(links, rel=0.1)


@pytest.mark.native
@pytest.mark.parametrize("option", ["--links", "--cas"])
def test_a_few_of_them(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints what it measured: links of a lab, or CAs on one port by VLAN."""
    assert many_kays.main([option, "3", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    del printed["machine"]
    check(many_kays.Crowd(**printed), 3)


@pytest.mark.native
@pytest.mark.exhaustive
def test_a_thousand_participants() -> None:
    """At most 100 kB each."""
    found = many_kays.measure(partial(many_kays.links, 500))
    check(found, 500)
    assert found.kib_each < 100_000 / 1024
