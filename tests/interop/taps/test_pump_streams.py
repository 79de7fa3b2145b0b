"""TCP through two pumps while keys change and while the wire loses frames: no octet changes."""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from collections.abc import Iterator

import pytest
from support.planes import SCI_A, SCI_B, Plane, add_rx, add_tx
from support.real import hosts
from support.real.hosts import Host
from support.real.streams import Stream

from macsec.live import devices
from macsec.secy import SecY
from macsec.wire.params import LinkParams

pytest.importorskip("macsec._native", reason="the native data plane is not built")

from macsec.live.line import Line
from macsec.live.pump import Pump

NATIVE = Plane("native")
ADDRESSES = ("10.78.1.1", "10.78.1.2")
SCIS = (SCI_A, SCI_B)
MIB = 1 << 20
SIZES = (1, 1448, 70_000, 13, 1_000_000)
IMPAIRED = LinkParams.of(
    {"loss": "1%", "duplicate": "1%", "delay": "200us", "jitter": "50us", "reorder": "10%"}
)


class Pumps:
    """Two hosts with a SecY and a pump each; `rekey` moves both to a new key."""

    def __init__(self, pair: list[Host], stack: contextlib.ExitStack) -> None:
        self.hosts = pair
        self._key = os.urandom(16)
        self.secys = [self._secy(side, stack) for side in (0, 1)]
        self.pumps = [self._pump(side, stack) for side in (0, 1)]

    def _secy(self, side: int, stack: contextlib.ExitStack) -> SecY:
        secy = stack.enter_context(NATIVE.secy(window=10_000))
        add_tx(secy, SCIS[side], key=self._key)
        return add_rx(secy, SCIS[1 - side], key=self._key)

    def _pump(self, side: int, stack: contextlib.ExitStack) -> Pump:
        host = self.hosts[side]
        with host.inside():
            below = devices.interface("wire")
            wire = stack.enter_context(devices.open_packet(below))
            mtu = below.mtu - devices.OVERHEAD
            clear = stack.enter_context(devices.open_tap("ms0", mtu, below.mac))
        host.ip("address", "add", f"{ADDRESSES[side]}/24", "dev", "ms0")
        return stack.enter_context(Pump(clear, wire, self.secys[side]))

    def rekey(self, new: int) -> None:
        """Install a new key under another AN, in the order of 802.1X 9.10: receive first."""
        key = os.urandom(16)
        for side, secy in enumerate(self.secys):
            add_rx(secy, SCIS[1 - side], new, key)
        for side, secy in enumerate(self.secys):
            add_tx(secy, SCIS[side], new, key)
            secy.set_controls(encodingsa=new)

    def retire(self, an: int) -> None:
        """Delete the keys of an AN."""
        for side, secy in enumerate(self.secys):
            secy.delete_tx_sa(an)
            secy.delete_rx_sa(SCIS[1 - side], an)


@pytest.fixture
def stack() -> Iterator[contextlib.ExitStack]:
    """Return a stack that is closed at the end."""
    with contextlib.ExitStack() as stack:
        yield stack


def test_a_stream_survives_rekeys_without_loss(tmp_path, stack):
    """Every 100 ms a key, both ways; each frame that is sent is valid at the other side."""
    hosts.need()
    pair = stack.enter_context(hosts.hosts(tmp_path))
    hosts.cable(*pair)
    pumps = Pumps(pair, stack)
    stream = stack.enter_context(contextlib.closing(Stream(*pair, ADDRESSES[1])))  # type: ignore[call-arg]
    over, rekeys = threading.Event(), 0

    def carry() -> None:
        stream.carry(200 * MIB, SIZES, both=True)
        over.set()

    carried = threading.Thread(target=carry)
    carried.start()
    while carried.is_alive():
        over.wait(0.1)
        if rekeys >= 2:  # frames under the key before the last have left the queues
            pumps.retire((rekeys - 2) % 4)
        pumps.rekey((rekeys + 1) % 4)
        rekeys += 1
    carried.join()
    assert over.is_set()
    assert rekeys > 4
    for one, other in itertools.permutations(pumps.secys):
        bad = ("InPktsNotValid", "InPktsNotUsingSA", "InPktsLate", "InPktsNoSCI")
        assert not any(other.counters[name] for name in bad)
        hosts.until(lambda one=one, other=other: 0 <= late(one, other) < 100, "frames on their way")


def late(one: SecY, other: SecY) -> int:
    """Return the frames that one has sent and the other has not counted; both go on meanwhile."""
    return one.counters["OutPktsEncrypted"] - other.counters["InPktsOK"]


def test_tcp_recovers_on_a_wire_that_loses(tmp_path, stack):
    """Loss, duplicates and another order: TCP with SACK sends again what is missing."""
    hosts.need()
    a, b, middle = pair = stack.enter_context(hosts.hosts(tmp_path, "abm"))
    for number, host in enumerate((a, b)):
        far = f"link add wire mtu 1532 type veth peer name far{number} netns {middle.namespace}"
        host.ip(*far.split())
        host.ip("link", "set", "wire", "up")
        middle.ip("link", "set", f"far{number}", "mtu", "1532", "up")
    with middle.inside():
        ends = [
            stack.enter_context(devices.open_packet(devices.interface(f"far{number}")))
            for number in (0, 1)
        ]
    line = stack.enter_context(Line(ends[0], ends[1], (IMPAIRED, IMPAIRED), seed=3))
    pumps = Pumps(pair[:2], stack)
    stream = stack.enter_context(contextlib.closing(Stream(a, b, ADDRESSES[1])))
    stream.carry(20 * MIB, SIZES, both=True)
    assert all(way.wire.lost > 50 for way in line.stats)
    for secy in pumps.secys:
        assert secy.counters["InPktsNotValid"] == 0
        assert secy.counters["InPktsOK"] > 1000
