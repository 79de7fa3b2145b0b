"""Key Vault secrets through the official client, from a stand-in that speaks its protocol."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support import vaults
from support.vaults import TOKEN, Vault

from macsec.cli.shared import vault as cli_vault
from macsec.cli.shared.vault import client
from macsec.config import MacSecConfigSection
from macsec.errors import ConfigError, EnvironmentLacks, MACsecError
from macsec.kay.cak_holder import MemoryHolder
from macsec.kay.holders.key_vault import fetch
from macsec.keys import Key

pytest.importorskip("azure.keyvault.secrets", reason="azure-keyvault-secrets is not installed")
pytest.importorskip("azure.identity", reason="azure-identity is not installed")

CANARY = "c0ffee00decafbad0123456789abcdef"
SUITE = "gcm-aes-128"


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vault]:
    """A vault with a CKN and a CAK, and the managed identity that may read it."""
    cli_vault._credential.cache_clear()
    with vaults.vault(tmp_path) as found:
        monkeypatch.setenv("IDENTITY_ENDPOINT", found.identity)
        monkeypatch.setenv("IDENTITY_HEADER", "header")
        found.secrets = {("ckn", ""): "11223344", ("cak", "7"): f" {CANARY}\n", ("cak", ""): "00"}
        yield found


def section(vault: Vault, ckn: str = "ckn", cak: str = "cak/7") -> MacSecConfigSection:
    """As it stands in the properties of a link."""
    return MacSecConfigSection.model_validate(
        {
            "cknSecretIdentifier": f"{vault.url}/secrets/{ckn}",
            "cakSecretIdentifier": f"{vault.url}/secrets/{cak}",
            "cipher": "GcmAes128",
            "sciState": "Enabled",
        }
    )


def clients(vault: Vault) -> Any:
    """The command line's clients; the vault is not under vault.azure.net."""
    return partial(
        client,
        connection_verify=str(vault.authority),
        verify_challenge_resource=False,
        retry_total=0,
    )


def test_both_secrets(vault: Vault, caplog: pytest.LogCaptureFixture) -> None:
    """Challenge, token of the managed identity, secret; the version named, or the newest."""
    caplog.set_level(logging.DEBUG)
    held = fetch(section(vault), SUITE, clients(vault))
    want = MemoryHolder(Key(bytes.fromhex(CANARY)), bytes.fromhex("11223344"))
    assert (held.ckn, held.cak_length) == (want.ckn, 16)
    assert held.icv(b"message") == want.icv(b"message")
    first, second = vault.asked[0], vault.asked[1]
    assert first == ("/secrets/ckn/", None) or first == ("/secrets/ckn", None)
    assert second[1] == f"Bearer {TOKEN}"
    assert {path.rstrip("/") for path, _ in vault.asked} == {"/secrets/ckn", "/secrets/cak/7"}
    assert vault.identities[0]["resource"] == ["https://vault.azure.net"]
    assert CANARY not in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    "ckn, cak, kind, said",
    [
        ("none", "cak/7", MACsecError, "secrets/none: there is no such secret"),
        ("ckn", "cak/8", MACsecError, "secrets/cak/8: there is no such secret"),
        ("ckn", "secret", MACsecError, "secrets/secret: reading is not allowed"),
        ("ckn", "cak", ConfigError, "GcmAes128 has a CAK of 32 hex digits, the secret has 2"),
        ("ckn", "word", ConfigError, "cakSecretIdentifier: the secret is not an even number"),
        ("long", "cak/7", ConfigError, "a CKN of 2 to 64 hex digits"),
    ],
)
def test_refused(vault: Vault, ckn: str, cak: str, kind: type[Exception], said: str) -> None:
    """What is missing, forbidden or no key: one line with the identifier, without the value."""
    vault.secrets |= {("word", ""): "c0ffee-is-no-hex", ("long", ""): "00" * 33}
    vault.forbidden = {"secret"}
    with pytest.raises(kind, match=said) as caught:
        fetch(section(vault, ckn, cak), SUITE, clients(vault))
    assert "c0ffee" not in str(caught.value)


def test_no_identity(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """The identity's endpoint says no."""
    monkeypatch.setenv("IDENTITY_HEADER", "other")
    with pytest.raises(MACsecError, match="refused the identity"):
        fetch(section(vault), SUITE, clients(vault))


def test_no_vault(vault: Vault) -> None:
    """Nobody answers."""
    gone = section(vault).model_copy(
        update={"ckn_secret_identifier": "https://127.0.0.1:9/secrets/x"}
    )
    with pytest.raises(MACsecError, match="cannot be read"):
        fetch(gone, SUITE, partial(client, retry_total=0))


@pytest.mark.parametrize("identifier", ["http://v/secrets/x", "https://v/keys", "c0ffee", ""])
def test_no_identifier(vault: Vault, identifier: str) -> None:
    """A text that is no secret identifier never becomes a request."""
    bad = section(vault).model_copy(update={"ckn_secret_identifier": identifier})
    with pytest.raises(ConfigError, match="no secret identifier"):
        fetch(bad, SUITE, clients(vault))
    assert vault.asked == []


def test_without_the_library(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install is told."""
    import sys

    monkeypatch.setitem(sys.modules, "azure.keyvault.secrets", None)
    with pytest.raises(EnvironmentLacks, match=r"pip install 'macsec\[azure\]'"):
        fetch(section(vault), SUITE, lambda url: None)
