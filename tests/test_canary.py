"""The search for keys finds them in every form; and nothing that holds one shows it (R22)."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import logging
import pprint
import random
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.canary import Canaries, traceback_with_locals
from support.planes import SCI_A, Plane, add_rx, add_tx

from macsec.config import load, load_topology
from macsec.config.sources import KeySource
from macsec.custody import Keeper
from macsec.errors import ConfigError, CustodyError, MACsecError
from macsec.kay.holders.store import CakStore, StoredCak
from macsec.kay.kay import Kay
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.kay.keys.keychain import ChainKey
from macsec.kay.secy_side.actions import CreateTransmitSA
from macsec.keys import Key
from macsec.secy import SecY
from macsec.secy.plane import SAParameters

SECRET = bytes.fromhex("8d3fa1c70e5b92648af1177bd0c63e25")
LONG = bytes.fromhex("f19e3b5c07d2846ab31c60e87f4495da2278bb013df6ce50a98e17644c82e3d9")

FORMS: dict[str, Callable[[bytes], str]] = {
    "hex": lambda key: key.hex(),
    "HEX": lambda key: key.hex().upper(),
    "colons": lambda key: key.hex(":"),
    "dashes": lambda key: key.hex("-").upper(),
    "dots": lambda key: key.hex(".", 2),
    "blanks": lambda key: key.hex(" ", 4),
    "lines": lambda key: key.hex("\n", 8),
    "C": lambda key: ", ".join(f"0x{octet:02x}" for octet in key),
    "escapes": lambda key: "".join(f"\\x{octet:02x}" for octet in key),
    "base64": lambda key: base64.b64encode(key).decode(),
    "base64 amid": lambda key: base64.b64encode(b"ab" + key + b"c").decode(),
    "base64 of web": lambda key: base64.urlsafe_b64encode(key).decode().rstrip("="),
    "repr": repr,
    "repr of bytearray": lambda key: repr(bytearray(key)),
    "list": lambda key: str(list(key)),
    "JSON": lambda key: json.dumps(list(key)),
    "number": lambda key: str(int.from_bytes(key)),
    "little number": lambda key: str(int.from_bytes(key, "little")),
    "hex number": lambda key: hex(int.from_bytes(key)),
}


def canaries() -> Canaries:
    """The two keys of this file."""
    found = Canaries()
    found.add(SECRET)
    found.add(LONG)
    return found


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", [SECRET, LONG], ids=["16", "32"])
@pytest.mark.parametrize("around", ["", "abc", "key=", 'x: "', "\u00e4\n"])
def test_a_key_in_any_form_is_found(key: bytes, form: str, around: str) -> None:
    """A key is found in every form, amid other octets."""
    text = f"{around}{FORMS[form](key)}{around[::-1]}"
    assert canaries().found(text.encode()) is not None


def test_a_raw_key_is_found_at_each_place() -> None:
    """Raw octets anywhere, among others that look alike."""
    search, draw = canaries(), random.Random(1)
    for at in range(40):
        assert search.found(draw.randbytes(at) + SECRET + draw.randbytes(7)) == "raw"
        assert search.found(draw.randbytes(at) + SECRET[:15] + draw.randbytes(40)) is None
        assert search.found(draw.randbytes(at) + LONG[:31] + draw.randbytes(40)) is None


def test_other_octets_are_no_key() -> None:
    """Other keys, pieces, and text; keys that text has by chance are no canaries."""
    search = canaries()
    text = f"{SECRET[:8].hex()} {Key(SECRET).check_value} {bytes(range(16)).hex()} {2**100}"
    assert search.found(text.encode()) is None
    for octets in (bytes(16), b"\xff" * 32, bytes(range(16)), bytes(range(0, 64, 2)), b"short"):
        search.add(octets)
        assert search.found(octets + octets.hex().encode()) is None


def test_a_key_in_output_fails_the_test(pytester_like: Callable[[str], str]) -> None:
    """Output, log, file and traceback each fail a test of a session."""
    output = pytester_like(
        """
        import logging, subprocess, sys
        from macsec.keys import Key

        KEY = Key(bytes.fromhex("8d3fa1c70e5b92648af1177bd0c63e25"))

        def test_good(tmp_path):
            (tmp_path / "own").write_text(KEY.expose().hex())
            print(KEY, KEY.check_value)

        def test_output():
            print(KEY.expose().hex(":"))

        def test_log():
            logging.getLogger("macsec").warning("%r", KEY.expose())

        def test_file(tmp_path):
            with open(tmp_path / "f", "wb") as file:
                file.write(b"x" + KEY.expose())

        def test_process():
            code = "print(int('8d3fa1c70e5b92648af1177bd0c63e25', 16))"
            subprocess.run([sys.executable, "-c", code], capture_output=True)

        def test_failure():
            assert KEY.expose().hex() == ""
        """
    )
    assert "1 passed" in output
    assert "5 failed" in output
    for where in ("Captured stdout", "Captured log", "a file", "a process", "the failure"):
        assert f"canary: a key is in {where}" in output, output


@pytest.fixture
def pytester_like(tmp_path: Path) -> Callable[[str], str]:
    """A session of its own over one file, with the plugin; returns its output."""
    import os
    import subprocess
    import sys
    import textwrap

    def run(source: str) -> str:
        folder = tmp_path / "session"
        folder.mkdir()
        (folder / "test_it.py").write_text(textwrap.dedent(source))
        here = Path(__file__).parent
        plugin = "import pytest; from support import canary; "
        plugin += "pytest.main(['-q', '-p', 'no:cacheprovider', '.'], plugins=[canary.Plugin()])"
        environment = os.environ | {"PYTHONPATH": f"{here}:{os.environ['PYTHONPATH']}"}
        done = subprocess.Popen(
            [sys.executable, "-c", plugin],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert done.stdout is not None
        with done.stdout as out:
            output = out.read().decode()
        done.wait()
        return output

    return run


# ---------------------------------------------------------------- what holds keys


def key_holders(tmp_path: Path) -> dict[str, Any]:
    """One of everything that has a key in it."""
    secys = {str(plane): add_tx(plane.secy(), key=SECRET) for plane in map(Plane, BACKENDS)}
    for secy in secys.values():
        add_rx(secy, key=SECRET)
    holder = MemoryHolder(Key(SECRET), b"name")
    tree = {"tx": {"sci": SCI_A, "sa": {"0": {"key": SECRET.hex(), "pn": "1"}}}}
    kay = Kay(int(SCI_A, 16), [ChainKey(holder)], random.Random(1).randbytes)
    keeper = Keeper(next(iter(secys.values())), tmp_path / "state", True)
    return {
        "key": Key(SECRET),
        "source": KeySource.of(SECRET.hex()),
        "configuration": load(tree),
        "parameters": SAParameters(0, Key(SECRET)),
        "action": CreateTransmitSA(0, Key(SECRET), None, None),
        "holder": holder,
        "chain": ChainKey(holder),
        "kay": kay,
        "participants": list(vars(kay).values()),
        "stored": StoredCak(b"name", Key(SECRET), 0),
        "store": CakStore(tmp_path / "store", Key(LONG)),
        "keeper": keeper,
        **secys,
        **{f"{name} plane": secy._plane for name, secy in secys.items()},
        **{f"{name} tx": secy.tx.sa[0] for name, secy in secys.items()},
        **{f"{name} vars": vars(secy._plane) for name, secy in secys.items()},
    }


BACKENDS = ("reference", "native")


def as_dict(value: Any) -> Any:
    """`asdict` of a dataclass, which copies; refused for what holds a key."""
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return None
    try:
        return dataclasses.asdict(value)
    except CustodyError as error:
        return str(error)


def logged(value: Any) -> str:
    """As a log line."""
    stream = io.StringIO()
    record = logging.LogRecord("macsec", logging.INFO, "f", 1, "%s %r", (value, value), None)
    stream.write(logging.Formatter().format(record))
    return stream.getvalue()


def dumped(value: Any) -> Any:
    """As pydantic gives it."""
    if not hasattr(value, "model_dump"):
        return None
    return (value.model_dump(), value.model_dump_json())


def in_a_traceback(value: Any) -> str:
    """As the local of a frame."""
    try:
        held = value
        raise ValueError(len(str(type(held))))
    except ValueError as error:
        found = traceback.TracebackException.from_exception(error, capture_locals=True)
        return "".join(found.format())


SHOWN: dict[str, Callable[[Any], Any]] = {
    "repr": repr,
    "str": str,
    "format": lambda value: f"{value}",
    "ascii": ascii,
    "pprint": pprint.pformat,
    "vars": lambda value: repr(getattr(value, "__dict__", None)),
    "dir": lambda value: [repr(getattr(value, name, None)) for name in public(value)],
    "asdict": as_dict,
    "json": lambda value: json.dumps(value, default=repr, skipkeys=True),
    "log": logged,
    "dump": dumped,
    "traceback": in_a_traceback,
}


def public(value: Any) -> list[str]:
    """Public attributes that are no calls."""
    names = [name for name in dir(value) if not name.startswith(("_", "model_"))]
    return [name for name in names if not callable(getattr(type(value), name, None))]


@pytest.mark.parametrize("way", SHOWN)
def test_nothing_shows_a_key(way: str, tmp_path: Path) -> None:
    """Each object that holds a key, shown in each way."""
    pytest.importorskip("macsec._native", reason="the native data plane is not built")
    search = canaries()
    shown = {name: str(SHOWN[way](value)) for name, value in key_holders(tmp_path).items()}
    assert len(shown) > 15
    assert [name for name, text in shown.items() if search.found(text.encode())] == []


KEY_FORMS: dict[str, Any] = {
    "octets": SECRET,
    "bytearray": bytearray(SECRET),
    "hex": SECRET.hex(),
    "list": list(SECRET),
    "number": int.from_bytes(SECRET),
}


def _static(key: Any, **wrong: Any) -> dict[str, Any]:
    return {"tx": {"sci": SCI_A, "sa": {0: {"key": key, **wrong}}}}


def _agreed(key: Any, **wrong: Any) -> dict[str, Any]:
    return {"mka": {"ckn": "0a", "cak": key, **wrong}}


def _topology(key: Any, **wrong: Any) -> dict[str, Any]:
    link = {"between": ["a", "b"], "macsec": {"ckn": "0a", "cak": key, **wrong}}
    return {"sites": {"a": {}, "b": {}}, "links": [link]}


def _with_tx(key: Any) -> None:
    secy = SecY(None, "reference")
    secy.create_tx_sc(SCI_A)
    secy.create_tx_sa(0, key)


def _with_rx(key: Any) -> None:
    secy = SecY(None, "reference")
    secy.create_rx_sc(SCI_A)
    secy.create_rx_sa(SCI_A, 0, key)


WRONG_CALLS: dict[str, Callable[[Any], object]] = {
    "an entry that is none": lambda key: load(_static(key, bad=1)),
    "an entry of the SecY": lambda key: SecY.from_config(_static(key, bad=1)),
    "a PN": lambda key: SecY.from_config(_static(key, pn=0)),
    "a key that is too short": lambda key: SecY.from_config(
        {"secy": {"cipher": "gcm-aes-256"}, **_static(key)}
    ),
    "an entry given twice": lambda key: load({"mka": {1: key, "1": key}}),
    "a mapping that is a list": lambda key: load({"tx": [_static(key)]}),
    "an entry of mka": lambda key: load(_agreed(key, bad=1)),
    "a CKN": lambda key: load({"mka": {"ckn": key * 3, "cak": key}}),
    "an entry of a link": lambda key: load_topology(_topology(key, bad=1)),
    "a topology without sites": lambda key: load_topology({**_topology(key), "sites": {}}),
    "text in place of a path": lambda key: SecY.from_config(f"tx:\n  key: {key!r}"),
    "text of a topology": lambda key: load_topology(f"{{macsec: {{cak: {key!r}}}}}"),
    "text as a key": lambda key: Key(str(key)),  # type: ignore[arg-type]
    "a transmit SA": _with_tx,
    "a receive SA": _with_rx,
    "a holder": lambda key: MemoryHolder(key, b"name"),
}


@pytest.mark.parametrize("form", KEY_FORMS)
@pytest.mark.parametrize("call", WRONG_CALLS)
def test_refusals_of_calls_with_keys_show_no_key(call: str, form: str) -> None:
    """Neither the message nor a local of any frame of the package."""
    with pytest.raises(MACsecError) as caught:
        WRONG_CALLS[call](KEY_FORMS[form])
    assert canaries().found(traceback_with_locals(caught.value)) is None


def test_a_document_in_place_of_its_path_is_refused_by_name() -> None:
    """However long it is: no file name of the system is in question."""
    for take in (load, load_topology):
        with pytest.raises(ConfigError, match="expected the path of a file, not its text"):
            take("tx:\n" + 5000 * "x")


def test_tracebacks_show_locals_but_no_key() -> None:
    """The search sees the locals of the package's frames."""
    try:
        KeySource.of(SECRET)
        Key(SECRET).__copy__()
    except CustodyError as error:
        shown = traceback_with_locals(error)
    assert b"Key of 16 octets" in shown
    assert canaries().found(shown) is None
