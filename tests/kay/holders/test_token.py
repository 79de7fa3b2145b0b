"""A CAK on a token does what one in memory does, and never leaves: against SoftHSM2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support import tokens

from macsec.errors import ConfigError, CustodyError, EnvironmentLacks, MACsecError
from macsec.kay import derivation
from macsec.kay.cak_holder import MemoryHolder
from macsec.kay.holders import token as token_module
from macsec.kay.holders.token import TokenHolder, open_session
from macsec.keys import Key

CAKS = {16: bytes.fromhex("c0ffee00decafbad0123456789abcdef"), 32: bytes(range(7, 39))}
CKN = bytes.fromhex("11223344")
MEMBERS = [bytes(range(12)), bytes(range(12, 24))]


@pytest.fixture(scope="session")
def module(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The PKCS#11 module, with the CAKs on its token."""
    path = tokens.softhsm(tmp_path_factory.getbasetemp() / "softhsm-kay")
    for length, cak in CAKS.items():
        tokens.put(path, f"cak{length}", cak)
    tokens.put(path, "loose", CAKS[16], extractable=True)
    tokens.put(path, "bare", CAKS[16], sensitive=False)
    tokens.put(path, "odd", bytes(24))
    tokens.put(path, "mute", CAKS[16], sign=False)
    for _ in range(2):
        tokens.put(path, "twice", CAKS[16])
    return path


@pytest.fixture
def session(module: str) -> Iterator[Any]:
    """Logged in."""
    with open_session(module, tokens.TOKEN, tokens.PIN) as opened:
        yield opened


@pytest.fixture(params=[16, 32])
def pair(request: pytest.FixtureRequest, session: Any) -> tuple[TokenHolder, MemoryHolder]:
    """The same CAK on the token and in memory."""
    length = request.param
    return TokenHolder(session, f"cak{length}", CKN), MemoryHolder(Key(CAKS[length]), CKN)


def test_same_as_in_memory(pair: tuple[TokenHolder, MemoryHolder]) -> None:
    """ICV, SAK and both directions of the wrap: each end takes what the other makes."""
    token, memory = pair
    assert (token.ckn, token.cak_length) == (CKN, memory.cak_length)
    message = b"MKPDU" * 9
    assert token.icv(message) == memory.icv(message)
    assert token.icv_valid(message, memory.icv(message))
    assert not token.icv_valid(message + b"!", memory.icv(message))
    for length in (16, 32):
        nonce = bytes(range(length))
        sak = token.sak(nonce, MEMBERS, 3, length)
        assert sak == memory.sak(nonce, MEMBERS, 3, length)
        assert token.wrap(sak) == memory.wrap(sak)
        assert token.unwrap(memory.wrap(sak)) == sak
        assert memory.unwrap(token.wrap(sak)) == sak


def test_what_came_off_a_wire(pair: tuple[TokenHolder, MemoryHolder]) -> None:
    """Another key's wrap, one changed bit, any length: None, and nothing raises."""
    token, memory = pair
    wrapped = memory.wrap(Key(bytes(16)))
    assert token.unwrap(MemoryHolder(Key(bytes(16)), CKN).wrap(Key(bytes(16)))) is None
    assert token.unwrap(bytes([wrapped[0] ^ 1]) + wrapped[1:]) is None
    for length in (0, 1, 8, 16, 23, 25, 48):
        assert token.unwrap(bytes(length)) is None, length
    assert token.icv_valid(b"", b"") is False
    assert token.unwrap(wrapped) == Key(bytes(16)), "the token works on"


def test_the_cak_never_leaves(pair: tuple[TokenHolder, MemoryHolder]) -> None:
    """Nor do KEK and ICK once they are on the token: it does not give their octets."""
    token, _ = pair
    pkcs11 = pytest.importorskip("pkcs11")
    for key in (token._cak, token._kek, token._ick):
        with pytest.raises(pkcs11.AttributeSensitive):
            key[pkcs11.Attribute.VALUE]
        assert not key[pkcs11.Attribute.EXTRACTABLE]
    for name in TokenHolder.__slots__:
        value = getattr(token, name)
        assert not isinstance(value, bytes | bytearray | Key) or name == "ckn"


