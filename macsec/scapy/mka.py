"""Layers of scapy for MKPDUs: `EAPOL() / MkaBasicSet(...) / MkaLivePeers(...) / ... / MkaIcv(...)`.

Each parameter set is a layer, and the ICV is the last one. Lengths and padding are filled in where
they are not given; a dissected frame is built again octet for octet, spare bits included. They take
the place of scapy's own MKA layers below EAPOL.
"""

from __future__ import annotations

from typing import Any, ClassVar

from scapy.fields import (
    BitField,
    ByteField,
    ConditionalField,
    IntField,
    PacketListField,
    StrFixedLenField,
    StrLenField,
    XLongField,
    XStrFixedLenField,
    XStrLenField,
)
from scapy.layers.eap import EAPOL, MKAPDU
from scapy.packet import Packet, bind_layers, split_layers

MKA, ICV, HEAD, MI = 5, 16, 4, 12
USE_BODY, XPN_BODY, KEY_BODY = 40, 8, 28
WITH_SUITE = (36, 52)


class _ParameterSet(Packet):
    """A parameter set: header, body, padding to 4 octets."""

    def post_build(self, octets: bytes, behind: bytes) -> bytes:
        """Fill in the length and the padding where no length is given."""
        if self.length is None:
            length = len(octets) - HEAD
            low = (octets[2] & 0xF0 | length >> 8, length & 0xFF)
            octets = octets[:2] + bytes(low) + octets[HEAD:] + bytes(-length % 4)
        return octets + behind

    def guess_payload_class(self, payload: bytes) -> Any:
        """Return the layer of the next set, or that of the ICV."""
        return MkaIcv if len(payload) <= ICV else KINDS.get(payload[0], MkaOther)


def _length() -> BitField:
    return BitField("length", None, 12)


def _head(kind: int) -> list[Any]:
    """Return the fields of a header that has a type and a length alone."""
    return [ByteField("type", kind), BitField("spare", 0, 12), _length()]


def _padding() -> StrLenField:
    return StrLenField("padding", b"", length_from=lambda p: -(p.length or 0) % 4)


def _rest(name: str, known: int = 0) -> list[Any]:
    """Return the fields of the octets behind the known ones, and of the padding."""
    return [
        XStrLenField(name, b"", length_from=lambda p: max(0, (p.length or 0) - _known(p, known))),
        _padding(),
    ]


def _known(packet: Any, known: int) -> int:
    return known if (packet.length or 0) >= known else 0


def _if(field: Any, octets: int) -> ConditionalField:
    """Return a field that a set has whose body is long enough, or that is being built."""
    return ConditionalField(field, lambda p: p.length is None or p.length >= octets)


class MkaBasicSet(_ParameterSet):
    """Basic parameter set: the sender, its Key Server priority, the CKN."""

    name = "MKA Basic"
    fields_desc: ClassVar[list[Any]] = [
        ByteField("version", 1),
        ByteField("priority", 16),
        BitField("key_server", 0, 1),
        BitField("desired", 1, 1),
        BitField("capability", 3, 2),
        _length(),
        XLongField("SCI", 0),
        XStrFixedLenField("MI", bytes(MI), MI),
        IntField("MN", 1),
        XStrFixedLenField("agility", bytes.fromhex("0080c201"), 4),
        *_rest("CKN", 28),
    ]


class MkaListedPeer(Packet):
    """An entry of a peer list."""

    name = "MKA peer"
    fields_desc: ClassVar[list[Any]] = [XStrFixedLenField("MI", bytes(MI), MI), IntField("MN", 1)]

    def extract_padding(self, octets: bytes) -> tuple[bytes, bytes]:
        """Leave what follows to the list."""
        return b"", octets


def _peers() -> list[Any]:
    listed = PacketListField("peers", [], MkaListedPeer, length_from=lambda p: p.length or 0)
    return [listed, _padding()]


class MkaLivePeers(_ParameterSet):
    """Live Peer List."""

    name = "MKA Live Peer List"
    fields_desc: ClassVar[list[Any]] = [
        ByteField("type", 1),
        ByteField("server_ssci", 0),
        BitField("spare", 0, 4),
        _length(),
        *_peers(),
    ]


class MkaPotentialPeers(_ParameterSet):
    """Potential Peer List."""

    name = "MKA Potential Peer List"
    fields_desc: ClassVar[list[Any]] = [
        *_head(2),
        *_peers(),
    ]


