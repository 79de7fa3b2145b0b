"""A port of the wire as a scapy socket: each rule that scapy's code relies on."""

from __future__ import annotations

import re
import threading
from decimal import Decimal
from pathlib import Path

import pytest
from scapy.automaton import ObjectPipe
from scapy.config import conf
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, ARP_am, Ether
from scapy.packet import Packet, Raw
from scapy.pipetool import PipeEngine, QueueSink
from scapy.scapypipes import InjectSink, SniffSource
from scapy.sendrecv import AsyncSniffer, bridge_and_sniff, sniff
from scapy.supersocket import SuperSocket
from scapy.utils import EDecimal

from macsec.wire.engine import Engine
from macsec.wire.link import Link
from macsec.wire.params import LinkParams
from macsec.wire.scapy.socket import PortSocket

A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
FRAME = Ether(src=A, dst=B) / IP(src="10.0.0.1", dst="10.0.0.2") / UDP() / Raw(b"hello")


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setattr(conf, "verb", 0)


class Wire:
    """A link of 5 ms with a socket at both ends."""

    def __init__(self, name="wire", engine=None, **params):
        self.engine = engine or Engine(7)
        self.link = Link(
            self.engine, name, LinkParams(delay="5ms", **params), LinkParams(delay="5ms")
        )
        self.a = PortSocket(self.engine, self.link.a)
        self.b = PortSocket(self.engine, self.link.b)


@pytest.fixture
def wire():
    """A link of 5 ms with sockets."""
    return Wire()


def request(number=1):
    """Return a ping."""
    return Ether(src=A, dst=B) / IP(src="10.0.0.1", dst="10.0.0.2") / ICMP(id=1, seq=number)


def answer(packet):
    """Return the answer to a ping."""
    reply = packet.copy()
    reply.src, reply.dst = packet.dst, packet.src
    reply[IP].src, reply[IP].dst = packet[IP].dst, packet[IP].src
    reply[ICMP].type = "echo-reply"
    for layer in (IP, ICMP):
        del reply[layer].chksum
    return reply


def answering(sock):
    """Make a station answer pings at once, without a thread."""
    port = sock.port
    port.receiver = lambda frame: port.send(bytes(answer(Ether(frame))))


# ---------------------------------------------------------------- rules of scapy's sockets


def test_socket_is_hashable_and_a_supersocket(wire):
    """Scapy uses sockets as keys of dicts, and `bridge_and_sniff` checks the class."""
    assert {wire.a: 1, wire.b: 2}[wire.b] == 2
    assert isinstance(wire.a, SuperSocket)


def test_sockets_share_one_select_function(wire):
    """Scapy warns if the sockets of a call have different ones."""
    assert wire.a.select is wire.b.select is PortSocket.select


def test_select_returns_a_readable_control_pipe(wire):
    """Scapy passes its control pipe among the sockets."""
    pipe = ObjectPipe("control")
    wire.b.send(FRAME)
    assert PortSocket.select([wire.a, pipe], 1) == [wire.a]
    pipe.send(None)
    assert PortSocket.select([wire.a, pipe], 1) == [pipe]
    pipe.close()


def test_select_without_limit_runs_to_the_next_frame(wire):
    """Without a frame on its way it returns at once."""
    assert PortSocket.select([wire.a, wire.b], None) == []
    wire.a.send(FRAME)
    assert PortSocket.select([wire.a, wire.b], None) == [wire.b]
    assert wire.engine.now_ns == 5_000_000


def test_limit_of_select_is_virtual_time(wire):
    """The clock of the engine has moved by the limit."""
    wire.a.send(FRAME)
    assert PortSocket.select([wire.b], 0.004) == []
    assert wire.engine.now_ns == 4_000_000
    assert PortSocket.select([wire.b], 0.004) == [wire.b]
    assert wire.engine.now_ns == 5_000_000


def test_stop_ends_a_sniffer_in_a_thread(wire):
    """It needs no control pipe, and no frame is lost."""
    assert wire.b.nonblocking_socket
    sniffer = AsyncSniffer(opened_socket=wire.b)
    sniffer.start()
    wire.a.send(FRAME)
    wire.a.send(FRAME)
    got = [wire.b.selector.wait([wire.b.inbox], 0), sniffer.stop()]
    assert [bytes(packet) for packet in got[1]] + [frame for _, frame in wire.b.inbox] == [
        bytes(FRAME)
    ] * 2


def test_recv_raw_returns_class_octets_and_time(wire):
    """It returns at most the given number of octets."""
    wire.a.send(FRAME)
    wire.a.send(FRAME)
    cls, octets, time = wire.b.recv_raw()
    assert (cls, octets, time) == (Ether, bytes(FRAME), EDecimal("0.005"))
    assert wire.b.recv_raw(20)[1] == bytes(FRAME)[:20]


