"""A SecY from a configuration: its state, and every refusal with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.planes import Plane

from macsec.config import load
from macsec.errors import ConfigError, EnvironmentLacks
from macsec.secy import PROFILES, Controls, SecY, Validate, Verdict
from macsec.secy.from_config import controls_of, require_transmit
from macsec.suites import SUITES

KEY = "30313233343536373839303132333435"
OTHER = "40414243444546474849505152535455"
SALT = "000102030405060708090a0b"
FRAME = bytes.fromhex("ffffffffffff 525400130156 0800") + bytes(range(46))

WHOLE = f"""\
secy:
  window: 0x10
  validate: check
tx:
  sci: 5254001301560001
  sa:
    0: {{key: {KEY}, pn: 7}}
    3:
      key: {OTHER}
      enabled: off
rx:
  - sci: 52-54-00-13-01-57-00-01
    sa:
      1: {{key: {KEY}, pn: 20, lowest_pn: 10}}
  - sci: 5254001301560001
    enabled: off
    sa:
      0: {{key: {KEY}, pn: 0x5}}
"""


def write(folder: Path, text: str) -> Path:
    """Write a private configuration file."""
    path = folder / "link.yaml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def build(config: Any, plane: Plane) -> SecY:
    """Return a SecY on a plane, through the public API."""
    return SecY.from_config(config, plane.backend, plane.kernel)


def test_secy_has_the_controls_scs_and_sas_of_the_file(tmp_path: Path, plane: Plane) -> None:
    """Controls, SCs and SAs are those of the file."""
    secy = build(write(tmp_path, WHOLE), plane)
    assert secy.controls == Controls(window=16, validate=Validate.CHECK)
    assert secy.tx.sci == "5254001301560001"
    assert {an: (sa.enabled, sa.next_pn) for an, sa in secy.tx.sa.items()} == {
        0: (True, 7),
        3: (False, 1),
    }
    first, second = secy.rx.values()
    assert (first.sci, first.enabled, second.enabled) == ("5254001301570001", True, False)
    assert (first.sa[1].next_pn, first.sa[1].lowest_pn) == (20, 10)
    assert (second.sa[0].next_pn, second.sa[0].lowest_pn) == (5, 5)


def test_two_secys_with_each_others_keys_exchange_frames(plane: Plane) -> None:
    """Two SecYs with each other's keys: a frame comes out as it went in."""
    sa = {0: {"key": KEY}}
    sender = build({"tx": {"sci": "5254001301560001", "sa": sa}}, plane)
    receiver = build({"rx": [{"sci": "5254001301560001", "sa": sa}]}, plane)
    protected = sender.protect_frame(FRAME)
    assert protected is not None
    assert receiver.validate_frame(protected) == (Verdict.OK, FRAME)


def test_every_entry_of_secy_reaches_its_control() -> None:
    """Every entry of `secy:` reaches its control."""
    given: dict[str, Any] = {
        "profile": "linux",
        "cipher": "gcm-aes-256",
        "protect": "off",
        "encrypt": "on",
        "offset": 30,
        "validate": None,
        "replay": "off",
        "window": 64,
        "send_sci": "off",
        "end_station": "on",
        "scb": "on",
        "encodingsa": 2,
        "clear_tags": 1,
        "clear_tags_authenticated": "on",
        "mtu": 1500,
        "icv_length": 12,
        "ethertype": "9876",
    }
    assert controls_of(load({"secy": given})) == Controls(
        profile=PROFILES["linux"],
        cipher=SUITES["gcm-aes-256"],
        protect=False,
        offset=30,
        validate=Validate.NULL,
        replay=False,
        window=64,
        send_sci=False,
        end_station=True,
        scb=True,
        encodingsa=2,
        clear_tags=1,
        clear_tags_authenticated=True,
        mtu=1500,
        icv_length=12,
        ethertype=0x9876,
    )
    assert controls_of(load({"secy": {"duplicates": "reject"}})).duplicates_reject
    assert controls_of(load({})) == Controls()


