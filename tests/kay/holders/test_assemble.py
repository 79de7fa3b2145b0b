"""Keys and policy from a configuration: every holder, on the KaY's clock."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.mka import tokens
from support.mka.stores import KEK, counting

from macsec.config import load, write
from macsec.errors import ConfigError, EnvironmentLacks
from macsec.kay.holders import CakStore, Edge, StoredCak, chain_of, policy_of
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.kay.policy import PeerRole, Security, Unauthenticated
from macsec.keys import Key

CANARY = "c0ffee00decafbad0123456789abcdef"
S = 10**9
WALL = 1_700_000_000 * S


def test_policy_takes_each_entry_of_the_configuration() -> None:
    """Entries of `mka`, and the cipher and offset of `secy`."""
    policy = policy_of(
        load(
            {
                "secy": {"cipher": "gcm-aes-256", "offset": 30},
                "mka": {
                    "cak": CANARY,
                    "ckn": "01",
                    "priority": 7,
                    "key_server": False,
                    "policy": "should-secure",
                    "delay_protection": True,
                    "sak_rekey_interval": 30,
                    "sak_rekey_on_live_peer_loss": False,
                    "include_icv_indicator": True,
                    "destination": "ffffffffffff",
                    "suites": ["gcm-aes-256", "gcm-aes-xpn-256"],
                    "desired": False,
                    "capability": 0,
                    "ans": 2,
                    "eapol_ethertype": "876F",
                    "hello_time": "10",
                    "life_time": "45",
                    "use_updated_eth_header": "off",
                    "ciphers": ["GCM-AES-XPN-256"],
                    "announce": "on",
                    "announce_frames": "on",
                    "kmd": "campus",
                    "nid": "lab",
                    "require_kmd": "on",
                    "peer_role": "server",
                    "hello_ramp": ["100", "200"],
                    "send_empty_sak": "off",
                    "send_empty_sak_use": "off",
                    "single_participant": "on",
                    "unauthenticated": "authfail",
                },
            }
        )
    )
    assert [suite.name for suite in policy.ciphers] == ["gcm-aes-xpn-256"]
    assert (policy.announce, policy.announce_frames) == (True, True)
    assert (policy.kmd, policy.nid, policy.require_kmd) == ("campus", "lab", True)
    assert (policy.peer_role, policy.hello_ramp) == (PeerRole.SERVER, (100, 200))
    assert (policy.send_empty_sak, policy.send_empty_sak_use) == (False, False)
    assert (policy.single_participant, policy.access) == (True, Unauthenticated.AUTH_FAIL)
    assert (policy.security, policy.key_server_priority) == (Security.SHOULD_SECURE, 7)
    assert (policy.cipher.name, policy.offset, policy.key_server) == ("gcm-aes-256", 30, False)
    assert (policy.delay_protection, policy.sak_rekey_interval) == (True, 30)
    assert not policy.sak_rekey_on_live_peer_loss
    assert policy.include_icv_indicator
    assert policy.destination == b"\xff" * 6
    assert [suite.name for suite in policy.suites] == ["gcm-aes-256", "gcm-aes-xpn-256"]
    assert (policy.desired, policy.capability, policy.ans) == (False, 0, 2)
    assert (policy.hello_time, policy.life_time) == (10, 45)
    assert (policy.eapol_ethertype, policy.use_updated_eth_header) == (0x876F, False)


@pytest.mark.parametrize(
    "text, octets",
    [
        ("pae", "0180c2000003"),
        ("Broadcast", "ffffffffffff"),
        ("lldp", "0180c200000e"),
        ("bridge", "0180c2000000"),
        ("provider-bridge", "0180c2000008"),
        ("02-00-00-00-00-bb", "0200000000bb"),
    ],
)
def test_the_destination_is_a_word_or_an_address(text: str, octets: str) -> None:
    """A group, all stations, or one."""
    policy = policy_of(load({"mka": {"cak": CANARY, "ckn": "01", "destination": text}}))
    assert policy.destination.hex() == octets


@pytest.mark.parametrize("eapol, sectags", [("876f", "876f"), ("888e", "9876")])
def test_eapol_and_sectags_differ_in_ethertype(tmp_path: Path, eapol: str, sectags: str) -> None:
    """A port could not keep them apart: the entry is named, in any order of the file."""
    key = f"mka:\n  ckn: 01\n  cak: {CANARY}\n"
    path = tmp_path / "c.yaml"
    path.write_text(f"{key}  eapol_ethertype: {eapol}\nsecy:\n  ethertype: {sectags}\n")
    path.chmod(0o600)
    if eapol != sectags:
        assert load(path).secy.ethertype == int(sectags, 16)
        return
    with pytest.raises(ConfigError) as refused:
        load(path)
    wanted = "c.yaml:4: mka.eapol_ethertype: 876f is the EtherType of SecTAGs too"
    assert wanted in str(refused.value)
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize(
    "entry, line, reason",
    [
        ("priority: 256", 6, "mka.priority: key server priority 256 is not 0 to 255"),
        ("capability: 4", 6, "mka.capability: MACsec capability 4 is not 0 to 3"),
        ("capability: 1", 6, "mka.capability: offset 30 and encryption need capability 3, not 1"),
        ("suites: [gcm-aes-256]", 6, "mka.suites: gcm-aes-128 is not among the accepted suites"),
        ("suites: [gcm-aes-1]", 6, "mka.suites: expected gcm-aes-128"),
        ("suites: []", 6, "mka.suites: expected a list of gcm-aes-128"),
        ("desired: maybe", 6, "mka.desired: expected on or off, not 'maybe'"),
        (
            "destination: 000000000000",
            6,
            "mka.destination: expected a MAC address that is not zero",
        ),
        ("destination: peer", 6, "mka.destination: expected a MAC address, or pae, bridge, "),
        ("eapol_ethertype: 88e5", 6, "mka.eapol_ethertype: EAPOL has the EtherType 888e, or 876f"),
        ("eapol_ethertype: 34671", 6, "mka.eapol_ethertype: expected an EtherType of 4 hex"),
        ("hello_time: 61", 6, "mka.hello_time: Hello Time 61: expected 1 to 60 seconds"),
        ("life_time: 2", 6, "mka.life_time: Life Time 2: expected more than the Hello Time of 2"),
        ("hello_ramp: [5]", 6, "mka.hello_ramp: hello ramp: expected at most 8 intervals of 10"),
        ("peer_role: both", 6, "mka.peer_role: expected any, server or client"),
        ("unauthenticated: authFail", 6, "mka.unauthenticated: must-secure admits nothing"),
        ("require_kmd: on", 6, "mka.require_kmd: require_kmd needs a kmd"),
        ("suites: gcm-aes-128\n  ciphers: gcm-aes-256", 7, "mka.ciphers: ciphers: each once"),
        ("ans: 5", 6, "mka.ans: 5 ANs: expected 2, 3 or 4"),
        ("sak_rekey_interval: 29", 6, "mka.sak_rekey_interval: SAK rekey interval 29"),
    ],
)
def test_a_wrong_entry_is_named_with_its_line(
    tmp_path: Path, entry: str, line: int, reason: str
) -> None:
    """Also where two entries disagree."""
    file = tmp_path / "c.yaml"
    file.write_text(f"secy:\n  offset: 30\nmka:\n  ckn: 01\n  cak: {CANARY}\n  {entry}\n")
    file.chmod(0o600)
    with pytest.raises(ConfigError) as caught:
        policy_of(load(file))
    assert str(caught.value).startswith(f"{file}:{line}: {reason}")


def test_an_entry_of_secy_is_named_with_its_line(tmp_path: Path) -> None:
    """A rule of the KaY about the suite."""
    file = tmp_path / "c.yaml"
    xpn = "cipher: gcm-aes-xpn-128, offset: 30"
    file.write_text(f"mka: {{ckn: 01, cak: env:A}}\nsecy: {{{xpn}}}\n")
    with pytest.raises(ConfigError, match=r"c\.yaml:2: secy\.offset: offset 30"):
        policy_of(load(file))


def test_windows_of_keys_are_on_the_clock_of_the_kay(tmp_path: Path) -> None:
    """Relative times count from the start, absolute ones from 1970; a single CAK is valid now."""
    (tmp_path / "cak").write_text(CANARY)
    (tmp_path / "cak").chmod(0o600)
    config = load(
        {
            "mka": {
                "cak": f"file:{tmp_path}/cak",
                "ckn": "01",
                "keychain": [
                    {"cak": CANARY, "ckn": "02", "start": 60, "end": 180, "fallback": True},
                    {"cak": CANARY, "ckn": "03", "start": "2023-11-14T22:13:30Z"},
                ],
            }
        }
    )
    chain = chain_of(config, Edge(start_ns=5 * S, wall_ns=WALL))
    assert [(key.ckn, key.fallback) for key in chain] == [(b"\1", 0), (b"\2", 1), (b"\3", 0)]
    assert chain[0].active(0)
    assert (chain[1].start_ns, chain[1].end_ns) == (65 * S, 185 * S)
    assert chain[2].start_ns == 15 * S
    message = b"the keys outlive the ring that read them"
    want = MemoryHolder(Key(bytes.fromhex(CANARY)), b"\1").icv(message)
    assert chain[0].holder.icv(message) == want


def test_audit_log_has_each_use_of_every_holder(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token, a store and a CAK as text; no key and no PIN in the log."""
    module = tokens.softhsm(tmp_path_factory.getbasetemp() / "softhsm-kay")
    tokens.put(module, "assembled", bytes.fromhex(CANARY))
    monkeypatch.setenv("PIN", tokens.PIN)
    monkeypatch.setenv("KEK", KEK.expose().hex())
    store = CakStore(tmp_path / "caks.json", KEK)
    store.write([StoredCak(b"\x05", Key(bytes.fromhex(CANARY)), WALL, None)], counting())
    token = {"module": module, "token": tokens.TOKEN, "key": "assembled", "pin": "env:PIN"}
    path = tmp_path / "link.yaml"
    config = load(
        {
            "mka": {
                "cak": CANARY,
                "ckn": "03",
                "generated": {"store": str(store.path), "kek": "env:KEK"},
                "audit": "audit.jsonl",
                "keychain": [{"ckn": "04", "pkcs11": token}],
            }
        }
    )
    message = b"MKPDU"
    write(path, config)
    config = load(path)
    for key in chain_of(config, Edge(wall_ns=WALL, clock=lambda: WALL + 1, who="test")):
        memory = MemoryHolder(Key(bytes.fromhex(CANARY)), key.ckn)
        assert key.holder.icv(message) == memory.icv(message)
        assert "c0ffee" not in repr(key)
    text = (tmp_path / "audit.jsonl").read_text()
    assert [json.loads(line)["ckn"] for line in text.splitlines()] == ["03", "04", "05"] * 2
    assert {json.loads(line)["time_ns"] for line in text.splitlines()} == {str(WALL + 1)}
    assert "c0ffee" not in text
    assert "c0ffee" not in repr(config)


