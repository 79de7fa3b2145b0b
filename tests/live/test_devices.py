"""TAP devices and packet sockets of real interfaces, with a pump between them."""

from __future__ import annotations

import contextlib
import json
import select
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from support.planes import DA, SA, Plane, add_rx, frame_of, sender
from support.real import hosts
from support.real.hosts import Capture, Host

from macsec.errors import ConfigError, EnvironmentLacks, MACsecError
from macsec.live import devices
from macsec.secy import SecY

pytest.importorskip("macsec._native", reason="the native data plane is not built")

from macsec.live.pump import Pump

pytestmark = pytest.mark.network

NATIVE = Plane("native")
MAC = bytes.fromhex("020000770a01")


class TapHost:
    """A host with a MACsec interface above its cable; `far` listens at the cable's other end."""

    def __init__(self, host: Host, far: Capture, secy: SecY) -> None:
        self.host, self.far, self.secy = host, far, secy

    def __enter__(self) -> TapHost:
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
        """Send a frame through the upper interface; return it as it is on the cable."""
        self.upper.send(frame)
        return self.far.next(lambda seen: seen[12:14] == hosts.MACSEC)

    def gets(self, frame: bytes) -> bytes:
        """Put a frame on the cable; return the delivered frame."""
        self.far.send(frame)
        return self.upper.next(lambda seen: seen[:6] == frame[:6])

    def ended(self) -> bool:
        """Return whether the pump ends by itself within 20 s."""
        return select.select([self.pump], [], [], 20)[0] != []

    def dropped(self, way: str) -> bool:
        """Return whether frames of a direction were dropped."""
        return getattr(self.pump.traffic, way)["dropped"] > 0


@pytest.fixture
def pair(tmp_path) -> Iterator[list[Host]]:
    """Return two hosts on a cable."""
    hosts.need()
    with hosts.hosts(tmp_path) as both:
        hosts.cable(*both)
        yield both


@pytest.fixture
def far(pair) -> Capture:
    """Return a socket at the far end of the cable."""
    return pair[1].listen("wire")


def station(pair: list[Host], far: Capture, **controls) -> TapHost:
    """Return a station whose SecY validates its own frames."""
    return TapHost(pair[0], far, add_rx(sender(NATIVE, **controls)))


def link(host: Host, name: str) -> dict[str, Any]:
    """Return the details that `ip` shows of an interface."""
    (shown,) = json.loads(host.ip("-d", "-j", "link", "show", name))
    return shown


def test_a_device_exists_while_it_is_open(pair):
    """It is up, with the given MTU and MAC; the kernel does not keep it."""
    host = pair[0]
    with host.inside(), devices.open_tap("ms0", 1400, MAC) as device:
        assert devices.interface("ms0") == devices.EthernetInterface(
            "ms0", link(host, "ms0")["ifindex"], 1400, MAC, True
        )
        shown = link(host, "ms0")
        assert "UP" in shown["flags"]
        assert (shown["mtu"], shown["address"]) == (1400, MAC.hex(":"))
        assert shown["linkinfo"]["info_data"]["persist"] is False
        assert device.name == "ms0"
    host.run("ip", "link", "show", "ms0", code=1)
    device.close()


def test_a_name_in_use_is_refused(pair):
    """Neither an interface nor a kept TAP of that name is changed."""
    host = pair[0]
    host.ip("tuntap", "add", "kept", "mode", "tap")
    with host.inside():
        for name in ("wire", "kept", "lo"):
            with pytest.raises(ConfigError, match=f"{name} exists"):
                devices.open_tap(name, 1400, MAC)
    assert link(host, "kept")["mtu"] == 1500


@pytest.mark.parametrize("name", ["", "a b", "a/b", "tap%d", "..", "sixteen-letters-", "a:1"])
def test_impossible_names_are_refused(name):
    """Names that the kernel would refuse, or take for a pattern."""
    with pytest.raises(ConfigError, match="interface"):
        devices.open_tap(name, 1400, MAC)


def test_an_impossible_mtu_is_refused(pair):
    """No device is left."""
    with pair[0].inside(), pytest.raises(ConfigError, match="MTU of 36"):
        devices.open_tap("ms0", 36, MAC)
    pair[0].run("ip", "link", "show", "ms0", code=1)


def test_without_the_tun_driver_the_error_names_the_remedy(monkeypatch):
    """Without /dev/net/tun: modprobe tun."""
    monkeypatch.setattr(devices, "TUN", "/dev/net/none")
    with pytest.raises(EnvironmentLacks, match="modprobe tun"):
        devices.open_tap("ms0", 1400, MAC)


def test_only_ethernet_interfaces_are_found(pair):
    """A name without an interface, and an interface that is not Ethernet, are refused."""
    with pair[0].inside():
        with pytest.raises(ConfigError, match="no interface 'eth7'"):
            devices.interface("eth7")
        with pytest.raises(ConfigError, match="lo is not an Ethernet"):
            devices.interface("lo")