TX = "tx:\n  sci: 5254001301560001\n  sa:\n    0:\n      "
XPN = "secy: {cipher: gcm-aes-xpn-128}\n"
RX = "rx:\n  - sci: 5254001301570001\n    sa:\n      0:\n        "
REFUSED = [
    # the file; the line that is named; the entry; a piece of what is said
    ("secy:\n  encrypt: off\n  offset: 30\n", 3, "secy.offset", "with encrypt: off"),
    ("secy:\n  offset: 7\n", 2, "secy.offset", "0, 30 and 50"),
    ("secy:\n  cipher: gcm-aes-xpn-256\n  offset: 50\n", 3, "secy.offset", "XPN has none"),
    (
        "secy:\n  window: 0x40000000\n  cipher: gcm-aes-xpn-128\n",
        2,
        "secy.window",
        "0 to 1073741823",
    ),
    ("secy:\n  window: 4294967296\n", 2, "secy.window", "0 to 4294967295"),
    ("secy:\n  replay: on\n  encodingsa: 4\n", 3, "secy.encodingsa", "not an AN"),
    ("secy:\n  clear_tags: 3\n", 2, "secy.clear_tags", "0, 1 or 2"),
    ("secy:\n  replay: on\n  ethertype: 8100\n", 3, "secy.ethertype", "that of a VLAN tag"),
    ("secy:\n  ethertype: 05ff\n", 2, "secy.ethertype", "0600 to ffff"),
    ("secy:\n  ethertype: macsec\n", 2, "secy.ethertype", "4 hex digits"),
    ("secy:\n  icv_length: 8\n", 2, "secy.icv_length", "profile linux takes 8 to 16"),
    ("secy:\n  profile: linux\n  icv_length: 7\n", 3, "secy.icv_length", "8 to 16"),
    (
        "secy:\n  profile: linux\n\n  duplicates: reject\n",
        4,
        "secy.duplicates",
        "no part of profile",
    ),
    ("secy:\n  replay: off\n  duplicates: reject\n", 3, "secy.duplicates", "needs replay: on"),
    (
        "secy:\n  send_sci: off\n  end_station: on\ntx:\n  enabled: on\n  sci: 5254001301560002\n",
        6,
        "tx.sci",
        "end_station means port 1",
    ),
    (
        "secy:\n  send_sci: off\n  scb: on\ntx:\n  sci: 5254001301560001\n",
        5,
        "tx.sci",
        "scb means port 0",
    ),
    (TX + f"pn: 3\n      key: {KEY}{OTHER}\n", 6, "tx.sa.0.key", "takes a key of 16 octets, 32"),
    (TX + f"key: {KEY}\n      pn: 0\n", 6, "tx.sa.0.pn", "pn 0 is not within 1 to 4294967295"),
    (TX + f"key: {KEY}\n      pn: 4294967296\n", 6, "tx.sa.0.pn", "not within 1 to"),
    (TX + f"key: {KEY}\n      ssci: 00000001\n", 6, "tx.sa.0.ssci", "no ssci and no salt"),
    (TX + f"key: {KEY}\n      salt: {SALT}\n", 6, "tx.sa.0.salt", "no ssci and no salt"),
    (XPN + TX + f"key: {KEY}\n", 5, "tx.sa.0", "gcm-aes-xpn-128 needs an ssci and a salt"),
    (XPN + TX + f"key: {KEY}\n      ssci: 00000001\n", 7, "tx.sa.0.ssci", "needs an ssci and"),
    (RX + f"key: {KEY}\n        pn: 4\n        lowest_pn: 5\n", 7, "rx.0.sa.0.lowest_pn", "above"),
    (RX + f"key: {OTHER}00\n", 5, "rx.0.sa.0.key", "takes a key of 16 octets, 17 given"),
    (
        "rx:\n  - sci: 5254001301570001\n  - enabled: on\n    sci: 5254001301570001\n",
        3,
        "rx.1",
        "receive SC 5254001301570001 exists",
    ),
    (
        XPN
        + TX
        + f"key: {KEY}\n      ssci: 00000001\n      salt: {SALT}\n"
        + RX
        + f"key: {KEY}\n        salt: {SALT}\n        ssci: 00000001\n",
        15,
        "rx.0.sa.0.ssci",
        "SSCI 00000001 belongs to SCI 5254001301560001 under this key",
    ),
    (TX + "pn: 1\n      key: file:missing\n", 6, "tx.sa.0.key", "file:missing: cannot read it"),
    (TX + "pn: 1\n      key: env:MACSEC_NO_KEY\n", 6, "tx.sa.0.key", "env:MACSEC_NO_KEY: not set"),
    (RX + "pn: 1\n        key: fd:9999\n", 6, "rx.0.sa.0.key", "fd:9999: cannot read it"),
]


@pytest.mark.parametrize("text, line, entry, said", REFUSED)
def test_refusal_names_file_line_entry_and_reason(
    text: str, line: int, entry: str, said: str, tmp_path: Path
) -> None:
    """A refusal names the file, the line of the entry, the entry and the reason."""
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        SecY.from_config(path, "reference")
    assert str(caught.value).startswith(f"{path}:{line}: {entry}: "), str(caught.value)
    assert said in str(caught.value)


def test_refused_dict_names_the_section() -> None:
    """Without a file the section is named."""
    with pytest.raises(ConfigError, match=r"^secy: offset 30 with encrypt: off"):
        SecY.from_config({"secy": {"encrypt": False, "offset": 30}}, "reference")
    sa = {0: {"key": KEY, "pn": 0}}
    with pytest.raises(ConfigError, match=r"^tx\.sa\.0: pn 0 is not within"):
        SecY.from_config({"tx": {"sci": 1, "sa": sa}}, "reference")


