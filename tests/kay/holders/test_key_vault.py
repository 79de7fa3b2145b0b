"""Key Vault secrets through the official client, from a local server of its protocol."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.mka import vaults
from support.mka.vaults import TOKEN, Vault

from macsec.cli.shared.keys import vault as cli_vault
from macsec.cli.shared.keys.vault import client
from macsec.config import MacSecConfigSection
from macsec.errors import ConfigError, EnvironmentLacks, MACsecError
from macsec.kay.holders.key_vault import fetch
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.keys import Key

pytest.importorskip("azure.keyvault.secrets", reason="azure-keyvault-secrets is not installed")
pytest.importorskip("azure.identity", reason="azure-identity is not installed")

CANARY = "c0ffee00decafbad0123456789abcdef"
SUITE = "gcm-aes-128"


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vault]:
    """Yield a vault with a CKN and a CAK, and the managed identity that may read it."""
    cli_vault._credential.cache_clear()
    with vaults.vault(tmp_path) as found:
        monkeypatch.setenv("IDENTITY_ENDPOINT", found.identity)
        monkeypatch.setenv("IDENTITY_HEADER", "header")
        found.secrets = {("ckn", ""): "11223344", ("cak", "7"): f" {CANARY}\n", ("cak", ""): "00"}
        yield found


def section(vault: Vault, ckn: str = "ckn", cak: str = "cak/7") -> MacSecConfigSection:
    """Return the section as in the properties of a link."""
    return MacSecConfigSection.model_validate(
        {
            "cknSecretIdentifier": f"{vault.url}/secrets/{ckn}",
            "cakSecretIdentifier": f"{vault.url}/secrets/{cak}",
            "cipher": "GcmAes128",
            "sciState": "Enabled",
        }
    )


def clients(vault: Vault) -> Any:
    """Return the clients of the command line; the vault is not under vault.azure.net."""
    return partial(
        client,
        connection_verify=str(vault.authority),
        verify_challenge_resource=False,
        retry_total=0,
    )


def test_both_secrets_are_read_with_the_managed_identity(
    vault: Vault, caplog: pytest.LogCaptureFixture
) -> None:
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
def test_unusable_secrets_are_refused_without_their_value(
    vault: Vault, ckn: str, cak: str, kind: type[Exception], said: str
) -> None:
    """A missing or forbidden secret, or one that is not a key: one line with the identifier."""
    vault.secrets |= {("word", ""): "c0ffee-is-no-hex", ("long", ""): "00" * 33}
    vault.forbidden = {"secret"}
    with pytest.raises(kind, match=said) as caught:
        fetch(section(vault, ckn, cak), SUITE, clients(vault))
    assert "c0ffee" not in str(caught.value)


def test_refused_identity_is_an_error(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint of the identity answers 401."""
    monkeypatch.setenv("IDENTITY_HEADER", "other")
    with pytest.raises(MACsecError, match="refused the identity"):
        fetch(section(vault), SUITE, clients(vault))


def test_unreachable_vault_is_an_error(vault: Vault) -> None:
    """No server at the address."""
    gone = section(vault).model_copy(
        update={"ckn_secret_identifier": "https://127.0.0.1:9/secrets/x"}
    )
    with pytest.raises(MACsecError, match="cannot be read"):
        fetch(gone, SUITE, partial(client, retry_total=0))


@pytest.mark.parametrize("identifier", ["http://v/secrets/x", "https://v/keys", "c0ffee", ""])
def test_text_that_is_no_identifier_sends_no_request(vault: Vault, identifier: str) -> None:
    """Other schemes, other paths, no URL."""
    bad = section(vault).model_copy(update={"ckn_secret_identifier": identifier})
    with pytest.raises(ConfigError, match="no secret identifier"):
        fetch(bad, SUITE, clients(vault))
    assert vault.asked == []


def test_missing_library_names_the_package(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the package to install."""
    import sys

    monkeypatch.setitem(sys.modules, "azure.keyvault.secrets", None)
    with pytest.raises(EnvironmentLacks, match=r"pip install 'macsec\[azure\]'"):
        fetch(section(vault), SUITE, lambda url: None)