def _slot(name: str) -> list[Any]:
    fields = (
        XStrFixedLenField(f"{name}_MI", bytes(MI), MI),
        IntField(f"{name}_KN", 0),
        IntField(f"{name}_PN", 1),
    )
    return [_if(field, USE_BODY) for field in fields]


class MkaSakUse(_ParameterSet):
    """SAK Use: the latest and the old key."""

    name = "MKA SAK Use"
    fields_desc: ClassVar[list[Any]] = [
        ByteField("type", 3),
        *(
            BitField(f"{key}_{name}", 0, bits)
            for key in ("latest", "old")
            for name, bits in (("AN", 2), ("transmits", 1), ("receives", 1))
        ),
        BitField("plain_transmits", 0, 1),
        BitField("plain_receives", 0, 1),
        BitField("spare", 0, 1),
        BitField("delay_protect", 0, 1),
        _length(),
        *_slot("latest"),
        *_slot("old"),
        *_rest("extra", USE_BODY),
    ]


def _has_suite(packet: Any) -> bool:
    if packet.length is None:
        return packet.fields.get("suite") is not None
    return packet.length in WITH_SUITE


def _wrapped(packet: Any) -> int:
    length: int = packet.length or 0
    return length - 12 if length in WITH_SUITE else length - 4 if length >= KEY_BODY else length


class MkaDistributedSak(_ParameterSet):
    """Distributed SAK: AN, confidentiality offset, Key Number, suite, wrapped key."""

    name = "MKA Distributed SAK"
    fields_desc: ClassVar[list[Any]] = [
        ByteField("type", 4),
        BitField("AN", 0, 2),
        BitField("offset_code", 0, 2),
        BitField("spare", 0, 8),
        _length(),
        _if(IntField("KN", 1), KEY_BODY),
        ConditionalField(XLongField("suite", 0), _has_suite),
        XStrLenField("wrapped", b"", length_from=_wrapped),
        _padding(),
    ]


class MkaDistributedCak(_ParameterSet):
    """Distributed CAK: a wrapped CAK of a group, and its CKN."""

    name = "MKA Distributed CAK"
    fields_desc: ClassVar[list[Any]] = [
        *_head(5),
        *_rest("content"),
    ]


class MkaKmd(_ParameterSet):
    """Key Management Domain."""

    name = "MKA KMD"
    fields_desc: ClassVar[list[Any]] = [
        *_head(6),
        *_rest("domain"),
    ]


class MkaAnnouncement(_ParameterSet):
    """Announcement: TLVs."""

    name = "MKA Announcement"
    fields_desc: ClassVar[list[Any]] = [
        *_head(7),
        *_rest("tlvs"),
    ]


class MkaXpn(_ParameterSet):
    """XPN: upper halves of lowest PNs, suspension time."""

    name = "MKA XPN"
    fields_desc: ClassVar[list[Any]] = [
        ByteField("type", 8),
        ByteField("suspension_s", 0),
        BitField("spare", 0, 4),
        _length(),
        _if(IntField("latest_upper", 0), XPN_BODY),
        _if(IntField("old_upper", 0), XPN_BODY),
        *_rest("extra", XPN_BODY),
    ]


class MkaIcvIndicator(_ParameterSet):
    """ICV Indicator: a header with the length of the ICV behind it."""

    name = "MKA ICV Indicator"
    fields_desc: ClassVar[list[Any]] = [
        ByteField("type", 255),
        BitField("spare", 0, 12),
        BitField("length", ICV, 12),
    ]


class MkaOther(_ParameterSet):
    """A set of another type."""

    name = "MKA parameter set"
    fields_desc: ClassVar[list[Any]] = [
        ByteField("type", 0),
        BitField("bits", 0, 12),
        _length(),
        *_rest("body"),
    ]


class MkaIcv(Packet):
    """The ICV of an MKPDU."""

    name = "MKA ICV"
    fields_desc: ClassVar[list[Any]] = [StrFixedLenField("ICV", bytes(ICV), ICV)]

    def extract_padding(self, octets: bytes) -> tuple[bytes, bytes]:
        """Take what follows for padding of the frame."""
        return b"", octets


KINDS = {
    1: MkaLivePeers,
    2: MkaPotentialPeers,
    3: MkaSakUse,
    4: MkaDistributedSak,
    5: MkaDistributedCak,
    6: MkaKmd,
    7: MkaAnnouncement,
    8: MkaXpn,
    255: MkaIcvIndicator,
}
"""Layers by the type of the parameter set."""

split_layers(EAPOL, MKAPDU, type=MKA)
bind_layers(EAPOL, MkaBasicSet, type=MKA, version=3)