def test_frames_cross_a_station_once(pair, far):
    """They leave protected and are delivered clear; frames that leave the interface do not return.

    Neither frames of the pump, nor of other programs there.
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
def test_vlan_tags_are_kept(pair, far, tags):
    """The kernel gives the outer tag beside a frame: it is put back, with priority and TPID."""
    tagged = DA + SA + bytes.fromhex(tags) + frame_of(80)[12:]
    with station(pair, far, validate="check") as here:
        assert here.gets(tagged) == tagged  # not MACsec: InPktsUntagged, as it came
        assert here.secy.counters["InPktsUntagged"] == 1


def test_a_sectag_behind_a_clear_tag_is_found(pair, far):
    """The VLAN tag reaches the SecY."""
    tagged = DA + SA + bytes.fromhex("81000007") + frame_of(80)[12:]
    with station(pair, far, clear_tags=1) as here:
        wire = here.secy.protect_frame(tagged)
        assert wire[12:18] == bytes.fromhex("8100000788e5")
        assert here.gets(wire) == tagged


def test_the_interface_is_promiscuous_while_the_socket_is_open(pair, far):
    """A frame to any address is delivered; afterwards the interface is as before."""
    with station(pair, far) as here:
        assert link(pair[0], "wire")["promiscuity"] == 1
        other = bytes.fromhex("33330000abcd") + frame_of(80)[6:]
        assert here.gets(here.sends(other)) == other
    assert link(pair[0], "wire")["promiscuity"] == 0


def test_the_longest_frames_of_both_interfaces_match(tmp_path):
    """With jumbo frames on the cable."""
    hosts.need()
    with hosts.hosts(tmp_path) as both:
        hosts.cable(*both, mtu=9216)
        far = both[1].listen("wire")
        with station(both, far) as here:
            longest = frame_of(2 + 9216 - devices.OVERHEAD)
            wire = here.sends(longest)
            assert len(wire) == 14 + 9216
            assert here.gets(wire) == longest


def test_a_frame_too_long_for_the_lower_interface_is_counted(pair, far):
    """The next one is sent."""
    with station(pair, far) as here:
        pair[0].ip("link", "set", "ms0", "mtu", "1500")
        here.upper.send(frame_of(1502))
        here.sends(frame_of(100))
        here.pump.stop()
        assert here.pump.traffic.to_wire["too_long"] == 1
        assert here.pump.traffic.to_wire["frames_out"] == 1


def test_the_mtu_control_refuses_before_the_interface(pair, far):
    """With the control `mtu` the SecY counts the frame that is too long."""
    with station(pair, far, mtu=1400) as here:
        here.upper.send(frame_of(1400))
        here.sends(frame_of(100))
        here.pump.stop()
        assert here.secy.counters["OutPktsTooLong"] == 1
        assert here.pump.traffic.to_wire["too_long"] == 0


def test_frames_are_dropped_while_the_lower_interface_is_down(pair, far):
    """They are counted; once it is up, frames pass again."""
    host = pair[0]
    with station(pair, far) as here:
        here.sends(frame_of(100))
        host.ip("link", "set", "wire", "down")
        here.upper.send(frame_of(100))
        hosts.until(lambda: here.dropped("to_wire"), "a dropped frame")
        host.ip("link", "set", "wire", "up")
        assert here.gets(here.sends(frame_of(100))) == frame_of(100)
        assert here.pump.running


def test_frames_are_dropped_while_the_upper_interface_is_down(pair, far):
    """They are counted; once it is up, frames pass again."""
    host = pair[0]
    with station(pair, far) as here:
        wire = here.sends(frame_of(100))
        host.ip("link", "set", "ms0", "down")
        far.send(wire)
        hosts.until(lambda: here.dropped("from_wire"), "a dropped frame")
        host.ip("link", "set", "ms0", "up")
        assert here.gets(here.sends(frame_of(100))) == frame_of(100)


@pytest.mark.parametrize(
    "name, message",
    [("wire", "wire end failed: No such device"), ("ms0", "clear end failed: File")],
)
def test_an_interface_that_is_removed_ends_the_pump(pair, far, name, message):
    """The error names the end."""
    with station(pair, far) as here:
        here.sends(frame_of(100))
        pair[0].ip("link", "del", name)
        assert here.ended()
        with pytest.raises(MACsecError, match=message):
            here.pump.check()


def test_frames_beyond_the_queue_are_counted_as_lost(pair, far, monkeypatch):
    """The socket has no room for them."""
    monkeypatch.setattr(devices, "QUEUE_OCTETS", 1)  # the least there is
    with station(pair, far) as here:
        here.pump.stop()
        for _ in range(100):
            far.send(frame_of(1000))
        lost = here.wire.lost
        assert 0 < lost <= 100
        assert here.wire.lost == lost


def test_missing_privileges_are_named(pair):
    """CAP_NET_RAW for the socket, CAP_NET_ADMIN for the device."""
    script = (
        "from macsec.live import devices\nfrom macsec.errors import EnvironmentLacks\n"
        "for call in (lambda: devices.open_packet(devices.interface('wire')),"
        " lambda: devices.open_tap('ms0', 1400, bytes(6))):\n"
        "    try: call()\n    except EnvironmentLacks as error: print(error)\n"
    )
    if hosts.found("setpriv") is None:
        pytest.skip("setpriv is not installed")
    printed = pair[0].run(
        "setpriv", "--bounding-set", "-net_raw,-net_admin", sys.executable, "-c", script
    )
    assert [line.split("(")[1] for line in printed.splitlines()] == [
        "CAP_NET_RAW)",
        "CAP_NET_ADMIN)",
    ]
