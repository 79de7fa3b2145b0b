"""The capture formats as data: magic numbers, limits, link types, block and option numbers.

A new flavour of pcap is one row of FORMATS. The numbers are those of the savefile formats of
libpcap and of the pcapng drafts of the IETF.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from macsec.time_units import NS_PER_S


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file, recognised by its first four octets (as a big-endian number)."""

    name: str
    magic: int
    big: bool  # fields are big-endian
    precision: str
    tick_ns: int  # nanoseconds in one unit of the fraction field
    record_header: int  # octets before each frame; 0: blocks carry their own
    refusal: str = ""  # why such a file is refused; empty: it is supported


def _both(
    magic: int, precision: str, tick_ns: int, record_header: int, refusal: str = ""
) -> list[Format]:
    swapped = int.from_bytes(magic.to_bytes(4, "big"), "little")
    return [
        Format("pcap", magic, True, precision, tick_ns, record_header, refusal),
        Format("pcap", swapped, False, precision, tick_ns, record_header, refusal),
    ]


SHB: Final = 0x0A0D0D0A
IDB: Final = 1
PB: Final = 2
SPB: Final = 3
NRB: Final = 4
ISB: Final = 5
EPB: Final = 6
DSB: Final = 10
CUSTOM: Final = 0x0BAD
CUSTOM_NOT_TO_COPY: Final = 0x40000BAD

PACKETS: Final = frozenset({PB, SPB, EPB})
OF_AN_INTERFACE: Final = PACKETS | {ISB}
"""Blocks that name an interface."""
NOT_TO_COPY: Final = frozenset({CUSTOM_NOT_TO_COPY})

BLOCK_NAMES: Final[dict[int, str]] = {
    **dict.fromkeys(PACKETS, "packet of another link type"),
    NRB: "name resolution block",
    ISB: "interface statistics block",
    7: "IRIG time stamp block",
    8: "ARINC 429 block",
    9: "systemd journal block",
    DSB: "decryption secrets block",
    CUSTOM: "custom block",
    CUSTOM_NOT_TO_COPY: "custom block not to be copied",
}

FORMATS: Final[dict[int, Format]] = {
    row.magic: row
    for row in (
        *_both(0xA1B2C3D4, "us", 1000, 16),
        *_both(0xA1B23C4D, "ns", 1, 16),
        *_both(0xA1B2CD34, "us", 1000, 24),  # "modified" pcap: interface and protocol follow
        *_both(0xA1B234CD, "us", 1000, 0, "Mesquita's pcap dialect is not supported"),
        *_both(0xA12B3C4D, "us", 1000, 0, "Navtel's pcap dialect is not supported"),
        Format("pcapng", SHB, False, "us", 1000, 0),
    )
}

STRANGERS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\xfd7zXZ\0", "xz: decompress it first, xz -dc FILE | macsec VERB ... -"),
    (b"BZh", "bzip2: decompress it first, bzip2 -dc FILE | macsec VERB ... -"),
    (b"\x04\x22\x4d\x18", "lz4: decompress it first, lz4 -dc FILE | macsec VERB ... -"),
    (b"\x02\x21\x4c\x18", "lz4 (old frames): decompress it first, lz4 -dc FILE"),
    (b"\x1f\x9d", "compress (.Z): decompress it first, gzip -dc FILE | macsec VERB ... -"),
    (b"\x1f\x8b", "gzip inside of gzip: decompress it once more, zcat FILE | macsec VERB ... -"),
    (b"PK\x03\x04", "a ZIP archive: unpack it first, unzip FILE"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it first, 7z x FILE"),
    (b"Rar!", "a RAR archive: unpack it first, unrar x FILE"),
    (b"snoop\0\0\0", "snoop (Solaris): convert it, editcap -F pcapng FILE OUT"),
    (b"RTSS", "Network Monitor 1.x: convert it, editcap -F pcapng FILE OUT"),
    (b"GMBU", "Network Monitor 2.x: convert it, editcap -F pcapng FILE OUT"),
    (b"TRSNIFF", "a Sniffer capture: convert it, editcap -F pcapng FILE OUT"),
    (b"XCP\0", "NetXRay: convert it, editcap -F pcapng FILE OUT"),
    (b"btsnoop\0", "btsnoop: convert it, editcap -F pcapng FILE OUT"),
    (b"iptrace ", "iptrace (AIX): convert it, editcap -F pcapng FILE OUT"),
    (b"\x7fvers", "EtherPeek: convert it, editcap -F pcapng FILE OUT"),
    (b"LOGG", "a Vector BLF log: convert it, editcap -F pcapng FILE OUT"),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file: get it with git lfs pull"),
    (b"/annex/objects", "a pointer of git-annex, not the file: get it with git annex get"),
)
"""First octets of files that people take for captures: name and remedy."""

TEXTS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"<!doctype", "an HTML page, perhaps of a failed download: get the file itself"),
    (b"<html", "an HTML page, perhaps of a failed download: get the file itself"),
    (b"<?xml", "XML, such as PDML of tshark: take the capture that it was made of"),
    (b"[", "JSON, such as tshark -T json: take the capture that it was made of"),
    (b"{", "JSON: take the capture that it was made of"),
    (b"0000", "a hex dump: convert it, text2pcap FILE OUT"),
)
"""The same for text, in lower case and without leading white space."""

