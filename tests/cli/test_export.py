"""`macsec export yang`: configurations, and its mistakes."""

from __future__ import annotations

import json

import pytest
from cli.conftest import Desk

STATIC = {
    "secy": {"cipher": "gcm-aes-256"},
    "tx": {"sci": "0200000000010001", "sa": {"0": {"key": "11" * 32}}},
}
AGREED = {"mka": {"cak": "22" * 16, "ckn": "6b6579", "priority": 5, "port": 2}}


def private(desk: Desk, given: object) -> str:
    """Write a configuration that only its owner can read; return its path."""
    path = desk.folder / "port.yaml"
    path.touch(mode=0o600)
    path.write_text(json.dumps(given))
    return str(path)


@pytest.mark.parametrize("given", [STATIC, AGREED], ids=["static", "mka"])
def test_a_configuration_becomes_instance_data_without_keys(desk: Desk, given: object) -> None:
    """NAME is the interface; the SCI of a port that does not run has a local address."""
    path = private(desk, given)
    done = desk.run("export", "yang", "sec7", "-c", path)
    found = json.loads(done.stdout)
    (port, common) = found["ietf-interfaces:interfaces"]["interface"]
    assert (port["name"], common["name"]) == ("sec7", "sec7.common")
    assert "11" * 16 not in done.stdout
    assert "22" * 16 not in done.stdout
    secy = port["ieee802-dot1x:pae"]["ieee802-dot1ae-secy:secy"]
    assert secy["generation"]["sci-base"] in {"02-00-00-00-00-01-0001", "02-00-00-00-00-00-0002"}


def test_openconfig_is_another_model(desk: Desk) -> None:
    """The policy has the configured priority."""
    path = private(desk, AGREED)
    found = json.loads(desk.run("export", "yang", "-c", path, "--model", "openconfig").stdout)
    (policy,) = found["openconfig-macsec:macsec"]["mka"]["policies"]["policy"]
    assert policy["config"]["key-server-priority"] == 5


@pytest.mark.parametrize(
    "args, code, reason",
    [
        ((), 2, "give NAME, -c FILE or --lab"),
        (("-c", "port.yaml", "--lab"), 2, "give one of -c and --lab"),
        (("-c", "nowhere.yaml"), 2, "nowhere.yaml"),
        (("none0",), 1, "none0: no macsec tap runs under this name"),
    ],
)
def test_mistakes_have_one_line(desk: Desk, args: tuple[str, ...], code: int, reason: str) -> None:
    """And the documented exit code."""
    private(desk, AGREED)
    done = desk.run("export", "yang", *args, code=code)
    assert reason in done.stderr
    assert done.stdout == ""