def test_frame_at_time_zero_has_that_time():
    """Scapy's own `recv` would set the time of the wall clock."""
    engine = Engine()
    link = Link(engine, "wire")
    a, b = PortSocket(engine, link.a), PortSocket(engine, link.b)
    a.send(FRAME)
    assert b.recv().time == 0


def test_frame_that_cannot_be_dissected_is_raw(wire, monkeypatch):
    """`recv` returns its octets."""

    class Broken(Packet):
        def __init__(self, *args, **kwargs):
            raise ValueError("cannot")

    monkeypatch.setattr(PortSocket, "basecls", Broken)
    monkeypatch.setattr(conf, "debug_dissector", False)
    wire.a.send(FRAME)
    assert wire.b.recv() == conf.raw_layer(bytes(FRAME))


def test_recv_returns_none_if_no_frame_will_come(wire):
    """The end of a sniffer's wait leaves the socket open."""
    assert wire.a.recv() is None
    assert len(wire.a.sniff(timeout=3)) == 0
    assert not wire.a.closed
    assert wire.a.recv() is None


def test_packet_has_the_label_of_its_socket(wire):
    """Scapy sets it as an attribute of the packet."""
    wire.a.send(FRAME)
    assert sniff(opened_socket={wire.b: "right"}, count=1)[0].sniffed_on == "right"


def test_send_takes_packets_and_octets(wire):
    """It returns the length, and sets the time of a packet."""
    wire.engine.run(2_000_000)
    packet = FRAME.copy()
    assert wire.a.send(packet) == wire.a.send(bytes(FRAME)) == len(FRAME)
    assert packet.sent_time == EDecimal("0.002")
    assert [time for time, _ in (wire.b.recv_all())] == [7_000_000_000] * 2


def test_closed_socket_takes_no_frames(wire):
    """It can be closed twice; sending on it is an error."""
    wire.b.close()
    wire.b.close()
    wire.a.send(FRAME)
    wire.engine.run()
    assert not wire.b.inbox
    with pytest.raises(OSError, match="closed"):
        wire.b.send(FRAME)


