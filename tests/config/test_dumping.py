"""Writing a configuration: it reads back equal, and keys are written only where asked."""

from __future__ import annotations

import errno
import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macsec.config import Configuration, SecYSection, dump, json_schema, load, write
from macsec.errors import ConfigError, MACsecError
from macsec.secy import PROFILES, Controls
from macsec.suites import SUITES
from macsec.terms import SCI_NONE

KEY = "30313233343536373839303132333435"

SWITCHES = (
    "protect",
    "encrypt",
    "replay",
    "send_sci",
    "end_station",
    "scb",
    "clear_tags_authenticated",
)

switches = st.booleans() | st.sampled_from(["on", "off"])
integers = st.integers(0, 2**64 - 1)
numbers = integers | integers.map(str) | integers.map(hex)
ports = st.integers(0, SCI_NONE - 1)
scis = ports | ports.map(lambda sci: f"{sci:016X}") | ports.map(lambda sci: sci.to_bytes(8))
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True)
paths = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)
keys = (
    st.sampled_from([16, 32]).flatmap(lambda length: st.binary(min_size=length, max_size=length))
    | st.binary(min_size=16, max_size=16).map(lambda octets: octets.hex(":"))
    | paths.map("file:{}".format)
    | names.map("env:{}".format)
    | st.integers(0, 9999).map("fd:{}".format)
)


def some(**entries: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any of these entries."""
    return st.fixed_dictionaries({}, optional=entries)


secy = some(
    profile=st.sampled_from(["ieee", "linux", "cnxk"]),
    cipher=st.sampled_from([*SUITES, *map(str.upper, SUITES)]),
    validate=st.sampled_from(["strict", "check", "disabled", "null", None]),
    duplicates=st.sampled_from(["accept", "reject"]),
    mtu=st.sampled_from([None, False, "off"]) | st.integers(0, 2**32 - 1),
    ethertype=st.sampled_from(["88e5", "0x876F", 0x9876]),
    clear=st.sampled_from(["pfc=strict", ["lldp", "vlan:5-9=encrypt"], {"0x88B5": "strict"}]),
    clear_tags_vlans=st.sampled_from(["5", ["100-199", 7], 0]),
    **dict.fromkeys(SWITCHES, switches),
    traffic_classes=st.lists(st.integers(0, 7), min_size=8, max_size=8),
    access_priorities=st.lists(st.integers(0, 15), min_size=16, max_size=16),
    **dict.fromkeys(["offset", "window", "encodingsa", "clear_tags", "icv_length"], numbers),
)
optional: dict[str, st.SearchStrategy[Any]] = {
    "pn": numbers,
    "ssci": st.integers(0, 2**32 - 1) | st.binary(min_size=4, max_size=4),
    "salt": st.binary(min_size=12, max_size=12),
    "enabled": switches,
}


def channels(**more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A SC with its SAs."""
    sa = st.fixed_dictionaries({"key": keys}, optional=optional | more)
    sas = st.dictionaries(st.integers(0, 3), sa)
    return st.fixed_dictionaries({"sci": scis}, optional={"enabled": switches, "sa": sas})


classes = st.dictionaries(
    st.integers(1, 7),
    some(
        enabled=switches,
        sa=st.dictionaries(
            st.integers(0, 3), st.fixed_dictionaries({"key": keys}, optional=optional)
        ),
    ),
)
transmitters = st.builds(
    lambda channel, given: {**channel, "classes": given}, channels(), st.just({}) | classes
)
words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=9)
moments = (
    st.integers(0, 10**9)
    | st.decimals(0, 10**6, places=6).map(str)
    | st.integers(0, 2**37).map(lambda us: datetime.fromtimestamp(us / 8, UTC).isoformat())
)
token = st.fixed_dictionaries(
    {"module": words, "token": words, "key": words, "pin": names.map("env:{}".format)}
)
azure = st.fixed_dictionaries(
    {"cknSecretIdentifier": words, "cakSecretIdentifier": words, "cipher": st.just("GcmAes128")},
    optional={"sciState": st.just("Enabled")},
).map(lambda given: {**given, "sciState": "Enabled"})
key_holders = (
    keys.map(lambda key: {"cak": key, "ckn": ""})
    | token.map(lambda given: {"pkcs11": given, "ckn": ""})
    | azure.map(lambda given: {"macSecConfig": given})
)
windows = some(start=moments, end=moments)
agreements = st.builds(
    lambda mka, chain: {
        **mka,
        "keychain": [
            {**holder, **window, **({"ckn": f"{number:02x}"} if "ckn" in holder else {})}
            for number, (holder, window) in enumerate(chain)
        ],
    },
    some(
        priority=numbers,
        key_server=switches,
        policy=st.sampled_from(["must-secure", "should-secure", "MUST-SECURE"]),
        sak_rekey_interval=numbers,
        destination=st.sampled_from(["0180c2000003", "ff:ff:ff:ff:ff:ff", "lldp", "0200000000bb"]),
        eapol_ethertype=st.sampled_from(["888e", "0x876F", 0x876F]),
        use_updated_eth_header=switches,
        port=numbers,
        suites=st.lists(st.sampled_from([*SUITES]), min_size=1, unique=True),
        **dict.fromkeys(["capability", "ans", "hello_time", "life_time"], numbers),
        desired=switches,
        audit=words,
        generated=st.fixed_dictionaries({"store": words, "kek": names.map("env:{}".format)}),
    ),
    st.lists(st.tuples(key_holders, windows), min_size=1, max_size=4),
)
plain_secy = some(window=numbers, encrypt=switches)

