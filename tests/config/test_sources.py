"""Sources of keys; no message ever shows a key."""

from __future__ import annotations

import copy
import os
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from macsec.config import KeyRing, KeySource, dump, load
from macsec.errors import ConfigError, CustodyError
from macsec.keys import Key
from macsec.secy import SecY

KEY = "c0ffee42c0ffee42deadbea7deadbea7"
OCTETS = bytes.fromhex(KEY)


def key_of(reference: str, folder: Path = Path()) -> bytes:
    """The octets that a reference leads to."""
    with KeyRing(folder) as ring:
        return ring.key(KeySource.of(reference)).expose()


def refused(reference: str, folder: Path = Path()) -> str:
    """References that yield no key, each with its reason."""
    with pytest.raises(ConfigError) as caught:
        key_of(reference, folder)
    return str(caught.value)


@pytest.mark.parametrize(
    "text", [KEY, KEY.upper() + "\n", " c0ffee42 c0ffee42\r\n\tdeadbea7\n\ndeadbea7 \n"]
)
def test_key_file_is_hex_with_any_white_space(
    text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A key file holds hex with any white space; its path is relative to the configuration."""
    path = tmp_path / "a key"
    path.write_text(text)
    path.chmod(0o600)
    assert key_of("file:a key", tmp_path) == OCTETS
    assert key_of(f"file:{path}", Path("/nowhere")) == OCTETS
    assert not caplog.records


def test_exposed_key_file_gets_warnings(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A key file that others may read or change gets a warning for each fault, in every mode."""
    (tmp_path / "sak").write_text(KEY)
    what = f"{tmp_path}/sak holds a key and others can"
    for mode in range(0o400, 0o1000):
        caplog.clear()
        (tmp_path / "sak").chmod(mode)
        assert key_of("file:sak", tmp_path) == OCTETS
        said = [record.getMessage() for record in caplog.records]
        faults = ["read"] * bool(mode & 0o044) + ["change"] * bool(mode & 0o022)
        assert said == [f"{what} {verb} it: chmod 600" for verb in faults], oct(mode)


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files away, as root")
def test_a_file_of_another(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """So does one that belongs to another user, who can change it at any time."""
    (tmp_path / "sak").write_text(KEY)
    (tmp_path / "sak").chmod(0o600)
    os.chown(tmp_path / "sak", 65534, 65534)
    assert key_of("file:sak", tmp_path) == OCTETS
    (record,) = caplog.records
    assert (
        record.getMessage() == f"{tmp_path}/sak holds a key and belongs to another user: chown it"
    )


@pytest.mark.parametrize("prefix", ["", "0x", "0X"])
@pytest.mark.parametrize("encoding", ["ascii", "utf-8-sig", "utf-16"])
def test_key_file_of_a_windows_editor_is_read(encoding: str, prefix: str, tmp_path: Path) -> None:
    """A byte order mark, CRLF and 0x are no part of the key."""
    (tmp_path / "sak").write_bytes(f"{prefix}{KEY}\r\n".encode(encoding))
    assert key_of("file:sak", tmp_path) == OCTETS


def test_key_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable holds hex."""
    monkeypatch.setenv("SAK_0", f" {KEY}\n")
    assert key_of("env:SAK_0") == OCTETS
    monkeypatch.delenv("SAK_0")
    assert refused("env:SAK_0") == "key env:SAK_0: not set"


def test_key_from_a_descriptor() -> None:
    """A descriptor is read to its end, once for all SAs that name it."""
    reading, writing = os.pipe()
    os.write(writing, KEY.encode())
    os.close(writing)
    with KeyRing(Path()) as ring:
        first = ring.key(KeySource.of(f"fd:{reading}"))
        assert first.expose() == OCTETS
        assert ring.key(KeySource.of(f"fd:{reading}")) is first
    assert len(first) == 0
    assert refused(f"fd:{reading}") == f"key fd:{reading}: empty"
    os.close(reading)
    assert refused(f"fd:{reading}") == f"key fd:{reading}: cannot read it: Bad file descriptor"


def test_no_key_file(tmp_path: Path) -> None:
    """Missing, a folder, a pipe, a device, empty, too long, no hex: the reason and no contents."""
    os.mkfifo(tmp_path / "pipe")
    for name, contents in (("empty", "\n"), ("long", "00" * 4096), ("text", KEY + "xy")):
        (tmp_path / name).write_text(contents)
    expected = {
        "none": "cannot read it: No such file or directory",
        ".": "cannot read it: it is a folder",
        "pipe": "cannot read it: it is a pipe",
        "/dev/zero": "cannot read it: it is a device",
        "empty": "empty",
        "long": "longer than 4096 octets: not a key",
        "text": "not hex digits alone",
    }
    said = {name: refused(f"file:{name}", tmp_path) for name in expected}
    assert said == {name: f"key file:{name}: {why}" for name, why in expected.items()}


@pytest.mark.parametrize("form", ["file", "env"])
def test_key_in_place_of_a_name(form: str) -> None:
    """A key written in place of a name is not shown again."""
    named = KeySource.of(f"{form}:{KEY}")
    assert KEY not in refused(f"{form}:{KEY}")
    assert KEY not in repr(named)


def test_sources_are_equal_by_reference_and_key() -> None:
    """Inline keys are equal by octets, references by text."""
    assert KeySource.of(KEY) == KeySource.of(OCTETS) == KeySource.of(Key(OCTETS))
    assert KeySource.of("env:A") == KeySource.of("env:A") != KeySource.of("env:B")
    assert KeySource.of("env:A") != KeySource.of(KEY)
    assert KeySource.of("env:A") != "env:A"
    assert len({KeySource.of(KEY), KeySource.of(OCTETS)}) == 1


CONFIG: dict[str, Any] = {
    "tx": {"sci": "0000000000000001", "sa": {0: {"key": KEY}}},
    "rx": [{"sci": "0000000000000002", "sa": {0: {"key": KEY}}}],
}

COPIES: list[Callable[[Any], Any]] = [
    copy.copy,
    copy.deepcopy,
    pickle.dumps,
    lambda model: model.model_copy(),
    lambda model: model.model_copy(deep=True),
    lambda model: model.copy(),
]


@pytest.mark.parametrize("duplicate", COPIES)
def test_models_with_keys_are_not_copied(duplicate: Callable[[Any], Any]) -> None:
    """An object that holds a key refuses every way to copy it."""
    config = load(CONFIG)
    assert config.tx is not None
    for holder in (config, config.tx, config.tx.sa[0], config.rx[0], config.rx[0].sa[0]):
        with pytest.raises(CustodyError):
            duplicate(holder)
    with pytest.raises((CustodyError, AttributeError)):
        duplicate(config.tx.sa[0].key)


def test_models_do_not_show_keys() -> None:
    """No text of a model, nor its dict or JSON, holds the key."""
    config = load(CONFIG)
    assert config.tx is not None
    texts = [
        *(str(config), repr(config), f"{config}", str(vars(config)), str(config.model_dump())),
        *(config.model_dump_json(), str(config.tx.sa), str(vars(config.tx.sa[0]))),
        *(repr(config.tx.sa[0].key), str(list(config))),
    ]
    for text in texts:
        assert_no_canary(text)


def assert_no_canary(text: str) -> None:
    """The key is not in a text, in none of its forms."""
    bare = "".join(character for character in text.lower() if character.isalnum())
    assert KEY[:16] not in bare
    assert repr(OCTETS)[2:-1] not in text
    assert str(int(KEY, 16)) not in text


SA = "tx:\n  sci: 5254001301560001\n  sa:\n    0: {{key: {}}}\n"
LEAKY = [
    SA.format(KEY) + "secy: {window: x}\n",
    SA.format(KEY) + "secy: {cipher: gcm-aes-256}\n",
    SA.format(KEY) + "secy: {offset: 30, encrypt: off}\n",
    SA.format(KEY) + "rx: [{sci: 1}]\n",
    SA.format(KEY) + "rx:\n  - sci: 5254001301570001\n    sa: {0: {key: " + KEY + ", pn: 0}}\n",
    SA.format(KEY) + "secy: {",
    SA.format(KEY) + "secy: \x07",
    SA.format(KEY + "0"),
    SA.format(KEY + KEY + "x"),
    SA.format(KEY + "00"),
    SA.format("*" + KEY),
    SA.format("&" + KEY + " 00"),
    SA.format("!" + KEY + " 00"),
    SA.format("!" + KEY + "!x 00"),
    SA.format("!<" + KEY + "> 00"),
    SA.format('"' + KEY + '\\q"'),
    SA.format('"' + KEY),
    SA.format("'" + KEY),
    SA.format("[" + KEY + "]"),
    SA.format("{" + KEY + ": 00}"),
    SA.format("file:" + KEY),
    SA.format("env:" + KEY),
    SA.format("hex:" + KEY),
    SA.format("00, " + KEY + ": 1"),
    SA.format("00, pn: " + KEY),
    SA.format("00, salt: " + KEY),
    SA.format("00, ssci: " + KEY),
    SA.format("00, enabled: " + KEY),
    f"tx:\n  sci: {KEY}\n",
    f"tx:\n  sci: 5254001301560001\n  sa: {{{KEY}: {{}}}}\n",
    f"tx:\n  sci: 5254001301560001\n  sa: {KEY}\n",
    f"secy:\n  cipher: {KEY}\n",
    f"{KEY}: 1\n{KEY}: 2\n",
    f"{KEY}\n",
    f"tx: {KEY}\n",
    f"%TAG ! {KEY}\n---\nsecy: {{}}\n",
    f"%{KEY} x\n%{KEY} y\n---\n- {KEY}\n",
    f"secy: @{KEY}\n",
    f"secy: |{KEY}\n",
]


@pytest.mark.parametrize("text", LEAKY)
@pytest.mark.parametrize("ending", [b"", b"\xff"])
def test_refusals_do_not_show_keys(
    text: str, ending: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither a refusal, nor its traceback with all locals, nor its cause shows a key."""
    path = tmp_path / "link.yaml"
    path.write_bytes(text.encode() + ending)
    with pytest.raises(ConfigError) as caught:
        SecY.from_config(path, "reference")
    error: BaseException | None = caught.value
    assert str(error).startswith(f"{path}:")
    while error is not None:
        frames = traceback.TracebackException.from_exception(error, capture_locals=True)
        ours = [frame for frame in frames.stack if __file__ not in frame.filename]
        assert_no_canary(" ".join(str(frame.locals) for frame in ours))
        assert_no_canary(f"{error} {error!r} {error.args} {vars(error)}")
        error = error.__context__
    assert_no_canary(caplog.text)


def test_refused_dict_does_not_show_keys() -> None:
    """A dict neither."""
    config = {**CONFIG, "secy": {"cipher": "gcm-aes-256"}}
    with pytest.raises(ConfigError) as caught:
        SecY.from_config(config, "reference")
    assert_no_canary("".join(traceback.format_exception(caught.value)))


def test_dump_of_a_wiped_configuration() -> None:
    """Keys that a SecY took are gone: nothing is written in their place."""
    config = load(CONFIG)
    config.wipe()
    with pytest.raises(CustodyError, match="wiped"):
        dump(config, reveal_keys=True)


def test_pin_is_read_without_its_line_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PIN is read unchanged but for its line end; from a reference only."""
    (tmp_path / "pin").write_bytes("pässword 12 \n".encode())
    (tmp_path / "pin").chmod(0o600)
    monkeypatch.setenv("PIN", "pässword 12 ")
    monkeypatch.setenv("NONE", "")
    with KeyRing(tmp_path) as ring:
        for reference in ("file:pin", "env:PIN"):
            secret = ring.text(KeySource.reference_of(reference))
            assert secret.expose().decode() == "pässword 12 "
        with pytest.raises(ConfigError, match="env:NONE: empty"):
            ring.text(KeySource.reference_of("env:NONE"))
    for inline in ("1234", "00" * 16, ""):
        with pytest.raises(ValueError, match="expected a reference") as caught:
            KeySource.reference_of(inline)
        assert not inline or inline not in str(caught.value)
