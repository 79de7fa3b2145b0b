"""CAKs from EAP: what a method leaves at both ends, and the CAK and CKN of it (802.1X 6.2.2)."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from macsec.kay.eap.session import EapSession
from macsec.kay.keys.keychain import ChainKey
from macsec.keys import Key

from .segment import sci_of_name

EAP_PSK_TYPE = 0x2F


def _aes(key: bytes, block: bytes) -> bytes:
    encryptor = Cipher(AES(key), ECB()).encryptor()  # noqa: S305 (RFC 4764: one block)
    return encryptor.update(block)


def _added(block: bytes, number: int) -> bytes:
    return block[:-1] + bytes((block[-1] ^ number,))


def eap_psk(psk: bytes, rand_peer: bytes, rand_server: bytes) -> tuple[bytes, bytes]:
    """Return MSK, 64 octets, and Session-Id of EAP-PSK (RFC 4764) from its key and both randoms."""
    key_of_session = _aes(psk, _added(_aes(psk, bytes(16)), 2))
    start = _aes(key_of_session, rand_peer)
    msk = b"".join(_aes(key_of_session, _added(start, number)) for number in range(2, 6))
    return msk, bytes((EAP_PSK_TYPE,)) + rand_peer + rand_server


def key_from_eap(own: str, msk: bytes, session_id: bytes, octets: int = 16) -> ChainKey:
    """Return the key of station a, the Authenticator, or b; `octets`: the length of its CAK."""
    addresses = {name: sci_of_name(name).to_bytes(8)[:6] for name in "ab"}
    session = EapSession(Key(msk), session_id, addresses["b" if own == "a" else "a"])
    return ChainKey(session.cak(addresses[own], octets), authenticator=own == "a")