NAMED: Final[dict[str, str]] = {
    ".erf": "perhaps ERF, by its name: convert it, editcap -F pcapng FILE OUT",
    ".etl": "perhaps a trace of Windows (ETL), by its name: convert it, etl2pcapng FILE OUT",
}
"""The same for files whose first octets are no sign, by the end of their names."""

HEAD_OCTETS: Final = 24
"""First octets that decide what a file is."""

PCAP_HEADER: Final = 24
PCAP_NS_MAGIC: Final = 0xA1B23C4D
PCAPNG_ORDER_MAGIC: Final = 0x1A2B3C4D

# Limits on length fields (those of libpcap and of Wireshark).
MAX_CAPTURED: Final = 262_144
MAX_BLOCK: Final = 16 * 1024 * 1024 + 128 * 1024
MAX_INTERFACES: Final = 65_536
MAX_NAME: Final = 256

# pcap: the link-type field holds the FCS length too, in units of two octets.
LINK_TYPE_MASK: Final = 0x03FFFFFF
FCS_PRESENT: Final = 0x04000000
FCS_SHIFT: Final = 28

# pcapng: options.
OPT_END: Final = 0
OPT_COMMENT: Final = 1
IF_NAME: Final = 2
IF_TSRESOL: Final = 9
IF_FCSLEN: Final = 13
IF_TSOFFSET: Final = 14
EPB_FLAGS: Final = 2
EPB_HASH: Final = 3

# epb_flags: direction in bits 0-1, FCS length in octets in bits 5-8.
INBOUND: Final = 1
OUTBOUND: Final = 2

ETHERNET: Final = 1
LINK_TYPES: Final[dict[int, str]] = {
    0: "NULL (BSD loopback)",
    1: "ETHERNET",
    3: "AX25",
    6: "IEEE802_5 (token ring)",
    8: "SLIP",
    9: "PPP",
    10: "FDDI",
    50: "PPP_HDLC",
    51: "PPP_ETHER (PPPoE)",
    100: "ATM_RFC1483",
    101: "RAW (IP)",
    104: "C_HDLC",
    105: "IEEE802_11",
    107: "FRELAY (frame relay)",
    108: "LOOP (OpenBSD loopback)",
    113: "LINUX_SLL (Linux cooked)",
    114: "LTALK",
    117: "PFLOG",
    119: "IEEE802_11_PRISM",
    122: "IP_OVER_FC",
    127: "IEEE802_11_RADIOTAP",
    138: "APPLE_IP_OVER_IEEE1394",
    143: "DOCSIS",
    147: "USER0",
    163: "IEEE802_11_AVS",
    166: "PPP_PPPD",
    187: "BLUETOOTH_HCI_H4",
    189: "USB_LINUX",
    192: "PPI",
    195: "IEEE802_15_4_WITHFCS",
    197: "ERF",
    201: "BLUETOOTH_HCI_H4_WITH_PHDR",
    220: "USB_LINUX_MMAPPED",
    224: "FC_2",
    227: "CAN_SOCKETCAN",
    228: "IPV4",
    229: "IPV6",
    230: "IEEE802_15_4_NOFCS",
    239: "NFLOG",
    240: "NETANALYZER",
    247: "INFINIBAND",
    249: "USBPCAP",
    251: "BLUETOOTH_LE_LL",
    252: "WIRESHARK_UPPER_PDU",
    253: "NETLINK",
    258: "PKTAP",
    265: "IPMI_HPM_2",
    274: "ETHERNET_MPACKET",
    276: "LINUX_SLL2",
}


def link_type_name(number: int) -> str:
    """Return the name of a link type for a message: "113, LINUX_SLL …"."""
    return f"{number}, {LINK_TYPES[number]}" if number in LINK_TYPES else str(number)


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface of a capture, as its file describes it; pcap files have one."""

    number: int  # the value in the `source` column
    name: str
    link_type: int
    snap_length: int = 0  # 0: no limit
    fcs: int = 0  # octets of FCS that each frame carries
    tsresol: int = 6  # units of time: 10^-n s, or 2^-(n & 127) s with the top bit set
    tsoffset: int = 0  # seconds to add to each time
    options: bytes = b""  # the others, to copy

    @property
    def precision(self) -> str:
        """Unit of time in words: s, ms, us, ns, ps or a power."""
        if self.tsresol & 0x80:
            return f"2^-{self.tsresol & 0x7F} s"
        names = {0: "s", 3: "ms", 6: "us", 9: "ns", 12: "ps"}
        return names.get(self.tsresol, f"10^-{self.tsresol} s")


def time_terms(tsresol: int) -> tuple[int, int, int]:
    """Return multiplier, divisor, shift: ns = floor(ticks * multiplier / divisor / 2^shift).

    Divisor 0 means a power of ten so large that the result is 0 for all 64-bit ticks.
    """
    power = tsresol & 0x7F
    if tsresol & 0x80:
        return NS_PER_S, 1, power
    if power <= 9:
        return 10 ** (9 - power), 1, 0
    return 1, 10 ** (power - 9) if power - 9 < 20 else 0, 0
