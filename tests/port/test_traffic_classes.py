"""Key agreement for several transmit SCs: an actor for each SCI of a port (802.1AE 10.7.17)."""

from __future__ import annotations

import random
from typing import Any

import pytest
from support.mka.kays import NS, Actor, alone, chain_key, policy_of
from support.planes import BOTH_PLANES, Plane, batch_of, frame_of, labels

from macsec.errors import ConfigError
from macsec.kay.kay import Kay
from macsec.kay.secy_side import actions
from macsec.keys import Key
from macsec.port.agreement import Agreement
from macsec.port.controlled_port import ControlledPort

SCIS = (0x0252_0000_0061_0001, 0x0252_0000_0062_0001)
HERE = BOTH_PLANES[-1]
FRAMES = 32


def of_priority(priority: int) -> bytes:
    """Return a clear frame with a VLAN tag of a priority."""
    frame = frame_of(60)
    return frame[:12] + bytes.fromhex("8100") + (priority << 13).to_bytes(2) + frame[12:]


class Cable:
    """Two ports on a cable without delay, each with actors for some classes."""

    def __init__(
        self, plane: Plane, classes: tuple[Any, Any] = (range(1, 8), range(1, 8)), **policy: Any
    ) -> None:
        self.now_ns = 0
        self.mute = False
        self.heard: list[tuple[int, bytes]] = []
        self.queue: list[tuple[int, bytes]] = []
        self.sides = [self._side(plane, at, tuple(classes[at]), policy) for at in (0, 1)]
        for side in self.sides:
            side.start(0)

    def _side(
        self, plane: Plane, at: int, classes: tuple[int, ...], policy: dict[str, Any]
    ) -> Agreement:
        more = policy_of(key_server_priority=at, classes=classes, **policy)
        kay = Kay(SCIS[at], [chain_key()], random.Random(at).randbytes, more)
        return Agreement(kay, plane.secy(), lambda frame: self.queue.append((1 - at, frame)))

    def run(self, seconds: float) -> None:
        """Run until a time: deliver MKPDUs, then go to the next timeout."""
        until_ns = round(seconds * NS)
        while True:
            while self.queue:
                to, frame = self.queue.pop(0)
                self.heard.append((to, frame))
                if not self.mute:
                    self.sides[to].hear(self.now_ns, frame)
            times = [side.next_timeout_ns() for side in self.sides]
            self.now_ns = min(time for time in times if time is not None)
            if self.now_ns > until_ns:
                return
            for side in self.sides:
                side.settle(self.now_ns)

    def crosses(self, frames: list[bytes], order: list[int] | None = None) -> list[str]:
        """Send frames of the first to the second, in another order on the way; their verdicts."""
        sent = self.sides[0].port.secy.protect(batch_of(frames)).batch.frames()
        assert len(sent) == len(frames)
        arrived = [sent[at] for at in order or range(len(sent))]
        return labels(self.sides[1].port.secy.validate(batch_of(arrived)).codes)


@pytest.mark.parametrize(
    "cipher", ["gcm-aes-xpn-256", pytest.param("gcm-aes-128", marks=pytest.mark.exhaustive)]
)
def test_each_class_has_an_actor_and_a_queue_makes_no_frame_late(plane: Plane, cipher: str) -> None:
    """Eight SCIs a port, one SAK, window 0: classes may arrive in any order."""
    cable = Cable(plane, cipher=cipher)
    cable.run(4)
    for at, side in enumerate(cable.sides):
        secy = side.port.secy
        assert side.kay.secured
        assert [int(str(sc.sci), 16) for sc in secy.tx_classes.values()] == [
            SCIS[at] | tc << 12 for tc in range(8)
        ]
        assert {int(sci, 16) for sci in secy.rx} == {SCIS[1 - at] | tc << 12 for tc in range(8)}
        sas = [sa for sc in secy.tx_classes.values() for sa in sc.sa.values() if sa.enabled]
        assert len(sas) == 8
        assert len({sa.check_value for sa in sas}) == 1
        assert side.port.refused == 0
    assert cable.sides[0].kay.counters["keys-distributed"] == 1
    frames = [of_priority(at % 8) for at in range(FRAMES)]
    order = sorted(range(FRAMES), key=lambda at: -(at % 8))
    assert cable.crosses(frames, order) == ["ok"] * FRAMES
    assert {sc.sa[0].next_pn for sc in cable.sides[0].port.secy.tx_classes.values()} == {5}


