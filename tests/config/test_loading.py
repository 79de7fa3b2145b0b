"""Good and bad configurations: what they mean, and the exact line of what is wrong."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from macsec.config import Configuration, load, load_topology
from macsec.config import reading as reading_module
from macsec.config.caks import load_caks
from macsec.errors import ConfigError

KEY = "30313233343536373839303132333435"

AZURE = {
    "cknSecretIdentifier": "https://v.vault.azure.net/secrets/ckn",
    "cakSecretIdentifier": "https://v.vault.azure.net/secrets/cak",
    "cipher": "GcmAesXpn256",
    "sciState": "Enabled",
}

WHOLE = f"""\
secy:
  profile: ieee               # ieee | linux
  cipher: gcm-aes-128
  protect: on
  encrypt: on
  offset: 0
  validate: strict
  replay: on
  window: 0
  duplicates: accept
  send_sci: on
  end_station: off
  scb: off
  encodingsa: 0
  clear_tags: 0
  mtu: off
tx:
  sci: 5254001301560001
  sa:
    0: {{key: {KEY}, pn: 1}}
rx:
  - sci: 5254001301570001
    sa:
      0: {{key: {KEY}, pn: 1, lowest_pn: 1}}
"""

NATIVE: dict[str, Any] = {
    "secy": {
        "profile": "ieee",
        "cipher": "GCM-AES-128",
        "protect": True,
        "encrypt": True,
        "offset": 0,
        "validate": "strict",
        "replay": True,
        "window": 0,
        "duplicates": "accept",
        "send_sci": True,
        "end_station": False,
        "scb": False,
        "encodingsa": 0,
        "clear_tags": 0,
        "mtu": None,
    },
    "tx": {"sci": 0x5254001301560001, "sa": {0: {"key": bytes.fromhex(KEY), "pn": 1}}},
    "rx": (
        {
            "sci": bytes.fromhex("5254001301570001"),
            "sa": {0: {"key": bytearray.fromhex(KEY), "pn": 1, "lowest_pn": 1}},
        },
    ),
}


@pytest.fixture(params=["libyaml", "python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers of PyYAML."""
    if request.param == "python":
        monkeypatch.setattr(reading_module, "PARSER", yaml.BaseLoader)


def write(folder: Path, text: str | bytes) -> Path:
    """A private configuration file."""
    path = folder / "link.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o600)
    return path


def refusal(path: Path | dict[str, Any]) -> str:
    """The one line of a refusal."""
    with pytest.raises(ConfigError) as caught:
        load(path)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_file_and_dict_load_equal(tmp_path: Path, parser: None) -> None:
    """Text, text in a dict, and native values mean the same."""
    config = load(write(tmp_path, WHOLE))
    assert config == load(yaml.load(WHOLE, yaml.BaseLoader)) == load(NATIVE)
    assert config.tx is not None
    assert config.tx.sci == 0x5254001301560001
    assert config.rx[0].sa[0].lowest_pn == 1
    assert load(config) is config


@pytest.mark.parametrize(
    ("words", "value"), [("on true yes On TRUE Yes", True), ("off false no OFF False", False)]
)
def test_switches_in_the_words_of_other_programs(
    tmp_path: Path, parser: None, words: str, value: bool
) -> None:
    """YAML of Ansible, Helm, yq and `safe_dump` has true and false."""
    for word in words.split():
        assert load(write(tmp_path, f"secy: {{replay: {word}}}")).secy.replay is value


@pytest.mark.parametrize("null", ["null", "~", "Null", "NULL"])
def test_null_is_an_entry_that_is_not_given(tmp_path: Path, parser: None, null: str) -> None:
    """So programs write what is not set; `validate: null` is a mode, and in quotes it is text."""
    text = f"secy: {{replay: {null}, window: {null}, mtu: {null}}}\ntx: {null}\nrx: {null}\n"
    assert load(write(tmp_path, text)) == Configuration()
    assert load({"secy": {"replay": None}, "mka": None, "rx": None}) == Configuration()
    assert load(write(tmp_path, f"secy: {{validate: {null}}}")).secy.validate_frames == "null"
    assert refusal(write(tmp_path, f"secy: {{replay: '{null}'}}")).endswith(f"not '{null}'")
    assert "tx.sci: is missing" in refusal(write(tmp_path, f"tx: {{sci: {null}}}"))
    assert "secy.no: unknown key" in refusal(write(tmp_path, f"secy: {{no: {null}}}"))
    sites = load_topology({"sites": {"a": None}}).sites
    path = write(tmp_path, f"sites: {{a: {null}}}\nlinks: {null}\ndescription: {null}\n")
    assert load_topology(path).sites == sites


