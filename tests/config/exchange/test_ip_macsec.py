"""Scripts of `ip`: every option with the default of Linux, every line accounted for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from macsec.config import Configuration
from macsec.config.exchange import FORMATS, Import
from macsec.config.exchange.ip_devices import OPTIONS, SA_OPTIONS
from macsec.errors import ConfigError

K1, K2, K256 = "81" * 16, "82" * 16, "83" * 32
LINK = "ip link add link eth0 name macsec0 type macsec sci 5254001301560001"
TX = f"ip macsec add macsec0 tx sa 0 pn 1 on key 01 {K1}"
RX = "ip macsec add macsec0 rx sci 5254001301570001"
SALT = "838383838383838383838383"
IDENTIFIERS = "identifiers of keys are not in a configuration, which names SAs by AN"


def imported(folder: Path, *lines: str, device: str | None = None) -> Import:
    """The import of a script."""
    path = folder / "f.sh"
    path.write_text("\n".join(lines) + "\n")
    return FORMATS["ip-macsec"].read(path, device)


def config_of(folder: Path, *lines: str) -> Configuration:
    """The configuration of a script."""
    return imported(folder, *lines).config


def refusal(folder: Path, *lines: str) -> str:
    """The place and the reason of a refusal."""
    with pytest.raises(ConfigError) as caught:
        imported(folder, *lines)
    assert not any(key in str(caught.value) for key in (K1, K2, K256))
    return str(caught.value).removeprefix(f"{folder}/f.sh:")


DEFAULTS: dict[str, tuple[str, Any, str, Any]] = {
    # option: entry of secy, default of Linux, another value, its meaning
    "cipher": ("cipher", "gcm-aes-128", "GCM-AES-256", "gcm-aes-256"),
    "icvlen": ("icv_length", 16, "12", 12),
    "encrypt": ("encrypt", False, "on", True),
    "send_sci": ("send_sci", True, "on", True),
    "end_station": ("end_station", False, "on", True),
    "scb": ("scb", False, "on", True),
    "protect": ("protect", True, "off", False),
    "replay": ("replay", False, "on window 0", True),
    "window": ("window", 0, "0x20 replay on", 32),
    "validate": ("validate_frames", "strict", "check", "check"),
    "encodingsa": ("encodingsa", 0, "3", 3),
    "offload": ("profile", "linux", "off", "linux"),
}


def test_every_option_of_a_device_has_a_row() -> None:
    """The table of the tests is that of the import."""
    assert DEFAULTS.keys() == OPTIONS.keys()


@pytest.mark.parametrize("option", DEFAULTS)
def test_option_left_out_has_the_default_of_linux(option: str, tmp_path: Path) -> None:
    """Linux: integrity only, no replay protection, strict; and its own profile."""
    entry, default, _, _ = DEFAULTS[option]
    assert getattr(config_of(tmp_path, LINK).secy, entry) == default


@pytest.mark.parametrize("option", DEFAULTS)
def test_option_of_a_device_is_carried(option: str, tmp_path: Path) -> None:
    """At the start, and by a later `link set` where Linux allows it."""
    entry, _, words, meaning = DEFAULTS[option]
    assert getattr(config_of(tmp_path, f"{LINK} {option} {words}").secy, entry) == meaning
    change = f"ip link set macsec0 type macsec {option} {words}"
    if OPTIONS[option].changes:
        assert getattr(config_of(tmp_path, LINK, change).secy, entry) == meaning
    else:
        assert "cannot be changed" in refusal(tmp_path, LINK, change)


def test_later_set_keeps_what_it_does_not_name(tmp_path: Path) -> None:
    """`link set ... type macsec encodingsa 0` leaves replay, window and encrypt alone."""
    lines = (f"{LINK} encrypt on replay on window 32", "ip link set macsec0 type macsec scb on")
    secy = config_of(tmp_path, *lines).secy
    assert (secy.encrypt, secy.replay, secy.window, secy.scb) == (True, True, 32, True)


SCIS = [
    ("sci 5254001301560001", 0x5254001301560001),
    ("sci 0x5254001301560001", 0x5254001301560001),
    ("sci 1f", 0x1F),
    ("address 2:0:0:0:0:1 port 0x10", 0x0200000000010010),
    ("port 010 address 02:00:00:00:00:01", 0x0200000000010008),
    ("address 02:00:00:00:00:01 port 11", 0x020000000001000B),
]


@pytest.mark.parametrize("words, sci", SCIS)
def test_sci_of_either_way_is_read_as_ip_does(words: str, sci: int, tmp_path: Path) -> None:
    """By SCI, or by port and address in any order, numbers as C writes them."""
    link = f"ip link add link eth0 macsec0 type macsec {words}"
    config = config_of(tmp_path, link, f"ip macsec add macsec0 rx {words}")
    assert config.tx is not None
    assert (config.tx.sci, config.rx[0].sci) == (sci, sci)


OWN = [
    ("ip link add link eth0 macsec0 address 02:00:00:00:00:01 type macsec port 11", 11),
    ("ip link set eth0 address 02:00:00:00:00:01\nip link add link eth0 macsec0 type macsec", 1),
    ("ip link set dev eth0 address 02:00:00:00:00:01\n"
     "ip link add macsec0 link eth0 type macsec port 7", 7),
]  # fmt: skip


@pytest.mark.parametrize("lines, port", OWN)
def test_sci_comes_from_the_address_of_a_device(lines: str, port: int, tmp_path: Path) -> None:
    """That of the device, or of the one below; port 1 where none is given."""
    tx = config_of(tmp_path, lines, TX).tx
    assert tx is not None
    assert tx.sci == 0x020000000001 << 16 | port


def test_device_of_unknown_address_needs_an_sci(tmp_path: Path) -> None:
    """With a transmit SA an error at the device; without one a note, and no tx."""
    link = "ip link add link eth0 macsec0 type macsec port 11"
    assert refusal(tmp_path, link, TX).startswith("1: the SCI is missing: the address of eth0")
    result = imported(tmp_path, link, RX)
    assert result.config.tx is None
    assert result.notes == ["line 1: tx is left out: the address of eth0 is not known"]


SA_ROWS: dict[str, tuple[str, str, Any, Any]] = {
    # option: field of an SA, value, meaning, default
    "pn": ("pn", "0x400", 0x400, None),
    "xpn": ("pn", str(1 << 33), 1 << 33, None),
    "salt": ("salt", SALT, bytes.fromhex(SALT), None),
    "ssci": ("ssci", "123", 0x123, None),
}


@pytest.mark.parametrize("option", SA_OPTIONS)
def test_option_of_an_sa_is_carried(option: str, tmp_path: Path) -> None:
    """PN, and for XPN suites salt and SSCI, which `ip` reads as hex."""
    entry, value, meaning, default = SA_ROWS[option]
    given = {"xpn": "1", "ssci": "1", "salt": SALT} if option != "pn" else {}
    words = " ".join(f"{name} {text}" for name, text in (given | {option: value}).items())
    link = LINK if option == "pn" else f"{LINK} cipher gcm-aes-xpn-128"
    sa = f"sa 2 {words} on key 01 {K1}"
    config = config_of(tmp_path, link, RX, f"ip macsec add macsec0 tx {sa}", f"{RX} {sa}")
    assert config.tx is not None
    for channel in (config.tx, config.rx[0]):
        assert getattr(channel.sa[2], entry) == meaning
    assert default is None


STATES = [
    (RX, True),
    (f"{RX} on", True),
    (f"{RX} off", False),
    (f"{RX}\nip macsec set macsec0 rx sci 5254001301570001 off", False),
    (f"{RX} off\nip macsec set macsec0 rx sci 5254001301570001 on", True),
]


@pytest.mark.parametrize("lines, enabled", STATES)
def test_receive_sc_is_on_unless_off_is_said(lines: str, enabled: bool, tmp_path: Path) -> None:
    """Linux makes a receive SC active."""
    assert config_of(tmp_path, LINK, lines).rx[0].enabled == enabled


SA = f"ip macsec add macsec0 tx sa 0 pn 1 key 01 {K1}"
SA_STATES = [
    (SA, False, 1),
    (f"{SA} on", True, 1),
    (f"{SA} on\nip macsec set macsec0 tx sa 0 pn 500", True, 500),
    (f"{SA}\nip macsec set macsec0 tx sa 0 on", True, 1),
    (f"{SA} on\nip macsec set macsec0 tx sa 0 off pn 9", False, 9),
]


@pytest.mark.parametrize("lines, enabled, pn", SA_STATES)
def test_sa_is_off_unless_on_is_said(lines: str, enabled: bool, pn: int, tmp_path: Path) -> None:
    """And `set` changes only what it names."""
    tx = config_of(tmp_path, LINK, lines).tx
    assert tx is not None
    assert (tx.sa[0].enabled, tx.sa[0].pn) == (enabled, pn)


def test_deleted_sas_scs_and_devices_are_gone(tmp_path: Path) -> None:
    """The import is the state that the last command leaves."""
    other = LINK.replace("macsec0", "macsec1").replace("560001", "590001")
    config = config_of(
        tmp_path,
        LINK, other, TX, TX.replace("sa 0", "sa 1"), RX, f"{RX} sa 0 pn 1 key 02 {K2}",
        "ip macsec set macsec0 tx sa 0 off", "ip macsec del macsec0 tx sa 0",
        "ip macsec del macsec0 rx sci 5254001301570001 sa 0",
        RX.replace("570001", "570002"), "ip macsec delete macsec0 rx sci 5254001301570002",
        "ip link del macsec1",
    )  # fmt: skip
    assert config.tx is not None
    assert [*config.tx.sa] == [1]
    assert [(hex(channel.sci), channel.sa) for channel in config.rx] == [("0x5254001301570001", {})]


UNREADABLE: list[tuple[list[str], str]] = [
    (["hello: world"], "1: not a command as ip has it"),
    (["hello world"], "1: no command of ip makes a macsec device"),
    ([LINK, "iip macsec add macsec0 tx sa 0"], "2: macsec in a command of another program"),
    ([LINK, "ssh h ip macsec show"], "2: macsec in a command of another program"),
    ([LINK, "ip macsec add macsec0 tx sa 0 pn"], "2: pn without a value"),
    ([LINK, "ip macsec add macsec0 tx sa 4 pn 1"], "2: expected a number of 0 to 3"),
    ([LINK, f"ip macsec add macsec0 tx sa 0 pn 0 key 0 {K1}"], "2: pn: expected a number of 1 to"),
    ([LINK, f"ip macsec add macsec0 tx sa 0 key 01 {K1}"], "2: an SA needs a packet number"),
    ([LINK, "ip macsec add macsec0 tx sa 0 pn 1"], "2: an SA needs a key"),
    ([LINK, f"ip macsec add macsec0 tx sa 0 pn 1 key 01 {K256}"], "2: a key of gcm-aes-128 has 32"),
    ([LINK, f"ip macsec add macsec0 tx sa 0 pn 1 key 01 {K1[1:]}"], "2: key: expected a key of 2"),
    ([LINK, f"ip macsec add macsec0 tx sa 0 xpn 1 key 01 {K1}"], "2: gcm-aes-128 takes pn"),
    ([f"{LINK} cipher gcm-aes-xpn-128", TX], "2: gcm-aes-xpn-128 takes xpn"),
    ([f"{LINK} cipher gcm-aes-xpn-128", TX.replace("pn", "xpn")], "2: gcm-aes-xpn-128 needs ssci"),
    ([LINK, TX, TX], "3: SA 0 exists"),
    ([LINK, TX, "ip macsec del macsec0 tx sa 0"], "3: SA 0 is on"),
    ([LINK, "ip macsec set macsec0 tx sa 1 on"], "2: there is no SA 1"),
    ([LINK, "ip macsec del macsec0 tx sa 1"], "2: there is no SA 1"),
    ([LINK, TX, f"ip macsec set macsec0 tx sa 0 key 01 {K2}"], "3: the key of an SA cannot be"),
    ([LINK, f"{RX} sa 0 pn 1 key 02 {K2}"], "2: there is no such receive SC"),
    ([LINK, RX, RX], "3: this receive SC exists"),
    ([LINK, f"{RX} maybe"], "2: expected on or off"),
    ([LINK, "ip macsec add macsec0 rx port 1"], "2: expected sci SCI, or port PORT address MAC"),
    ([LINK, "ip macsec add macsec0 tx"], "2: expected tx sa AN, or rx SCI"),
    ([LINK, LINK], "2: macsec0 exists"),
    ([LINK, LINK.replace("macsec0", "macsec1")], "2: another device on eth0 has this SCI"),
    ([TX], "1: there is no macsec device macsec0"),
    (["ip link set macsec0 type macsec scb on"], "1: there is no macsec device macsec0"),
    ([f"{LINK} replay on"], "1: replay on without window"),
    ([f"{LINK} window 5"], "1: window without replay"),
    ([f"{LINK} end_station on scb on"], "1: send_sci, end_station and scb exclude"),
    ([f"{LINK} send_sci off"], "1: Linux refuses an explicit sci with send_sci off"),
    ([f"{LINK} icvlen 7"], "1: icvlen: expected a number of 8 to 16"),
    ([f"{LINK} cipher Gcm-Aes-128"], "1: cipher: expected default, gcm-aes-128"),
    ([f"{LINK} cipher gcm-aes-xpn-128 replay on window 0x40000000"], "1: window of an XPN suite"),
    ([f"{LINK} encryption on"], "1: encryption: no option of a macsec device"),
    ([LINK, "ip link set macsec0 type macsec port 9"], "2: the SCI of a device cannot be changed"),
    ([LINK, "ip -batch -"], "2: -batch -: the commands come from elsewhere"),
    ([LINK, "ip -batch nowhere"], "cannot read it"),
    ([LINK, TX.replace(K1, "$1")], "2: a variable that only a running shell knows"),
    (["KEY=$(cat key)", LINK, TX.replace(K1, "$KEY")], "3: a variable that only a running shell"),
    ([LINK, TX.replace(K1, "${KEY:-1}")], "2: a variable that only a running shell knows"),
    (["for i in 0 1; do", LINK, "done"], "1: for: conditions and loops are not followed"),
    (["true", f"{LINK} 'open"], "2: a quotation that does not end"),
]  # fmt: skip


@pytest.mark.parametrize("lines, said", UNREADABLE, ids=lambda value: str(value)[:40])
def test_refused_or_unreadable_line_is_named(lines: list[str], said: str, tmp_path: Path) -> None:
    """A command that `ip`, the kernel or the import cannot take is an error with its line."""
    assert said in refusal(tmp_path, *lines)


def test_several_devices_need_a_name_or_namespace(tmp_path: Path) -> None:
    """None is merged with another: the user chooses one."""
    lines = (
        f"ip netns exec a {LINK}", f"ip netns exec a {TX}",
        "ip -n b " + LINK[3:].replace("560001", "570001"), "ip -netns b " + TX[3:],
    )  # fmt: skip
    said = refusal(tmp_path, *lines)
    assert said.startswith("3: another device than that of line 1")
    assert "a/macsec0, b/macsec0" in said
    tx = imported(tmp_path, *lines, device="b/macsec0").config.tx
    assert tx is not None
    assert (tx.sci, [*tx.sa]) == (0x5254001301570001, [0])
    with pytest.raises(ConfigError, match="no macsec device c; in the file: a/macsec0, b/macsec0"):
        imported(tmp_path, *lines, device="c")


def test_moved_and_renamed_device_keeps_its_keys(tmp_path: Path) -> None:
    """`link set ... netns` and `name` follow the device."""
    lines = (LINK, TX, "ip link set macsec0 netns a", "ip -n a link set macsec0 name m1 up")
    result = imported(tmp_path, *lines, device="a/m1")
    assert result.config.tx is not None
    assert result.notes == ["line 4: up of macsec0 is not in a configuration", IDENTIFIERS]


WRITTEN = [
    pytest.param(f"sudo {LINK} && sudo {TX}; ip link set macsec0 up", id="one line"),
    pytest.param(f"KEY={K1}\nD=macsec0\n{LINK}\n" + TX.replace(K1, '"$KEY"').replace(
        "add macsec0", "add ${D}"), id="variables"),
    pytest.param(f"export KEY={K1}\n{LINK} # a comment\n\n{TX.replace(K1, '$KEY')}", id="export"),
    pytest.param(LINK.replace(" type", " \\\n  type") + f"\n{TX}", id="continued"),
    pytest.param(f"{LINK}\r\n{TX}\r", id="crlf"),
    pytest.param(f"ip -batch - <<EOF\n{LINK[3:]}\n{TX[3:]}\nEOF", id="here document"),
    pytest.param(f"{LINK[3:]}\n{TX[3:]}", id="batch file"),
    pytest.param(LINK.replace("name macsec0", "name macsec") + "\n" + TX.replace(
        "add macsec0", "add macsec"), id="named macsec"),
    pytest.param(f"/sbin/{LINK} 2>/dev/null || exit 1\n/usr/sbin/{TX} >/dev/null 2>&1", id="paths"),
    pytest.param(f"sh -c '{LINK}; {TX}'", id="sh -c"),
    pytest.param(LINK.replace("link add", "l a") + "\n" + TX.replace("macsec add", "mac a"),
                 id="abbreviations"),
]  # fmt: skip


@pytest.mark.parametrize("text", WRITTEN)
def test_script_is_read_as_a_shell_runs_it(text: str, tmp_path: Path) -> None:
    """Several commands a line, variables, continued lines, batches: the same device and SA."""
    tx = config_of(tmp_path, text).tx
    assert tx is not None
    assert (tx.sci, tx.sa[0].pn, tx.sa[0].enabled) == (0x5254001301560001, 1, True)


def test_batch_file_of_a_script_is_followed(tmp_path: Path) -> None:
    """Beside the script; an error names the batch file and its line."""
    (tmp_path / "batch").write_text(f"{LINK[3:]}\n{TX[3:]}\n")
    assert config_of(tmp_path, "ip -force -b batch").tx is not None
    (tmp_path / "batch").write_text(f"{LINK[3:]}\nmacsec add macsec0 tx sa 9\n")
    assert "batch:2: expected a number of 0 to 3" in refusal(tmp_path, "ip -batch batch")
    (tmp_path / "batch").write_text("ip -b batch\n")
    assert "name each other" in refusal(tmp_path, "ip -batch batch")


def test_every_line_without_effect_has_a_note(tmp_path: Path) -> None:
    """Other programs, other objects of `ip`, hardware offload, devices that come up."""
    notes = imported(
        tmp_path,
        "#!/bin/sh", "set -e", "modprobe macsec", f"{LINK} offload mac", "ip link set macsec0 up",
        "ip addr add 10.0.0.1/24 dev macsec0", "ip macsec show", "ip link set eth0 mtu 9000", RX,
    ).notes  # fmt: skip
    assert notes == [
        "line 3: modprobe is no command of ip: left out",
        "line 4: offload is not in a configuration: there is no hardware",
        "line 5: up of macsec0 is not in a configuration",
        "line 6: ip address has no part in a configuration",
        "line 7: ip macsec show changes nothing",
        "line 8: ip link set eth0 has no part in a configuration",
    ]
