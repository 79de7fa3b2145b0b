"""Files of systemd.netdev: every setting of MACsec with its default, every line accounted for."""

from __future__ import annotations

from pathlib import Path

import pytest

from macsec.config import Configuration
from macsec.config.exchange import FORMATS, Import
from macsec.config.exchange.netdev_files import SETTINGS
from macsec.errors import ConfigError

K1, K2 = "81" * 16, "82" * 16
DEVICE = "[NetDev]\nName=macsec0\nKind=macsec\nMACAddress=02:00:00:00:00:01\n"
TX = f"[MACsecTransmitAssociation]\nPacketNumber=1\nKeyId=00\nKey={K1}\n"
PEER = "Port=7\nMACAddress=02:00:00:00:00:02\n"
RX = f"[MACsecReceiveAssociation]\n{PEER}Key={K2}\n"
CHANNEL = f"[MACsecReceiveChannel]\n{PEER}"


def imported(folder: Path, text: str, device: str | None = None) -> Import:
    """The import of a file."""
    (folder / "f.netdev").write_text(text)
    return FORMATS["systemd"].read(folder / "f.netdev", device)


def config_of(folder: Path, text: str) -> Configuration:
    """The configuration of a file."""
    return imported(folder, text).config


def refusal(folder: Path, text: str) -> str:
    """The place and the reason of a refusal."""
    with pytest.raises(ConfigError) as caught:
        imported(folder, text)
    assert K1 not in str(caught.value)
    return str(caught.value).removeprefix(f"{folder}/f.netdev:")


def test_every_setting_has_a_test() -> None:
    """The settings of the tests below are those of the import."""
    assert {name: sorted(settings) for name, settings in SETTINGS.items()} == {
        "NetDev": ["Kind", "MACAddress", "Name"],
        "MACsec": ["Encrypt", "Port"],
        "MACsecReceiveChannel": ["MACAddress", "Port"],
        "MACsecTransmitAssociation": sorted(
            ["Activate", "Key", "KeyFile", "KeyId", "PacketNumber", "UseForEncoding"]
        ),
        "MACsecReceiveAssociation": sorted(
            ["Activate", "Key", "KeyFile", "KeyId", "MACAddress", "PacketNumber", "Port"]
        ),
    }


def test_device_without_settings_has_the_defaults_of_linux(tmp_path: Path) -> None:
    """Integrity only, no replay protection, port 1, GCM-AES-128, as Linux treats frames."""
    config = config_of(tmp_path, DEVICE)
    secy = config.secy
    assert (secy.encrypt, secy.replay, secy.window, secy.encodingsa) == (False, False, 0, 0)
    assert (secy.profile, secy.cipher, secy.validate_frames) == ("linux", "gcm-aes-128", "strict")
    assert config.tx is not None
    assert (config.tx.sci, config.tx.sa, config.rx) == (0x0200000000010001, {}, [])


SWITCHES = [
    *((word, True) for word in ("1", "yes", "y", "true", "t", "on", "YES", "On")),
    *((word, False) for word in ("0", "no", "n", "false", "f", "off", "No", "")),
]


@pytest.mark.parametrize("word, meaning", SWITCHES)
def test_booleans_are_those_of_systemd(word: str, meaning: bool, tmp_path: Path) -> None:
    """In any case; an empty one is unset, and off in Linux."""
    text = f"{DEVICE}[MACsec]\nPort = 0x10\nEncrypt={word}\n{TX}Activate={word}\n"
    config = config_of(tmp_path, text)
    assert config.tx is not None
    assert (config.secy.encrypt, config.tx.sa[0].enabled) == (meaning, meaning)
    assert config.tx.sci & 0xFFFF == 0x10


ACTIVE = [
    (TX, False),
    (RX, False),
    (f"{TX}Activate=yes\n", True),
    (f"{RX}Activate=yes\n", True),
    (f"{TX}UseForEncoding=yes\n", True),
    (f"{TX}UseForEncoding=no\n", False),
    (f"{TX}Activate=no\nUseForEncoding=yes\n", True),
    (f"{TX}UseForEncoding=yes\nActivate=no\n", False),
]


@pytest.mark.parametrize("text, enabled", ACTIVE)
def test_sa_is_off_unless_activated(text: str, enabled: bool, tmp_path: Path) -> None:
    """UseForEncoding=yes activates; a later line wins."""
    config = config_of(tmp_path, DEVICE + text)
    assert config.tx is not None
    found = [sa.enabled for sa in config.tx.sa.values()]
    found += [sa.enabled for channel in config.rx for sa in channel.sa.values()]
    assert found == [enabled]


ENCODING = [("no", "no", 0), ("no", "yes", 1), ("yes", "yes", 0), ("yes", "no", 0), ("", "y", 1)]


@pytest.mark.parametrize("first, second, an", ENCODING)
def test_first_sa_for_encoding_is_the_one(first: str, second: str, an: int, tmp_path: Path) -> None:
    """AN 0 where none is, and a note for one too many."""
    text = f"{DEVICE}{TX}UseForEncoding={first}\n{TX}UseForEncoding={second}\n"
    result = imported(tmp_path, text)
    assert result.config.secy.encodingsa == an
    extra = "line 10: UseForEncoding=: the first has it"
    assert (extra in result.notes) == (first == second == "yes")


KEYS = [
    (f"Key={K1}\n", None),
    (f"Key={K1[:9]} {K1[9:]}\n", None),
    (f"Key={K1}\nKeyFile=/k\n", "file:/k"),
    (f"KeyFile=/k\nKey={K1}\n", "file:/k"),
    (f"KeyFile=/k\nKeyFile=\nKey={K1}\n", None),
    (f"Key={K2}\nKey={K1}\n", None),
]


