"""Contents of the captures: a small reader of pcap and pcapng, ``manifest.json``, and its table."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

SCHEMA = "macsec-pcaps/1"
HERE = Path(__file__).resolve().parent
FILE = HERE / "manifest.json"
README = HERE / "README.md"
TABLE = ("<!-- recordings -->\n", "<!-- end of recordings -->\n")

PCAP_PRECISION = {0xA1B2C3D4: "us", 0xA1B23C4D: "ns"}
PCAPNG_PRECISION = {6: "us", 9: "ns"}
SECTION, INTERFACE, PACKET = 0x0A0D0D0A, 1, 6
NAME, RESOLUTION = 2, 9
# Options of a section and of an interface that describe the machine and not the traffic: hardware,
# system, program; name (given anew), description, hardware, system.
MACHINE = {SECTION: {2, 3, 4}, INTERFACE: {NAME, 3, 12, 15}}


class Contents(NamedTuple):
    """Lengths of the frames of a capture and the precision of its time stamps."""

    precision: str
    lengths: list[int]


def blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Walk over the blocks of a little-endian pcapng: type and body."""
    position = 0
    while position < len(data):
        kind, length = struct.unpack_from("<II", data, position)
        yield kind, data[position + 8 : position + length - 4]
        position += length


def options(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Walk over the options of a block: code, value, and the octets of the whole option."""
    position = 0
    while position + 4 <= len(data):
        code, length = struct.unpack_from("<HH", data, position)
        end = position + 4 + (length + 3) // 4 * 4
        yield code, data[position + 4 : position + 4 + length], data[position:end]
        position = end


def named(data: bytes, names: Iterable[str]) -> bytes:
    """Name the interfaces of a pcapng, and drop what it says about the recording machine."""
    kept, waiting = [], iter(names)
    for kind, original in blocks(data):
        body = original
        if kind in MACHINE:
            start = 16 if kind == SECTION else 8
            found = [whole for code, _, whole in options(body[start:]) if code not in MACHINE[kind]]
            if kind == INTERFACE:
                name = next(waiting).encode()
                head = struct.pack("<HH", NAME, len(name))
                found.insert(0, head + name.ljust((len(name) + 3) // 4 * 4, b"\0"))
            body = body[:start] + b"".join(found)
            if kind == SECTION:  # its length is left open
                body = body[:8] + struct.pack("<q", -1) + body[16:]
        size = struct.pack("<I", len(body) + 12)
        kept.append(struct.pack("<I", kind) + size + body + size)
    return b"".join(kept)


def read(file: Path) -> Contents:
    """Read a little-endian Ethernet capture of either format; refuse cut frames."""
    data = file.read_bytes()
    contents = pcapng(data) if data[:4] == struct.pack("<I", SECTION) else pcap(data)
    if not contents.lengths:
        raise ValueError(f"{file.name} has no frame")
    return contents


def pcap(data: bytes) -> Contents:
    """Read a pcap."""
    magic, *_, link = struct.unpack_from("<IHHiIII", data)
    lengths, position = [], 24
    while position < len(data):
        _, _, held, original = struct.unpack_from("<IIII", data, position)
        lengths.append(whole(held, original, link))
        position += 16 + held
    return Contents(PCAP_PRECISION[magic], lengths)


def pcapng(data: bytes) -> Contents:
    """Read a pcapng."""
    links, precisions, lengths = [], [], []
    for kind, body in blocks(data):
        if kind == INTERFACE:
            links.append(struct.unpack_from("<H", body)[0])
            found = {code: value for code, value, _ in options(body[8:])}
            precisions.append(PCAPNG_PRECISION[found.get(RESOLUTION, b"\6")[0]])
        elif kind == PACKET:
            interface, _, _, held, original = struct.unpack_from("<IIIII", body)
            lengths.append(whole(held, original, links[interface]))
    (precision,) = set(precisions)
    return Contents(precision, lengths)


def whole(held: int, original: int, link: int) -> int:
    """Make sure of a whole Ethernet frame; its length."""
    if held != original or link != 1:
        raise ValueError(f"{held} of {original} octets, link type {link}")
    return held


def sha256(file: Path) -> str:
    """Digest a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def entry(file: Path, *, mtu: int, programs: list[str], how: str) -> dict[str, Any]:
    """Describe one capture."""
    precision, lengths = read(file)
    return {
        "file": file.relative_to(HERE).as_posix(),
        "sha256": sha256(file),
        "size": file.stat().st_size,
        "frames": len(lengths),
        "octets": sum(lengths),
        "shortest": min(lengths),
        "longest": max(lengths),
        "link": "ethernet",
        "mtu": mtu,
        "precision": precision,
        "programs": programs,
        "how": how,
    }


def linux_entries() -> Iterator[dict[str, Any]]:
    """Describe the captures of the Linux kernel's MACsec from the JSON beside them."""
    for described in sorted((HERE / "linux").glob("*.json")):
        case = json.loads(described.read_text())
        if "wire_pcap" not in case:
            continue
        points = {case["wire_pcap"]: case["wire_point"]} | {
            name: f"macsec0 of peer {peer}, both directions"
            for peer, name in case["plain_pcaps"].items()
        }
        for name, point in points.items():
            how = f"recorded from Debian kernel {case['kernel']}: {point}"
            yield entry(
                described.with_name(name),
                mtu=case["mtu"],
                programs=[f"Linux {case['kernel']} macsec", "iproute2 6.1.0"],
                how=f"{how}; {case['note']}" if case["note"] else how,
            ) | {"keys": f"linux/{described.name}"}


def mka_entries() -> Iterator[dict[str, Any]]:
    """Describe the recorded key agreements from the JSON beside them."""
    for described in sorted((HERE / "mka").glob("*.json")):
        case = json.loads(described.read_text())
        how = f"wpa_supplicant, Debian kernel {case['kernel']}: {case['wire_point']}"
        programs = [f"Linux {case['kernel']} macsec", case["wpa_supplicant"]]
        if case["wpa_supplicant_211_at"]:
            programs.append("wpa_supplicant v2.11")
        if case.get("wpa_supplicant_sonic"):
            programs.append("wpa_supplicant of SONiC")
        yield entry(
            described.with_name(case["wire_pcap"]),
            mtu=1500,
            programs=programs,
            how=f"{how}; {case['note']}" if case["note"] else how,
        ) | {"keys": f"mka/{described.name}"}


def load() -> dict[str, dict[str, Any]]:
    """Read the manifest: the captures by file name; nothing if there is none yet."""
    if not FILE.exists():
        return {}
    return {capture["file"]: capture for capture in json.loads(FILE.read_text())["captures"]}


def write(recorded: dict[str, dict[str, Any]]) -> None:
    """Write the manifest and the table in the README: recordings, ``linux/`` and ``mka/``."""
    captures = [recorded[name] for name in sorted(recorded) if "/" not in name]
    beside = [
        {
            "file": file.relative_to(HERE).as_posix(),
            "sha256": sha256(file),
            "size": file.stat().st_size,
        }
        for folder in ("linux", "mka")
        for file in sorted((HERE / folder).glob("*.json"))
    ]
    rows = {"captures": [*captures, *linux_entries(), *mka_entries()], "beside": beside}
    text = ",\n".join(
        f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in found) + "\n]"
        for name, found in rows.items()
    )
    FILE.write_text(f'{{"schema": "{SCHEMA}",\n{text}\n}}\n')
    readme = README.read_text()
    before, rest = readme.split(TABLE[0])
    README.write_text(before + TABLE[0] + table(captures) + TABLE[1] + rest.split(TABLE[1])[1])


def table(captures: list[dict[str, Any]]) -> str:
    """Show the recordings to people."""
    rows = [
        f"| `{row['file']}` | {row['how']} | {row['frames']} | {row['octets']} "
        f"| {row['shortest']} to {row['longest']} | {row['precision']} |\n"
        for row in captures
    ]
    head = "| file | programs | frames | octets | frame lengths | time stamps |\n"
    return "".join([head, "| --- | --- | ---: | ---: | --- | --- |\n", *rows])