def test_nothing_stays_on_the_token(session: Any) -> None:
    """What a wrap, an unwrap and a holder put there is gone with them."""
    before = len(list(session.get_objects()))
    holder = TokenHolder(session, "cak16", CKN)
    for _ in range(3):
        holder.unwrap(holder.wrap(Key(bytes(16))))
        holder.unwrap(bytes(24))
    assert len(list(session.get_objects())) == before + 2
    holder.close()
    assert len(list(session.get_objects())) == before


@pytest.mark.parametrize(
    "label, said",
    [
        ("none", "0 secret keys have the label 'none'"),
        ("twice", "2 secret keys"),
        ("loose", "is extractable"),
        ("bare", "is extractable"),
        ("mute", "may not sign"),
        ("odd", "24 octets, a CAK has 16 or 32"),
    ],
)
def test_refused(session: Any, label: str, said: str) -> None:
    """A key that is not there, is no CAK, or is not kept on the token."""
    with pytest.raises(ConfigError, match=said):
        TokenHolder(session, label, CKN)


def test_a_session_that_is_gone(module: str) -> None:
    """A token that is pulled out is a MACsecError, which the KaY knows."""
    session = open_session(module, tokens.TOKEN, tokens.PIN)
    holder = TokenHolder(session, "cak16", CKN)
    session.close()
    uses = [
        lambda: holder.icv(b""),
        lambda: holder.wrap(Key(bytes(16))),
        lambda: holder.unwrap(bytes(24)),
        lambda: holder.sak(bytes(16), MEMBERS, 1, 16),
    ]
    for use in uses:
        with pytest.raises(MACsecError):
            use()


def test_two_on_one_token(module: str) -> None:
    """A key chain on one token: each CAK has its session, and both work side by side."""
    with open_session(module, tokens.TOKEN, tokens.PIN) as one:
        holders = [
            TokenHolder(one, "cak16", CKN),
            TokenHolder(open_session(module, tokens.TOKEN, tokens.PIN), "cak32", b"\x02"),
        ]
        for holder, length in zip(holders, CAKS, strict=True):
            want = MemoryHolder(Key(CAKS[length]), holder.ckn)
            assert holder.icv(b"m") == want.icv(b"m")


def test_log_in(module: str) -> None:
    """A wrong token, PIN or module is told in one line without the PIN."""
    # Other tests of this process may be logged in still, and then a PIN is not looked at.
    pytest.importorskip("pkcs11").lib(module).reinitialize()
    for token, pin, kind, said in (
        ("other", tokens.PIN, ConfigError, "no token 'other'"),
        (tokens.TOKEN, "canary-9999", ConfigError, "the PIN is not that"),
    ):
        with pytest.raises(kind, match=said) as caught:
            open_session(module, token, pin)
        assert "canary-9999" not in str(caught.value)
    with pytest.raises(EnvironmentLacks, match="cannot be used"):
        open_session("/nowhere.so", tokens.TOKEN, tokens.PIN)


def test_hidden(pair: tuple[TokenHolder, MemoryHolder]) -> None:
    """No copy, no key in the text."""
    import copy
    import pickle

    token, _ = pair
    assert repr(token) == "<TokenHolder of CKN 11223344>"
    for use in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(CustodyError):
            use(token)


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install is told."""
    import sys

    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(EnvironmentLacks, match=r"pip install 'macsec\[pkcs11\]'"):
        token_module._library()


def test_the_kdf_is_that_of_the_keys(session: Any) -> None:
    """For each length that one or two blocks of CMAC give."""
    holder = TokenHolder(session, "cak32", CKN)
    for length in (16, 32):
        want = derivation.kdf(Key(CAKS[32]), b"label", b"context", 8 * length)
        assert holder._kdf(b"label", b"context", length) == want