@pytest.mark.parametrize("keys, reference", KEYS)
def test_key_file_is_stronger_than_key(keys: str, reference: str | None, tmp_path: Path) -> None:
    """In either order; an empty one is none, and a later Key= replaces an earlier one."""
    config = config_of(tmp_path, DEVICE + TX.replace(f"Key={K1}\n", keys))
    assert config.tx is not None
    source = config.tx.sa[0].key
    assert source.reference == reference
    assert reference or (source.inline is not None and source.inline.expose().hex() == K1)


def test_ans_count_in_the_order_of_the_file(tmp_path: Path) -> None:
    """For each channel by itself, with or without a section of the channel; PNs default to 1."""
    other = RX.replace("Port=7", "Port=8")
    text = f"{DEVICE}{RX}PacketNumber=5\n{TX}{other}{CHANNEL}{RX}{TX}"
    config = config_of(tmp_path, text)
    assert config.tx is not None
    assert [*config.tx.sa] == [0, 1]
    sas = {hex(sc.sci): {an: sa.pn for an, sa in sc.sa.items()} for sc in config.rx}
    assert sas == {"0x200000000020007": {0: 5, 1: 1}, "0x200000000020008": {0: 1}}


REFUSED: list[tuple[str, str]] = [
    ("root:x:0:0:root:/root:/bin/bash\n", "1: neither a section nor a setting"),
    ("Kind=macsec\n", "1: neither a section nor a setting"),
    (f"{DEVICE}nonsense\n", "5: neither a section nor a setting"),
    ("", "1: [NetDev] has no Kind=macsec"),
    (f"{DEVICE}[MACsec]\nEncrypt=maybe\n", "6: Encrypt=: expected yes or no"),
    (f"{DEVICE}[MACsec]\nPort=0\n", "6: Port=: expected a number of 1 to 65535"),
    (f"{DEVICE}[MACsec]\nPort=010\n", "6: Port=: expected a number of 1 to 65535"),
    (DEVICE.replace(":01", ":1g"), "4: MACAddress=: "),
    (DEVICE + TX.replace("PacketNumber=1\n", ""), "5: [MACsecTransmitAssociation] without Pack"),
    (DEVICE + TX.replace("r=1", "r=0"), "5: [MACsecTransmitAssociation] without PacketNumber"),
    (DEVICE + TX.replace(f"Key={K1}\n", ""), "5: [MACsecTransmitAssociation] without Key="),
    (DEVICE + TX.replace(K1, K1 + "00"), "8: Key=: expected a key of 32 hex digits"),
    (DEVICE + TX.replace(f"Key={K1}", "KeyFile=k"), "8: KeyFile=: expected an absolute path"),
    (DEVICE + TX.replace("KeyId=00", "KeyId=0"), "7: KeyId=: expected at most 32 hex digits"),
    (DEVICE + 5 * TX, "21: [MACsecTransmitAssociation] more than 4"),
    (DEVICE + 5 * RX, "21: [MACsecReceiveAssociation] more than 4 of a channel"),
    (DEVICE + 2 * CHANNEL, "8: [MACsecReceiveChannel] another one has this SCI"),
    (f"{DEVICE}[MACsecReceiveChannel]\nPort=1\n", "5: [MACsecReceiveChannel] expected MACAddr"),
    (DEVICE.replace("MACA", "#MACA") + TX, "1: the SCI is missing: expected MACAddress="),
    (DEVICE.replace("02:00:00:00:00:01", "none") + TX, "1: the SCI is missing"),
]  # fmt: skip


@pytest.mark.parametrize("text, said", REFUSED)
def test_refused_or_unreadable_line_is_named(text: str, said: str, tmp_path: Path) -> None:
    """An assignment or a section that systemd would leave out is an error with its line."""
    assert refusal(tmp_path, text).startswith(said)


def test_every_other_line_has_a_note(tmp_path: Path) -> None:
    """Sections and settings without a place, key identifiers, drop-ins, an unknown address."""
    (tmp_path / "f.netdev.d").mkdir()
    text = DEVICE.replace("MACAddress=02:00:00:00:00:01", "MTUBytes=9000") + (
        f"; a comment\n[Match]\nHost=a\n\n[MACsec]\nEncrypt=\\\n# inside\n  yes\n{RX}KeyId=01\n"
    )
    result = imported(tmp_path, text)
    assert result.config.secy.encrypt
    assert result.notes == [
        "line 4: MTUBytes= of [NetDev] is not in a configuration",
        "line 6: [Match] is not in a configuration",
        f"{tmp_path}/f.netdev.d: systemd reads these files too; here they are left out",
        "tx is left out: without MACAddress= the address is not known",
        "line 13: KeyId= is not in a configuration",
    ]


def test_one_device_of_a_folder_is_chosen_by_name(tmp_path: Path) -> None:
    """Other kinds of devices do not count."""
    (tmp_path / "a.netdev").write_text(DEVICE)
    (tmp_path / "b.netdev").write_text(DEVICE.replace("macsec0", "macsec1").replace(":01", ":09"))
    (tmp_path / "c.netdev").write_text("[NetDev]\nName=v\nKind=vlan\n")
    read = FORMATS["systemd"].read
    with pytest.raises(ConfigError, match=r"2 \.netdev files .*--device: macsec0, macsec1"):
        read(tmp_path)
    tx = read(tmp_path, "macsec1").config.tx
    assert tx is not None
    assert tx.sci == 0x0200000000090001
    with pytest.raises(ConfigError, match=r"0 \.netdev files"):
        read(tmp_path, "macsec2")
    with pytest.raises(ConfigError, match="no Name=macsec2"):
        read(tmp_path / "a.netdev", "macsec2")