@pytest.mark.parametrize("classes", [((1, 5), ()), ((), (2,)), ((3,), (3,)), ((4,), (1, 2))])
def test_ports_with_other_classes_agree(classes: tuple[Any, Any]) -> None:
    """Each end receives on the SCIs of the other, whether it has classes itself or not."""
    cable = Cable(HERE, classes)
    cable.run(4)
    for at, side in enumerate(cable.sides):
        assert side.kay.secured
        assert set(side.port.secy.tx_classes) == {0, *classes[at]}
        assert len(side.port.secy.rx) == 1 + len(classes[1 - at])
    assert set(cable.crosses([of_priority(priority) for priority in range(8)])) == {"ok"}


def test_only_the_actor_of_class_zero_is_key_server() -> None:
    """The others have priority 255 and offer nothing: those of a better SCI too (Annex E)."""
    cable = Cable(HERE, ((1, 2), (1, 2)))
    cable.run(4)
    for at, side in enumerate(cable.sides):
        roles = [actor.kay.principal for actor in side.actors]
        assert [role is not None and role.is_server for role in roles] == [at == 0, False, False]
        for actor in side.actors.others:
            policy = actor.kay.policy
            assert (policy.key_server, policy.key_server_priority) == (False, 255)


def test_actors_of_a_port_alone_secure_nothing() -> None:
    """Without another station there is no SAK, and the Controlled Port stays closed."""
    cable = Cable(HERE, (range(1, 8), ()))
    cable.mute = True
    cable.run(20)
    side = cable.sides[0]
    assert not side.kay.secured
    assert not side.port.enabled
    assert side.kay.counters["keys-distributed"] == 0
    assert side.port.secy.tx.sa == {}


def test_port_closes_with_the_last_station_and_opens_again() -> None:
    """Its own actors keep no port open; after that all classes get a new SAK."""
    cable = Cable(HERE, ((1, 6), (1, 6)))
    cable.run(4)
    cable.mute = True
    cable.run(12)
    assert [side.port.enabled for side in cable.sides] == [False, False]
    cable.mute = False
    cable.run(24)
    assert [side.kay.secured for side in cable.sides] == [True, True]
    assert set(cable.crosses([of_priority(priority) for priority in range(8)])) == {"ok"}
    assert [side.port.refused for side in cable.sides] == [0, 0]


@pytest.mark.parametrize(
    "cipher", ["gcm-aes-128", pytest.param("gcm-aes-xpn-128", marks=pytest.mark.exhaustive)]
)
def test_new_sak_interrupts_no_class(cipher: str) -> None:
    """Each half second a frame of each priority arrives, over three SAKs."""
    cable = Cable(HERE, ((1, 5), (1, 5)), cipher=cipher, sak_rekey_interval=30)
    frames = [of_priority(priority) for priority in range(8)]
    cable.run(4)
    for half_second in range(8, 140):
        cable.run(half_second / 2)
        assert cable.crosses(frames) == ["ok"] * 8, half_second
    assert cable.sides[0].kay.counters["keys-distributed"] == 3
    for sc in cable.sides[0].port.secy.tx_classes.values():
        assert len(sc.sa) <= 2


