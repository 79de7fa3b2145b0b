"""A frame as an observer sees it: a JSON item, a line of plain text, lines for a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypedDict

from macsec.frames.dissect import Sight, VlanTag, observe
from macsec.frames.sectag import TCI, TagRules
from macsec.offline.explain import OutOfRangeError
from macsec.offline.frame_stream import FrameStream
from macsec.report.fields import Hex, Integer, Sci, SciFrom
from macsec.report.page import Ink
from macsec.terms import sci_text
from macsec.time_units import NS_PER_S

ETHERTYPES = {
    0x0800: "IPv4",
    0x0806: "ARP",
    0x8100: "802.1Q",
    0x86DD: "IPv6",
    0x8808: "flow control",
    0x8809: "slow protocols",
    0x888E: "EAPOL",
    0x876F: "EAPOL of a WAN",
    0x88A8: "802.1ad",
    0x88CC: "LLDP",
    0x88E5: "MACsec",
}
SCI_FROM = {
    "tag": "in the tag",
    "scb": "source address, port 0 (SCB)",
    "es": "source address, port 1 (ES)",
    None: "that of the only peer",
}


class VlanTagJson(TypedDict):
    """A VLAN tag in clear."""

    tpid: int
    pcp: int
    dei: int
    vid: int


class SectagJson(TypedDict):
    """The fields of a SecTAG; `sci` is null where the tag has none."""

    tci: list[str]
    an: int
    sl: int
    pn: Integer
    sci: Sci | None


class FrameJson(TypedDict):
    """One frame of a capture."""

    index: int
    time_ns: Integer
    length: int
    wire_length: int
    da: str
    sa: str
    vlan: list[VlanTagJson]
    ethertype: Hex | None
    sectag: SectagJson | None
    sci: Sci | None
    sci_from: SciFrom | None
    secure_data: int | None
    icv: Hex | None
    padding: int
    fault: str | None


class InspectJson(TypedDict):
    """`macsec/inspect/1`: the SecTAG of every frame. The verb writes it frame by frame."""

    schema: Literal["macsec/inspect/1"]
    frames: list[FrameJson]
    count: int
    macsec: int
    faults: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame of a capture. `since_ns` counts from the first frame."""

    index: int
    time_ns: int
    since_ns: int
    octets: bytes
    wire_length: int
    sight: Sight

    @property
    def secure_data(self) -> int | None:
        """Octets of Secure Data."""
        secure = self.sight.secure
        return None if secure is None else secure.stop - secure.start

    @property
    def icv(self) -> str | None:
        """The ICV in hex."""
        icv = self.sight.icv
        return None if icv is None else self.octets[icv.start : icv.stop].hex()

    @property
    def remark(self) -> str:
        """The fault of the frame, or its kind if it is not MACsec."""
        if self.wire_length > len(self.octets):
            return f"cut by the capture: {len(self.octets)} of {self.wire_length} octets"
        if self.sight.fault is not None:
            return f"bad tag (9.12): {self.sight.fault}"
        return "" if self.sight.is_macsec else ethertype_text(self.sight.ethertype)


def seen_frames(
    stream: FrameStream,
    rules: TagRules,
    span: range | None = None,
    wanted: Callable[[Sight], bool] | None = None,
) -> Iterator[Seen]:
    """Yield the frames of a span, and of these the wanted ones; the rest of IN is not read.

    Raises OutOfRangeError for a span past the end, before any frame.
    """
    first: int | None = None
    passed = 0
    for batch in stream:
        times, wires = batch.time_ns.tolist(), batch.wire_length.tolist()
        if first is None and times:
            first = times[0]
        start = 0 if span is None else max(span.start - stream.rows, 0)
        stop = len(batch) if span is None else min(span.stop - stream.rows, len(batch))
        for row in range(start, stop):
            octets = batch[row]
            sight = observe(octets, rules)
            if wanted is None or wanted(sight):
                since = times[row] - (first or 0)
                yield Seen(stream.rows + row, times[row], since, octets, wires[row], sight)
        passed = stream.rows + len(batch)
        if span is not None and passed >= span.stop:
            return
    if span is not None and passed <= span.start:
        raise OutOfRangeError(passed)


def json_pieces(frames: Iterable[Seen]) -> Iterator[str]:
    """Yield one JSON object, InspectJson, frame by frame."""
    yield '{"schema": "macsec/inspect/1", "frames": ['
    count = macsec = faults = 0
    for seen in frames:
        yield (",\n" if count else "\n") + json.dumps(to_item(seen))
        count += 1
        macsec += seen.sight.is_macsec
        faults += seen.sight.fault is not None
    yield f'\n], "count": {count}, "macsec": {macsec}, "faults": {faults}}}\n'


def mac_text(octets: bytes) -> str:
    """Return an address with colons."""
    return octets.hex(":") if octets else "-"


def tci_names(tci: TCI) -> list[str]:
    """Return the names of the bits that are set, high bit first."""
    return [str(bit.name) for bit in TCI if tci & bit]


def ethertype_text(ethertype: int | None) -> str:
    """Return the kind of frame by its EtherType."""
    if ethertype is None:
        return "no EtherType: too short"
    if ethertype < 0x0600:
        return f"no MACsec: 802.3 length {ethertype}"
    return f"no MACsec: {ETHERTYPES.get(ethertype, f'EtherType {ethertype:04x}')}"


