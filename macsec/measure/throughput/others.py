"""The peers: other implementations of AES-GCM and MACsec, on the same octets, timed alike.

A C peer seals or opens bare messages, a call a batch: it gets SecTAGs and IVs ready-made. A Python
peer does what its own users would write. Each is checked against our octets before it is timed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from macsec import extras
from macsec.errors import MACsecError
from macsec.measure.compiled import Lacking, Library, library
from macsec.measure.contestant import Contestant
from macsec.measure.task import HEAD, PROTECT, SALT, SCI, SSCI, Task
from macsec.measure.throughput.ceiling import BACKEND as CEILING
from macsec.measure.throughput.ceiling import WIDTHS, Ceiling
from macsec.terms import ADDRESSES_LENGTH, ICV_LENGTH

PYTHON_FRAMES = 32
SCAPY_FRAMES = 4


class CPeer:
    """A library with a file in `peers/`."""

    def __init__(self, task: Task, backend: str, compiled: Library, implementation: str) -> None:
        ffi, lib = compiled
        handle = lib.peer_new(implementation.encode(), task.key, len(task.key))
        if handle == ffi.NULL:
            raise Lacking("it does not run on this CPU")
        self._peer = ffi.gc(handle, lib.peer_free)
        self._ffi = ffi
        self.kernel: str = ffi.string(lib.peer_implementation(self._peer)).decode()
        self.backend = backend
        self.frames = self.batch = task.frames
        self._call: Callable[[Any, Any, Any], int]
        self._call = lib.peer_seal if task.stage == PROTECT else lib.peer_open
        self._job = self._prepared(ffi, task)
        self._good = 0
        task.forget()
        self.run(1)
        self.check()
        self._compare(task)

    def _prepared(self, ffi: Any, task: Task) -> Any:
        user_data = task.clear.length - ADDRESSES_LENGTH
        inside = user_data if task.encrypt else np.zeros_like(user_data)
        before = user_data - inside  # what is authenticated and stays clear
        clear_at = task.clear.start + ADDRESSES_LENGTH + before
        sealed_at = task.sealed.start + HEAD + before
        protects = task.stage == PROTECT
        self._out = task.out
        self._out_at = sealed_at if protects else clear_at
        self._out_length = inside + ICV_LENGTH if protects else inside
        ivs = b"".join(task.iv(row) for row in range(task.frames))
        columns = {
            "aad": (task.sealed.arena, "uint8_t[]"),
            "aad_start": (task.sealed.start, "int64_t[]"),
            "aad_length": (np.ascontiguousarray(before + HEAD), "int64_t[]"),
            "in": (task.given.arena, "uint8_t[]"),
            "in_start": (clear_at if protects else sealed_at, "int64_t[]"),
            "out": (self._out, "uint8_t[]"),
            "out_start": (self._out_at, "int64_t[]"),
            "length": (inside, "int64_t[]"),
            "iv": (np.frombuffer(ivs, np.uint8), "uint8_t[]"),
        }
        job = ffi.new("peer_job *")
        self._kept = [ffi.from_buffer(kind, array) for array, kind in columns.values()]
        for name, pointer in zip(columns, self._kept, strict=True):
            setattr(job, name, pointer)
        job.count = task.frames
        return job

    def _compare(self, task: Task) -> None:
        base = task.wanted.arena
        for at, length in zip(self._out_at.tolist(), self._out_length.tolist(), strict=True):
            if not np.array_equal(self._out[at : at + length], base[at : at + length]):
                raise MACsecError(f"{self.backend}: its octets are not ours")

    def run(self, times: int) -> None:
        """Handle `times` batches."""
        call, peer, job, nothing = self._call, self._peer, self._job, self._ffi.NULL
        good = 0
        for _ in range(times):
            good = call(peer, job, nothing)
        self._good = good

    def check(self) -> None:
        """Raise MACsecError if a message of the last batch is wrong."""
        if self._good != self.frames:
            raise MACsecError(f"{self.backend}: {self.frames - self._good} messages failed")

    def close(self) -> None:
        """Free the expanded key."""
        self._ffi.release(self._peer)


class PythonPeer(ABC):
    """A Python library: `one` handles a frame and returns the result."""

    backend: str
    kernel = "python"
    batch = 1

    def __init__(self, task: Task, frames: int) -> None:
        self._task = task.first(frames)
        self.frames = self._task.frames
        self._work = self.calls(self._task)
        self._last: Any = None
        self.run(1)
        for row, wanted in enumerate(self._task.wanted.frames()):
            call, arguments = self._work[row]
            if self.whole(row, call(*arguments)) != wanted:
                raise MACsecError(f"{self.backend}: its octets are not ours")

    @abstractmethod
    def calls(self, task: Task) -> list[tuple[Callable[..., Any], tuple[Any, ...]]]:
        """Return the call and its arguments for each frame."""

    @abstractmethod
    def whole(self, row: int, made: Any) -> bytes:
        """Return the whole frame that a call made."""

    def run(self, times: int) -> None:
        """Handle all frames `times` times."""
        work = self._work
        for _ in range(times):
            for call, arguments in work:
                last = call(*arguments)
        self._last = last

    def check(self) -> None:
        """Raise MACsecError if the last result is missing; each call raises for a wrong tag."""
        if self._last is None:
            raise MACsecError(f"{self.backend}: nothing was made")

    def close(self) -> None:
        """Release the frames."""
        self._work = []

    def parts(self, row: int) -> tuple[bytes, bytes, bytes]:
        """Return AAD, text before and text with tag after sealing, of one frame."""
        clear, sealed = self._task.clear[row], self._task.sealed[row]
        aad = HEAD if self._task.encrypt else len(sealed) - ICV_LENGTH
        text = clear[ADDRESSES_LENGTH:] if self._task.encrypt else b""
        return sealed[:aad], text, sealed[aad:]

    def joined(self, row: int, made: bytes) -> bytes:
        """Return the whole frame from the result of an AEAD."""
        aad, _, _ = self.parts(row)
        if self._task.stage == PROTECT:
            return aad + made
        kept = made if self._task.encrypt else aad[HEAD:]
        return aad[:ADDRESSES_LENGTH] + kept


class Pyca(PythonPeer):
    """AESGCM of `cryptography`, one object for all frames."""

    backend = "cryptography"

    def __init__(self, task: Task) -> None:
        super().__init__(task, PYTHON_FRAMES)

    def calls(self, task: Task) -> list[tuple[Callable[..., Any], tuple[Any, ...]]]:
        """Return `encrypt` or `decrypt` with its arguments."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        gcm = AESGCM(task.key)
        rows = range(task.frames)
        if task.stage == PROTECT:
            parts = map(self.parts, rows)
            return [
                (gcm.encrypt, (task.iv(n), text, aad)) for n, (aad, text, _) in enumerate(parts)
            ]
        return [
            (gcm.decrypt, (task.iv(n), sealed, aad))
            for n, (aad, _, sealed) in enumerate(map(self.parts, rows))
        ]

    def whole(self, row: int, made: Any) -> bytes:
        """Put the frame together."""
        return self.joined(row, made)