def test_used_up_class_brings_a_new_sak_for_all() -> None:
    """Its actor reports the PN to the Key Server, here the other station."""
    cable = Cable(HERE, ((), (6,)))
    cable.run(10)
    cable.sides[1].port.secy.raise_tx_pn(0, 0xC000_0000, traffic_class=6)
    cable.run(20)
    assert cable.sides[0].kay.counters["keys-distributed"] == 2
    assert {an for sc in cable.sides[1].port.secy.tx_classes.values() for an in sc.sa} == {1}


def test_own_frames_that_come_back_are_not_received() -> None:
    """A port has no receive SC for an SCI of its own, although its actors are members."""
    cable = Cable(HERE, ((3,), ()))
    cable.run(4)
    secy = cable.sides[0].port.secy
    sent = secy.protect_frame(of_priority(3))
    assert sent is not None
    assert secy.validate_frame(sent)[0].label == "no-sci"


def test_stop_deletes_the_sas_of_all_classes() -> None:
    """And the wire is silent."""
    cable = Cable(HERE, ((1, 6), ()))
    cable.run(4)
    side = cable.sides[0]
    cable.queue.clear()
    side.stop(cable.now_ns)
    assert [dict(sc.sa) for sc in side.port.secy.tx_classes.values()] == [{}, {}, {}]
    assert cable.queue == []


def test_another_policy_has_other_classes() -> None:
    """`adopt`: the SCs of classes that are gone have no SA and send nothing."""
    cable = Cable(HERE, ((1, 6), ()))
    cable.run(4)
    side = cable.sides[0]
    policy = policy_of(key_server_priority=0, classes=(2,))
    side.adopt(cable.now_ns, policy, side.port.secy.controls)
    cable.run(20)
    assert side.kay.secured
    assert set(side.port.secy.tx_classes) == {0, 2}
    assert set(cable.crosses([of_priority(priority) for priority in range(8)])) == {"ok"}


def test_port_number_leaves_room_for_the_class() -> None:
    """Above 0x0fff it has none."""
    kay = Kay(0x0252_0000_0061_1001, [chain_key()], bytes, policy_of(classes=(1,)))
    with pytest.raises(ConfigError, match="at most 0x0fff"):
        Agreement(kay, HERE.secy(), lambda _: None)


@pytest.mark.parametrize("classes", [(0,), (8,), (1, 1)])
def test_policy_takes_each_class_once(classes: tuple[int, ...]) -> None:
    """Of 1 to 7."""
    with pytest.raises(ConfigError, match="traffic classes"):
        policy_of(classes=classes)


def test_sas_of_all_classes_are_enabled_before_encodingsa_moves() -> None:
    """No frame finds the new encodingSA of its class stopped."""
    port = ControlledPort(HERE.secy())
    assert port.perform(actions.Reset(SCIS[0]))
    assert port.perform_class(actions.Reset(SCIS[0] | 3 << 12), 3)
    made = actions.CreateTransmitSA(1, Key(bytes(16)), None, None)
    assert port.perform(made)
    assert port.perform_class(made, 3)
    assert not port.secy.tx_classes[3].sa[1].enabled
    assert port.perform(actions.EnableTransmitSA(1))
    assert port.secy.controls.encodingsa == 1
    assert port.secy.tx_classes[3].sa[1].enabled


def test_actor_follows_a_cak_that_came_between_frames() -> None:
    """Another actor of the port took it, and this one heard more frames before it was polled."""
    kay = alone(classes=(5,))
    other = kay.for_class(5)
    other.set_enabled(0, True)
    actor = Actor(other, SCIS[1])
    actor.stay(4, key_server=True, priority=1)
    kay.add_key(actor.now_ns, chain_key(bytes(16), b"next"))
    actor.say(key_server=True, priority=1, desired=False)
    actor.say(key_server=True, priority=1, desired=False)
    actor.drain()
    assert b"next" in other.participants
    kay.remove_key(actor.now_ns, b"next")
    actor.say(key_server=True, priority=1)
    actor.say(key_server=True, priority=1)
    actor.drain()
    assert b"next" not in other.participants
