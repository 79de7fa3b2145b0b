"""Sniffed packets with their verdicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from scapy.layers.l2 import Ether
from scapy.sendrecv import sniff as sniff_packets

from macsec.frames import FrameBatch
from macsec.secy import Outcome, Verdict


class JudgesFrames(Protocol):
    """A SecY, or a reader of MKA such as `macsec.offline.MkaReader`."""

    def validate(self, batch: FrameBatch) -> Outcome:
        """Validate a batch."""


class SniffedFrame(NamedTuple):
    """A sniffed packet, its verdict, and the clear packet if it is delivered."""

    packet: Any
    verdict: Verdict
    clear: Any


def sniff(
    secy: JudgesFrames,
    *args: Any,
    prn: Callable[[SniffedFrame], Any] | None = None,
    store: bool = True,
    **options: Any,
) -> list[SniffedFrame]:
    """Sniff as scapy does, with its options, and validate each packet as it comes.

    `prn` gets each `SniffedFrame`; what it returns is printed. `store=False` keeps none.
    """
    found: list[SniffedFrame] = []

    def take(packet: Any) -> Any:
        out = secy.validate(FrameBatch.from_frames([packet]))
        clear = next(map(Ether, out.batch.frames()), None)
        one = SniffedFrame(packet, out.verdict[0], clear)
        if store:
            found.append(one)
        return None if prn is None else prn(one)

    sniff_packets(*args, prn=take, store=False, **options)
    return found