class PyCryptodome(PythonPeer):
    """AES-GCM of `pycryptodome`, which needs a new object for each frame."""

    backend = "pycryptodome"

    def __init__(self, task: Task) -> None:
        super().__init__(task, PYTHON_FRAMES)

    def calls(self, task: Task) -> list[tuple[Callable[..., Any], tuple[Any, ...]]]:
        """Return a closure for each stage."""
        from Crypto.Cipher import AES

        key, mode = task.key, AES.MODE_GCM

        def seal(iv: bytes, aad: bytes, text: bytes, _: bytes) -> bytes:
            gcm = AES.new(key, mode, nonce=iv)
            gcm.update(aad)
            return b"".join(gcm.encrypt_and_digest(text))

        def open_(iv: bytes, aad: bytes, _: bytes, sealed: bytes) -> bytes:
            gcm = AES.new(key, mode, nonce=iv)
            gcm.update(aad)
            text: bytes = gcm.decrypt_and_verify(sealed[:-ICV_LENGTH], sealed[-ICV_LENGTH:])
            return text

        call = seal if task.stage == PROTECT else open_
        return [(call, (task.iv(row), *self.parts(row))) for row in range(task.frames)]

    def whole(self, row: int, made: Any) -> bytes:
        """Put the frame together."""
        return self.joined(row, made)