def test_everything_may_be_left_out(tmp_path: Path, parser: None) -> None:
    """Without sections the defaults of the controls hold; the file may begin with a BOM."""
    config = load(write(tmp_path, b"\xef\xbb\xbfsecy: {}\r\n"))
    assert config == load({}) == Configuration()
    assert (config.tx, config.rx) == (None, [])
    assert config.secy.validate_frames == "strict"


SECY_VALUES = [
    # what a file says; what a dict may say; what it means
    ("encrypt", "off", False, False),
    ("protect", "on", True, True),
    ("window", "0x40", 64, 64),
    ("window", "0032", 32, 32),
    ("window", "0X1F", 31, 31),
    ("window", "18446744073709551615", 2**64 - 1, 2**64 - 1),
    ("mtu", "off", False, None),
    ("mtu", "1500", 1500, 1500),
    ("mtu", "0", 0, 0),
    ("validate_frames", "null", None, "null"),
    ("validate_frames", "NULL", "null", "null"),
    ("validate_frames", "check", "CHECK", "check"),
    ("cipher", "GCM-AES-XPN-256", "gcm-aes-xpn-256", "gcm-aes-xpn-256"),
    ("profile", "LINUX", "linux", "linux"),
    ("duplicates", "reject", "Reject", "reject"),
    ("icv_length", "8", 8, 8),
    ("clear_tags_authenticated", "on", True, True),
    ("ethertype", "0x9876", 0x9876, 0x9876),
    ("ethertype", "1234", "1234", 0x1234),
]


@pytest.mark.parametrize("name, text, native, meaning", SECY_VALUES)
def test_value_in_file_and_dict_means_the_same(
    name: str, text: str, native: object, meaning: object, tmp_path: Path, parser: None
) -> None:
    """Each kind of value, from a file and from a dict."""
    entry = name.removesuffix("_frames")
    from_file = load(write(tmp_path, f"secy:\n  {entry}: {text}\n"))
    from_dict = load({"secy": {entry: native}})
    assert from_file == from_dict
    assert getattr(from_file.secy, name) == meaning


KEYS = [
    "52:54:00:12:34:56:52:54:00:12:34:56:00:00:00:59",
    "52:54:00:12:34:56",
    "00112233445566778899001122334455",
    "00000000000000000000000000000001",
    "12e45678901234567890123456789012",
    "0x112233",
    "1_0_0_0",
    "FD:12:34:56:00:00:00:00:00:00:00:00:00:00:00:01",
    "fd:12:34:56",
    "0011.2233.4455.6677-8899-aabb-ccdd-eeff",
    "30 31 32 33 34 35",
]


@pytest.mark.parametrize("text", KEYS)
def test_keys_stay_octets(text: str, tmp_path: Path, parser: None) -> None:
    """A key that looks like a MAC address or a number is neither: zeros in front stay."""
    path = write(tmp_path, f"tx:\n  sci: 0000000000000010\n  sa: {{0: {{key: {text}}}}}\n")
    bare = text.lower().removeprefix("0x")
    for separator in ":-. ":
        bare = bare.replace(separator, "")
    if set(bare) <= set("0123456789abcdef"):
        tx = load(path).tx
        assert tx is not None
        assert tx.sci == 16
        inline = tx.sa[0].key.inline
        assert inline is not None
        assert inline.expose().hex() == bare
    else:
        assert text not in refusal(path)


SSCI = [
    ("00000010", 16),
    ("0x10", 16),
    ("7", 7),
    (16, 16),
    (b"\0\0\0\x10", 16),
    ("00:00:00:10", 16),
]


@pytest.mark.parametrize("given, meaning", SSCI)
def test_ssci_is_eight_hex_digits(given: object, meaning: int) -> None:
    """An SSCI is 8 hex digits; what could be read as decimal too is refused."""
    sa = {"key": KEY, "ssci": given, "salt": "00" * 12}
    tx = load({"tx": {"sci": "0000000000000001", "sa": {"0": sa}}}).tx
    assert tx is not None
    assert tx.sa[0].ssci == meaning
    assert tx.sa[0].salt == bytes(12)


