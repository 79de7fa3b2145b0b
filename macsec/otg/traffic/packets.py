"""Frames of a flow by number and size: headers, payload, checksums."""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm

from macsec.otg.model.flows import Payload
from macsec.otg.model.patterns import Checksum

from .layers import HeaderLayer, automatic_of
from .signature import LENGTH, Signature

HEADS_KEPT = 4096
_WORDS = 0xFFFF
_CHECKSUM_AT = {"udp": 6, "tcp": 16, "ipv4": 10}
_BAD = 0x5555
"""Difference of a bad checksum from the right one."""


class Packets:
    """Frames without FCS. `signature`: None for frames that are not measured."""

    def __init__(
        self, layers: Sequence[HeaderLayer], payload: Payload, signature: Signature | None
    ) -> None:
        self._layers = tuple(layers)
        self._payload = payload
        self._signature = signature
        self._heads: dict[tuple[int, int], bytes] = {}
        self._bodies: dict[int, bytes] = {}
        self.header_octets = sum(layer.fields.octets for layer in layers)
        self._period = lcm(*(layer.fields.period for layer in layers))
        self._transport = _transport(layers)

    @property
    def least(self) -> int:
        """The shortest frame that has room for headers and signature."""
        return self.header_octets + (0 if self._signature is None else LENGTH)

    def frame(self, number: int, size: int, time_ps: int) -> bytes:
        """Return frame `number`, from 0, of a size, that leaves at a time."""
        key = number % self._period, size
        head = self._heads.get(key)
        if head is None:
            if len(self._heads) >= HEADS_KEPT:
                self._heads.clear()
            head = self._heads[key] = self._head(*key)
        tail = b"" if self._signature is None else self._signature.encode(number, time_ps)
        body = self._body(size - len(head) - len(tail))
        if self._transport is None:
            return head + body + tail
        return self._summed(head, body + tail)

    def _head(self, number: int, size: int) -> bytes:
        head, behind = b"", size
        for layer in self._layers:
            behind -= layer.fields.octets
            octets = layer.fields.encode(number, automatic_of(layer, behind))
            if layer.kind == "ipv4" and layer.checksum is not None:
                octets = _put(octets, _CHECKSUM_AT["ipv4"], _chosen(layer.checksum, _sum(octets)))
            head += octets
        return head

    def _summed(self, head: bytes, data: bytes) -> bytes:
        """Return a frame with the checksum of UDP or TCP."""
        if self._transport is None:
            raise AssertionError("no transport header")
        layer, at, ip_at, is_v6 = self._transport
        segment = head[at:] + data
        addresses = head[ip_at + 8 : ip_at + 40] if is_v6 else head[ip_at + 12 : ip_at + 20]
        protocol = 17 if layer.kind == "udp" else 6
        pseudo = addresses + len(segment).to_bytes(4) + protocol.to_bytes(4)
        right = _sum(pseudo + segment + bytes(len(segment) % 2))
        value = _chosen(layer.checksum or Checksum(), right)
        if layer.kind == "udp" and not value:
            value = _WORDS
        return _put(head, at + _CHECKSUM_AT[layer.kind], value) + data

    def _body(self, room: int) -> bytes:
        if room not in self._bodies:
            self._bodies[room] = _payload(self._payload, room)
        return self._bodies[room]


def _transport(layers: Sequence[HeaderLayer]) -> tuple[HeaderLayer, int, int, bool] | None:
    """Return a UDP or TCP header behind IP, its place, the place of IP, and if that is IPv6."""
    at = 0
    for before, layer in zip((None, *layers), layers, strict=False):
        if layer.kind in ("udp", "tcp") and before is not None and before.kind in ("ipv4", "ipv6"):
            return layer, at, at - before.fields.octets, before.kind == "ipv6"
        at += layer.fields.octets
    return None


def _sum(octets: bytes) -> int:
    """RFC 1071, of an even number of octets with zeros in place of the checksum."""
    total = int.from_bytes(octets)
    return _WORDS - (total % _WORDS or (_WORDS if total else 0))


def _chosen(checksum: Checksum, right: int) -> int:
    if checksum.choice == "custom":
        return checksum.custom or 0
    return right if checksum.generated == "good" else right ^ _BAD


def _put(octets: bytes, at: int, value: int) -> bytes:
    return octets[:at] + value.to_bytes(2) + octets[at + 2 :]


def _payload(payload: Payload, room: int) -> bytes:
    if payload.choice == "fixed":
        pattern = payload.fixed.pattern or b"\0"
        if not payload.fixed.repeat:
            return pattern[:room].ljust(room, b"\0")
    else:
        down = -1 if payload.choice.startswith("decrement") else 1
        width = 1 if payload.choice.endswith("byte") else 2
        values = range(1 << 8 * width)
        pattern = b"".join((n * down & values[-1]).to_bytes(width) for n in values)
    return (pattern * (room // len(pattern) + 1))[:room]