def test_threads_may_send_at_once(wire):
    """No frame is lost or doubled."""
    frames = [bytes(FRAME) + bytes([n]) for n in range(4)]
    threads = [
        threading.Thread(target=lambda frame=frame: [wire.a.send(frame) for _ in range(200)])
        for frame in frames
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got = [frame for _, frame in wire.b.recv_all()]
    assert sorted(got) == sorted(frames * 200)


def test_time_of_a_packet_is_exact():
    """It has picoseconds, which a float of seconds could not hold."""
    engine = Engine()
    link = Link(engine, "wire", LinkParams(rate="100gbit", delay="1s"))
    a, b = PortSocket(engine, link.a), PortSocket(engine, link.b)
    a.send(bytes(61))
    time = b.recv().time
    assert isinstance(time, EDecimal)
    assert Decimal(time) == Decimal("1.000000004880")


# ---------------------------------------------------------------- functions of scapy


def test_sr1_returns_the_answer(wire):
    """Question and answer have virtual times."""
    answering(wire.b)
    question = request()
    reply = wire.a.sr1(question, timeout=5)
    assert (question.sent_time, reply.time) == (0, EDecimal("0.01"))
    assert reply[ICMP].type == 0


def test_sr1_of_a_lost_frame_takes_its_timeout():
    """It is virtual time, exact to the picosecond; the socket stays open."""
    wire = Wire(drop=[1])
    answering(wire.b)
    assert wire.a.sr1(request(), timeout=5) is None
    assert wire.engine.now_ps == 5 * 10**12
    assert wire.a.sr1(request(2), timeout=5).time == EDecimal("5.01")


def test_each_sniff_has_its_own_deadline(wire):
    """A shorter timeout may follow a longer one."""
    for timeout, now in ((5, 5), (1, 6), (3, 9)):
        wire.a.sniff(timeout=timeout)
        assert wire.engine.now_ps == now * 10**12


def test_arriving_frames_do_not_move_a_timeout(wire):
    """The sniffer gets those before the deadline."""
    for at in range(10):
        wire.engine.at(at * 10**12, lambda: wire.link.b.send(bytes(FRAME)))
    assert len(wire.a.sniff(timeout=4.5)) == 5
    assert wire.engine.now_ps == 45 * 10**11


def test_sr_gets_the_answer_of_every_ping(wire):
    """Many pings at once have as many answers."""
    answering(wire.b)
    answered, not_answered = wire.a.sr([request(n) for n in range(40)], timeout=5)
    assert (len(answered), len(not_answered)) == (40, 0)


def test_sr_works_in_threads(wire):
    """Scapy's default has a thread that sends."""
    answering(wire.b)
    answered, _ = wire.a.sr([request(n) for n in range(5)], timeout=5, threaded=True)
    assert len(answered) == 5


def test_answering_machine_in_a_thread_takes_no_virtual_time(wire):
    """It answers at the virtual time of the question, also if its thread takes long."""
    machine = wire.b.am(ARP_am, IP_addr="10.0.0.2", ARP_addr=B)
    sniffer = machine.bg(verbose=0)
    question = Ether(src=A, dst="ff:ff:ff:ff:ff:ff") / ARP(
        pdst="10.0.0.2", psrc="10.0.0.1", hwsrc=A
    )
    times = [wire.a.sr1(question, timeout=5).time for _ in range(3)]
    sniffer.stop()
    assert times == [EDecimal("0.01"), EDecimal("0.02"), EDecimal("0.03")]


def test_async_sniffer_sees_frames_of_another_thread(wire):
    """Packets have virtual times."""
    sniffer = AsyncSniffer(opened_socket=wire.b, count=3)
    sniffer.start()
    for _ in range(3):
        wire.a.send(FRAME)
    sniffer.join(60)
    assert [packet.time for packet in sniffer.results] == [EDecimal("0.005")] * 3


def test_bridge_and_sniff_changes_and_drops_frames():
    """Between two links it is a man in the middle."""
    engine = Engine()
    left, right = Wire("left", engine), Wire("right", engine)
    for number in range(4):
        left.a.send(request(number))

    def change(packet):
        if packet[ICMP].seq == 2:
            return False
        packet[IP].ttl = 9
        del packet[IP].chksum
        return packet

    bridge_and_sniff(left.b, right.a, xfrm12=change, timeout=1)
    got = [Ether(frame) for _, frame in right.b.recv_all()]
    assert [(packet[ICMP].seq, packet[IP].ttl) for packet in got] == [(0, 9), (1, 9), (3, 9)]


def test_pipe_engine_moves_frames_between_ports(wire):
    """It polls descriptors, which are made only then."""
    out = Wire("out", wire.engine)
    assert wire.b._event is None
    source, sink, queue = SniffSource(socket=wire.b), InjectSink(), QueueSink()
    sink.s = out.a
    sink.start = lambda: None
    source.__gt__(sink)
    source.__gt__(queue)
    pipes = PipeEngine(source)
    pipes.start()
    wire.a.send(FRAME)
    assert bytes(queue.recv(timeout=60)) == bytes(FRAME)
    pipes.stop()
    assert [frame for _, frame in out.b.recv_all()] == [bytes(FRAME)]


def test_all_sockets_and_the_receiver_before_get_each_frame(wire):
    """After the last socket is closed the receiver is alone again."""
    station = []
    port = Link(wire.engine, "other").b
    port.receiver = station.append
    with PortSocket(wire.engine, port) as one, PortSocket(wire.engine, port) as two:
        port.receiver(b"x" * 14)
        assert [list(one.inbox), list(two.inbox)] == [[(0, b"x" * 14)]] * 2
    port.receiver(b"y" * 14)
    assert station == [b"x" * 14, b"y" * 14]


def test_hundreds_of_links_need_no_descriptor():
    """One sniffer gets a frame from each."""
    engine = Engine()
    wires = [Wire(f"w{n}", engine) for n in range(400)]
    for wire in wires:
        wire.a.send(FRAME)
    sockets = [wire.b for wire in wires]
    got = sniff(opened_socket=sockets, count=400, timeout=60)
    assert len(got) == 400
    assert all(wire.b._event is None for wire in wires)


def test_frames_in_bulk_equal_frames_one_by_one(wire):
    """Octets, times and digest are the same."""
    frames = [bytes([n]) * 60 for n in range(100)]
    assert wire.a.send_all(frames) == 100
    got = wire.b.recv_all()
    assert got == [(5_000_000_000, frame) for frame in frames]
    other = Wire()
    for frame in frames:
        other.a.send(frame)
    other.engine.run()
    assert other.engine.digest == wire.engine.digest


def test_readme_example_prints_its_comments(capsys):
    """The section on scapy runs as it is."""
    text = (Path(__file__).parents[3] / "README.md").read_text()
    part = text.partition("## Scapy on the wire")[2]
    code = part.partition("```python\n")[2].partition("```")[0]
    exec(compile(code, "README.md", "exec"), {})
    wanted = re.findall(r"^print.*# ([^:\n]+)", code, re.MULTILINE)
    assert [line for line in capsys.readouterr().out.splitlines() if "ARP" not in line] == wanted
