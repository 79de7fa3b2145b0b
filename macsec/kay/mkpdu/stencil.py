"""MKPDUs of one member that differ in their MNs only: the octets that they have in common."""

from __future__ import annotations

from collections.abc import Iterable

from macsec.kay.keys.derivation import ICV_LENGTH, MI_LENGTH

from .frame import BODY, Mkpdu
from .parameter_set import HEADER_LENGTH
from .parameter_sets import PEER_LENGTH, LivePeerList, PotentialPeerList

MN_LENGTH = 4
MI_AT = BODY + 12
MN_AT = MI_AT + MI_LENGTH


class Stencil:
    """An MKPDU but for its own MN, the MNs of its peer lists, and its ICV.

    `frame` is the MKPDU as it was sent, and `updated_header` as in `Mkpdu.signed_as`. `usable` is
    False for a frame whose octets are not the encoding of its sets.
    """

    __slots__ = (
        "_at",
        "_end",
        "_fixed",
        "_head",
        "_length",
        "_mask",
        "_octets",
        "_sent_head",
        "usable",
    )

    def __init__(self, mkpdu: Mkpdu, frame: bytes, updated_header: bool = True) -> None:
        signed = mkpdu.signed_as(updated_header)
        self._end = len(signed)
        self._head, self._sent_head = signed[:BODY], frame[:BODY]
        self._octets = bytearray(signed)
        self._at = _places(mkpdu)
        mask = bytearray(b"\xff" * len(frame))
        for at in (MN_AT, *self._at.values()):
            mask[at : at + MN_LENGTH] = bytes(MN_LENGTH)
        mask[self._end : self._end + ICV_LENGTH] = bytes(ICV_LENGTH)
        self._length, self._mask = len(frame), int.from_bytes(mask)
        self._fixed = int.from_bytes(frame) & self._mask
        self.usable = self.signed(frame) == signed

    @property
    def head(self) -> bytes:
        """The header under the ICV."""
        return self._head

    @property
    def octets(self) -> bytes:
        """The octets before the ICV as they are sent, with any MNs."""
        return self._sent_head + bytes(self._octets[BODY:])

    @property
    def frame(self) -> bytes:
        """A frame that fits, with zeros as its MNs and its ICV."""
        return self._fixed.to_bytes(self._length)

    @property
    def end(self) -> int:
        """The number of octets before the ICV."""
        return self._end

    @property
    def places(self) -> list[int]:
        """The places of the MNs in the lists."""
        return list(self._at.values())

    def place(self, mi: bytes) -> int | None:
        """Return the place of the MN of a member in the lists, or None."""
        return self._at.get(mi)

    def fits(self, frame: bytes) -> bool:
        """Return whether a frame differs in MNs and ICV only."""
        return int.from_bytes(frame) & self._mask == self._fixed and len(frame) == self._length

    def signed(self, frame: bytes) -> bytes:
        """Return the octets under the ICV of a frame that fits."""
        return self._head + frame[BODY : self._end]

    def icv(self, frame: bytes) -> bytes:
        """Return the ICV of a frame that fits."""
        return frame[self._end : self._end + ICV_LENGTH]

    def listed(self, frame: bytes, mi: bytes) -> int | None:
        """Return the MN with which a frame that fits lists a member, or None."""
        at = self._at.get(mi)
        return None if at is None else int.from_bytes(frame[at : at + MN_LENGTH])

    def filled(self, mn: int, listed: Iterable[tuple[bytes, int]]) -> bytes:
        """Return the octets under the ICV with this MN, and these of the members of the lists."""
        octets, at = self._octets, self._at
        octets[MN_AT : MN_AT + MN_LENGTH] = mn.to_bytes(MN_LENGTH)
        for mi, number in listed:
            place = at[mi]
            octets[place : place + MN_LENGTH] = number.to_bytes(MN_LENGTH)
        return bytes(octets)

    def sealed(self, signed: bytes, icv: bytes) -> bytes:
        """Return the frame of octets that `filled` returned, with their ICV."""
        return self._sent_head + signed[BODY:] + icv


def _places(mkpdu: Mkpdu) -> dict[bytes, int]:
    """Return the place of the MN of each member in the first lists; that in the Live list counts.

    Other places of a member have no effect, and stay among the octets that have to be equal.
    """
    places: dict[bytes, int] = {}
    lists = mkpdu.first(LivePeerList), mkpdu.first(PotentialPeerList)
    starts, at = {}, BODY + len(mkpdu.basic.encode())
    for each in mkpdu.sets:
        starts[id(each)] = at + HEADER_LENGTH
        at += len(each.encode())
    for found in lists:
        for index, (mi, _) in enumerate(() if found is None else found.peers):
            places.setdefault(mi, starts[id(found)] + index * PEER_LENGTH + MI_LENGTH)
    return places