SA = "tx:\n  sci: 5254001301560001\n  sa:\n    0:\n      "
BAD = [
    # the file; the line that is named; a piece of what is said
    ("", 1, "empty"),
    ("# nothing\n", 2, "empty"),
    ("- secy\n", 1, "expected a mapping with secy, tx and rx"),
    ("secy\n", 1, "expected a mapping with secy, tx and rx"),
    ("secy: {}\n---\nsecy: {}\n", 2, "a second document"),
    ("secy:\n  window: 1\n  window: 2\n", 3, "'window' is given twice"),
    ("secy: {}\ntx:\n  sci: 1\nsecy: {}\n", 4, "'secy' is given twice"),
    ("secy:\n  replay: &a on\n", 2, "anchors and aliases"),
    ("secy: &a\n  replay: on\n", 1, "anchors and aliases"),
    ("secy: {}\ntx: *secy\n", 2, "anchors and aliases"),
    ("*secy\n", 1, "anchors and aliases"),
    ("%TAG ! x:\n---\nsecy: {}\n", 1, "tags"),
    ("secy: {}\n*a : 1\n", 2, "anchors and aliases"),
    ("secy: {}\n&a tx: {}\n", 2, "anchors and aliases"),
    ("secy:\n  window: !!int 3\n", 2, "tags"),
    ("secy:\n  window: !x 3\n", 2, "tags"),
    ("secy:\n  !!str window: 3\n", 2, "tags"),
    ("secy: !!map\n  window: 3\n", 1, "tags"),
    ("secy:\n  ? [a]\n  : b\n", 2, "cannot be a key"),
    ("{" * 60, 1, "cannot be a key"),
    ("rx: " + "[" * 60, 1, "nested too deeply"),
    ("rx:\n" + "".join(f"{'  ' * depth}- \n" for depth in range(1, 60)), 18, "nested too deeply"),
    ("a: " + "{a: " * 60, 1, "nested too deeply"),
    ("secy:\n  window: 1\n bad: 2\n", 3, "not YAML"),
    ("secy:\n\twindow: 1\n", 2, "not YAML"),
    ("secy: {window: 1\n", 2, "not YAML"),
    ('secy:\n  window: "\\q"\n', 2, "not YAML"),
    ("secy: {}\n\n# \x07\n", 3, "a character that YAML does not allow"),
    ("secy: {}\n# \u2028\n", 2, "a character that YAML does not allow"),
    (b"secy: {}\n# caf\xe9\n", 2, "not UTF-8"),
    (b"\xff\xfes", 1, "not UTF-8"),
    ("mka:\n  cak: 00\n", 1, "mka: a CAK needs its ckn"),
    ("secy: {}\n\nmka: {}\nother: 1\n", 3, "mka: expected a CAK: cak and ckn, pkcs11, macSec"),
    (
        "mka:\n  ckn: 01\n  cak: 00\n  keychain:\n    - {ckn: 02, cak: 00, strt: 1}\n",
        5,
        "mka.keychain.0.strt: unknown key; did you mean start?",
    ),
    (
        "mka:\n  ckn: 01\n  pkcs11: {module: m, token: t, key: k, pin: 1234}\n",
        3,
        "mka.pkcs11.pin: expected a reference: file:PATH, env:NAME or fd:N",
    ),
    ("secyy: {}\n", 1, "secyy: unknown key; did you mean secy?"),
    ("secy:\n  replay: on\n  ofset: 30\n", 3, "secy.ofset: unknown key; did you mean offset?"),
    ("secy:\n  validate_frames: null\n", 2, "did you mean validate?"),
    ("tx:\n  sci: 0000000000000001\n  key: 00\n", 3, "tx.key: unknown key; known here: sci,"),
    (SA + "key: 00\n      lowest_pn: 1\n", 6, "tx.sa.0.lowest_pn: unknown key"),
    (
        "rx:\n  - sci: 0000000000000001\n    sa:\n      1:\n        key: 00\n        kei: 1\n",
        6,
        "rx.0.sa.1.kei: unknown key; did you mean key?",
    ),
    ("rx:\n  - sci: 0000000000000001\n    en: 1\n", 3, "rx.0.en: unknown key"),
    ("<<: {}\n", 1, "<<: unknown key"),
    ("secy:\n", 1, "secy: expected a mapping"),
    ("secy: {}\ntx:\nrx: []\n", 2, "tx: expected a mapping"),
    ("tx: {}\n", 1, "tx.sci: is missing"),
    ("secy: {}\ntx:\n  sa: {}\n", 2, "tx.sci: is missing"),
    ("tx:\n  sci: 0000000000000001\n  sa: []\n", 3, "tx.sa: expected a mapping"),
    (SA + "pn: 1\n", 4, "tx.sa.0.key: is missing"),
    ("tx:\n  sci: 0000000000000001\n  sa:\n    4: {key: 00}\n", 4, "0, 1, 2 or 3"),
    ("tx:\n  sci: 0000000000000001\n  sa:\n    a: {key: 00}\n", 4, "tx.sa.a: an SA is named"),
    ("tx:\n  sci: 0000000000000001\n  sa:\n    0: x\n", 4, "tx.sa.0: expected a mapping"),
    ("rx: {sci: 1}\n", 1, "rx: expected a list"),
    (
        "rx:\n  - sci: 0000000000000001\n  - sci: 1\n",
        3,
        "rx.1.sci: expected an SCI: 16 hex digits",
    ),
    ("rx:\n  - sci: 0000000000000001\n  -\n", 3, "rx.1: expected a mapping"),
    ("tx:\n  sci: ffffffffffffffff\n", 2, "(02:00:00:00:0a:01@1): an SCI is"),
    ("tx:\n  sci: 52540013015600010\n", 2, "tx.sci: "),
    ("tx:\n  sci: 54001301560001\n", 2, "tx.sci: "),
    ("secy:\n  replay: y\n", 2, "secy.replay: expected on or off, not 'y'"),
    ("secy:\n  replay: 1\n", 2, "expected on or off, not '1'"),
    ("secy:\n  replay:\n", 2, "expected on or off, not ''"),
    ("secy:\n  replay: [on]\n", 2, "secy.replay: expected on or off"),
    ("secy:\n  window: 1_000\n", 2, "expected a number, decimal or 0x hex, not '1_000'"),
    ("secy:\n  window: -1\n", 2, "expected a number"),
    ("secy:\n  window: 1e3\n", 2, "expected a number"),
    ("secy:\n  window: ff\n", 2, "expected a number"),
    ("secy:\n  window: ٣\n", 2, "expected a number"),
    ("secy:\n  window: 0x\n", 2, "expected a number"),
    ("secy:\n  window: on\n", 2, "expected a number"),
    ("secy:\n  window: 18446744073709551616\n", 2, "0 to 2^64-1"),
    (f"secy:\n  window: {'9' * 5000}\n", 2, "not <text of 5000 characters>"),
    ("secy:\n  mtu: on\n", 2, "secy.mtu: expected off or a number of octets, not 'on'"),
    ("secy:\n  mtu: 4294967296\n", 2, "below 2^32"),
    ("secy:\n  validate: none\n", 2, "expected strict, check, disabled or null, not 'none'"),
    ("secy:\n  validate:\n", 2, "secy.validate: expected strict, check, disabled or null"),
    ("secy:\n  cipher: aes\n", 2, "secy.cipher: expected gcm-aes-128, gcm-aes-256, "),
    ("secy:\n  profile: cisco\n", 2, "expected ieee, linux, cnxk or sonic, not 'cisco'"),
    ("secy:\n  duplicates: off\n", 2, "expected accept or reject, not 'off'"),
    (SA + "key: abc\n", 5, "tx.sa.0.key: a key is hex digits, file:PATH, env:NAME or fd:N: "),
    (SA + "key:\n", 5, "tx.sa.0.key: expected a key"),
    (SA + "key: [00, 11]\n", 5, "tx.sa.0.key: expected a key"),
    (SA + "key: env:1A\n", 5, "not a key reference"),
    (SA + "key: 'file:'\n", 5, "not a key reference"),
    (SA + 'key: "file:a\\0b"\n', 5, "not a key reference"),
    (SA + "key: fd:-1\n", 5, "not a key reference"),
    (SA + "key: vault:x\n", 5, "a key is hex digits, file:PATH"),
    (SA + "key: 00\n      salt: 00\n", 6, "expected a salt of 24 hex digits: expected 12 octets"),
    (SA + "key: 00\n      ssci: 10\n", 6, "tx.sa.0.ssci: expected an SSCI of 8 hex digits"),
    (SA + "key: 00\n      ssci: 0x100000000\n", 6, "expected an SSCI of 8 hex digits"),
    (SA + "key: 00\n      enabled: 1\n", 6, "tx.sa.0.enabled: expected on or off"),
    ("secy:\n  window: x\n\n  replay: x\n  scb: x\n", 2, "(and 2 more)"),
]


