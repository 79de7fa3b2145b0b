"""Signs in the first frames of a capture of settings that do not fit: FCS, VLAN tags, SCIs."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from macsec.terms import ETHERTYPE_MACSEC, sci_text

from .batch import FrameBatch
from .dissect import observe
from .sectag import TagRules

LOOKED = 64
"""Frames that are looked at."""
_SHORTEST = 18


class FrameSigns:
    """Collects signs from whole frames; `hints` says what they mean."""

    def __init__(self) -> None:
        self._frames = self._with_fcs = 0
        self._tags: Counter[int] = Counter()  # MACsec frames by VLAN tags before the SecTAG
        self._scis: Counter[int] = Counter()

    def add(self, batch: FrameBatch) -> None:
        """Look at the frames of a batch, until enough were seen."""
        for row in range(min(len(batch), LOOKED - self._frames)):
            octets = batch[row]
            if _SHORTEST <= len(octets) == batch.wire_length[row]:
                self._look(octets)

    def _look(self, octets: bytes) -> None:
        self._frames += 1
        self._with_fcs += zlib.crc32(octets[:-4]) == int.from_bytes(octets[-4:], "little")
        sight = observe(octets, TagRules())
        if sight.is_macsec:
            self._tags[len(sight.tags)] += 1
            if sight.sci is not None:
                self._scis[sight.sci] += 1

    def fcs_hints(self) -> Iterator[str]:
        """Yield a line if frames end in an FCS that was not removed."""
        if self._with_fcs * 2 > self._frames:
            yield (
                f"{self._with_fcs} of the first {self._frames} frames end in their own CRC-32, an "
                "FCS that the capture does not announce: --fcs yes removes it"
            )

    def tag_hints(self, clear_tags: int = 0) -> Iterator[str]:
        """Yield a line for each number of VLAN tags before the SecTAG that is above a SecY's."""
        for tags, frames in sorted(self._tags.items()):
            if tags > clear_tags:
                named = "1 VLAN tag" if tags == 1 else f"{tags} VLAN tags"
                yield (
                    f"{frames} of the first {self._frames} frames have {named} before the SecTAG: "
                    f"secy: {{clear_tags: {tags}}} leaves them there"
                )

    def ethertype_hints(self, ethertype: int) -> Iterator[str]:
        """Yield a line if SecTAGs have the usual EtherType, and another is looked for."""
        if self._tags and ethertype != ETHERTYPE_MACSEC:
            yield (
                f"{self._tags.total()} of the first {self._frames} frames have a SecTAG of "
                f"EtherType {ETHERTYPE_MACSEC:04x}: leave out --ethertype {ethertype:04x}"
            )

    def hints(self, clear_tags: int, known: Iterable[str], ethertype: int) -> Iterator[str]:
        """Yield a line for each sign that a configuration does not fit the frames.

        `known`: the SCIs of its receive SCs. `ethertype`: that of its SecTAGs.
        """
        if self._tags and ethertype != ETHERTYPE_MACSEC:
            yield (
                f"{self._tags.total()} of the first {self._frames} frames have a SecTAG of "
                f"EtherType {ETHERTYPE_MACSEC:04x}, but secy has ethertype: {ethertype:04x}"
            )
            return
        yield from self.tag_hints(clear_tags)
        known = [*known]
        for sci, frames in self._scis.items():
            if sci_text(sci) not in known:
                yield (
                    f"{frames} of the first {self._frames} frames are of SCI {sci_text(sci)}, "
                    f"for which rx has no entry: it has {', '.join(islice(known, 4)) or 'none'}"
                )
