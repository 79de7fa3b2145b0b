"""Data planes of this machine, SecYs on one of them, and crafted frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from macsec.errors import StaleBuild
from macsec.frames import FrameBatch
from macsec.keys import Key
from macsec.native import load
from macsec.secy import PROFILES, Controls, SecY, Validate, Verdict
from macsec.suites import SUITES


@dataclass(frozen=True)
class Plane:
    """A backend, and for native a kernel."""

    backend: str
    kernel: str | None = None

    def __str__(self) -> str:
        return self.kernel or self.backend

    def secy(self, **controls: Any) -> SecY:
        """Return a SecY with controls spelt as in a configuration file."""
        return SecY(controls_of(**controls), self.backend, self.kernel)


def _planes() -> list[Plane]:
    try:
        if load("auto") is None:
            return [Plane("reference")]
    except StaleBuild:  # conftest.py ends the run with its reason
        return [Plane("reference")]
    from macsec.secy.native import usable_kernels

    return [Plane("reference"), *(Plane("native", name) for name in usable_kernels())]


PLANES = _planes()
"""The reference, and the native plane on each kernel that this CPU runs, the fastest first."""
BOTH_PLANES = PLANES[:2]
"""The reference, and the native plane on the kernel that it chooses."""


def controls_of(**given: Any) -> Controls:
    """Return controls from the spelling of a configuration file."""
    tables: dict[str, Any] = {
        "profile": PROFILES.__getitem__,
        "cipher": SUITES.__getitem__,
        "validate": lambda name: Validate[name.upper()],
    }
    return Controls(**{name: tables.get(name, lambda v: v)(value) for name, value in given.items()})


SCI_A = "5254001301560001"
SCI_B = "5254001301570001"
SCI_C = "0a0b0c0d0e0f0001"
SAK = bytes(range(32))
SALT = bytes(range(100, 112))
KEYS = [bytes([n + 1]) * 32 for n in range(8)]


def key_for(secy: SecY, octets: bytes = SAK) -> Key:
    """Return a SAK of the suite's length."""
    return Key(octets[: secy.controls.cipher.key_length])


def xpn_of(secy: SecY, ssci: int = 1, salt: bytes = SALT) -> dict[str, Any]:
    """Return the extra parameters of an SA under an XPN suite."""
    return {"ssci": ssci, "salt": salt} if secy.controls.cipher.xpn else {}


def add_tx(secy: SecY, sci: str = SCI_A, an: int = 0, key: bytes = SAK, **more: Any) -> SecY:
    """Give a SecY a transmit SA, and its SC if new."""
    if secy.tx.sci is None:
        secy.create_tx_sc(sci)
    secy.create_tx_sa(an, key_for(secy, key), **xpn_of(secy), **more)
    return secy


def add_rx(secy: SecY, sci: str = SCI_A, an: int = 0, key: bytes = SAK, **more: Any) -> SecY:
    """Give a SecY a receive SA, and its SC if new."""
    if sci not in secy.rx:
        secy.create_rx_sc(sci)
    secy.create_rx_sa(sci, an, key_for(secy, key), **xpn_of(secy), **more)
    return secy


def sender(plane: Plane, **controls: Any) -> SecY:
    """A SecY that protects on SCI A, AN 0."""
    return add_tx(plane.secy(**controls))


def receiver(plane: Plane, **controls: Any) -> SecY:
    """A SecY that validates SCI A, AN 0."""
    return add_rx(plane.secy(**controls))


def pair(plane: Plane, **controls: Any) -> tuple[SecY, SecY]:
    """Two SecYs with the same controls, one sending to the other."""
    return sender(plane, **controls), receiver(plane, **controls)


DA = bytes.fromhex("525400130157")
SA = bytes.fromhex("525400130156")


def frame_of(user_data: int, fill: int = 0x5A) -> bytes:
    """Return a clear frame with `user_data` octets of User Data."""
    body = b"\x08\x00" + bytes((fill + i) & 0xFF for i in range(max(user_data - 2, 0)))
    return DA + SA + body[:user_data]


def moved(secy: SecY) -> dict[str, int]:
    """Return the packet counters that are not zero, without the 2018 sums."""
    sums = ("InPktsNoSA", "InPktsNoSAError")
    return {
        name: count
        for name, count in secy.counters.items()
        if count and "Pkts" in name and name not in sums
    }


# TCI octets without the AN (9.5).
V, ES, SC, SCB, E, C = 0x80, 0x40, 0x20, 0x10, 0x08, 0x04
CONFIDENTIAL, INTEGRITY = SC | E | C, SC
SUITE_NAMES = ("gcm-aes-128", "gcm-aes-256", "gcm-aes-xpn-128", "gcm-aes-xpn-256")


