"""A CAK on a token gives the results of one in memory, and never leaves: with SoftHSM2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.mka import tokens

from macsec.errors import ConfigError, CustodyError, EnvironmentLacks, MACsecError
from macsec.kay.holders import token as token_module
from macsec.kay.holders.token import TokenHolder, open_session
from macsec.kay.keys import derivation
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.keys import Key

CAKS = {16: bytes.fromhex("c0ffee00decafbad0123456789abcdef"), 32: bytes(range(7, 39))}
CKN = bytes.fromhex("11223344")
MEMBERS = [bytes(range(12)), bytes(range(12, 24))]


@pytest.fixture(scope="session")
def module(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the PKCS#11 module, with the CAKs on its token."""
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
    """Yield a session that is logged in."""
    with open_session(module, tokens.TOKEN, tokens.PIN) as opened:
        yield opened


@pytest.fixture(params=[16, 32])
def pair(request: pytest.FixtureRequest, session: Any) -> tuple[TokenHolder, MemoryHolder]:
    """Return holders of the same CAK on the token and in memory."""
    length = request.param
    return TokenHolder(session, f"cak{length}", CKN), MemoryHolder(Key(CAKS[length]), CKN)


def test_token_gives_the_results_of_memory(pair: tuple[TokenHolder, MemoryHolder]) -> None:
    """ICV, SAK, wrap and unwrap, each with the other's output."""
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


def test_unwrap_of_foreign_octets_is_none(pair: tuple[TokenHolder, MemoryHolder]) -> None:
    """Wrapped by another key, one changed bit, any length: nothing raises."""
    token, memory = pair
    wrapped = memory.wrap(Key(bytes(16)))
    assert token.unwrap(MemoryHolder(Key(bytes(16)), CKN).wrap(Key(bytes(16)))) is None
    assert token.unwrap(bytes([wrapped[0] ^ 1]) + wrapped[1:]) is None
    for length in (0, 1, 8, 16, 23, 25, 48):
        assert token.unwrap(bytes(length)) is None, length
    assert token.icv_valid(b"", b"") is False
    assert token.unwrap(wrapped) == Key(bytes(16)), "the token still works"


def test_the_cak_never_leaves(pair: tuple[TokenHolder, MemoryHolder]) -> None:
    """KEK and ICK neither, once they are on the token."""
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
    """Objects of a wrap, an unwrap and a holder are deleted with them."""
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
def test_unsuitable_keys_of_a_token_are_refused(session: Any, label: str, said: str) -> None:
    """A key that is missing, is not a CAK, or may leave the token."""
    with pytest.raises(ConfigError, match=said):
        TokenHolder(session, label, CKN)


def test_closed_session_is_a_macsec_error(module: str) -> None:
    """A removed token raises MACsecError, which the KaY handles."""
    session = open_session(module, tokens.TOKEN, tokens.PIN)
    holder = TokenHolder(session, "cak16", CKN)
    session.close()
    uses: list[Callable[[], object]] = [
        lambda: holder.icv(b""),
        lambda: holder.wrap(Key(bytes(16))),
        lambda: holder.unwrap(bytes(24)),
        lambda: holder.sak(bytes(16), MEMBERS, 1, 16),
    ]
    for use in uses:
        with pytest.raises(MACsecError):
            use()


def test_two_caks_on_one_token_work_side_by_side(module: str) -> None:
    """A key chain on one token: each CAK has a session of its own."""
    with open_session(module, tokens.TOKEN, tokens.PIN) as one:
        holders = [
            TokenHolder(one, "cak16", CKN),
            TokenHolder(open_session(module, tokens.TOKEN, tokens.PIN), "cak32", b"\x02"),
        ]
        for holder, length in zip(holders, CAKS, strict=True):
            want = MemoryHolder(Key(CAKS[length]), holder.ckn)
            assert holder.icv(b"m") == want.icv(b"m")


def test_failed_log_in_names_the_cause_without_the_pin(module: str) -> None:
    """A wrong token, PIN or module."""
    # Other tests of this process may still be logged in, and then the PIN is not checked.
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


def test_token_holder_hides_its_key_and_refuses_copies(
    pair: tuple[TokenHolder, MemoryHolder],
) -> None:
    """No copy, no key in the text."""
    import copy
    import pickle

    token, _ = pair
    assert repr(token) == "<TokenHolder of CKN 11223344>"
    for use in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(CustodyError):
            use(token)


def test_missing_library_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the package to install."""
    import sys

    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(EnvironmentLacks, match=r"pip install 'macsec\[pkcs11\]'"):
        token_module._library()


def test_kdf_of_the_token_is_that_of_derivation(session: Any) -> None:
    """For one and two blocks of CMAC."""
    holder = TokenHolder(session, "cak32", CKN)
    for length in (16, 32):
        want = derivation.kdf(Key(CAKS[32]), b"label", b"context", 8 * length)
        assert holder._kdf(b"label", b"context", length) == want