def test_ssci_may_serve_two_scis_under_two_keys() -> None:
    """One SSCI may serve two SCIs under two keys, and one SCI in both directions."""
    xpn = {"ssci": "00000001", "salt": SALT}
    secy = SecY.from_config(
        {
            "secy": {"cipher": "gcm-aes-xpn-128"},
            "tx": {"sci": "0000000000010001", "sa": {0: {"key": KEY, **xpn}}},
            "rx": [
                {"sci": "0000000000020001", "sa": {0: {"key": OTHER, **xpn}}},
                {"sci": "0000000000010001", "sa": {0: {"key": KEY, **xpn}}},
            ],
        },
        "reference",
    )
    assert sorted(secy.rx) == ["0000000000010001", "0000000000020001"]


@pytest.mark.parametrize("good", [True, False])
def test_loaded_keys_are_wiped_also_after_a_refusal(good: bool) -> None:
    """The SecY took the keys over: the loaded model has none left, also after a refusal."""
    config = load({"tx": {"sci": "0000000000000001", "sa": {0: {"key": KEY, "pn": int(good)}}}})
    if good:
        secy = SecY.from_config(config, "reference")
        assert secy.protect_frame(FRAME) is not None
    else:
        with pytest.raises(ConfigError, match="pn 0"):
            SecY.from_config(config, "reference")
    assert config.tx is not None
    inline = config.tx.sa[0].key.inline
    assert inline is not None
    assert len(inline) == 0
    with pytest.raises(ConfigError, match=r"^tx\.sa\.0: this key was wiped .* load it again"):
        SecY.from_config(config, "reference")


def test_configuration_with_references_can_be_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A configuration with references assembles as often as wanted."""
    monkeypatch.setenv("MACSEC_SAK", KEY)
    (tmp_path / "sak").write_text(KEY)
    (tmp_path / "sak").chmod(0o600)
    text = TX + "key: env:MACSEC_SAK\n" + RX + "key: file:sak\n"
    config = load(write(tmp_path, text))
    for _ in range(2):
        secy = SecY.from_config(config, "reference")
        assert secy.protect_frame(FRAME) is not None
        assert len(secy.rx["5254001301570001"].sa) == 1


def test_lowest_pn_under_linux_is_ignored_with_a_warning(
    tmp_path: Path, plane: Plane, caplog: pytest.LogCaptureFixture
) -> None:
    """Under `profile: linux` a given lowest_pn is ignored, with a warning that names it."""
    text = "secy: {profile: linux, window: 4}\n" + RX + f"key: {KEY}\n        pn: 9\n"
    plain = build(write(tmp_path, text), plane).rx["5254001301570001"].sa[0]
    path = write(tmp_path, text + "        lowest_pn: 2\n")
    sa = build(path, plane).rx["5254001301570001"].sa[0]
    assert (sa.next_pn, sa.lowest_pn) == (plain.next_pn, plain.lowest_pn)
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}:8: rx.0.sa.0.lowest_pn: ignored: profile linux has no lowest PN of its own"
    ]


def test_send_sci_wins_over_end_station_and_scb_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """`send_sci: on` wins over end_station and scb, for any port, and a warning says so."""
    controls = {"end_station": "on", "scb": "on"}
    SecY.from_config({"secy": controls, "tx": {"sci": "0000000000000007"}}, "reference")
    assert "send_sci is on" in caplog.text


TRANSMIT = [
    # the file; the line; what is said
    ("secy: {}\nrx: []\n", 1, "tx: is missing: protecting needs a transmit SC"),
    ("secy: {}\ntx:\n  sci: 5254001301560001\n", 2, "tx.sa: has no SA 0"),
    ("secy: {encodingsa: 1}\n" + TX + f"key: {KEY}\n", 4, "tx.sa: has no SA 1, which encodingsa"),
    (
        TX + f"key: {KEY}\n      enabled: off\n",
        6,
        "tx.sa.0.enabled: off, but encodingsa",
    ),
    (TX + f"key: {KEY}\n  enabled: off\n", 6, "tx.enabled: off: nothing can be protected"),
]


@pytest.mark.parametrize("text, line, said", TRANSMIT)
def test_transmit_command_needs_an_sa_that_can_send(
    text: str, line: int, said: str, tmp_path: Path
) -> None:
    """A transmit command asks for an SA that can send, unless nothing is to be protected."""
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        require_transmit(load(path))
    assert str(caught.value).startswith(f"{path}:{line}: {said}")


@pytest.mark.parametrize("secy", [{"protect": "off"}, {"validate": "null"}])
def test_no_sa_is_needed_to_send_in_clear(secy: dict[str, str]) -> None:
    """No SA is needed if frames leave in clear."""
    config = load({"secy": secy})
    require_transmit(config)
    assert config.tx is None


def test_enabled_encoding_sa_is_enough_to_transmit(tmp_path: Path) -> None:
    """The SA that encodingsa names is there and on."""
    config = load(write(tmp_path, WHOLE))
    require_transmit(config)
    assert config.tx is not None


def test_unknown_backend_or_kernel_is_refused() -> None:
    """An unknown backend or kernel is refused."""
    with pytest.raises(ConfigError, match="backend 'gpu'"):
        SecY.from_config({}, "gpu")
    with pytest.raises((ConfigError, EnvironmentLacks)):
        SecY.from_config({}, "native", "abacus")