configurations = some(
    secy=secy, tx=transmitters, rx=st.lists(channels(lowest_pn=numbers), max_size=3)
) | st.fixed_dictionaries({"mka": agreements}, optional={"secy": plain_secy})


@given(config=configurations)
def test_dump_loads_equal_and_dumps_the_same(
    config: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A dump loads equal, and dumps the same again."""
    model = load(config)
    text = dump(model, reveal_keys=True)
    path = tmp_path_factory.getbasetemp() / "round-trip.yaml"
    path.write_text(text, newline="")
    again = load(path)
    assert again == model
    assert dump(again, reveal_keys=True) == text


def test_inline_keys_are_not_written(tmp_path: Path) -> None:
    """Unless they are to be revealed; references are written as they are."""
    path = tmp_path / "link.yaml"
    path.write_text(f"tx:\n  sci: 0000000000000001\n  sa:\n    0: {{key: {KEY}}}\n")
    with pytest.raises(ConfigError, match=r"link.yaml:4: tx.sa.0.key: an inline key") as caught:
        dump(path)
    assert KEY not in str(caught.value)
    assert KEY in dump(path, reveal_keys=True)
    path.write_text(path.read_text().replace(KEY, "'file:my keys/a #1'"))
    assert 'key: "file:my keys/a #1"' in dump(path)


def test_path_that_is_not_utf8_is_refused() -> None:
    """A file name that is not UTF-8 works from Python, but cannot be written to YAML."""
    config = {"tx": {"sci": 1, "sa": {0: {"key": "file:" + os.fsdecode(b"\xff")}}}}
    with pytest.raises(ConfigError, match=r"^tx.sa.0.key: a path that is not UTF-8"):
        dump(config)


def test_written_file_is_the_owners_alone(tmp_path: Path) -> None:
    """A new file for the owner alone; never over a file, never through a link."""
    config = load({"tx": {"sci": 1, "sa": {0: {"key": KEY}}}})
    path = tmp_path / "new.yaml"
    write(path, config)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load(path) == config
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for taken in (path, tmp_path / "link"):
        with pytest.raises(ConfigError, match="exists; a file with keys is never overwritten"):
            write(taken, config)
    assert not (tmp_path / "elsewhere").exists()
    with pytest.raises(ConfigError, match=r"cannot write .*: No such file"):
        write(tmp_path / "none" / "new.yaml", config)


def test_write_to_a_full_disk_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a file does not stay."""

    def full(descriptor: int, octets: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    path = tmp_path / "new.yaml"
    with pytest.raises(MACsecError, match=r"cannot write .*new\.yaml: No space left") as caught:
        write(path, {"tx": {"sci": 1, "sa": {0: {"key": KEY}}}})
    assert caught.value.exit_code == 1
    assert not path.exists()


def test_json_schema_accepts_what_loads() -> None:
    """The schema is JSON, closed, and knows the entries by the names of the file."""
    schema = json.loads(json.dumps(json_schema()))
    assert set(schema["properties"]) == {"secy", "mka", "tx", "rx"}
    sections = schema["$defs"]
    assert all(section["additionalProperties"] is False for section in sections.values())
    assert "validate" in sections["SecYSection"]["properties"]
    assert sections["SecYSection"]["properties"]["replay"]["enum"][:4] == [
        *("on", "off", True, False)
    ]
    assert sections["TransmitSASection"]["required"] == ["key"]
    assert "lowest_pn" not in sections["TransmitSASection"]["properties"]


def test_model_matches_the_controls() -> None:
    """Entries of `secy:` are the controls, with the same defaults."""
    entries = {entry.alias or name for name, entry in SecYSection.model_fields.items()}
    controls = {name.replace("duplicates_reject", "duplicates") for name in Controls.__slots__}
    assert entries == controls
    profiles = json_schema()["$defs"]["SecYSection"]["properties"]["profile"]["enum"]
    assert set(profiles) == {*PROFILES, *map(str.upper, PROFILES)}
    assert Configuration() == load({})


@pytest.mark.parametrize("name", ["-", "--", "~", "null", "NULL", "nullx", "-x", "..", "a~", "a b"])
def test_names_that_are_syntax_or_null_of_yaml_are_quoted(tmp_path: Path, name: str) -> None:
    """A bare dash is a list, a bare tilde nothing."""
    token = {"module": "m", "token": name, "key": name, "pin": "env:A"}
    config = load({"mka": {"ckn": "0a", "pkcs11": token}})
    path = tmp_path / "c.yaml"
    write(path, config)
    assert dump(load(path)) == dump(config)
    assert load(path).mka.caks[0].pkcs11.token == name
