"""`macsec otg`: what its options refuse before it listens."""

from __future__ import annotations

import sys

import pytest
from click.testing import CliRunner

from macsec.cli import cli
from macsec.cli.servers.otg import _impairments


def refusal(monkeypatch: pytest.MonkeyPatch, *args: str) -> str:
    """The error of a command line, with the extra in place or not."""
    for name in ("starlette", "uvicorn"):
        monkeypatch.setitem(sys.modules, name, sys)  # any module: none is used before the refusal
    result = CliRunner().invoke(cli, ["otg", *args])
    assert result.exit_code
    return f"{result.output}{result.stderr}{result.exception}"


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["--listen", "0.0.0.0:8443"], "CAKs would cross the network in clear; give --tls-cert"),
        (["--listen", "8443"], "expected an IP address, a colon and a port"),
        (["--listen", "[::1]:99999"], "a port is 0 to 65535"),
        (["--tls-cert", "x.pem"], "--tls-cert and --tls-key go together"),
        (["--tls-cert", "no.pem", "--tls-key", "no.pem"], "--tls-cert no.pem, --tls-key no.pem: "),
        (["--wire", "w1"], "expected NAME=NETEM"),
        (["--wire", "w1=delay"], "--wire w1: "),
        (["--wire", "w1=delay 1ms", "--wire", "w1=loss 1%"], "--wire w1: twice"),
        (["--speed", "0"], "0.01<=x<=1000"),
    ],
)
def test_wrong_option_is_refused_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, args: list[str], line: str
) -> None:
    """In one line, before anything listens."""
    assert line in refusal(monkeypatch, *args)


def test_missing_extra_is_refused_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starlette and uvicorn are no dependencies of the package."""
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    result = CliRunner().invoke(cli, ["otg"])
    assert "pip install 'macsec[otg]'" in f"{result.output}{result.stderr}{result.exception}"


def test_wires_are_netem_lines_by_name() -> None:
    """The limit of tc is part of a line."""
    assert _impairments(("w1=delay 1ms loss 1%", "w2=rate 1gbit"))["w1"]["delay"] == 1_000_000
