"""A program of a user: every public face, with the types that a type checker gives it.

The stage `types` of `.ci/run` checks it with `mypy --strict` and with pyright; a test runs it.
"""

# pyright: strict

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import macsec
from macsec import Controls, FrameBatch, Key, Lab, Outcome, SecY, Validate, Verdict
from macsec.frames import TCI, SecTAG
from macsec.kay import (
    KI,
    Basic,
    ChainKey,
    DistributedSak,
    Kay,
    KayPolicy,
    KeyUse,
    MemoryHolder,
    Mkpdu,
    PeerId,
    SakUse,
    compose,
    decode,
    seal,
)
from macsec.lab import Blueprint, Station, load_topology
from macsec.live import aio
from macsec.port import Agreement, ControlledPort
from macsec.scapy import MACsecSA, SniffedFrame, sniff
from macsec.testing import strategies
from macsec.testing.stations import SecYPair, StationPair, kay_pair, secy_pair
from macsec.wire import Engine, Link, LinkParams, parse_tc
from macsec.wire.scapy import PortSocket

SAK = {0: {"key": "000102030405060708090a0b0c0d0e0f", "pn": 1}}
A, B = "5254001301560001", "5254001301570001"
ONE = {"tx": {"sci": A, "sa": SAK}, "rx": [{"sci": B, "sa": {1: {"key": "f" * 32}}}]}
TWO = {"tx": {"sci": B, "sa": {1: {"key": "f" * 32}}}, "rx": [{"sci": A, "sa": SAK}]}
FRAME = bytes.fromhex("5254001301575254001301560800") + bytes(46)


class Packet:
    """A packet of a user's own, as those of scapy."""

    def __bytes__(self) -> bytes:
        return FRAME


def frames_through_a_secy() -> Verdict:
    """SecY, Verdict, Controls, counters."""
    two = dict(TWO, tx={"sci": B, "sa": {1: {"key": "f" * 32}}}, secy={"encodingsa": 1})
    with SecY.from_config(ONE) as a, SecY.from_config(two, backend="reference") as b:
        octets = assert_type(a.protect_frame(FRAME), bytes | None)
        assert octets is not None
        verdict, clear = b.validate_frame(octets)
        assert_type(verdict, Verdict)
        assert_type(clear, bytes | None)
        assert_type(verdict.counter, str | None)
        assert_type(verdict.label, str)
        assert_type(verdict.delivered, bool)
        assert_type(verdict.clause, str)
        assert_type(Verdict(3), Verdict)
        assert_type(verdict.value, int)
        assert_type(a.controls, Controls)
        assert_type(a.controls.validate, Validate)
        assert_type(a.counters["OutPktsEncrypted"], int)
        assert_type(a.tx.sa[0].next_pn, int)
        assert_type(b.rx[A].sa[0].lowest_pn, int)
        assert_type(b.rx[A].counters["InPktsOK"], int)
        batches(a, b)
        return verdict


def batches(a: SecY, b: SecY) -> None:
    """FrameBatch, Outcome, Arrow."""
    batch = FrameBatch.from_frames([FRAME, bytearray(FRAME), memoryview(FRAME), Packet()])
    out = assert_type(a.protect(batch), Outcome)
    result = b.validate(out.batch)
    assert_type(result.batch, FrameBatch)
    assert_type(result.codes, NDArray[np.uint8])
    assert_type(result.delivered, NDArray[np.int64])
    assert_type(batch.frames(), list[bytes])
    assert_type(batch[0], bytes)
    assert_type(batch[1:], FrameBatch)
    assert_type([len(frame) for frame in batch], list[int])
    assert_type(Verdict(result.codes[0]), Verdict)
    labels: list[str] = [verdict.label for verdict in result.verdict]
    assert labels == ["ok"] * 4
    rows: list[tuple[int | None, int | None, int | None]] = [result.sci_an_pn(0)]
    assert rows[0][1] == 0
    FrameBatch(np.zeros(60, np.uint8), np.array([0]), np.array([60]))


def arrow(outcome: Outcome, secy: SecY) -> None:
    """Tables of Arrow have the type of pyarrow, which need not be there."""
    tables: list[Any] = [outcome.to_arrow(), secy.to_arrow()]
    assert tables


def captures(folder: Path) -> int:
    """Read and write captures."""
    with macsec.captures.write(str(folder / "out.pcap")) as sink:
        sink.write(FrameBatch.from_frames([FRAME]))
    with macsec.captures.read(str(folder / "out.pcap")) as reader:
        return sum(len(assert_type(batch, FrameBatch)) for batch in reader)


def keys() -> int:
    """Key: hidden, wiped."""
    key = Key(bytes(16))
    assert_type(key.expose(), bytes)
    assert_type(len(key), int)
    key.wipe()
    return macsec.SUITES["gcm-aes-128"].key_length


class Doubling:
    """A tap on a link, as a user writes it."""

    def on_frame(self, time_ns: int, direction: int, frame: bytes) -> list[bytes] | None:
        """Send each frame of one direction twice."""
        return [frame, frame] if direction == 0 else None