def seconds(ns: int) -> str:
    """Return seconds with nine decimals."""
    whole, rest = divmod(abs(ns), NS_PER_S)
    return f"{'-' if ns < 0 else ''}{whole}.{rest:09d}"


def _vlan_text(tags: tuple[VlanTag, ...]) -> str:
    return ",".join(f"{tag.vid}" for tag in tags) or "-"


def _vlan_json(tag: VlanTag) -> VlanTagJson:
    return {"tpid": tag.tpid, "pcp": tag.pcp, "dei": tag.dei, "vid": tag.vid}


def to_item(seen: Seen) -> FrameJson:
    """Return one entry of `frames` in `macsec/inspect/1`."""
    sight, tag = seen.sight, seen.sight.tag
    return {
        "index": seen.index,
        "time_ns": str(seen.time_ns),
        "length": len(seen.octets),
        "wire_length": seen.wire_length,
        "da": mac_text(sight.destination),
        "sa": mac_text(sight.source),
        "vlan": [_vlan_json(tag) for tag in sight.tags],
        "ethertype": None if sight.ethertype is None else f"{sight.ethertype:04x}",
        "sectag": None
        if tag is None
        else {
            "tci": tci_names(tag.tci),
            "an": tag.an,
            "sl": tag.sl,
            "pn": str(tag.pn),
            "sci": None if tag.sci is None else sci_text(tag.sci),
        },
        "sci": None if sight.sci is None else sci_text(sight.sci),
        "sci_from": sight.sci_from,
        "secure_data": seen.secure_data,
        "icv": seen.icv,
        "padding": sight.padding,
        "fault": sight.fault,
    }


_COLUMNS: tuple[tuple[str, int], ...] = (
    ("index", -6),
    ("no", -6),
    ("time", -20),
    ("da", 17),
    ("sa", 17),
    ("vlan", 9),
    ("tci", 9),
    ("an", -2),
    ("sl", -2),
    ("pn", -10),
    ("sci", 16),
    ("from", 4),
    ("data", -5),
    ("icv", 32),
    ("remark", 0),
)
"""Name and width of each column of plain text; negative: to the right."""
_FORMAT = "  ".join(f"{{:{'>' if width < 0 else '<'}{abs(width)}}}" for _, width in _COLUMNS)


def plain_head() -> str:
    """Return the names of the columns; `no` is the number of the frame in Wireshark."""
    return _FORMAT.format(*(name for name, _ in _COLUMNS)).rstrip()


def plain_line(seen: Seen) -> str:
    """Return a frame on one line."""
    sight, tag = seen.sight, seen.sight.tag
    head = (
        seen.index,
        seen.index + 1,
        seconds(seen.time_ns),
        mac_text(sight.destination),
        mac_text(sight.source),
        _vlan_text(sight.tags),
    )
    if tag is None:
        return _FORMAT.format(*head, *"-" * 8, seen.remark).rstrip()
    return _FORMAT.format(
        *head,
        _tci_text(int(tag.tci), ",") or "-",
        tag.an,
        tag.sl,
        tag.pn,
        "-" if sight.sci is None else sci_text(sight.sci),
        sight.sci_from or "peer",
        "-" if seen.secure_data is None else seen.secure_data,
        seen.icv or "-",
        seen.remark,
    ).rstrip()


@cache
def _tci_text(bits: int, mark: str) -> str:
    return mark.join(tci_names(TCI(bits)))


def terminal_head(ink: Ink) -> list[str]:
    """Return the headings of the two lines of a frame."""
    return [
        ink("index     no         since  sa                 da                 vlan", "bold"),
        ink(f"{'':22}tci        an  sl          pn  sci               data  icv", "bold"),
    ]


def terminal_lines(seen: Seen, ink: Ink) -> list[str]:
    """Return a frame on two lines of 99 columns, and a third where something is wrong."""
    sight, tag = seen.sight, seen.sight.tag
    addresses = f"{mac_text(sight.source):<17}  {mac_text(sight.destination):<17}"
    vlan = f"  {ink(_vlan_text(sight.tags), 'blue')}" if sight.tags else ""
    first = (
        f"{ink(f'{seen.index:>5}', 'bold')}  {seen.index + 1:>5}"
        f"{seconds(seen.since_ns)[:-3]:>14}  {ink(addresses, 'cyan')}{vlan}"
    )
    remark = f"{'':22}{ink(seen.remark, 'red' if sight.is_macsec else 'dim')}"
    if tag is None:
        return [first, remark]
    sci = "(the only peer)" if sight.sci is None else sci_text(sight.sci)
    icv = seen.icv or ""
    second = (
        f"{'':22}{ink(f'{_tci_text(int(tag.tci), chr(32)) or chr(45):<9}', 'yellow')}"
        f"  {tag.an:>2}  {tag.sl:>2}  {tag.pn:>10}  "
        f"{ink(f'{sci:<16}', 'green' if sight.sci_from == 'tag' else 'dim')}"
        f"  {'-' if seen.secure_data is None else seen.secure_data:>4}  "
        f"{ink(f'{icv[:8]}…{icv[-4:]}' if icv else '-', 'magenta')}"
    )
    return [first, second, remark] if seen.remark else [first, second]
