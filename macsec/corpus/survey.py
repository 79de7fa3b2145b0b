"""The survey of a capture, before any cipher: PNs that it will take, its digest, where it is cut.

The rules that decide whether a frame takes a PN, and from which transmit SC, are those of the data
plane: a SecY of the same controls, with keys of no other use, takes the first octets of each
frame.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from macsec import captures
from macsec.config import Configuration
from macsec.frames import FrameBatch
from macsec.keys import Key
from macsec.offline.frame_stream import FrameStream
from macsec.secy import Outcome, SecY
from macsec.terms import sci_of

from . import store
from .order import CapturePart, Order, ReceiveState
from .sealed_config import configuration_in
from .store import Input, without_compression
from .work import receive_state

SEEN_OCTETS = 64
"""Octets of a frame that decide whether it takes a PN: addresses, VLAN tags and EtherType."""

LOW = 0xFFFFFFFF


def survey(order: Order, secret: bytes) -> dict[str, Any]:
    """Return frames, digest, `pns` by traffic class, and `spans`: none if it is not cut."""
    model = configuration_in(secret)
    with (
        _with_strange_keys(model, order) as secy,
        Input(order.source, hashed=True) as source,
        captures.read(source, fcs=order.settings["fcs"]) as reader,
    ):
        counts = _Counts(secy, order)
        step = counts.protect if order.verb == "protect" else counts.validate
        stream = FrameStream(reader)
        spans = list(_spans(stream, reader, order, counts, step))
        fits = not secy.controls.duplicates_reject or order.verb == "protect"
        whole = fits and stream.fault is None and reader.heads is not None and len(spans) > 1
        while source.read(store.BLOCK):  # behind the last whole frame, for the digest
            pass
        return {
            "frames": reader.frames,
            "digest": source.digest,
            "pns": counts.used(),
            "spans": spans if whole and not _compressed(order.source) else [],
        }


def _compressed(name: str) -> bool:
    return without_compression(name) != name


def _with_strange_keys(model: Configuration, order: Order) -> SecY:
    """Return a SecY of a configuration with other octets as keys."""
    for source in model.key_sources():
        if source.inline is not None:
            made = hashlib.sha256(f"survey {source.inline.check_value}".encode()).digest()
            length = len(source.inline)
            source.inline.wipe()
            source.inline = Key((made * 2)[:length])
    secy = SecY.from_config(model, order.settings["backend"], order.settings["kernel"])
    for sc in secy.rx.values():
        for an in sc.sa:
            secy.enable_rx_sa(sc.sci, an, False)
    return secy


def _spans(
    stream: FrameStream,
    reader: captures.Reader,
    order: Order,
    counts: _Counts,
    step: Callable[[FrameBatch], None],
) -> Iterator[CapturePart]:
    """Yield the parts of a capture, each at least `order.split` octets of the file."""
    begun = reader.position
    open_span = CapturePart(start=begun, head=reader.heads or b"", receive=counts.states())
    while (piece := stream.take()) is not None:
        step(piece.batch)
        if order.split and reader.position - open_span.start >= order.split:
            yield CapturePart(
                open_span.number, open_span.start, reader.position, open_span.head,
                open_span.first, open_span.pns, open_span.receive,
            )  # fmt: skip
            open_span = CapturePart(
                open_span.number + 1, reader.position, None, reader.heads or b"",
                reader.frames, counts.used(), counts.states(),
            )  # fmt: skip
    yield open_span


class _Counts:
    """PNs that frames take, and the state that receive SAs will have if all frames are valid."""

    def __init__(self, secy: SecY, order: Order) -> None:
        self._secy, self._priority = secy, order.settings.get("priority")
        self._verb = order.verb
        self._from = self._next_pns()
        self._states = {(sci_of(each.sci), each.an): each for each in receive_state(secy)}

    def _next_pns(self) -> dict[int, int]:
        an = self._secy.controls.encodingsa
        classes = self._secy.tx_classes.items()
        return {number: sc.sa[an].next_pn for number, sc in classes if an in sc.sa}

    def used(self) -> dict[int, int]:
        """Return the PNs used so far, by traffic class."""
        return {number: pn - self._from[number] for number, pn in self._next_pns().items()}

    def states(self) -> tuple[ReceiveState, ...] | None:
        """Return the predicted state of all receive SAs."""
        return tuple(self._states.values()) if self._verb == "validate" else None

    def protect(self, batch: FrameBatch) -> None:
        """Let the frames take their PNs."""
        self._secy.protect(_cut(batch), None, self._priority)

    def validate(self, batch: FrameBatch) -> None:
        """Take the PNs in the SecTAGs as those of valid frames."""
        out = self._secy.validate(batch)
        for key, state in self._states.items():
            rows = (out.sci == key[0]) & (out.an == key[1])
            if rows.any():
                self._states[key] = self._after(state, out, rows)

    def _after(self, state: ReceiveState, out: Outcome, rows: Any) -> ReceiveState:
        controls = self._secy.controls
        pns = out.pn[rows] & np.uint64(LOW)
        if controls.cipher.xpn:
            pns = _recovered(pns, state.lowest_pn)
        next_pn = max(state.next_pn, int(pns.max()) + 1)
        lowest = max(state.lowest_pn, next_pn - controls.window)
        if controls.profile.window_from_next_pn:
            lowest = max(next_pn - controls.window, 0)
        return ReceiveState(state.sci, state.an, next_pn, lowest)


def _recovered(pns: Any, lowest: int) -> Any:
    """Return PNs of 64 bits near the lowest one (10.6.2)."""
    upper = np.full(len(pns), lowest >> 32, np.uint64)
    if lowest & 0x80000000:
        upper += (pns < np.uint64(0x80000000)).astype(np.uint64)
    return (upper << np.uint64(32)) | pns


def _cut(batch: FrameBatch) -> FrameBatch:
    """Return the frames with their first octets only; frames that the capture cut stay cut."""
    length = np.minimum(batch.length, SEEN_OCTETS)
    wire = length + (batch.wire_length > batch.length)
    return FrameBatch.trusted(batch.arena, batch.start, length, batch.time_ns, batch.source, wire)
