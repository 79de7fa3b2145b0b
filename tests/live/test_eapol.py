"""EAPOL of an interface and its data: the frames that each socket receives."""

from __future__ import annotations

import contextlib
import select
from collections.abc import Iterator

import pytest
from support.real import hosts
from support.real.hosts import Capture, Host

from macsec.errors import EnvironmentLacks
from macsec.live import eapol as module
from macsec.live.devices import Packet, interface, open_packet
from macsec.live.eapol import Eapol, leave_eapol_out, open_eapol

pytestmark = pytest.mark.network

GROUP = bytes.fromhex("0180c2000003")
SOURCE = bytes.fromhex("020000770a01")
MKPDU = GROUP + SOURCE + b"\x88\x8e" + bytes(46)
PRIORITY_TAGGED = GROUP + SOURCE + b"\x81\x00\xe0\x00\x88\x8e" + bytes(46)
TAGGED = GROUP + SOURCE + b"\x81\x00\x00\x05\x88\x8e" + bytes(46)
DATA = b"\xff" * 6 + SOURCE + b"\x88\xe5" + bytes(46)


class Sockets:
    """Both sockets of a host's interface, and the far end of its cable."""

    def __init__(self, host: Host, far: Capture, eapol: Eapol, data: Packet) -> None:
        self.host, self.far, self.eapol, self.data = host, far, eapol, data

    def heard(self) -> list[bytes]:
        """Return the frames of the EAPOL socket, once there is one."""
        assert select.select([self.eapol], [], [], 20)[0]
        return list(self.eapol.frames())


@pytest.fixture
def ends(tmp_path) -> Iterator[Sockets]:
    """Return the sockets, on a cable between two hosts."""
    hosts.need(tun=False)
    with hosts.hosts(tmp_path) as (near, far), contextlib.ExitStack() as stack:
        hosts.cable(near, far)
        with near.inside():
            below = interface("wire")
            eapol = stack.enter_context(open_eapol(below, GROUP))
            data = stack.enter_context(open_packet(below))
        leave_eapol_out(data)
        yield Sockets(near, far.listen("wire"), eapol, data)


def test_untagged_eapol_reaches_the_kay_and_all_else_the_pump(ends):
    """Neither socket sees frames that it sent."""
    assert ends.eapol.send(MKPDU)
    for frame in (TAGGED, DATA, MKPDU):
        ends.far.send(frame)
    assert ends.heard() == [MKPDU]
    with Packet(ends.data._socket.dup()) as socket:
        got = [socket._socket.recv(200) for _ in range(2)]
    # The kernel gives the VLAN tag beside the frame.
    assert got == [TAGGED[:12] + TAGGED[16:], DATA]
    assert select.select([ends.data], [], [], 0.1)[0] == []
    assert ends.far.next(lambda frame: frame[12:14] == hosts.EAPOL) == MKPDU


def test_priority_tagged_eapol_reaches_the_kay_and_nothing_else(ends):
    """The kernel takes the tag of VLAN 0 off; that of a VLAN is data."""
    for frame in (PRIORITY_TAGGED, TAGGED, DATA):
        ends.far.send(frame)
    assert ends.heard() == [MKPDU]
    with Packet(ends.data._socket.dup()) as socket:
        got = [socket._socket.recv(200) for _ in range(2)]
    assert got == [TAGGED[:12] + TAGGED[16:], DATA]
    assert select.select([ends.data], [], [], 0.1)[0] == []


def test_the_group_of_mkpdus_is_joined(ends):
    """A card delivers its frames without being promiscuous."""
    assert "01:80:c2:00:00:03" in ends.host.ip("maddress", "show", "dev", "wire")


def test_a_call_returns_a_limited_number_of_frames(ends, monkeypatch):
    """A flood leaves time for other work."""
    monkeypatch.setattr(module, "AT_ONCE", 8)  # a socket's buffer may end before more
    for _ in range(module.AT_ONCE + 1):
        ends.far.send(MKPDU)
    hosts.until(lambda: select.select([ends.eapol], [], [], 0)[0], "frames")
    counts = [len(ends.heard())]
    while sum(counts) < module.AT_ONCE + 1:
        counts.append(len(ends.heard()))
    assert max(counts) <= module.AT_ONCE


def test_an_interface_that_is_down_is_silent(ends):
    """It neither sends nor receives; once it is up, it does again."""
    ends.host.ip("link", "set", "wire", "down")
    assert list(ends.eapol.frames()) == []
    assert not ends.eapol.send(MKPDU)
    assert ends.eapol.unsent == 1
    ends.host.ip("link", "set", "wire", "up")
    hosts.until(lambda: "state UP" in ends.host.ip("link", "show", "wire"), "a carrier")
    ends.far._socket.getsockopt(1, 4)  # clear the error that it reported too
    ends.far.send(MKPDU)
    assert ends.heard() == [MKPDU]


def test_a_missing_capability_is_named(ends, monkeypatch):
    """The error says CAP_NET_RAW."""

    def refuse(*_: object) -> None:
        raise PermissionError

    with ends.host.inside():
        below = interface("wire")
        monkeypatch.setattr(module.socket, "socket", refuse)  # type: ignore[attr-defined]
        with pytest.raises(EnvironmentLacks, match="CAP_NET_RAW"):
            open_eapol(below, GROUP)
        monkeypatch.undo()


@pytest.mark.parametrize("destination", ["own", "ffffffffffff", "0180c2000000"])
def test_eapol_of_a_wan_reaches_the_kay_alone(tmp_path, destination):
    """EtherType 87-6F to one station, to all, and to a group; the standard's is no data either."""
    hosts.need(tun=False)
    with hosts.hosts(tmp_path) as (near, far), contextlib.ExitStack() as stack:
        hosts.cable(near, far)
        with near.inside():
            below = interface("wire")
            to = below.mac if destination == "own" else bytes.fromhex(destination)
            eapol = stack.enter_context(open_eapol(below, to, 0x876F))
            data = stack.enter_context(open_packet(below))
        leave_eapol_out(data, 0x876F)
        ends = Sockets(near, far.listen("wire"), eapol, data)
        wanted = to + SOURCE + b"\x87\x6f" + bytes(46)
        for frame in (MKPDU, TAGGED, DATA, wanted):
            ends.far.send(frame)
        assert ends.heard() == [wanted]
        with Packet(ends.data._socket.dup()) as socket:
            got = [socket._socket.recv(200) for _ in range(2)]
        assert got == [TAGGED[:12] + TAGGED[16:], DATA]
        assert select.select([ends.data], [], [], 0.1)[0] == []
