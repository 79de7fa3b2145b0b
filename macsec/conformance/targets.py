"""Targets of vectors: backends with a kernel, and which of them this machine can run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from macsec.errors import ConfigError
from macsec.keys import Key
from macsec.native import load
from macsec.secy import Controls, SecY
from macsec.secy.plane import SAParameters
from macsec.secy.reference import ReferencePlane
from macsec.secy.reference.state import SAKey
from macsec.suites import SUITES

BACKENDS = ("reference", "native")

_SUITE_BY_KEY_LENGTH = {suite.key_length: suite for suite in SUITES.values() if not suite.xpn}


class Cipher(Protocol):
    """AES-GCM as one target computes it: an IV of 12 octets, a tag of 16."""

    def seal(self, key: bytes, iv: bytes, aad: bytes, text: bytes) -> tuple[bytes, bytes]:
        """Ciphertext and tag."""

    def open(self, key: bytes, iv: bytes, aad: bytes, text: bytes, tag: bytes) -> bytes | None:
        """Plaintext, or None where the tag is wrong."""


@dataclass(frozen=True, slots=True)
class Target:
    """A backend and what runs AES on it. `kernel` is None for key agreement, which has none."""

    backend: str
    kernel: str | None = None

    @property
    def label(self) -> str:
        """A name for people, unique in a run."""
        return f"{self.backend} {self.kernel}" if self.backend == "native" else self.backend

    def secy(self, controls: Controls) -> SecY:
        """A SecY on this target."""
        if self.backend == "native":
            return SecY(controls, self.backend, self.kernel)
        return SecY(controls, self.backend)

    def cipher(self) -> Cipher:
        """The cipher of this target, without a SecY around it."""
        return NativeCipher(self.kernel) if self.backend == "native" else ReferenceCipher()


REFERENCE = Target("reference", ReferencePlane.kernel)
KEY_AGREEMENT = Target("cryptography")


@dataclass(frozen=True, slots=True)
class NotRun:
    """A backend or kernel that exists and was left out. `broken`: it should run and does not."""

    backend: str
    kernel: str | None
    reason: str
    broken: bool = False


def available(
    backends: Sequence[str] = (), kernels: Sequence[str] = ()
) -> tuple[tuple[Target, ...], tuple[NotRun, ...]]:
    """Return the targets to test, and the backends and kernels that cannot run here.

    Without names these are all of this machine. With kernels but no backends the reference is left
    out. Raises ConfigError for an unknown name, EnvironmentLacks for one that cannot run here.
    """
    for backend in backends:
        if backend not in BACKENDS:
            raise ConfigError(f"backend {backend!r}: one of {', '.join(BACKENDS)}")
    if kernels and backends and "native" not in backends:
        raise ConfigError("kernels belong to the native backend, which was not asked for")
    wanted = backends or (("native",) if kernels else BACKENDS)
    targets = (REFERENCE,) if "reference" in wanted else ()
    if "native" not in wanted:
        return targets, ()
    if load("native" if backends or kernels else "auto") is None:
        return targets, (NotRun("native", None, "not built: install with a C compiler"),)
    native, not_run = _native_targets(kernels)
    return targets + native, not_run


def _native_targets(kernels: Sequence[str]) -> tuple[tuple[Target, ...], tuple[NotRun, ...]]:
    native: Any = import_module("macsec.secy.native")
    for kernel in kernels:
        native.check_kernel(kernel)
    names, usable = native.kernels(), native.usable_kernels()
    targets = tuple(Target("native", name) for name in usable if not kernels or name in kernels)
    missing = [index for index, name in enumerate(names) if name not in usable and not kernels]
    return targets, tuple(_missing(native, names[index], index) for index in missing)


def _missing(native: Any, name: str, index: int) -> NotRun:
    if native.lib.macsec_kernel_supported(index):
        return NotRun("native", name, "its known answers do not come out", broken=True)
    needs = native.ffi.string(native.lib.macsec_kernel_description(index)).decode()
    return NotRun("native", name, f"this CPU cannot run it: {needs}")


class ReferenceCipher:
    """AES-GCM as the reference data plane does it."""

    def seal(self, key: bytes, iv: bytes, aad: bytes, text: bytes) -> tuple[bytes, bytes]:
        """Ciphertext and tag."""
        return self._key(key).seal(*_sci_and_pn(iv), aad, text)

    def open(self, key: bytes, iv: bytes, aad: bytes, text: bytes, tag: bytes) -> bytes | None:
        """Plaintext, or None where the tag is wrong."""
        return self._key(key).open(*_sci_and_pn(iv), aad, text, tag)

    @staticmethod
    def _key(octets: bytes) -> SAKey:
        suite = _SUITE_BY_KEY_LENGTH.get(len(octets))
        if suite is None:
            raise ConfigError(f"a key of {len(octets)} octets suits no cipher suite")
        return SAKey(suite, SAParameters(0, Key(octets)))


def _sci_and_pn(iv: bytes) -> tuple[int, int]:
    """The SCI and PN that make up an IV of a 32-bit suite (14.5)."""
    return int.from_bytes(iv[:8]), int.from_bytes(iv[8:])


class NativeCipher:
    """AES-GCM on one native kernel."""

    def __init__(self, kernel: str | None) -> None:
        native: Any = import_module("macsec.secy.native")
        self._ffi, self._lib, self._check = native.ffi, native.lib, native.check_status
        self._index = native.kernels().index(kernel)

    def seal(self, key: bytes, iv: bytes, aad: bytes, text: bytes) -> tuple[bytes, bytes]:
        """Ciphertext and tag."""
        out, tag = self._ffi.new("uint8_t[]", len(text) + 1), self._ffi.new("uint8_t[16]")
        given = (key, len(key), iv, aad, len(aad), text, out, len(text), tag)
        self._check(self._lib.macsec_kernel_seal(self._index, *given))
        return bytes(out)[:-1], bytes(tag)

    def open(self, key: bytes, iv: bytes, aad: bytes, text: bytes, tag: bytes) -> bytes | None:
        """Plaintext, or None where the tag is wrong."""
        out = self._ffi.new("uint8_t[]", len(text) + 1)
        given = (key, len(key), iv, aad, len(aad), text, out, len(text), tag)
        status = self._lib.macsec_kernel_open(self._index, *given)
        if status == self._lib.MACSEC_STATUS_NOT_AUTHENTIC:
            return None
        self._check(status)
        return bytes(out)[:-1]
