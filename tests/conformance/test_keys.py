"""The keys of key agreement beyond the vectors: known answers of hostap's keys, wrong arguments."""

from __future__ import annotations

import ast
import inspect

import pytest

from macsec.errors import ConfigError
from macsec.kay.keys import derivation
from macsec.keys import Key

CAK = Key(bytes(range(16)))

HOSTAP = [
    (bytes(range(32)), "92837d1d5f4564f49d55cfdf623a91b7", "940dd70d87fe2547897ed54b732b6dc7"),
    (b"\x11\x22\x33\x44", "812f4fbe1ab6b2b7e3981ae9295a3d72", "d91f368e69f1a7073ce136f39fe70e27"),
    (b"\x11\x22\x33", "0c38d348b1c7e9ddb5e3a8602815729d", "fe38a844e0c81fe47470a089e8388de9"),
]


@pytest.mark.parametrize("ckn, kek, ick", HOSTAP)
def test_kek_and_ick(ckn: bytes, kek: str, ick: str) -> None:
    """Of one CAK under CKNs of 32, 4 and 3 octets."""
    assert derivation.kek_from_cak(CAK, ckn).expose().hex() == kek
    assert derivation.ick_from_cak(CAK, ckn).expose().hex() == ick


def test_only_sixteen_octets_of_a_ckn_matter() -> None:
    """Two CKNs with the same first 16 octets share KEK and ICK."""
    ckn = bytes(range(16))
    assert derivation.kek_from_cak(CAK, ckn) == derivation.kek_from_cak(CAK, ckn + b"more")
    assert derivation.ick_from_cak(CAK, ckn) != derivation.ick_from_cak(CAK, ckn[:-1] + b"\xff")


@pytest.mark.parametrize("length", [16, 32])
@pytest.mark.parametrize("kek_length", [16, 32])
def test_unwrap_reverses_wrap(length: int, kek_length: int) -> None:
    """Wrap and unwrap give the key back, 8 octets longer between; a flipped bit gives None."""
    kek, key = Key(bytes(range(kek_length))), Key(bytes(range(100, 100 + length)))
    wrapped = derivation.wrap(kek, key)
    assert len(wrapped) == length + 8
    assert derivation.unwrap(kek, wrapped) == key
    for at in range(len(wrapped)):
        spoiled = bytearray(wrapped)
        spoiled[at] ^= 1
        assert derivation.unwrap(kek, bytes(spoiled)) is None


@pytest.mark.parametrize("length", [0, 1, 8, 15, 16, 23, 25])
def test_unwrap_of_no_wrapped_key(length: int) -> None:
    """A length that no wrapped key has gives nothing, and raises nothing."""
    assert derivation.unwrap(CAK, bytes(length)) is None


def test_icv_depends_on_every_octet() -> None:
    """Good for its message under its key, for no other, and at its full length only."""
    icv = derivation.icv(CAK, b"message")
    assert len(icv) == derivation.ICV_LENGTH
    assert derivation.icv_valid(CAK, b"message", icv)
    assert not derivation.icv_valid(CAK, b"massage", icv)
    assert not derivation.icv_valid(CAK, b"message", icv[:-1])
    assert not derivation.icv_valid(Key(bytes(16)), b"message", icv)


@pytest.mark.parametrize("length", [16, 32])
def test_sak_depends_on_every_input(length: int) -> None:
    """As long as the suite wants; another KN, nonce or list of members gives another."""
    members = [bytes(12), bytes(range(12))]
    sak = derivation.sak_from_cak(CAK, bytes(length), members, 1, length)
    assert len(sak) == length
    others = [
        derivation.sak_from_cak(CAK, bytes(length), members, 2, length),
        derivation.sak_from_cak(CAK, bytes(range(length)), members, 1, length),
        derivation.sak_from_cak(CAK, bytes(length), members[::-1], 1, length),
    ]
    assert sak not in others


def test_eap_keys_do_not_depend_on_the_order_of_macs() -> None:
    """The numerically lower address comes first."""
    msk, low, high = Key(bytes(range(64))), bytes(6), b"\xff" * 6
    assert derivation.cak_from_msk(msk, low, high) == derivation.cak_from_msk(msk, high, low)
    assert len(derivation.cak_from_msk(msk, low, high, 32)) == 32
    names = {
        derivation.ckn_from_msk(msk, b"\x0d" * 65, *macs) for macs in ((low, high), (high, low))
    }
    assert len(names) == 1


def test_salt_depends_on_mi_and_kn() -> None:
    """Low half of the KN over the first two octets, high half over the next two (10.7.28)."""
    assert derivation.salt(bytes(12), 0x11223344).hex() == "33441122" + "00" * 8
    assert derivation.salt(b"\xff" * 12, 1).hex() == "fffe" + "ff" * 10


@pytest.mark.parametrize(
    "call",
    [
        lambda: derivation.kdf(Key(bytes(24)), b"l", b"c", 128),
        lambda: derivation.kdf(CAK, b"l", b"c", 0),
        lambda: derivation.kdf(CAK, b"l", b"c", 129),
        lambda: derivation.kdf(CAK, b"l", b"c", 255 * 128 + 8),
        lambda: derivation.kek_from_cak(CAK, b""),
        lambda: derivation.ick_from_cak(CAK, bytes(33)),
        lambda: derivation.kek_from_cak(Key(bytes(15)), b"c"),
        lambda: derivation.cak_from_msk(CAK, bytes(6), bytes(6), 24),
        lambda: derivation.cak_from_msk(CAK, bytes(6), bytes(6), 32),
        lambda: derivation.cak_from_msk(CAK, bytes(5), bytes(6)),
        lambda: derivation.sak_from_cak(CAK, bytes(16), [], 1, 24),
        lambda: derivation.salt(bytes(11), 1),
    ],
)
def test_wrong_key_lengths_are_refused(call) -> None:
    """Lengths that no key has are refused."""
    with pytest.raises(ConfigError):
        call()


def test_no_secy_below_key_agreement() -> None:
    """The module imports nothing of the SecY."""
    imported = [
        name
        for node in ast.walk(ast.parse(inspect.getsource(derivation)))
        if isinstance(node, ast.ImportFrom)
        for name in [node.module or ""]
    ]
    assert not [name for name in imported if name.startswith("macsec.secy")]
