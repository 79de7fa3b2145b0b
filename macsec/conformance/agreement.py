"""Vectors of key agreement: `aes-cmac`, `aes-keywrap`, `mka-kdf`, `mkpdu` and `xpn-salt`.

They run on `macsec.kay.keys.derivation`, which uses `cryptography`: no data plane, no kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from macsec.conformance.outcome import Mismatch, expect
from macsec.conformance.schema import AESCMAC, MKPDU, AESKeyWrap, KeyDerivation, XPNSalt
from macsec.conformance.targets import Target
from macsec.kay.keys import derivation
from macsec.keys import Key
from macsec.terms import ADDRESSES_LENGTH, ETHERTYPE_EAPOL

EAPOL_MKA = 5
EAPOL_HEADER_LENGTH = 4
MKPDU_AT = ADDRESSES_LENGTH + 2 + EAPOL_HEADER_LENGTH
CKN_AT = MKPDU_AT + 32
BASIC_LENGTH_WITHOUT_CKN = 28


def _given(vector: KeyDerivation, field: str) -> bytes:
    value = getattr(vector, field)
    if not isinstance(value, bytes):
        raise Mismatch(field, f"a vector of kind {vector.kind} needs it")
    return value


def _octets_wanted(vector: KeyDerivation) -> int:
    return vector.out_bits // 8


# -------------------------------------------------------------------- primitives


def check_cmac(vector: AESCMAC, target: Target) -> None:
    """Run one aes-cmac vector. Raises Mismatch."""
    good = derivation.icv_valid(Key(vector.key), vector.msg, vector.tag)
    expect("result", vector.result, "valid" if good else "invalid", "802.1X 9.4.1")


def check_keywrap(vector: AESKeyWrap, target: Target) -> None:
    """Run one aes-keywrap vector. Raises Mismatch."""
    kek = Key(vector.key)
    unwrapped = derivation.unwrap(kek, vector.ct)
    result = "invalid" if unwrapped is None else "valid"
    expect("result", vector.result, result, "802.1X 9.8")
    if unwrapped is not None:
        expect("unwrapped key", vector.msg, unwrapped.expose(), "802.1X 9.8")
        expect("ct", vector.ct, derivation.wrap(kek, Key(vector.msg)), "802.1X 9.8")


def check_salt(vector: XPNSalt, target: Target) -> None:
    """Run one xpn-salt vector. Raises Mismatch."""
    expect("octets of kn", derivation.KN_LENGTH, len(vector.kn), "802.1X 9.8")
    expect("salt", vector.salt, derivation.salt(vector.mi, int.from_bytes(vector.kn)), "10.7.28")


# -------------------------------------------------------------------- key derivation


def _kdf(vector: KeyDerivation, key: Key) -> bytes:
    return derivation.kdf(key, _given(vector, "label"), _given(vector, "context"), vector.out_bits)


def _cak(vector: KeyDerivation, key: Key) -> bytes:
    macs = _given(vector, "mac1"), _given(vector, "mac2")
    _check_derived(vector, derivation.LABEL_CAK, derivation.mac_pair(*macs))
    return derivation.cak_from_msk(key, *macs, _octets_wanted(vector)).expose()


def _ckn(vector: KeyDerivation, key: Key) -> bytes:
    macs = _given(vector, "mac1"), _given(vector, "mac2")
    session_id = _given(vector, "session_id")
    _check_derived(vector, derivation.LABEL_CKN, session_id + derivation.mac_pair(*macs))
    return derivation.ckn_from_msk(key, session_id, *macs, len(key))


def _kek(vector: KeyDerivation, key: Key) -> bytes:
    return derivation.kek_from_cak(key, _given(vector, "ckn")).expose()


def _ick(vector: KeyDerivation, key: Key) -> bytes:
    return derivation.ick_from_cak(key, _given(vector, "ckn")).expose()


def _sak(vector: KeyDerivation, key: Key) -> bytes:
    if vector.mi_list is None:
        raise Mismatch("mi_list", "a vector of kind sak needs it")
    for mi in vector.mi_list:
        expect("octets of mi_list", derivation.MI_LENGTH, len(mi), "802.1X 9.8.1")
    nonce, kn = _given(vector, "ks_nonce"), _given(vector, "kn")
    expect("octets of kn", derivation.KN_LENGTH, len(kn), "802.1X 9.8.1")
    length = _octets_wanted(vector)
    return derivation.sak_from_cak(key, nonce, vector.mi_list, int.from_bytes(kn), length).expose()


def _check_derived(vector: KeyDerivation, label: bytes, context: bytes) -> None:
    """Compare the label and the context of a vector, if given, with those of its kind."""
    for field, implied in (("label", label), ("context", context)):
        if getattr(vector, field) is not None:
            expect(field, getattr(vector, field), implied, "802.1X 6.2.2")


@dataclass(frozen=True, slots=True)
class Derivation:
    """One `kind`: how it is done, the fields it can use beside `key`, and its clause."""

    derive: Callable[[KeyDerivation, Key], bytes]
    uses: tuple[str, ...]
    clause: str


FROM_EAP = ("msk", "mac1", "mac2", "label", "context")

DERIVATIONS: dict[str, Derivation] = {
    "kdf": Derivation(_kdf, ("label", "context"), "802.1X 6.2.1"),
    "cak": Derivation(_cak, FROM_EAP, "802.1X 6.2.2"),
    "ckn": Derivation(_ckn, (*FROM_EAP, "session_id"), "802.1X 6.2.2"),
    "kek": Derivation(_kek, ("ckn",), "802.1X 9.3.3"),
    "ick": Derivation(_ick, ("ckn",), "802.1X 9.3.3"),
    "sak": Derivation(_sak, ("ks_nonce", "mi_list", "kn"), "802.1X 9.8.1"),
}
OPTIONAL = frozenset(field for derivation in DERIVATIONS.values() for field in derivation.uses)


def check_derivation(vector: KeyDerivation, target: Target) -> None:
    """Run one mka-kdf vector. Raises Mismatch."""
    derivation = DERIVATIONS[vector.kind]
    for field in sorted(OPTIONAL.difference(derivation.uses)):
        if getattr(vector, field) is not None:
            raise Mismatch(field, f"a vector of kind {vector.kind} has no use for it")
    if vector.msk is not None:
        expect("msk", vector.msk[: len(vector.key)], vector.key, derivation.clause)
    output = derivation.derive(vector, Key(vector.key))
    expect("out_bits", vector.out_bits, 8 * len(output), derivation.clause)
    expect("output", vector.output, output, derivation.clause)


# -------------------------------------------------------------------- MKPDUs


def check_mkpdu(vector: MKPDU, target: Target) -> None:
    """Run one mkpdu vector. Raises Mismatch."""
    cak = Key(vector.cak)
    kek, ick = derivation.kek_from_cak(cak, vector.ckn), derivation.ick_from_cak(cak, vector.ckn)
    expect("kek", vector.kek, kek.expose(), "802.1X 9.3.3")
    expect("ick", vector.ick, ick.expose(), "802.1X 9.3.3")
    _check_framing(vector)
    message, icv = vector.frame[: -derivation.ICV_LENGTH], vector.frame[-derivation.ICV_LENGTH :]
    expect("icv", vector.icv, derivation.icv(ick, message), "802.1X 9.4.1")
    expect("frame", vector.icv, icv, "802.1X 9.4.1")
    _check_wrapped(vector, kek)


def _check_framing(vector: MKPDU) -> None:
    """EAPOL-MKA of the length that the frame has, with the CKN in its first parameter set."""
    frame, body = vector.frame, len(vector.frame) - MKPDU_AT
    ethertype = int.from_bytes(frame[ADDRESSES_LENGTH:][:2])
    expect("frame", ETHERTYPE_EAPOL, ethertype, "802.1X 11.1")
    expect(
        "frame",
        (EAPOL_MKA, body),
        (int.from_bytes(frame[15:16]), int.from_bytes(frame[16:18])),
        "802.1X 11.3",
    )
    basic = int.from_bytes(frame[MKPDU_AT + 2 :][:2]) & 0xFFF
    ckn = frame[CKN_AT : CKN_AT + basic - BASIC_LENGTH_WITHOUT_CKN]
    expect("ckn", vector.ckn, ckn, "802.1X 9.4.1")


def _check_wrapped(vector: MKPDU, kek: Key) -> None:
    if vector.wrapped_sak is None or vector.sak is None:
        given = {"wrapped_sak": vector.wrapped_sak, "sak": vector.sak}
        expect("wrapped_sak, sak", [], [name for name in given if given[name] is not None])
        return
    if vector.wrapped_sak not in vector.frame:
        raise Mismatch("wrapped_sak", "the frame does not carry it", "802.1X 9.8")
    sak = derivation.unwrap(kek, vector.wrapped_sak)
    if sak is None:
        raise Mismatch("wrapped_sak", "was not wrapped with this KEK", "802.1X 9.8")
    expect("sak", vector.sak, sak.expose(), "802.1X 9.8")
