"""Thousands of KaYs in one process, in virtual time: memory, start, idle hellos, a common rekey.

`python bench/many_kays.py [--links N] [--json]` makes a lab of N links, 5,000 by default: two KaYs
each. `--cas N` makes one link instead, of which each port has N KaYs and SecYs, each in a VLAN and
a CA of its own. It runs them until all are secured, then idle, then lets one end of every CA use up
its PNs at the same moment, while both ends send frames: a new SAK for all, and no frame is lost.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import shake_256
from itertools import count
from pathlib import Path

from lab_speed import built
from target_row import TargetRow

from macsec.kay import ChainKey, Kay, MemoryHolder
from macsec.keys import Key
from macsec.lab.link_state import LinkEnd
from macsec.lab.virtual.lab import parts_of
from macsec.lab.virtual.stations.station import Station
from macsec.lab.virtual.stations.vlan_trunk import VlanTrunk
from macsec.measure.machine import machine
from macsec.secy import Controls, SecY
from macsec.time_units import NS_PER_MS, NS_PER_S, PS_PER_NS
from macsec.wire import Engine
from macsec.wire.params import LinkParams

SECTION = "6. Ten thousand KaYs"
LINKS = 5000
CAS = 256
SETTLED_S, IDLE_S = 10, 20
REKEY_NS = (SETTLED_S + IDLE_S + 1) * NS_PER_S
WORN_PN = 0xC000_0000
"""A nextPN at which the Key Server makes another SAK (802.1X 9.8)."""
EVERY_NS = 100 * NS_PER_MS
FRAME = bytes.fromhex("02ed00000001 02ed00000002 88b5") + bytes(86)


@dataclass(frozen=True)
class Crowd:
    """Results. Seconds of a CPU, but for those of virtual time."""

    participants: int
    kib_each: float
    built_s: float
    secured_virtual_s: float
    secured_s: float
    idle_virtual_s_a_s: float
    hellos_a_s: float
    us_a_hello: float
    rekeyed: int
    rekey_virtual_s: float
    rekey_s: float
    frames_sent: int
    frames_lost: int


@dataclass(frozen=True)
class Scene:
    """Stations on an engine, the two ends of each CA one after the other."""

    engine: Engine
    stations: list[Station]
    ends: list[LinkEnd]
    start: Callable[[], None]


def rows() -> list[TargetRow]:
    """Measure the goals, in some minutes."""
    lab, trunk = measure(partial(links, LINKS)), measure(partial(vlans, CAS))
    return [*goals(f"{2 * LINKS:,} KaYs of a lab", lab), *goals(f"{CAS} CAs on a port", trunk)]


def goals(name: str, found: Crowd) -> list[TargetRow]:
    """Return the rows of a measurement."""
    return [
        TargetRow(SECTION, f"{name}, KiB each", 100_000 / 1024, found.kib_each),
        TargetRow(SECTION, f"{name}, virtual s until secured", 10, found.secured_virtual_s),
        TargetRow(
            SECTION, f"{name}, idle, virtual s a s", 1.0, found.idle_virtual_s_a_s, at_most=False
        ),
        TargetRow(SECTION, f"{name}, virtual s of a common rekey", 1.0, found.rekey_virtual_s),
        TargetRow(
            SECTION,
            f"{name}, frames lost by it",
            0,
            found.frames_lost,
            note=f"of {found.frames_sent:,}",
        ),
    ]


@contextmanager
def links(number: int) -> Iterator[Scene]:
    """Return a lab of a number of links."""
    with built(topology(number)) as lab:
        stations = [station for link in lab.links for station in link.ends or ()]
        ends = [end for link in lab.links for end in link.agreed]
        yield Scene(lab.engine, stations, ends, lab.start)


@contextmanager
def vlans(number: int) -> Iterator[Scene]:
    """Return a link whose two ports have a number of SecYs, each in a VLAN."""
    parts, delay = parts_of("auto", 1), LinkParams(delay="1ms")
    link = parts.link("trunk", (delay, delay), keyed=True)
    trunks = VlanTrunk(link.a), VlanTrunk(link.b)
    stations = [
        tagged(parts.engine, trunk, vid, system)
        for vid in range(1, number + 1)
        for system, trunk in enumerate(trunks)
    ]
    agreements = [each.agreement for each in stations if each.agreement is not None]

    def start() -> None:
        for station in stations:
            station.start()

    try:
        yield Scene(parts.engine, stations, list(map(LinkEnd, agreements)), start)
    finally:
        for station in stations:
            station.close()


def tagged(engine: Engine, trunk: VlanTrunk, vid: int, system: int) -> Station:
    """Return a station in a VLAN, with a CAK for both ends of it."""
    drawn, name = count(), f"VLAN {vid}"
    key = ChainKey(MemoryHolder(Key(shake_256(name.encode()).digest(16)), name.encode()))

    def entropy(octets: int) -> bytes:
        return shake_256(f"{name} {system} {next(drawn)}".encode()).digest(octets)

    kay = Kay(0x0200_0000_0000_0000 | system << 16 | vid, [key], entropy)
    return Station(engine, trunk.vlan(vid), SecY(Controls()), kay, name)


def topology(links: int) -> dict[str, object]:
    """Return a tree of sites without hosts."""
    names = [f"s{number}" for number in range(links + 1)]
    return {
        "sites": {name: {"hosts": []} for name in names},
        "links": [
            {"between": [names[(at - 1) // 2], names[at]], "delay": "1ms"}
            for at in range(1, len(names))
        ],
    }


def measure(make: Callable[[], AbstractContextManager[Scene]]) -> Crowd:
    """Run a scene."""
    before_kib, began = resident_kib(), time.process_time()
    with make() as scene:
        built_s = time.process_time() - began
        began = time.process_time()
        scene.start()
        scene.engine.run(SETTLED_S * NS_PER_S)
        secured_s = time.process_time() - began
        secured = [end.secured_ns for end in scene.ends]
        grown_kib = resident_kib() - before_kib
        sent = hellos(scene)
        began = time.process_time()
        scene.engine.run((SETTLED_S + IDLE_S) * NS_PER_S)
        idle_s = time.process_time() - began
        sent = hellos(scene) - sent
        rekey = Rekey(scene)
        return Crowd(
            participants=len(secured),
            kib_each=grown_kib / len(secured),
            built_s=built_s,
            secured_virtual_s=max(NEVER if ns is None else ns for ns in secured) / NS_PER_S,
            secured_s=secured_s,
            idle_virtual_s_a_s=IDLE_S / idle_s,
            hellos_a_s=sent / IDLE_S,
            us_a_hello=idle_s / sent * 1e6,
            rekeyed=rekey.rekeyed,
            rekey_virtual_s=rekey.virtual_s,
            rekey_s=rekey.cpu_s,
            frames_sent=rekey.sent,
            frames_lost=rekey.sent - rekey.delivered,
        )


NEVER = 1 << 62
SAKS = 2
"""SAKs of each CA up to the end."""


class Rekey:
    """A new SAK of every CA at one moment, with frames both ways before, during and after it."""

    def __init__(self, scene: Scene) -> None:
        self._stations, self.sent = scene.stations, 0
        for station in self._stations:
            station.controlled.receiver = None  # no bridge sends it on
        delivered = self._delivered()
        for step in range(-2, 12):
            scene.engine.at((REKEY_NS + step * EVERY_NS) * PS_PER_NS, self._send)
        scene.engine.at(REKEY_NS * PS_PER_NS, self._wear)
        began = time.process_time()
        scene.engine.run(REKEY_NS + 2 * NS_PER_S)
        self.cpu_s = time.process_time() - began
        self.delivered = self._delivered() - delivered
        times = [end.saks[1].time_ns for end in scene.ends if len(end.saks) == SAKS]
        self.rekeyed = len(times)
        every = self.rekeyed == len(scene.ends)
        self.virtual_s = (max(times) - REKEY_NS) / NS_PER_S if every else float(NEVER)

    def _delivered(self) -> int:
        return sum(station.delivered for station in self._stations)

    def _send(self) -> None:
        self.sent += sum(station.request(FRAME) for station in self._stations)

    def _wear(self) -> None:
        for station in self._stations[::2]:
            station.secy.raise_tx_pn(station.secy.controls.encodingsa, WORN_PN)
            station.settle()


def hellos(scene: Scene) -> int:
    """Return the MKPDUs that were sent."""
    return sum(station.mkpdus_sent for station in scene.stations)


def resident_kib() -> int:
    """Return the memory of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--links", type=int, default=LINKS, metavar="N")
    parser.add_argument("--cas", type=int, metavar="N", help=f"{CAS} is the goal")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args(arguments)
    number = chosen.links if chosen.cas is None else chosen.cas
    found = measure(partial(links if chosen.cas is None else vlans, number))
    if chosen.json:
        sys.stdout.write(json.dumps({"machine": machine(), **asdict(found)}, indent=2) + "\n")
        return 0
    for name, value in asdict(found).items():
        shown = f"{value:,.3f}" if isinstance(value, float) else f"{value:,}"
        sys.stdout.write(f"{name.replace('_', ' '):20} {shown}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
