"""Frames between the steps of the reference SecY: parts of a received one, and the result."""

from __future__ import annotations

from typing import NamedTuple

from macsec.frames import sectag
from macsec.frames.sectag import SecTAG
from macsec.secy.verdict import Verdict


class FrameResult(NamedTuple):
    """Verdict of one frame, the frame that goes on, and SCI, AN and PN where known."""

    verdict: Verdict
    octets: bytes | None = None
    sci: int | None = None
    an: int | None = None
    pn: int | None = None


class ReceivedFrame(NamedTuple):
    """Parts of a received frame: addresses, clear VLAN tags, MPDU, decoded SecTAG."""

    addresses: bytes
    clear_tags: bytes
    mpdu: bytes
    tag: SecTAG

    def user_data(self, icv_length: int) -> bytes:
        """Return the Secure Data of an MPDU whose lengths were checked."""
        end = sectag.secure_data_length(len(self.mpdu), self.tag, icv_length)
        return self.mpdu[self.tag.length : self.tag.length + end]
