"""`mka.eap`: its entries, spellings of a server, and what is refused with the place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from macsec.config import load
from macsec.config.scalars import RadiusServer
from macsec.errors import ConfigError

pytest.importorskip("pyrad")

from macsec.kay.eap.assemble import eap_of


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a secret, which is the current one."""
    path = tmp_path / "secret"
    path.touch(mode=0o600)
    path.write_text("a secret\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def given(**more: Any) -> dict[str, Any]:
    """Return a configuration with EAP; None leaves an entry out."""
    eap = {"radius": "192.0.2.1", "secret": "file:secret"} | more
    return {"mka": {"eap": {name: value for name, value in eap.items() if value is not None}}}


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.1", ("192.0.2.1", 1812)),
        ("radius.example:18120", ("radius.example", 18120)),
        ("[2001:db8::1]", ("2001:db8::1", 1812)),
        ("[2001:db8::1]:1645", ("2001:db8::1", 1645)),
    ],
)
def test_a_server_is_a_host_and_a_port(folder, text, server):
    """The port of RADIUS by default; an address of IPv6 in brackets."""
    parts = eap_of(load(given(radius=text)))
    assert parts is not None
    assert parts.server == RadiusServer(*server)


def test_defaults_are_those_of_the_standard(folder):
    """802.1X 8.6: an hour, a minute, two repetitions."""
    parts = eap_of(load(given()))
    assert parts is not None
    times = parts.policy.times
    assert (times.reauth_period, times.quiet_period, times.retry_max) == (3600, 60, 2)
    assert (parts.policy.cak_length, parts.policy.cache_lifetime) == (16, 28800)
    assert eap_of(load({"mka": {"ckn": "11", "cak": "00" * 16}})) is None


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"radius": "a host"}, "HOST:PORT"),
        ({"radius": "host:0"}, "HOST:PORT"),
        ({"radius": "host:65536"}, "HOST:PORT"),
        ({"radius": None}, "radius"),
        ({"secret": "a secret"}, "reference"),
        ({"secret": "file:none"}, "cannot read"),
        ({"cak_length": 24}, "16 or 32"),
        ({"reauth_period": 1 << 32}, "too large"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(folder, more, why):
    """With its place, and without the secret."""
    with pytest.raises(ConfigError, match=why) as raised:
        eap_of(load(given(**more)))
    assert "\n" not in str(raised.value)
    assert "a secret" not in str(raised.value)


def test_an_authenticator_cannot_be_without_a_key_server(folder):
    """It is the Key Server of its CAK."""
    tree = given()
    tree["mka"]["key_server"] = "off"
    with pytest.raises(ConfigError, match="Authenticator"):
        load(tree)
