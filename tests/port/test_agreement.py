"""A KaY and its SecY, with time as an argument: two of them on a cable."""

from __future__ import annotations

import random

import pytest
from support.mka.kays import NS, chain_key, policy_of
from support.planes import Plane, frame_of

from macsec.errors import ConfigError
from macsec.kay.kay import Kay
from macsec.port.agreement import Agreement
from macsec.secy import Controls
from macsec.suites import SUITES

SCIS = (0x0252_0000_0061_0001, 0x0252_0000_0062_0001)


class Cable:
    """Two agreements on a cable without delay; `gates`: the calls of each one's gate."""

    def __init__(self, plane: Plane, **policy: object) -> None:
        self.now_ns = 0
        self.mute = False
        self.gates: list[list[bool]] = [[], []]
        self.queue: list[tuple[int, bytes]] = []
        self.sides = [self._side(plane, at, policy) for at in (0, 1)]
        for side in self.sides:
            side.start(0)

    def _side(self, plane: Plane, at: int, policy: dict[str, object]) -> Agreement:
        entropy = random.Random(at).randbytes
        more = policy_of(key_server_priority=at, **policy)
        kay = Kay(SCIS[at], [chain_key()], entropy, more)
        return Agreement(
            kay,
            plane.secy(),
            lambda frame: self.queue.append((1 - at, frame)),
            self.gates[at].append,
        )

    def run(self, seconds: float) -> None:
        """Run until a time: deliver MKPDUs, then go to the next timeout."""
        until_ns = round(seconds * NS)
        while True:
            while self.queue:
                to, frame = self.queue.pop(0)
                if not self.mute:
                    self.sides[to].hear(self.now_ns, frame)
            times = [side.next_timeout_ns() for side in self.sides]
            self.now_ns = min(time for time in times if time is not None)
            if self.now_ns > until_ns:
                return
            for side in self.sides:
                side.settle(self.now_ns)

    def passes(self) -> bool:
        """Return whether the second delivers a frame of the first."""
        sent = self.sides[0].port.request(frame_of(60))
        return sent is not None and self.sides[1].port.indication(sent)[1] == frame_of(60)


def test_gates_open_when_secured(plane: Plane) -> None:
    """Closed at the start, opened once; then each side validates frames of the other."""
    cable = Cable(plane)
    assert cable.gates == [[False], [False]]
    cable.run(3)
    assert cable.gates == [[False, True], [False, True]]
    assert [side.kay.secured for side in cable.sides] == [True, True]
    assert cable.passes()


def test_gates_close_with_the_last_peer(plane: Plane) -> None:
    """A cable cut for longer than a Life Time closes both gates; once mended, they open again."""
    cable = Cable(plane)
    cable.run(3)
    cable.mute = True
    cable.run(11)
    assert cable.gates == [[False, True, False]] * 2
    cable.mute = False
    cable.run(20)
    assert cable.gates == [[False, True, False, True]] * 2
    assert cable.passes()


def test_gates_stay_open_through_a_rekey(plane: Plane) -> None:
    """A new SAK every 30 seconds closes no gate."""
    cable = Cable(plane, sak_rekey_interval=30)
    cable.run(100)
    assert cable.gates == [[False, True], [False, True]]
    assert cable.sides[0].kay.counters["keys-distributed"] == 4
    assert cable.passes()


def test_settle_reports_pns_to_the_kay(plane: Plane) -> None:
    """A PN near the end of its SAK brings a new SAK, without any frame."""
    cable = Cable(plane)
    cable.run(10)
    cable.sides[1].port.secy.raise_tx_pn(0, 0xC000_0000)
    cable.run(20)
    assert cable.sides[0].kay.counters["keys-distributed"] == 2
    assert list(cable.sides[0].port.secy.tx.sa) == [1]


def test_stop_deletes_all_sas_and_sends_nothing(plane: Plane) -> None:
    """The port closes, no SA and no SAK is left, the wire is silent."""
    cable = Cable(plane)
    cable.run(3)
    side = cable.sides[0]
    side.stop(cable.now_ns)
    assert cable.gates[0][-2:] == [True, False]
    assert (len(side.port.secy.tx.sa), len(side.port.secy.rx)) == (0, 0)
    assert cable.queue == []
    assert side.kay.saks() == []