@pytest.mark.parametrize("text, line, said", BAD)
def test_bad_file_is_refused_with_its_line(
    text: str | bytes, line: int, said: str, tmp_path: Path, parser: None
) -> None:
    """One line, with the file, the line number and what is wrong."""
    path = write(tmp_path, text)
    refused = refusal(path)
    assert refused.startswith(f"{path}:{line}: "), refused
    assert said in refused


@pytest.mark.parametrize("piece", ["[", "{", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused_at_first_line(piece: str, tmp_path: Path, parser: None) -> None:
    """A file full of openings is refused at its first line, without exhausting the stack."""
    path = write(tmp_path, "rx: " + piece * 100_000)
    assert refusal(path).startswith(f"{path}:1: ")


BAD_NATIVE: list[tuple[dict[Any, Any], str]] = [
    ({"secy": {"replay": 1}}, "secy.replay: expected on or off"),
    ({"secy": {"window": True}}, "secy.window: expected a number, decimal or 0x hex, not True"),
    ({"secy": {"window": 1.0}}, "secy.window: expected a number, decimal or 0x hex, not 1.0"),
    ({"secy": {"window": -1}}, "secy.window: expected a number of 0 to 2^64-1"),
    ({"secy": {"window": b"1"}}, "secy.window: expected a number"),
    ({"secy": {"mtu": True}}, "secy.mtu: expected off or a number of octets, not True"),
    ({"secy": {"validate": False}}, "secy.validate: expected strict, check, disabled or null"),
    ({"secy": {3: 1}}, "secy.3: unknown key"),
    ({"secy": {True: 1}}, "secy: a key that is no text"),
    ({None: 1}, "a key that is no text"),
    ({"secy": "off"}, "secy: expected a mapping"),
    ({"tx": {"sci": True}}, "tx.sci: expected 16 hex digits"),
    ({"tx": {"sci": 2**64}}, "tx.sci: expected an SCI: 16 hex digits"),
    ({"tx": {"sci": b"123"}}, "tx.sci: expected an SCI: 16 hex digits"),
    ({"tx": {"sci": 1, "sa": {0: {"key": 12}}}}, "tx.sa.0.key: expected a key"),
    ({"tx": {"sci": 1, "sa": {0: {"key": b""}}}}, "tx.sa.0.key: expected a key"),
    ({"tx": {"sci": 1, "sa": {0: {"key": "00"}, "0": {"key": "00"}}}}, "tx.sa.0: given twice"),
    ({"tx": {"sci": 1, "sa": {-1: {"key": "00"}}}}, "tx.sa.-1: an SA is named by its AN"),
    ({"mka": {"ckn": "01"}}, "mka: a ckn goes with cak or pkcs11"),
    ({"mka": {"cak": "00", "ckn": "0"}}, "mka.ckn: expected a CKN of 2 to 64 hex digits"),
    ({"mka": {"cak": "00", "ckn": "00" * 33}}, "mka.ckn: expected a CKN of 2 to 64 hex digits"),
    (
        {"mka": {"cak": "00", "ckn": "01", "keychain": [{"cak": "00", "ckn": "01"}]}},
        "mka: a CAK is given twice with one ckn",
    ),
    ({"mka": {"keychain": [{}]}}, "mka.keychain.0: expected a CAK"),
    ({"mka": {"keychain": []}}, "mka: expected a CAK"),
    (
        {"mka": {"cak": "00", "ckn": "01", "macSecConfig": AZURE}},
        "mka: cak and macSecConfig: a CAK has one holder",
    ),
    ({"mka": {"macSecConfig": AZURE}}, "mka: macSecConfig has GcmAesXpn256: secy needs cipher"),
    (
        {"secy": {"cipher": "gcm-aes-xpn-256", "send_sci": "off"}, "mka": {"macSecConfig": AZURE}},
        "mka: macSecConfig has enabled SCIs: secy needs send_sci: on",
    ),
    (
        {"mka": {"cak": "00", "ckn": "01"}, "tx": {"sci": 1}},
        "mka: it agrees on the SAKs: tx and rx are left out",
    ),
    (
        {"mka": {"cak": "00", "ckn": "01", "policy": "must"}},
        "mka.policy: expected must-secure or should-secure",
    ),
    (
        {"mka": {"cak": "00", "ckn": "01", "destination": "00" * 6}},
        "mka.destination: expected a MAC address",
    ),
    (
        {"mka": {"keychain": [{"cak": "00", "ckn": "01", "start": "2026-01-01"}]}},
        "mka.keychain.0.start: expected seconds from",
    ),
    (
        {"mka": {"keychain": [{"cak": "00", "ckn": f"0{n}", "fallback": True} for n in (1, 2)]}},
        "mka: there is one fallback at most",
    ),
]


@pytest.mark.parametrize("config, said", BAD_NATIVE)
def test_bad_dict_is_refused_with_its_entry(config: dict[str, Any], said: str) -> None:
    """A dict is refused like a file, with the entry but no line."""
    assert refusal(config).startswith(said)


def test_dict_that_holds_itself_is_refused() -> None:
    """A dict that holds itself is nested too deeply."""
    config: dict[str, Any] = {}
    config["secy"] = config
    assert refusal(config) == "nested too deeply"


def test_unreadable_file_is_refused_by_name(tmp_path: Path) -> None:
    """Missing, a folder, unreadable, too long: one line that names the file."""
    missing = tmp_path / "none.yaml"
    assert refusal(missing) == f"{missing}: cannot read it: No such file or directory"
    assert refusal(tmp_path) == f"{tmp_path}: cannot read it: it is a folder"
    assert "cannot read it" in refusal(tmp_path / "a\0b")
    long = write(tmp_path, "#" * ((1 << 20) + 1))
    assert refusal(long) == f"{long}: longer than 1048576 octets: not a configuration"


@pytest.mark.parametrize("read", [load, load_topology, load_caks])
def test_pipe_or_device_is_refused_at_once(read: Any, tmp_path: Path) -> None:
    """A pipe without a writer, an endless device and a folder are no files."""
    os.mkfifo(tmp_path / "pipe")
    for path, kind in ((tmp_path / "pipe", "pipe"), ("/dev/zero", "device"), (tmp_path, "folder")):
        with pytest.raises(ConfigError, match=f"cannot read it: it is a {kind}"):
            read(path)


@pytest.mark.parametrize("encoding, mark", [("utf-8-sig", ""), ("utf-16-le", "\ufeff")])
def test_file_of_a_windows_editor_is_read(encoding: str, mark: str, tmp_path: Path) -> None:
    """A byte order mark and CRLF change nothing, in a configuration nor in a file of CAKs."""
    path = write(tmp_path, (mark + WHOLE.replace("\n", "\r\n")).encode(encoding))
    assert load(path) == load(write(tmp_path / "..", WHOLE))
    path = write(tmp_path, f"{mark}AB: 0x{KEY}\r\n".encode(encoding))
    assert {ckn: cak.expose().hex() for ckn, (cak,) in load_caks(path).items()} == {b"\xab": KEY}


@pytest.mark.parametrize("mode, warned", [(0o600, 0), (0o640, 1), (0o604, 1), (0o622, 0)])
def test_readable_key_file_gets_one_warning(
    mode: int, warned: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file with an inline key that others may read gets one warning."""
    path = write(tmp_path, WHOLE)
    path.chmod(mode)
    load(path)
    assert [record.getMessage() for record in caplog.records] == [
        f"{path} holds a key and others can read it: chmod 600"
    ] * warned


def test_exposed_file_without_key(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No warning where the key is elsewhere."""
    path = write(tmp_path, WHOLE.replace(KEY, "env:SAK"))
    path.chmod(0o644)
    load(path)
    assert not caplog.records
