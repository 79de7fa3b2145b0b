"""Keys of a corpus on their way to workers."""

from __future__ import annotations

import pickle

import pytest
from support.planes import SCI_A

from macsec.config import load
from macsec.corpus.order import Order
from macsec.corpus.sealed_config import (
    cak_octets,
    configuration_in,
    configuration_octets,
    holders_in,
)
from macsec.corpus.wrapping import derived, run_key_of, unwrap, wrap
from macsec.errors import ConfigError
from macsec.keys import Key

SAK = "c0ffee00decafbad0123456789abcdef"


def run_key(octet=7):
    """A key of a run."""
    return Key(bytes([octet]) * 32)


def config(key=SAK):
    """A configuration with one key."""
    sa = {"key": key, "pn": 5}
    return load({"tx": {"sci": SCI_A, "sa": {0: sa}}, "rx": [{"sci": SCI_A, "sa": {0: sa}}]})


def test_wrapped_keys_come_back_in_the_same_run_alone():
    """Another key or another run opens nothing."""
    wrapped = wrap(b"secret", run_key(), "run")
    assert unwrap(wrapped, run_key(), "run") == b"secret"
    for key, run in ((run_key(8), "run"), (run_key(), "other")):
        with pytest.raises(ConfigError, match="another key of the run"):
            unwrap(wrapped, key, run)


def test_wrapping_again_gives_the_same_octets():
    """A task that is sent again is the same task."""
    assert wrap(b"secret", run_key(), "run") == wrap(b"secret", run_key(), "run")
    assert wrap(b"", run_key(), "run") == unwrap(b"", run_key(), "run") == b""


def test_purposes_have_octets_of_their_own():
    """Keys for wrapping and for links differ, and so do those of two captures."""
    made = {derived(run_key(), purpose, 32) for purpose in ("wrap", "replay a", "replay b")}
    assert len(made) == 3


def test_order_has_no_key_in_its_text_or_pickle():
    """Neither the text nor the pickle of an order holds a key, in octets or in hex."""
    octets = configuration_octets(config())
    assert SAK.encode() in octets
    wrapped = wrap(octets, run_key(), "r")
    order = Order("protect", "r", "v", "a.pcap", "a.pcap", "1", "out", {}, "env:X", wrapped)
    for text in (repr(order).encode(), str(order).encode(), pickle.dumps(order)):
        assert SAK.encode() not in text
        assert bytes.fromhex(SAK) not in text


def test_configuration_comes_back_with_keys_of_references(tmp_path, monkeypatch):
    """References are followed on the client: a worker has no such file or variable."""
    monkeypatch.setenv("A_KEY", SAK)
    found = configuration_in(configuration_octets(config("env:A_KEY")))
    assert [source.inline.expose().hex() for source in found.key_sources()] == [SAK] * 2
    assert found.tx.sa[0].pn == 5


def test_caks_come_back_by_their_names():
    """Holders of the CAKs have their CKNs."""
    octets = cak_octets({b"\1\2": [Key(bytes(16)), Key(bytes(32))], b"\3": [Key(bytes(16))]})
    assert [holder.ckn for holder in holders_in(octets)] == [b"\1\2", b"\1\2", b"\3"]


@pytest.mark.parametrize("text", ["", "00", "zz" * 32, "00" * 33])
def test_key_of_a_run_has_64_hex_digits(text):
    """Anything else is refused, and never repeated."""
    with pytest.raises(ConfigError, match="a key of a run") as refused:
        run_key_of(text, "env:NAME")
    assert not text or text not in str(refused.value)
