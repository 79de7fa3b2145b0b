"""Other programs' formats: what goes out comes back, and what cannot is said."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macsec.config import KeyRing, load
from macsec.config.exchange import FORMATS, Export, Import
from macsec.errors import ConfigError

KEY = "c0ffee00decafbad0123456789abcdef"
LINK: dict[str, Any] = {
    "tx": {"sci": "5254001301560001", "sa": {0: {"key": KEY}}},
    "rx": [{"sci": "5254001301570001", "sa": {0: {"key": KEY}}}],
}
AGREED: dict[str, Any] = {"mka": {"cak": KEY, "ckn": "1122"}}


def export(name: str, config: Any, folder: Path = Path(".")) -> Export:
    """One export."""
    model = load(config)
    with KeyRing(Path(".")) as ring:
        return FORMATS[name].export(model, ring, folder)


def there_and_back(name: str, config: Any, folder: Path) -> Import:
    """An export, written and read again."""
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    files = export(name, config, folder).files
    for file in files:  # type: ignore[assignment]
        (folder / file.name).write_text(file.text)  # type: ignore[attr-defined]
    return FORMATS[name].read(folder if FORMATS[name].folder else folder / files[0].name)


def followed(model: Any) -> Any:
    """The model as text with the keys that it refers to in place of the references."""
    with KeyRing(Path(".")) as ring:
        return {
            (channel.sci, an): (ring.key(sa.key).expose(), sa.pn, sa.ssci, sa.salt, sa.enabled)
            for channel in (*([model.tx] if model.tx else []), *model.rx)
            for an, sa in channel.sa.items()
        }


keys = st.binary(min_size=16, max_size=16)
scis = st.integers(1 << 16, (1 << 64) - 2).filter(lambda sci: sci & 0xFFFF)
cakss = st.sampled_from([16, 32]).flatmap(lambda n: st.binary(min_size=n, max_size=n))
ckns = st.binary(min_size=1, max_size=32)
switch = st.booleans()


@st.composite
def links(draw: st.DrawFn, xpn: bool, gaps: bool) -> dict[str, Any]:
    """A configuration of static SAKs as the kernel can have it."""

    def sas() -> dict[int, dict[str, Any]]:
        ans = (
            draw(st.sets(st.integers(0, 3), min_size=1)) if gaps else range(draw(st.integers(1, 4)))
        )
        more = {"ssci": draw(st.integers(1, 9)), "salt": draw(st.binary(min_size=12, max_size=12))}
        return {
            an: {
                "key": draw(keys),
                "pn": draw(st.integers(1, 2**32 - 1)),
                "enabled": draw(switch),
                **(more if xpn else {}),
            }
            for an in ans
        }

    own, *peers = draw(st.lists(scis, min_size=1, max_size=3, unique=True))
    return {
        "tx": {"sci": own, "sa": sas()},
        "rx": [{"sci": sci, "sa": sas()} for sci in peers],
    }


@given(data=st.data())
def test_ip_macsec_export_reads_back_equal(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The whole of what Linux knows comes back equal."""
    xpn = data.draw(st.booleans())
    config = data.draw(links(xpn, gaps=True))
    for channel in config["rx"]:
        channel["enabled"] = data.draw(switch)
    replay = data.draw(switch)
    mark = data.draw(st.sampled_from(["end_station", "scb", "protect"]))
    config["secy"] = {
        "profile": "linux",
        "cipher": "gcm-aes-xpn-128" if xpn else "gcm-aes-128",
        **{name: data.draw(switch) for name in ("protect", "encrypt", "send_sci", mark)},
        "replay": replay,
        "window": data.draw(st.integers(0, 2**30 - 1)) if replay else 0,
        "validate": data.draw(st.sampled_from(["strict", "check", "disabled"])),
        "encodingsa": data.draw(st.integers(0, 3)),
    }
    back = there_and_back("ip-macsec", config, tmp_path_factory.getbasetemp() / "ip")
    assert back.config == load(config)
    assert [note for note in back.notes if "identifiers of keys" not in note] == []


