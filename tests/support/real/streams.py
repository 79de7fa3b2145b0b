"""Octets through TCP and UDP between two hosts, compared at their end."""

from __future__ import annotations

import hashlib
import random
import socket
import threading
from collections.abc import Sequence

from support.real.hosts import Host

PORT = 5301
PATIENCE_S = 60
BLOCK = random.Random(5).randbytes(1 << 20)
UDP_SEGMENT, UDP_GRO = 103, 104
LONGEST = 1 << 17


class Stream:
    """A TCP connection from host `a` to an address of host `b`."""

    def __init__(self, a: Host, b: Host, address: str, nodelay: bool = False) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with b.inside(), socket.create_server((address, PORT), family=family) as server:
            server.settimeout(PATIENCE_S)
            with a.inside():
                self.near = socket.create_connection((address, PORT), PATIENCE_S)
            self.far, _ = server.accept()
        self.far.settimeout(PATIENCE_S)
        if nodelay:
            self.near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def carry(self, octets: int, pieces: Sequence[int] = (1 << 20,), both: bool = False) -> None:
        """Send octets in writes of these sizes, `both` ways; fail unless the same arrive."""
        ends = (self.near, self.far)
        ways = [ends, ends[::-1]][: 2 if both else 1]
        results: list[tuple[str, str]] = []
        threads = [
            threading.Thread(target=lambda way=way: results.append(_one(way, octets, pieces)))
            for way in ways
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(results) == len(ways), "a stream ended early"
        assert all(sent == got for sent, got in results)

    def close(self) -> None:
        """End it."""
        self.near.close()
        self.far.close()


def _one(ends: Sequence[socket.socket], octets: int, pieces: Sequence[int]) -> tuple[str, str]:
    """Return the SHA-256 of all octets sent, and of all that arrived."""
    near, far = ends
    got = hashlib.sha256()

    def receive() -> None:
        left = octets
        while left and (part := far.recv(min(left, LONGEST))):
            got.update(part)
            left -= len(part)

    receiver = threading.Thread(target=receive)
    receiver.start()
    sent, at, number = hashlib.sha256(), 0, 0
    while at < octets:
        size = min(pieces[number % len(pieces)], octets - at)
        begin = at * 7 % (len(BLOCK) - size + 1)
        near.sendall(BLOCK[begin : begin + size])
        sent.update(BLOCK[begin : begin + size])
        at, number = at + size, number + 1
    receiver.join()
    return sent.hexdigest(), got.hexdigest()


def datagrams(
    pair: Sequence[Host], address: str, payloads: Sequence[bytes], segment: int = 0
) -> list[bytes]:
    """Send each payload by UDP, from host to host, and wait for it; return all that arrived.

    `segment`: the kernel sends each payload in datagrams of that length.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    a, b = pair
    found = []
    with b.inside():
        far = socket.socket(family, socket.SOCK_DGRAM)
    with a.inside():
        near = socket.socket(family, socket.SOCK_DGRAM)
    with far, near:
        far.bind((address, PORT))
        far.settimeout(PATIENCE_S)
        far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        near.connect((address, PORT))
        if segment:
            near.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, segment)
        for payload in payloads:
            near.send(payload)
            count = -(-len(payload) // segment) if segment else 1
            found += [far.recv(LONGEST) for _ in range(count)]
    return found