class FakeVault:
    """A client with two secrets."""

    def get_secret(self, name: str, version: str | None) -> Any:
        """Return a secret."""
        values = {"ckn": "11223344", "cak": CANARY}
        return type("Secret", (), {"value": values[name]})


def test_mac_sec_config_reads_the_vault_of_its_identifiers() -> None:
    """One client for each secret, of the vault in its URL."""
    pytest.importorskip("azure.keyvault.secrets", reason="azure-keyvault-secrets is missing")
    azure = {
        "cknSecretIdentifier": "https://v.vault.azure.net/secrets/ckn",
        "cakSecretIdentifier": "https://v.vault.azure.net/secrets/cak/1",
        "cipher": "GcmAes128",
        "sciState": "Enabled",
    }
    config = load({"mka": {"macSecConfig": azure}})
    urls: list[str] = []

    def clients(url: str) -> FakeVault:
        urls.append(url)
        return FakeVault()

    chain = chain_of(config, Edge(vaults=clients))
    assert [key.ckn.hex() for key in chain] == ["11223344"]
    assert urls == ["https://v.vault.azure.net"] * 2
    with pytest.raises(EnvironmentLacks, match="no Key Vault can be reached"):
        chain_of(config, Edge())


def test_configuration_without_mka_is_refused() -> None:
    """Static SAKs are not key agreement."""
    for use in (policy_of, lambda config: chain_of(config, Edge())):
        with pytest.raises(ConfigError, match="mka: is missing"):
            use(load({}))
