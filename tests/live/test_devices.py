"""TAP devices and packet sockets of real interfaces, with a pump between them."""

from __future__ import annotations

import contextlib
import json
import select
import sys
from collections.abc import Iterator

import pytest
from support import hosts
from support.hosts import Capture, Host
from support.planes import DA, SA, Plane, add_rx, frame_of, sender

from macsec.errors import ConfigError, EnvironmentLacks, MACsecError
from macsec.live import devices
from macsec.secy import SecY

pytest.importorskip("macsec._native", reason="the native data plane is not built")

from macsec.live.pump import Pump

pytestmark = pytest.mark.network

NATIVE = Plane("native")
MAC = bytes.fromhex("020000770a01")


class Station:
    """A host with a MACsec interface above its cable; `far` listens at the other end of that."""

    def __init__(self, host: Host, far: Capture, secy: SecY) -> None:
        self.host, self.far, self.secy = host, far, secy

    def __enter__(self) -> Station:
        with contextlib.ExitStack() as stack, self.host.inside():
            below = devices.interface("wire")
            self.wire = stack.enter_context(devices.open_packet(below))
            clear = stack.enter_context(
                devices.open_tap("ms0", below.mtu - devices.OVERHEAD, below.mac)
            )
            self.upper = stack.enter_context(contextlib.closing(Capture("ms0")))
            self.pump = stack.enter_context(Pump(clear, self.wire, self.secy))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def sends(self, frame: bytes) -> bytes:
        """What is on the cable of a frame sent through the upper interface."""
        self.upper.send(frame)
        return self.far.next(lambda seen: seen[12:14] == hosts.MACSEC)

    def gets(self, frame: bytes) -> bytes:
        """What comes up of a frame put on the cable."""
        self.far.send(frame)
        return self.upper.next(lambda seen: seen[:6] == frame[:6])

    def ended(self) -> bool:
        """Whether the pump tells that it ended by itself, some day."""
        return select.select([self.pump], [], [], 20)[0] != []

    def dropped(self, way: str) -> bool:
        """Whether frames one way were dropped."""
        return getattr(self.pump.traffic, way)["dropped"] > 0


@pytest.fixture
def pair(tmp_path) -> Iterator[list[Host]]:
    """Two hosts on a cable."""
    hosts.need()
    with hosts.hosts(tmp_path) as both:
        hosts.cable(*both)
        yield both


@pytest.fixture
def far(pair) -> Capture:
    """A socket at the far end of the cable."""
    return pair[1].listen("wire")


def station(pair: list[Host], far: Capture, **controls) -> Station:
    """A station whose SecY hears what it sends itself."""
    return Station(pair[0], far, add_rx(sender(NATIVE, **controls)))


def link(host: Host, name: str) -> dict:
    """What `ip` tells of an interface."""
    (told,) = json.loads(host.ip("-d", "-j", "link", "show", name))
    return told


def test_a_device_for_as_long_as_it_is_open(pair):
    """It is up, with the MTU and MAC it was given, not kept by the kernel; closed, it is gone."""
    host = pair[0]
    with host.inside(), devices.open_tap("ms0", 1400, MAC) as device:
        assert devices.interface("ms0") == devices.Interface(
            "ms0", link(host, "ms0")["ifindex"], 1400, MAC, True
        )
        told = link(host, "ms0")
        assert "UP" in told["flags"]
        assert (told["mtu"], told["address"]) == (1400, MAC.hex(":"))
        assert told["linkinfo"]["info_data"]["persist"] is False
        assert device.name == "ms0"
    host.run("ip", "link", "show", "ms0", code=1)
    device.close()


def test_a_name_that_is_taken(pair):
    """Neither an interface nor a kept TAP of that name is touched."""
    host = pair[0]
    host.ip("tuntap", "add", "kept", "mode", "tap")
    with host.inside():
        for name in ("wire", "kept", "lo"):
            with pytest.raises(ConfigError, match=f"{name} exists"):
                devices.open_tap(name, 1400, MAC)
    assert link(host, "kept")["mtu"] == 1500


@pytest.mark.parametrize("name", ["", "a b", "a/b", "tap%d", "..", "sixteen-letters-", "a:1"])
def test_names_that_are_none(name):
    """What the kernel would refuse, or take for a pattern, is refused in words."""
    with pytest.raises(ConfigError, match="interface"):
        devices.open_tap(name, 1400, MAC)


def test_an_mtu_that_is_none(pair):
    """An MTU that no device can have is refused, and no device stays."""
    with pair[0].inside(), pytest.raises(ConfigError, match="MTU of 36"):
        devices.open_tap("ms0", 36, MAC)
    pair[0].run("ip", "link", "show", "ms0", code=1)


def test_no_tun_driver(monkeypatch):
    """Without /dev/net/tun the error says what to do."""
    monkeypatch.setattr(devices, "TUN", "/dev/net/none")
    with pytest.raises(EnvironmentLacks, match="modprobe tun"):
        devices.open_tap("ms0", 1400, MAC)


def test_interfaces_that_are_none(pair):
    """A name without an interface, and one that is no Ethernet."""
    with pair[0].inside():
        with pytest.raises(ConfigError, match="no interface 'eth7'"):
            devices.interface("eth7")
        with pytest.raises(ConfigError, match="lo is no Ethernet"):
            devices.interface("lo")


def test_through_a_station(pair, far):
    """Frames go down protected and come up clear; what leaves the interface is not taken for more.

    That is what the pump sends, and what other programs send there.
    """
    with station(pair, far) as here:
        wire = here.sends(frame_of(100))
        pair[0].listen("wire").send(frame_of(60))
        assert wire == sender(NATIVE).protect_frame(frame_of(100))
        assert here.gets(wire) == frame_of(100)
        here.pump.stop()
        to_wire, from_wire = here.pump.traffic
    assert to_wire["frames_out"] == from_wire["frames_in"] == 1