@dataclass(frozen=True, kw_only=True)
class Craft:
    """Maker of frames by the text of the standard, independent of the package.

    `sci` goes into the IV, and into the tag if SC is set. `sl` defaults to the value of 9.7.
    """

    cipher: str = "gcm-aes-128"
    key: bytes = SAK
    sci: str = SCI_A
    ssci: int = 1
    salt: bytes = SALT
    tci: int = CONFIDENTIAL
    an: int = 0
    pn: int = 1
    sl: int | None = None
    offset: int = 0
    icv_length: int = 16
    ethertype: int = 0x88E5
    addresses: bytes = DA + SA
    tags: bytes = b""
    tags_authenticated: bool = False
    padding: bytes = b""

    @property
    def xpn(self) -> bool:
        """True if the suite has 64-bit PNs."""
        return "xpn" in self.cipher

    def sectag(self, user_data: bytes) -> bytes:
        """Return the octets of the SecTAG (9.3)."""
        sl = self.sl
        if sl is None:
            sl = len(user_data) if len(user_data) < 48 else 0
        tag = self.ethertype.to_bytes(2) + bytes((self.tci | self.an, sl))
        tag += (self.pn % 2**32).to_bytes(4)
        return tag + bytes.fromhex(self.sci) if self.tci & SC else tag

    def iv(self) -> bytes:
        """Return the IV (14.5, 14.7)."""
        if not self.xpn:
            return bytes.fromhex(self.sci) + self.pn.to_bytes(4)
        plain = self.ssci.to_bytes(4) + self.pn.to_bytes(8)
        return bytes(a ^ b for a, b in zip(plain, self.salt, strict=True))

    def mpdu(self, user_data: bytes) -> bytes:
        """Return SecTAG, Secure Data and ICV."""
        clear = min(self.offset, len(user_data)) if self.tci & E else len(user_data)
        tag = self.sectag(user_data)
        tags = self.tags if self.tags_authenticated else b""
        aad = self.addresses + tags + tag + user_data[:clear]
        gcm = AESGCM(self.key[: 16 if self.cipher.endswith("128") else 32])
        sealed = gcm.encrypt(self.iv(), user_data[clear:], aad)
        cut = len(sealed) - 16 + self.icv_length
        return tag + user_data[:clear] + sealed[:cut]

    def protect(self, frame: bytes) -> bytes:
        """Return the protected frame of a clear one, with the addresses of this object."""
        user_data = frame[12:]
        return self.addresses + self.tags + self.mpdu(user_data) + self.padding


def good_frame(pn: int = 1, **craft: Any) -> bytes:
    """Return a protected frame that the default SA of SCI A accepts."""
    return Craft(pn=pn, **craft).protect(frame_of(60))


def spoiled(frame: bytes, at: int = -1) -> bytes:
    """Return the frame with one bit of one octet changed; by default the last, in the ICV."""
    octets = bytearray(frame)
    octets[at] ^= 1
    return bytes(octets)


def batch_of(frames: Iterable[bytes]) -> FrameBatch:
    """Return a batch of frames."""
    return FrameBatch.from_frames(frames)


def labels(codes: Iterable[int]) -> list[str]:
    """Return the labels of Verdict numbers."""
    rows = {int(verdict): verdict.label for verdict in Verdict}
    return [rows[int(code)] for code in codes]


def pn_state(secy: SecY) -> dict[str, Any]:
    """Return all PNs and switches of a SecY's SAs."""
    transmit: dict[Any, Any] = {an: (sa.enabled, sa.next_pn) for an, sa in secy.tx.sa.items()} | {
        (tc, an): (sc.enabled, sa.enabled, sa.next_pn)
        for tc, sc in secy.tx_classes.items()
        if tc
        for an, sa in sc.sa.items()
    }
    receive = {
        sci: {an: (sa.enabled, sa.next_pn, sa.lowest_pn) for an, sa in secy.rx[sci].sa.items()}
        for sci in secy.rx
    }
    return {"tx": transmit, "rx": receive}


def all_counters(secy: SecY) -> dict[str, Any]:
    """Return all counters of a SecY, its SCs and their SAs."""
    return {
        "secy": dict(secy.counters),
        "interface": dict(secy.interface_counters),
        "uncontrolled": dict(secy.uncontrolled_counters),
        "clear": secy.clear_counts,
        "tx": dict(secy.tx.counters),
        "tx sa": {an: dict(sa.counters) for an, sa in secy.tx.sa.items()},
        "tx classes": {
            tc: (sc.sci, dict(sc.counters), {an: dict(sa.counters) for an, sa in sc.sa.items()})
            for tc, sc in secy.tx_classes.items()
        },
        "rx": {sci: dict(secy.rx[sci].counters) for sci in secy.rx},
        "rx sa": {
            (sci, an): dict(sa.counters) for sci in secy.rx for an, sa in secy.rx[sci].sa.items()
        },
    }


def nonzero(counters: Any) -> dict[str, int]:
    """Return the counters that are not zero, without the 2018 sums."""
    sums = ("InPktsNoSA", "InPktsNoSAError")
    return {name: count for name, count in counters.items() if count and name not in sums}


def judged(secy: SecY, frames: Sequence[bytes]) -> list[str]:
    """Return the verdicts of frames received as one batch."""
    return labels(secy.validate(batch_of(frames)).codes)
