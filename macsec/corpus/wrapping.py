"""Keys on their way to workers: wrapped under a key of the run, by AES-SIV (RFC 5297).

AES-SIV needs no nonce: the same keys in the same run give the same octets, and so does a task that
is sent again. The run's name is authenticated with them.
"""

from __future__ import annotations

import hashlib
import hmac

from macsec.errors import ConfigError
from macsec.keys import Key

RUN_KEY_VARIABLE = "MACSEC_CORPUS_KEY"
"""The environment variable with the key of the run, 64 hex digits, on every worker."""

RUN_KEY_OCTETS = 32


def run_key_of(text: str, where: str) -> Key:
    """Return the key of a run from hex. Raises ConfigError, which never repeats the value."""
    try:
        key = Key.taking(bytes.fromhex(text.strip()))
    except ValueError:
        raise ConfigError(f"{where}: a key of a run is {2 * RUN_KEY_OCTETS} hex digits") from None
    if len(key) != RUN_KEY_OCTETS:
        raise ConfigError(f"{where}: a key of a run has {RUN_KEY_OCTETS} octets, {len(key)} given")
    return key


def derived(key: Key, purpose: str, octets: int) -> bytes:
    """Return octets that the key of the run and a purpose determine, at most 64."""
    made = hmac.new(key.expose(), f"macsec corpus {purpose}".encode(), hashlib.sha512).digest()
    return made[:octets]


def wrap(secret: bytes, key: Key, run: str) -> bytes:
    """Return octets that only a holder of the run's key can read."""
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    return AESSIV(derived(key, "wrap", 64)).encrypt(secret, [run.encode()]) if secret else b""


def unwrap(wrapped: bytes, key: Key, run: str) -> bytes:
    """Return the octets that were wrapped. Raises ConfigError for another key or run."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    if not wrapped:
        return b""
    try:
        return AESSIV(derived(key, "wrap", 64)).decrypt(wrapped, [run.encode()])
    except InvalidTag:
        raise ConfigError(
            f"this worker has another key of the run: {RUN_KEY_VARIABLE} has to be the same on all"
        ) from None
