"""The shortest frames: UDP payloads of 0 to 20 octets, sent by a socket and by a padding sender.

``echo ADDRESS PORT`` answers each datagram with its own payload. ``send DEVICE MAC ADDRESS PORT``
sends every length twice: through a UDP socket, as the kernel hands it to the device (42 to 62
octets), and through a packet socket as a network card puts it on the cable (at least 60 octets
without FCS, zero-padded), along with a padded ARP request.
"""

from __future__ import annotations

import socket
import struct
import sys
import time

MINIMUM = 60  # octets of a frame without its FCS
PAYLOADS = [bytes(range(0x41, 0x41 + length)) for length in range(21)]
SOURCE_PORT = 40000
PAUSE = 0.02  # s, so that question and answer take turns


def checksum(data: bytes) -> int:
    """Sum up as IP, UDP and ICMP do."""
    words = struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2))
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def pad(frame: bytes) -> bytes:
    """Fill up to the minimum, as a network card does."""
    return frame.ljust(MINIMUM, b"\0")


def udp(source: bytes, target: bytes, port: int, payload: bytes) -> bytes:
    """Build an IPv4 packet with a UDP datagram."""
    length = 8 + len(payload)
    ports = struct.pack("!HHH", SOURCE_PORT, port, length)
    pseudo = source + target + struct.pack("!BBH", 0, 17, length)
    datagram = ports + struct.pack("!H", checksum(pseudo + ports + b"\0\0" + payload)) + payload
    head = struct.pack("!BBHHHBB", 0x45, 0, 20 + length, 0, 0x4000, 64, 17)
    addresses = source + target
    return head + struct.pack("!H", checksum(head + b"\0\0" + addresses)) + addresses + datagram


def echo(address: str, port: int) -> None:
    """Answer each datagram with its own payload."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, port))
        while True:
            payload, client = server.recvfrom(2048)
            server.sendto(payload, client)


def send(device: str, server_mac: str, address: str, port: int) -> None:
    """Send every payload, unpadded by a UDP socket and padded by a packet socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(2)
        client.bind(("", SOURCE_PORT))
        client.connect((address, port))
        own = client.getsockname()[0]
        for payload in PAYLOADS:
            client.send(payload)
            client.recv(2048)
            time.sleep(PAUSE)
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as cable:
            cable.bind((device, 0))
            mac = cable.getsockname()[4]
            source, target = socket.inet_aton(own), socket.inet_aton(address)
            question = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac + source + bytes(6) + target
            cable.send(pad(b"\xff" * 6 + mac + b"\x08\x06" + question))
            time.sleep(PAUSE)
            ethernet = bytes.fromhex(server_mac.replace(":", "")) + mac + b"\x08\x00"
            for payload in PAYLOADS:
                cable.send(pad(ethernet + udp(source, target, port, payload)))
                client.recv(2048)
                time.sleep(PAUSE)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["echo", address, port]:
            echo(address, int(port))
        case ["send", device, mac, address, port]:
            send(device, mac, address, int(port))
        case _:
            sys.exit(__doc__)