def wire() -> list[bytes]:
    """Engine, Link, LinkParams, parse_tc."""
    engine = Engine(seed=1)
    link = Link(engine, "a-b", LinkParams(delay="12ms", drop=[2]), parse_tc("delay 1ms loss 1%"))
    arrived: list[bytes] = []
    link.b.receiver = arrived.append
    link.taps.append(Doubling())
    engine.after(1000, lambda: link.a.send(FRAME))
    engine.run(until_ns=10**9)
    assert_type(engine.now_ns, int)
    assert_type(link.stats[0].sent, int)
    return arrived


def agreement() -> str:
    """Kay, ChainKey, MemoryHolder, KayPolicy, Station, Agreement, ControlledPort."""
    engine = Engine()
    link = Link(engine, "a-b")
    stations: list[Station] = []
    for port, sci in ((link.a, int(A, 16)), (link.b, int(B, 16))):
        chain = [ChainKey(MemoryHolder(Key(bytes(range(16))), b"name"))]
        kay = Kay(sci, chain, random.Random(sci).randbytes, KayPolicy(key_server_priority=16))
        station = Station(engine, port, SecY(), kay)
        station.start()
        stations.append(station)
    engine.run(until_ns=3 * 10**9)
    found = assert_type(stations[0].agreement, Agreement | None)
    assert found is not None
    assert_type(found.port, ControlledPort)
    assert_type(found.port.secy, SecY)
    assert_type(found.kay, Kay)
    return "secured" if assert_type(found.kay.secured, bool) else "not secured"


def messages() -> Mkpdu:
    """Compose, seal and decode an MKPDU of one's own."""
    holder = MemoryHolder(Key(bytes(16)), b"name")
    peer, ki = PeerId(b"p" * 12, 7), KI(b"m" * 12, 1)
    basic = Basic(sci=int(A, 16), mi=b"m" * 12, mn=1, ckn=b"name", key_server=True)
    use = SakUse(latest=KeyUse(ki, 0, transmits=True, receives=True, lowest_pn=1))
    sak = DistributedSak(an=0, code=1, kn=1, suite=None, wrapped=bytes(24))
    mkpdu = compose(basic, live=(peer,), use=use, distributed=sak)
    assert_type(mkpdu, Mkpdu)
    frame = assert_type(seal(mkpdu, holder.icv), bytes)
    decoded = decode(bytes.fromhex("0180c2000003525400130156") + frame[12:])
    assert isinstance(decoded, Mkpdu)
    assert_type(decoded.basic, Basic)
    assert_type(holder.icv_valid(decoded.signed, decoded.icv), bool)
    return decoded


def lab() -> Mapping[str, object]:
    """A lab in virtual time."""
    topology = load_topology("two-key-servers")
    plan = Blueprint.of(topology, lambda name, octets: random.Random(name).randbytes(octets))
    with Lab(plan, seed=1) as made:
        made.run(until_ns=10**9)
        return {"digest": assert_type(made.digest, str)}


def fixtures() -> Iterator[bytes]:
    """The pairs of the fixtures of pytest."""
    pair = assert_type(secy_pair(seed=1, cipher="gcm-aes-256"), SecYPair)
    octets = pair.a.protect_frame(FRAME)
    assert octets
    yield octets
    stations = assert_type(kay_pair(seed=1), StationPair)
    stations.run(3.0)
    assert_type(stations.secured, bool)
    stations.close()
    strategies.frames(vlans=False)


def tag() -> bytes:
    """SecTAG."""
    made = SecTAG(TCI.SC | TCI.E | TCI.C, an=0, sl=0, pn=1, sci=int(A, 16))
    assert_type(made.sci, int | None)
    return made.encode()


def scapy_packets(secy: SecY) -> list[Verdict]:
    """Ports as sockets of scapy, sniffing with verdicts, MACsecSA."""
    engine = Engine()
    socket = PortSocket(engine, Link(engine, "a-b").a)
    assert_type(socket.send(FRAME), int)
    sa = MACsecSA(sci=int(A, 16), an=0, pn=1, key=bytes(16))
    verdict = assert_type(sa.validate(Packet())[0], Verdict)
    found = assert_type(sniff(secy, iface="eth0", count=1), list[SniffedFrame])
    return [verdict, *(each.verdict for each in found)]


async def live() -> None:
    """A tap and a lab in an event loop."""
    async with aio.tap("a.yaml", lower="eth0", upper="ms0", mka=True) as port:
        async for event in port.events():
            assert_type(event, dict[str, Any])
        assert_type(await port.counters(), dict[str, int])
        assert_type(await port.change(cak="file:next.hex", now=True), str)
    async with aio.lab("two-regions", name="mine") as running:
        await running.secured()
        program = await running.exec("web", "true", stdout=asyncio.subprocess.PIPE)
        assert_type(program, asyncio.subprocess.Process)
        assert_type(await running.counters(), dict[str, dict[str, int]])
        await running.stop()


def main(folder: Path) -> list[object]:
    """Run what needs no root, no other machine and no package of an extra; return the results."""
    error = ""
    try:
        SecY.from_config({"secy": {"window": "x"}})
    except macsec.ConfigError as caught:
        error = assert_type(str(caught), str)
    ran = [frames_through_a_secy().label, captures(folder), keys(), len(wire()), agreement()]
    more = [messages().basic.ckn, len(str(lab()["digest"])), len(list(fixtures())), len(tag())]
    return [*ran, *more, bool(error)]