@given(config=links(xpn=False, gaps=False), encoding=st.data(), encrypt=switch)
def test_systemd_export_reads_back_with_its_keys(
    config: dict[str, Any],
    encoding: st.DataObject,
    encrypt: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """SAs, SCIs, PNs and the keys behind their files come back."""
    an = encoding.draw(st.sampled_from(sorted(config["tx"]["sa"])))
    config["secy"] = {"profile": "linux", "replay": False, "encrypt": encrypt, "encodingsa": an}
    back = there_and_back("systemd", config, tmp_path_factory.getbasetemp() / "systemd")
    assert back.config.secy == load(config).secy
    assert followed(back.config) == followed(load(config))


@given(config=links(xpn=False, gaps=True))
def test_wireshark_export_reads_back_without_pns(
    config: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Keys come back to their SCs and ANs; PNs are not there, which is said."""
    back = there_and_back("wireshark", config, tmp_path_factory.getbasetemp() / "wireshark")
    sent = followed(load(config))
    assert {at: sa[0] for at, sa in followed(back.config).items()} == {
        at: sa[0] for at, sa in sent.items()
    }
    assert any("PNs" in note for note in back.notes)


@given(chain=st.dictionaries(ckns, cakss, min_size=1, max_size=4))
def test_wireshark_cak_table_is_the_key_chain(
    chain: dict[bytes, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A key chain is the table of CAKs."""
    config = {"mka": {"keychain": [{"ckn": ckn, "cak": cak} for ckn, cak in chain.items()]}}
    back = there_and_back("wireshark", config, tmp_path_factory.getbasetemp() / "chain")
    assert back.config.mka is not None
    with KeyRing(Path(".")) as ring:
        read = {key.ckn: ring.key(key.cak).expose() for key in back.config.mka.caks if key.cak}
    assert read == chain


@given(
    ckn=ckns,
    cak=cakss,
    priority=st.integers(0, 255),
    port=st.integers(1, 65534),
    window=st.integers(0, 2**32 - 1),
    encrypt=switch,
    replay=switch,
    cipher=st.sampled_from(["gcm-aes-128", "gcm-aes-256"]),
)
def test_wpa_supplicant_export_reads_back_equal(
    ckn: bytes,
    cak: bytes,
    priority: int,
    port: int,
    window: int,
    encrypt: bool,
    replay: bool,
    cipher: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A network block comes back equal."""
    config = {
        "secy": {"cipher": cipher, "encrypt": encrypt, "replay": replay, "window": window},
        "mka": {"cak": cak, "ckn": ckn, "priority": priority, "port": port},
    }
    back = there_and_back("wpa_supplicant", config, tmp_path_factory.getbasetemp() / "wpa")
    assert back.config == load(config)


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("wpa_supplicant", LINK, "static SAKs are not exported"),
    ("ip-macsec", AGREED, "static SAKs only"),
    ("systemd", AGREED, "static SAKs only"),
    ("ip-macsec", {}, "no key to export"),
    ("wireshark", {}, "no key to export"),
    ("ip-macsec", {"rx": LINK["rx"]}, "tx: is missing"),
    ("systemd", {"rx": LINK["rx"]}, "tx: is missing"),
    ("systemd", {**LINK, "secy": {"cipher": "gcm-aes-256"}}, "gcm-aes-128 only"),
    ("systemd", {"tx": {"sci": 1 << 16, "sa": {1: {"key": KEY}}}}, "without a gap"),
    *(
        (name, {**LINK, "secy": {"cipher": "gcm-aes-256"}}, "gcm-aes-256 has 32 octets, 16 given")
        for name in ("wireshark", "ip-macsec")
    ),
    ("wpa_supplicant", {"mka": {"cak": KEY[2:], "ckn": "11"}}, "CAK 11 has 16 or 32 octets, 15"),
    ("ip-macsec", {**LINK, "secy": {"validate": "null"}}, "no mode of Linux"),
    ("ip-macsec", {**LINK, "secy": {"end_station": True, "scb": True}}, "end_station and scb"),
    ("ip-macsec", {"tx": {"sci": 9 << 16}, "secy": {"send_sci": False}}, "Linux takes port 0"),
    ("ip-macsec", {**LINK, "secy": {"cipher": "gcm-aes-xpn-128"}}, "needs ssci and salt"),
    ("wpa_supplicant", {**AGREED, "secy": {"cipher": "gcm-aes-xpn-256"}}, "no gcm-aes-xpn-256"),
]


@pytest.mark.parametrize("name, config, said", REFUSED)
def test_what_no_format_holds_is_refused(name: str, config: dict[str, Any], said: str) -> None:
    """An entry that a format cannot hold at all is an error."""
    with pytest.raises(ConfigError, match=said) as caught:
        export(name, config)
    assert KEY not in str(caught.value)


TOKEN = {"module": "/m.so", "token": "t", "key": "k", "pin": "env:PIN"}
SAID: list[tuple[str, dict[str, Any], str]] = [
    (
        "ip-macsec",
        {**LINK, "secy": {"offset": 30}},
        "secy.offset cannot be expressed in this format",
    ),
    ("ip-macsec", LINK, "profile: the device behaves as profile: linux"),
    ("ip-macsec", {**LINK, "secy": {"replay": False, "window": 9}}, "secy.window cannot be"),
    ("systemd", LINK, "secy.replay cannot be expressed in this format"),
    (
        "wireshark",
        {"tx": LINK["tx"], "rx": [{"sci": 9 << 16, "sa": {0: {"key": "1" * 32}}}]},
        "4.4",
    ),
    ("wpa_supplicant", AGREED, "must-secure cannot be expressed in this format"),
    ("wpa_supplicant", {"mka": {**AGREED["mka"], "sak_rekey_interval": 60}}, "sak_rekey_interval"),
    (
        "wpa_supplicant",
        {"mka": {**AGREED["mka"], "keychain": [{"ckn": "01", "cak": KEY}]}},
        "1 of the key chain not exported",
    ),
    (
        "wireshark",
        {"mka": {**AGREED["mka"], "keychain": [{"ckn": "01", "pkcs11": TOKEN}]}},
        "on a token and stays there",
    ),
]


@pytest.mark.parametrize("name, config, said", SAID)
def test_entries_left_out_are_noted(name: str, config: dict[str, Any], said: str) -> None:
    """Entries left out are listed in notes, without a key."""
    notes = export(name, config).notes
    assert any(said in note for note in notes), notes
    assert KEY not in str(notes)


def test_keys_are_hidden() -> None:
    """A file of an export does not show its text."""
    assert KEY not in repr(export("ip-macsec", LINK))


BAD: list[tuple[str, str, str]] = [
    ("wireshark", "x\n", "2 fields"),
    ("wireshark", '00,"mine"\n', "no key whose use is known"),
    ("wpa_supplicant", "network={\n}\n", "no network block"),
    ("wpa_supplicant", "network={\n mka_ckn=1\n}\n", "f:2: mka_ckn: expected a CKN of 2 to 64"),
    ("ip-macsec", "ip macsec add macsec0 tx sa 0 pn\n", "f:1: there is no macsec device macsec0"),
    ("ip-macsec", "true\nhello: world\n", "f:2: not a command"),
    ("systemd", "[NetDev]\nKind=vlan\n", "no Kind=macsec"),
    ("systemd", "[NetDev]\nnonsense\n", "f:2: neither"),
    ("systemd", "\0", "not text"),
]


@pytest.mark.parametrize("name, text, said", BAD)
def test_malformed_file_is_refused_with_its_name(
    name: str, text: str, said: str, tmp_path: Path
) -> None:
    """A file that is no such file is refused with its name."""
    (tmp_path / "f").write_text(text)
    with pytest.raises(ConfigError, match=said) as caught:
        FORMATS[name].read(tmp_path / "f")
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("name", FORMATS)
@given(text=st.text(alphabet='ab0=,[]{}"\n MACsecnetworkip=sa pn key rx tx', max_size=200))
def test_any_text_is_imported_or_refused(
    name: str, text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any text gives a configuration or a ConfigError, nothing else."""
    path = tmp_path_factory.getbasetemp() / f"any-{name}"
    path.write_text(text)
    result: Import | None = None
    with contextlib.suppress(ConfigError):
        result = FORMATS[name].read(path)
    assert result is None or isinstance(result, Import)
