"""The keys of MACsec Key Agreement (IEEE 802.1X clauses 6.2 and 9, IEEE 802.1AE 10.7.28).

    MSK --> CAK, CKN        a connectivity association key and its name, from EAP   6.2.2
    CAK --> KEK, ICK        to wrap keys in, and to authenticate, MKPDUs             9.3.3
    CAK --> SAK             the Key Server's, sent wrapped                           9.8.1

Nothing here draws randomness or keeps state. Secrets are `Key`; names are octets.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import cmac, keywrap
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFCMAC, CounterLocation, Mode

from macsec import native
from macsec.errors import ConfigError
from macsec.keys import Key

LABEL_CAK = b"IEEE8021 EAP CAK"
LABEL_CKN = b"IEEE8021 EAP CKN"
LABEL_KEK = b"IEEE8021 KEK"
LABEL_ICK = b"IEEE8021 ICK"
LABEL_SAK = b"IEEE8021 SAK"

KEY_LENGTHS = (16, 32)
CKN_LENGTHS = range(1, 33)
CKN_CONTEXT_LENGTH = 16
"""Octets of a CKN that enter KEK and ICK; a shorter one is padded with zeros (9.3.3)."""

KDF_BITS_LIMIT = 255 * 128
"""The blocks that its counter of one octet can number."""

ICV_LENGTH = 16
MI_LENGTH = 12
KN_LENGTH = 4


def kdf(key: Key, label: bytes, context: bytes, bits: int) -> bytes:
    """6.2.1: NIST SP 800-108 in counter mode over AES-CMAC.

    Input: one octet of counter, label, a zero octet, context, the length in bits as two octets.
    """
    _check_length("a key derivation key", len(key))
    if bits % 8 or not 0 < bits <= KDF_BITS_LIMIT:
        raise ConfigError(f"a KDF gives 8 to {KDF_BITS_LIMIT} bits, whole octets: {bits} asked")
    derivation = KBKDFCMAC(
        AES,
        Mode.CounterMode,
        length=bits // 8,
        rlen=1,
        llen=2,
        location=CounterLocation.BeforeFixed,
        label=label,
        context=context,
        fixed=None,
    )
    return derivation.derive(key.in_place())


def cak_from_msk(msk: Key, mac_a: bytes, mac_b: bytes, length: int = 16) -> Key:
    """6.2.2: the CAK of `length` octets that two ports get from EAP; their order is free."""
    return Key.taking(kdf(_leading(msk, length), LABEL_CAK, mac_pair(mac_a, mac_b), 8 * length))


def ckn_from_msk(
    msk: Key, session_id: bytes, mac_a: bytes, mac_b: bytes, length: int = 16
) -> bytes:
    """6.2.2: the 16-octet name of that CAK; `length` is the CAK's."""
    return kdf(_leading(msk, length), LABEL_CKN, session_id + mac_pair(mac_a, mac_b), 128)


def kek_from_cak(cak: Key, ckn: bytes) -> Key:
    """9.3.3: the Key Encrypting Key, as long as the CAK."""
    return Key.taking(kdf(cak, LABEL_KEK, ckn_context(ckn), 8 * len(cak)))


def ick_from_cak(cak: Key, ckn: bytes) -> Key:
    """9.3.3: the ICV Key, as long as the CAK."""
    return Key.taking(kdf(cak, LABEL_ICK, ckn_context(ckn), 8 * len(cak)))


def sak_from_cak(cak: Key, nonce: bytes, members: Sequence[bytes], kn: int, length: int) -> Key:
    """9.8.1: a SAK of `length` octets from the Key Server's nonce, the live MIs and the KN."""
    return Key.taking(kdf(cak, LABEL_SAK, sak_context(nonce, members, kn, length), 8 * length))


def sak_context(nonce: bytes, members: Sequence[bytes], kn: int, length: int) -> bytes:
    """9.8.1: the octets from which a SAK of `length` octets is derived, besides the CAK."""
    _check_length("a SAK", length)
    return nonce + b"".join(members) + kn.to_bytes(KN_LENGTH)


def wrap(kek: Key, key: Key) -> bytes:
    """9.8: a key as an MKPDU carries it (RFC 3394): 8 octets longer."""
    return keywrap.aes_key_wrap(kek.in_place(), key.in_place())


def unwrap(kek: Key, wrapped: bytes) -> Key | None:
    """Return the key in `wrapped`, or None if it was not wrapped with this KEK."""
    try:
        return Key.taking(keywrap.aes_key_unwrap(kek.in_place(), wrapped))
    except keywrap.InvalidUnwrap:
        return None


def icv(ick: Key, message: bytes) -> bytes:
    """9.4.1: AES-CMAC over all octets before the ICV, destination address included."""
    key, module = ick.in_place(), _native()
    if module is None:
        mac = cmac.CMAC(AES(key))
        mac.update(message)
        return mac.finalize()
    made = module.ffi.new("uint8_t[]", ICV_LENGTH)
    ended = module.lib.macsec_cmac(
        module.ffi.from_buffer(key), len(key), message, len(message), made
    )
    _check_length("an ICK", len(key) if ended else ICV_LENGTH)
    return bytes(made)


@cache
def _native() -> Any:
    """Return the C library; None where it was not built."""
    return native.load("auto", needs="macsec_cmac")


def icv_valid(ick: Key, message: bytes, given: bytes) -> bool:
    """Return whether an ICV is that of the message, compared in constant time."""
    return hmac.compare_digest(icv(ick, message), given)


def salt(mi: bytes, kn: int) -> bytes:
    """802.1AE 10.7.28: the Salt of an XPN SA from the Key Server's MI and the Key Number.

    The low half of the KN goes over the first two octets, the high half over the next two.
    """
    if len(mi) != MI_LENGTH:
        raise ConfigError(f"a member identifier has {MI_LENGTH} octets, {len(mi)} given")
    halves = (kn & 0xFFFF) << 16 | kn >> 16
    return (int.from_bytes(mi[:4]) ^ halves).to_bytes(4) + mi[4:]


def mac_pair(mac_a: bytes, mac_b: bytes) -> bytes:
    """Two addresses, the numerically lower first (6.2.2)."""
    for mac in (mac_a, mac_b):
        if len(mac) != 6:
            raise ConfigError(f"a MAC address has 6 octets, {len(mac)} given")
    return b"".join(sorted((mac_a, mac_b)))


def ckn_context(ckn: bytes) -> bytes:
    """9.3.3: the octets of a CKN that enter KEK and ICK."""
    if len(ckn) not in CKN_LENGTHS:
        raise ConfigError(f"a CKN has 1 to 32 octets, {len(ckn)} given (9.3.1)")
    return ckn[:CKN_CONTEXT_LENGTH].ljust(CKN_CONTEXT_LENGTH, b"\0")


def _leading(msk: Key, length: int) -> Key:
    _check_length("a CAK", length)
    if len(msk) < length:
        raise ConfigError(f"an MSK of {len(msk)} octets is too short for a CAK of {length}")
    return Key(msk.in_place()[:length])


def _check_length(what: str, length: int) -> None:
    if length not in KEY_LENGTHS:
        raise ConfigError(f"{what} has 16 or 32 octets, {length} given")
