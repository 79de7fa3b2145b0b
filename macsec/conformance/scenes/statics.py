"""SecYs with static keys: a sender and a receiver of one SAK, and calls that must be refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from macsec.errors import MACsecError
from macsec.keys import Key
from macsec.secy import SecY, Verdict

from .segment import SecYMaker, controls_of

SCI_A, SCI_B = "0252000000610001", "0252000000620001"
SAK = bytes(range(32))
SALT = bytes(range(100, 112))
ADDRESSES = bytes.fromhex("025200000062025200000061")
"""From the station of SCI_A to that of SCI_B."""


def user_frame(size: int = 64, number: int = 0, ethertype: int = 0x88B5) -> bytes:
    """Return a numbered frame of `size` octets without FCS."""
    return (ADDRESSES + ethertype.to_bytes(2) + number.to_bytes(4)).ljust(size, b"\x5a")


def _sa(secy: SecY, key: bytes) -> dict[str, Any]:
    suite = secy.controls.cipher
    more = {"ssci": 1, "salt": SALT} if suite.xpn else {}
    return {"key": Key(key[: suite.key_length]), **more}


def sending(
    plane: SecYMaker,
    *,
    sci: str = SCI_A,
    an: int = 0,
    pn: int = 1,
    key: bytes = SAK,
    **controls: Any,
) -> SecY:
    """Return a SecY with one transmit SA, which it encodes with."""
    secy = plane.secy(controls_of(encodingsa=an, **controls))
    secy.create_tx_sc(sci)
    secy.create_tx_sa(an, next_pn=pn, **_sa(secy, key))
    return secy


def receiving(
    plane: SecYMaker,
    *,
    sci: str = SCI_A,
    an: int = 0,
    pn: int = 1,
    key: bytes = SAK,
    **controls: Any,
) -> SecY:
    """Return a SecY with one receive SA."""
    secy = plane.secy(controls_of(**controls))
    secy.create_rx_sc(sci)
    secy.create_rx_sa(sci, an, next_pn=pn, **_sa(secy, key))
    return secy


@dataclass(slots=True)
class StaticPassage:
    """Frames through a sender and a receiver: what was sent, on the wire, and delivered."""

    sent: list[bytes] = field(default_factory=list)
    wire: list[bytes] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    delivered: list[bytes] = field(default_factory=list)


def pass_frames(sender: SecY, receiver: SecY, frames: list[bytes]) -> StaticPassage:
    """Send frames from one SecY to another."""
    passage = StaticPassage(sent=frames)
    for frame in frames:
        octets = sender.protect_frame(frame)
        if octets is None:
            continue
        passage.wire.append(octets)
        verdict, clear = receiver.validate_frame(octets)
        passage.verdicts.append(verdict)
        if clear is not None:
            passage.delivered.append(clear)
    return passage


def numbered(count: int, size: int = 64) -> list[bytes]:
    """Return frames with numbers from 0."""
    return [user_frame(size, number) for number in range(count)]


def refused(call: Callable[[], object]) -> bool:
    """Return whether a call is refused with a typed error."""
    try:
        call()
    except (MACsecError, ValueError):
        return True
    return False
