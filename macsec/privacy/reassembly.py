"""Default reassembly (20.13): one frame at a time for each peer and kind, in order or not."""

from __future__ import annotations

from .mppdu import FRAME_LEAST, SEQUENCES, Fragment


class Reassembly:
    """Fragments of one kind from one peer. `most`: octets of the longest frame."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._parts: list[bytes] = []
        self._octets = 0
        self._next: int | None = None

    def add(self, fragment: Fragment) -> tuple[bytes | None, int]:
        """Take a fragment; return the frame that it ends, if any, and the discard events."""
        discards = 0
        in_order = self._parts and self._next == fragment.sequence and not fragment.first
        if self._parts and not in_order:
            self._drop()
            discards += 1
        if not self._parts and not fragment.first:
            return None, discards or 1
        self._parts.append(fragment.octets)
        self._octets += len(fragment.octets)
        self._next = (fragment.sequence + 1) % SEQUENCES
        if self._octets > self._most or (fragment.last and self._octets < FRAME_LEAST):
            self._drop()
            return None, discards + 1
        if not fragment.last:
            return None, discards
        frame = b"".join(self._parts)
        self._drop()
        return frame, discards

    def _drop(self) -> None:
        self._parts, self._octets, self._next = [], 0, None
