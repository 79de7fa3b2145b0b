"""The data planes of this machine, and short ways to a SecY on one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from macsec.keys import Key
from macsec.secy import PROFILES, Controls, SecY, Validate
from macsec.suites import SUITES


@dataclass(frozen=True)
class Plane:
    """A backend, and for native a kernel."""

    backend: str
    kernel: str | None = None

    def __str__(self) -> str:
        return self.kernel or self.backend

    def secy(self, **controls: Any) -> SecY:
        """A SecY with controls given as a configuration file spells them."""
        return SecY(controls_of(**controls), self.backend, self.kernel)


def _planes() -> list[Plane]:
    try:
        from macsec.secy.native import usable_kernels
    except ImportError:
        return [Plane("reference")]
    return [Plane("reference"), *(Plane("native", name) for name in usable_kernels())]


PLANES = _planes()


def controls_of(**given: Any) -> Controls:
    """Controls from short spellings."""
    tables: dict[str, Any] = {
        "profile": PROFILES.__getitem__,
        "cipher": SUITES.__getitem__,
        "validate": lambda name: Validate[name.upper()],
    }
    return Controls(**{name: tables.get(name, lambda v: v)(value) for name, value in given.items()})


SCI_A = "5254001301560001"
SCI_B = "5254001301570001"
SAK = bytes(range(32))
SALT = bytes(range(100, 112))


def key_for(secy: SecY, octets: bytes = SAK) -> Key:
    """A SAK of the suite's length."""
    return Key(octets[: secy.controls.cipher.key_length])


def xpn_of(secy: SecY, ssci: int = 1, salt: bytes = SALT) -> dict[str, Any]:
    """What an SA needs more under an XPN suite."""
    return {"ssci": ssci, "salt": salt} if secy.controls.cipher.xpn else {}


def add_tx(secy: SecY, sci: str = SCI_A, an: int = 0, key: bytes = SAK, **more: Any) -> SecY:
    """Give a SecY a transmit SA."""
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
    """A clear frame with so many octets of User Data."""
    body = b"\x08\x00" + bytes((fill + i) & 0xFF for i in range(max(user_data - 2, 0)))
    return DA + SA + body[:user_data]


def moved(secy: SecY) -> dict[str, int]:
    """The packet counters that are not zero, the 2018 sums left out."""
    sums = ("InPktsNoSA", "InPktsNoSAError")
    return {
        name: count
        for name, count in secy.counters.items()
        if count and "Pkts" in name and name not in sums
    }