class Scapy(PythonPeer):
    """`scapy.contrib.macsec`: from packet to octets and back, as its users do."""

    backend = "scapy.contrib.macsec"

    def __init__(self, task: Task) -> None:
        super().__init__(task, SCAPY_FRAMES)

    def calls(self, task: Task) -> list[tuple[Callable[..., Any], tuple[Any, ...]]]:
        """Dissect, encapsulate, encrypt, build; or dissect, decrypt, decapsulate, build."""
        macsec: Any = import_module("scapy.contrib.macsec")
        ether: Any = import_module("scapy.layers.l2").Ether
        xpn = {"xpn_en": True, "ssci": SSCI, "salt": SALT} if task.suite.xpn else {}
        sa = macsec.MACsecSA(SCI, 0, 1, task.key, ICV_LENGTH, task.encrypt, True, **xpn)

        def seal(pn: int, frame: bytes) -> bytes:
            sa.pn = pn
            return bytes(sa.encrypt(sa.encap(ether(frame))))

        def open_(_: int, frame: bytes) -> bytes:
            return bytes(sa.decap(sa.decrypt(ether(frame))))

        call = seal if task.stage == PROTECT else open_
        return [(call, (row + 1, frame)) for row, frame in enumerate(task.given.frames())]

    def whole(self, row: int, made: Any) -> bytes:
        """Return the frame, which is whole already."""
        return bytes(made)


@dataclass(frozen=True, slots=True)
class PeerImplementation:
    """A peer: its name, its contestants, how to install it, and its installed version."""

    name: str
    remedy: str
    enter: Callable[[Task], Iterator[Contestant]]
    version: Callable[[], str | None]


def _ipsec_mb(task: Task) -> Iterator[Contestant]:
    compiled = library("ipsec_mb", "peer.h", ("IPSec_MB",))
    yield CPeer(task, IPSEC_MB, compiled, "")
    for name in ("avx2", "sse"):
        try:
            yield CPeer(task, f"{IPSEC_MB}/{name}", compiled, name)
        except Lacking:
            continue


def _openssl(task: Task) -> Iterator[Contestant]:
    yield CPeer(task, "openssl", library("openssl", "peer.h", ("crypto",)), "")


def _ceiling(task: Task) -> Iterator[Contestant]:
    for name in WIDTHS:
        try:
            yield Ceiling(task, name)
        except Lacking as lacking:
            if name == WIDTHS[0]:
                raise lacking from None


def _python(module: str, kind: Callable[[Task], Contestant]) -> Callable[[Task], Any]:
    def enter(task: Task) -> Iterator[Contestant]:
        try:
            import_module(module)
        except ImportError:
            raise Lacking("not installed") from None
        yield kind(task)

    return enter


def _compiled_version(name: str, library_name: str) -> Callable[[], str | None]:
    def installed() -> str | None:
        ffi, lib = library(name, "peer.h", (library_name,))
        return str(ffi.string(lib.peer_version()).decode())

    return installed


def _installed_version(name: str) -> Callable[[], str | None]:
    def installed() -> str | None:
        try:
            return version(name)
        except PackageNotFoundError:
            return None

    return installed


IPSEC_MB = "intel-ipsec-mb"
PEERS = {
    peer.name: peer
    for peer in (
        PeerImplementation(
            IPSEC_MB,
            "apt install libipsec-mb-dev",
            _ipsec_mb,
            _compiled_version("ipsec_mb", "IPSec_MB"),
        ),
        PeerImplementation(
            "openssl", "apt install libssl-dev", _openssl, _compiled_version("openssl", "crypto")
        ),
        PeerImplementation(
            "cryptography",
            "pip install cryptography",
            _python("cryptography", Pyca),
            _installed_version("cryptography"),
        ),
        PeerImplementation(
            "pycryptodome",
            "pip install pycryptodome",
            _python("Crypto.Cipher.AES", PyCryptodome),
            _installed_version("pycryptodome"),
        ),
        PeerImplementation(
            "scapy",
            extras.EXTRAS["scapy"].remedy(),
            _python("scapy.contrib.macsec", Scapy),
            _installed_version("scapy"),
        ),
        PeerImplementation(
            CEILING, "apt install gcc, on x86-64 with AES-NI", _ceiling, lambda: None
        ),
    )
}
"""All peers; the ceiling takes part like one."""
