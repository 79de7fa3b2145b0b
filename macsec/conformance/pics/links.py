"""Two SecYs with one SAK, for the checks of a statement."""

from __future__ import annotations

from typing import Any, NamedTuple

from macsec.conformance.scenes.segment import controls_of
from macsec.conformance.suites.case import CaseRun
from macsec.keys import Key
from macsec.secy import SecY

NEAR, FAR = "0200000000010001", "0200000000020001"
SALT = bytes(range(12))


class LinkedPair(NamedTuple):
    """A SecY that sends, and one that receives from it."""

    near: SecY
    far: SecY

    def cross(self, frame: bytes) -> bytes | None:
        """Send a frame; return what is delivered."""
        octets = self.near.protect_frame(frame)
        return None if octets is None else self.far.validate_frame(octets)[1]


def frame_of(length: int = 60, destination: str = "020000000002") -> bytes:
    """Return a frame of some User Data."""
    header = bytes.fromhex(destination + "020000000001")
    return header + b"\x88\xb5" + bytes(at & 0xFF for at in range(length - 2))


def linked(run: CaseRun, next_pn: int = 1, **controls: Any) -> LinkedPair:
    """Return both SecYs; each can send to the other."""
    secys = []
    for own, peer in ((NEAR, FAR), (FAR, NEAR)):
        secy = run.secy(controls_of(**controls))
        suite = secy.controls.cipher
        key = bytes(range(suite.key_length))
        salt = SALT if suite.xpn else None
        first, second = (1 if own == NEAR else 2), (2 if own == NEAR else 1)
        secy.create_tx_sc(own)
        secy.create_tx_sa(
            0, Key(key), next_pn=next_pn, ssci=first if suite.xpn else None, salt=salt
        )
        secy.create_rx_sc(peer)
        secy.create_rx_sa(
            peer, 0, Key(key), next_pn=next_pn, ssci=second if suite.xpn else None, salt=salt
        )
        secys.append(secy)
    return LinkedPair(*secys)