@pytest.mark.parametrize(
    "tags", ["81000007", "8100e007", "88a80064", "88a800648100001e", "810000648100001e"]
)
def test_vlan_tags_stay(pair, far, tags):
    """The kernel hands the outer tag beside a frame: it is put back, with its priority and TPID."""
    tagged = DA + SA + bytes.fromhex(tags) + frame_of(80)[12:]
    with station(pair, far, validate="check") as here:
        assert here.gets(tagged) == tagged  # not MACsec: InPktsUntagged, as it came
        assert here.secy.counters["InPktsUntagged"] == 1


def test_a_clear_tag_before_the_sectag(pair, far):
    """A SecTAG behind a VLAN tag is found: the tag reached the SecY."""
    tagged = DA + SA + bytes.fromhex("81000007") + frame_of(80)[12:]
    with station(pair, far, clear_tags=1) as here:
        wire = here.secy.protect_frame(tagged)
        assert wire[12:18] == bytes.fromhex("8100000788e5")
        assert here.gets(wire) == tagged


def test_promiscuous_meanwhile(pair, far):
    """A frame to any address comes up, and the interface is as before once the socket is closed."""
    with station(pair, far) as here:
        assert link(pair[0], "wire")["promiscuity"] == 1
        other = bytes.fromhex("33330000abcd") + frame_of(80)[6:]
        assert here.gets(here.sends(other)) == other
    assert link(pair[0], "wire")["promiscuity"] == 0


def test_jumbo_frames(tmp_path):
    """The longest frame that an upper interface takes is the longest that the lower one carries."""
    hosts.need()
    with hosts.hosts(tmp_path) as both:
        hosts.cable(*both, mtu=9216)
        far = both[1].listen("wire")
        with station(both, far) as here:
            longest = frame_of(2 + 9216 - devices.OVERHEAD)
            wire = here.sends(longest)
            assert len(wire) == 14 + 9216
            assert here.gets(wire) == longest


def test_too_long_for_the_interface(pair, far):
    """A frame the lower interface has no room for is counted; the next one goes."""
    with station(pair, far) as here:
        pair[0].ip("link", "set", "ms0", "mtu", "1500")
        here.upper.send(frame_of(1502))
        here.sends(frame_of(100))
        here.pump.stop()
        assert here.pump.traffic.to_wire["too_long"] == 1
        assert here.pump.traffic.to_wire["frames_out"] == 1


def test_mtu_control(pair, far):
    """With the control `mtu` it is the SecY that says too long."""
    with station(pair, far, mtu=1400) as here:
        here.upper.send(frame_of(1400))
        here.sends(frame_of(100))
        here.pump.stop()
        assert here.secy.counters["OutPktsTooLong"] == 1
        assert here.pump.traffic.to_wire["too_long"] == 0


def test_lower_down_and_up(pair, far):
    """While the lower interface is down frames are dropped and counted; after it they go again."""
    host = pair[0]
    with station(pair, far) as here:
        here.sends(frame_of(100))
        host.ip("link", "set", "wire", "down")
        here.upper.send(frame_of(100))
        hosts.until(lambda: here.dropped("to_wire"), "a dropped frame")
        host.ip("link", "set", "wire", "up")
        assert here.gets(here.sends(frame_of(100))) == frame_of(100)
        assert here.pump.running


def test_upper_down_and_up(pair, far):
    """While the upper interface is down what comes from the wire is dropped and counted."""
    host = pair[0]
    with station(pair, far) as here:
        wire = here.sends(frame_of(100))
        host.ip("link", "set", "ms0", "down")
        far.send(wire)
        hosts.until(lambda: here.dropped("from_wire"), "a dropped frame")
        host.ip("link", "set", "ms0", "up")
        assert here.gets(here.sends(frame_of(100))) == frame_of(100)


@pytest.mark.parametrize(
    "name, told", [("wire", "wire end failed: No such device"), ("ms0", "clear end failed: File")]
)
def test_an_interface_that_goes_away(pair, far, name, told):
    """The pump ends and tells which end it was, whether frames move or not."""
    with station(pair, far) as here:
        here.sends(frame_of(100))
        pair[0].ip("link", "del", name)
        assert here.ended()
        with pytest.raises(MACsecError, match=told):
            here.pump.check()


def test_what_the_queue_lost(pair, far, monkeypatch):
    """Frames for which the socket had no room are counted as lost."""
    monkeypatch.setattr(devices, "QUEUE_OCTETS", 1)  # the least there is
    with station(pair, far) as here:
        here.pump.stop()
        for _ in range(100):
            far.send(frame_of(1000))
        lost = here.wire.lost
        assert 0 < lost <= 100
        assert here.wire.lost == lost


def test_no_privilege(pair):
    """Without CAP_NET_RAW and CAP_NET_ADMIN the error is about the machine, in words."""
    script = (
        "from macsec.live import devices\nfrom macsec.errors import EnvironmentLacks\n"
        "for call in (lambda: devices.open_packet(devices.interface('wire')),"
        " lambda: devices.open_tap('ms0', 1400, bytes(6))):\n"
        "    try: call()\n    except EnvironmentLacks as error: print(error)\n"
    )
    if hosts.found("setpriv") is None:
        pytest.skip("setpriv is not installed")
    told = pair[0].run(
        "setpriv", "--bounding-set", "-net_raw,-net_admin", sys.executable, "-c", script
    )
    assert [line.split("(")[1] for line in told.splitlines()] == ["CAP_NET_RAW)", "CAP_NET_ADMIN)"]