def test_after_is_called_when_the_kay_has_settled(plane: Plane) -> None:
    """With the time, and with the actions already done."""
    cable = Cable(plane)
    side = cable.sides[0]
    calls: list[tuple[int, bool, bool]] = []
    side.follow(lambda now_ns: calls.append((now_ns, side.kay.secured, side.port.enabled)))
    cable.run(3)
    assert all(secured is enabled for _, secured, enabled in calls)
    assert calls[0][1:] == (False, False)
    assert calls[-1][1:] == (True, True)
    times = [now_ns for now_ns, _, _ in calls]
    assert times == sorted(times)
    assert times[-1] > 0


def test_bypass_passes_plain_frames_until_it_ends(plane: Plane) -> None:
    """Off: no KaY, no SA, frames in clear. On: closed first, then secured as before."""
    cable = Cable(plane)
    cable.run(3)
    for side in cable.sides:
        side.bypass(cable.now_ns, True)
    assert [side.bypassed for side in cable.sides] == [True, True]
    assert cable.sides[0].port.request(frame_of(60)) == frame_of(60)
    assert cable.passes()
    assert cable.sides[0].kay.participants == {}
    for side in cable.sides:
        side.bypass(cable.now_ns, False)
        assert side.port.request(frame_of(60)) is None
    cable.run(14)
    assert cable.sides[0].kay.secured
    assert cable.passes()
    assert cable.gates == [[False, True, False, True, False, True]] * 2


def test_stop_closes_a_port_in_bypass(plane: Plane) -> None:
    """A stopped agreement passes nothing, also if MACsec was off; a second call changes nothing."""
    cable = Cable(plane)
    side = cable.sides[0]
    for _ in range(2):
        side.bypass(0, True)
    side.stop(0)
    assert (side.bypassed, side.port.enabled) == (False, False)
    assert cable.gates[0][-2:] == [True, False]


@pytest.mark.parametrize("bypassed", [False, True])
def test_adopted_policy_replaces_suite_and_controls(plane: Plane, bypassed: bool) -> None:
    """Both ends secure under the new suite, as new members; a bypass stays."""
    cable = Cable(plane)
    cable.run(3)
    policy = policy_of(cipher="gcm-aes-xpn-256")
    controls = Controls(cipher=SUITES["gcm-aes-xpn-256"], window=9)
    for side in cable.sides:
        side.bypass(cable.now_ns, bypassed)
        side.adopt(cable.now_ns, policy, controls)
        assert side.bypassed == bypassed
        side.bypass(cable.now_ns, False)
    cable.run(14)
    for side in cable.sides:
        assert side.kay.secured
        assert side.kay.cp.protection is not None
        assert side.kay.cp.protection.suite.name == "gcm-aes-xpn-256"
        assert (side.port.secy.controls.window, side.port.secy.controls.encrypt) == (9, True)
    assert cable.passes()


def test_controls_that_the_sci_forbids_change_nothing(plane: Plane) -> None:
    """The port stays secured under the policy that it has."""
    cable = Cable(plane)
    cable.run(3)
    side = cable.sides[0]
    forbidden = Controls(send_sci=False, scb=True)
    with pytest.raises(ConfigError, match="scb"):
        side.adopt(cable.now_ns, policy_of(), forbidden)
    assert side.kay.secured
    assert cable.passes()


def test_refusals_of_the_secy_are_counted(plane: Plane) -> None:
    """An SC that another manager made is in the way: key agreement goes on, with a counter."""
    cable = Cable(plane)
    side = cable.sides[0]
    side.port.secy.create_rx_sc(SCIS[1])
    cable.run(3)
    assert side.kay.counters["secy-refused"] == side.port.refused == 1
    assert cable.sides[1].kay.counters["secy-refused"] == 0
    assert cable.passes()
