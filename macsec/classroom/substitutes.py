"""Names of numpy and cryptography for a Python that has neither, as that of the page.

The SecY is the product's own, file for file. One frame at a time it does no arithmetic with numpy,
so names suffice; of cryptography it uses AES-GCM, which is aes_gcm.py here.
"""

from __future__ import annotations

import hmac
import sys
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

from . import aes_gcm


class _Name:
    """Any name of numpy: it can be named, called and subscribed, and computes nothing."""

    def __getattr__(self, name: str) -> _Name:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, _: object) -> _Name:
        return self

    def __call__(self, *_: object, **__: object) -> _Name:
        return self

    def __or__(self, _: object) -> _Name:
        return self

    __ror__ = __or__


class InvalidTag(Exception):
    """The ICV is wrong."""


class GCM(NamedTuple):
    """The mode: an IV, and the ICV of what is to be decrypted."""

    initialization_vector: bytes
    tag: bytes | None = None
    min_tag_length: int = 16


class PageCipher:
    """AES-GCM with the calls that the reference SecY makes."""

    def __init__(self, aes: aes_gcm.AES, mode: GCM) -> None:
        self._aes, self._mode = aes, mode

    def encryptor(self) -> _Context:
        """Return a context that encrypts."""
        return _Context(self._aes, self._mode, encrypts=True)

    def decryptor(self) -> _Context:
        """Return a context that decrypts, and raises InvalidTag at its end."""
        return _Context(self._aes, self._mode, encrypts=False)


class _Context:
    def __init__(self, aes: aes_gcm.AES, mode: GCM, *, encrypts: bool) -> None:
        self._aes, self._mode, self._encrypts = aes, mode, encrypts
        self._aad = self._ciphertext = b""
        self.tag = b""

    def authenticate_additional_data(self, aad: bytes) -> None:
        self._aad += aad

    def update(self, text: bytes) -> bytes:
        out = aes_gcm.crypt(self._aes, self._mode.initialization_vector, text)
        self._ciphertext += out if self._encrypts else text
        return out

    def finalize(self) -> bytes:
        iv, given = self._mode.initialization_vector, self._mode.tag
        self.tag = aes_gcm.tag(self._aes, iv, self._aad, self._ciphertext)
        if given is not None and not hmac.compare_digest(self.tag[: len(given)], given):
            raise InvalidTag
        return b""


def install() -> None:
    """Put the names where an import finds them."""
    for name in ("numpy", "numpy.typing"):
        _module(name, __getattr__=lambda _: _Name())
    for name in ("cryptography", "cryptography.hazmat", "cryptography.hazmat.primitives"):
        _module(name)
    _module("cryptography.exceptions", InvalidTag=InvalidTag)
    _module(
        "cryptography.hazmat.primitives.ciphers",
        Cipher=PageCipher,
        algorithms=SimpleNamespace(AES=aes_gcm.AES),
        modes=SimpleNamespace(GCM=GCM),
    )


def _module(name: str, **names: Any) -> None:
    module = ModuleType(name)
    vars(module).update(names)
    sys.modules[name] = module
