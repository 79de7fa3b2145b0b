"""Hellos that a lab in C sends and hears: one history with those of KaYs in Python."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from support.mka.kays import CAK, CKN, NS, chain_key, policy_of, sci_of_name, snapshot

from macsec.conformance.scenes.segment import entropy_of
from macsec.kay.kay import Kay
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.kay.keys.derivation import MI_LENGTH
from macsec.kay.keys.keychain import ChainKey
from macsec.kay.mkpdu.stencil import MN_AT
from macsec.keys import Key
from macsec.lab.virtual.lab import parts_of
from macsec.lab.virtual.native import station as native_station
from macsec.lab.virtual.stations.station import Station
from macsec.secy import Controls, SecY
from macsec.wire.params import LinkParams

HOLDER = MemoryHolder(Key(CAK), CKN)
FRAME = bytes.fromhex("ffffffffffff 025200000063 88b5") + bytes(46)


class Scene:
    """Stations around a bridge that relays MKPDUs; each has a link of its own."""

    def __init__(self, backend: str, loss: str = "0%") -> None:
        self.parts = parts_of(backend, 5)
        self.engine = self.parts.engine
        self.loss = loss
        self.bridge = self.parts.bridge("middle")
        self.bridge.reserved = 0
        self.stations: dict[str, Station] = {}
        self.delivered: list[tuple[str, bytes]] = []
        self.seen: list[Any] = []

    def add(self, name: str, end_ns: int | None = None, **policy: Any) -> Station:
        """Add a station, whose CAK may have an end, and start it."""
        back = LinkParams(delay="2ms", duplicate=self.loss)
        params = LinkParams(delay="1ms", loss=self.loss), back
        link = self.parts.link(name, params, keyed=True)
        self.bridge.attach(link.b)
        key = ChainKey(MemoryHolder(Key(CAK), CKN), end_ns=end_ns)
        kay = Kay(sci_of_name(name), [key], entropy_of(name), policy_of(**policy))
        secy = SecY(Controls(cipher=kay.policy.cipher))
        station = self.parts.station(link.a, secy, kay, name)
        station.controlled.receiver = lambda frame: self.delivered.append((name, frame))
        self.stations[name] = station
        station.start()
        return station

    def kay(self, name: str) -> Kay:
        """Return the KaY of a station."""
        agreement = self.stations[name].agreement
        assert agreement is not None
        return agreement.kay

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        """Do something at a time."""
        self.engine.at(round(seconds * 1e12), lambda: self._do(act))

    def _do(self, act: Callable[[], object]) -> None:
        act()

    def run(self, seconds: float) -> None:
        """Run up to a time."""
        self.engine.run(round(seconds * NS))

    def note(self) -> None:
        """Keep all that a user can see now."""
        for name, station in self.stations.items():
            kay = self.kay(name)
            principal = kay.principal
            self.seen.append((self.engine.now_ps, name, dict(kay.counters), snapshot(kay)))
            self.seen.append((kay.next_timeout_ns(), kay._now_ns, station.mkpdus_sent))
            self.seen.append((station.mkpdus_heard, station.mkpdus_repeated, [*station._heard]))
            if station.running:
                self.seen.append(dict(station.secy.uncontrolled_counters))
            self.seen.append(
                {name: kay.counters.rose_within(name, 3 * NS) for name in kay.counters}
            )
            if principal is not None:
                peers = [(p.mi, p.mn, p.expires_ns, p.ability) for p in principal.peers.live]
                identity = principal.identity
                self.seen.append((peers, identity.mn, [*identity._sent], [*principal._sent]))
                self.seen.append(principal.hello_ns)

    def close(self) -> None:
        """Wipe all keys."""
        for station in self.stations.values():
            station.close()


@contextmanager
def scene(backend: str, loss: str = "0%") -> Iterator[Scene]:
    """Return a scene, and wipe its keys at the end."""
    made = Scene(backend, loss)
    try:
        yield made
    finally:
        made.close()


Play = Callable[[Scene], None]


def quiet(scene: Scene) -> None:
    """Two stations, looked at once a second and once after a long time."""
    scene.add("a", key_server_priority=10)
    scene.add("b", key_server_priority=20)
    for second in range(5, 20):
        scene.run(second + 0.37)
        scene.note()
    scene.run(90)


def crowded(scene: Scene) -> None:
    """Four stations, of which one comes late, one loses its power, and one is suspended."""
    for name in "abc":
        scene.add(name, key_server_priority=ord(name))
    scene.run(20)
    scene.add("d", key_server_priority=200)
    scene.at(40, scene.stations["b"].stop)
    scene.at(60, lambda: scene.kay("a").suspend(60 * NS, 5))
    scene.at(61, scene.note)
    scene.at(80, lambda: scene.kay("c").set_enabled(80 * NS, False))
    scene.run(100)


def busy(scene: Scene) -> None:
    """Delay protection, frames at times, a rekey every half minute, announcements."""
    for name in "ab":
        scene.add(name, delay_protection=True, sak_rekey_interval=30, announce_frames=True)
    for second in (11, 12, 12.1, 40, 41.5):
        scene.at(second, lambda: scene.stations["a"].request(FRAME))
        scene.at(second + 0.2, lambda: scene.stations["b"].request(FRAME))
    for step in range(1, 20):
        scene.at(step * 3.7, scene.note)
    scene.run(75)


def meddled(scene: Scene) -> None:
    """Replayed and damaged MKPDUs, a member that lies about MNs, other keys, a resting clock."""
    heard: list[bytes] = []
    drawn = random.Random(4)
    scene.add("a", key_server_priority=10)
    scene.add("b", key_server_priority=20)
    scene.stations["b"].uncontrolled.receiver = heard.append

    def lying() -> None:
        frame = bytearray(heard[-1])
        place = frame.find(scene.kay("b").participants[CKN].identity.mi, MN_AT) + MI_LENGTH
        mn = int.from_bytes(frame[MN_AT : MN_AT + 4])
        frame[MN_AT : MN_AT + 4] = (mn + drawn.randrange(3)).to_bytes(4)
        listed = int.from_bytes(frame[place : place + 4])
        frame[place : place + 4] = max(0, listed + drawn.randrange(-9, 3)).to_bytes(4)
        scene.stations["b"].indicate(bytes(frame[:-16]) + HOLDER.icv(bytes(frame[:-16])))
        scene.note()

    def again() -> None:
        frame = bytearray(heard[-drawn.randrange(1, 5)])
        if drawn.random() < 0.6:
            frame[drawn.randrange(len(frame))] ^= 1 << drawn.randrange(8)
        scene.stations["b"].indicate(bytes(frame))
        scene.note()

    for step in range(30):
        scene.at(15 + step * 0.77, again)
        scene.at(15.3 + step * 0.77, lying)
    other = chain_key(bytes(16), b"other")
    scene.at(42, lambda: scene.kay("a").add_key(42 * NS, other))
    scene.at(50, lambda: scene.kay("a").remove_key(50 * NS, b"other"))
    scene.at(56, lambda: scene.kay("b").chain.enable(scene.kay("b").chain.ckns[0], False))
    scene.at(60, lambda: scene.kay("b").chain.enable(scene.kay("b").chain.ckns[0], True))
    scene.at(70, lambda: scene.stations["a"].rest(3 * NS))
    scene.run(90)


PLAYS = {"quiet": quiet, "crowded": crowded, "busy": busy, "meddled": meddled}


def history(play: Play, backend: str, loss: str) -> Any:
    """Return all that a play sends, shows and leaves behind."""
    with scene(backend, loss) as made:
        play(made)
        made.note()
        return made.engine.trace.digest, made.engine.trace.count, made.seen, made.delivered


@pytest.mark.native
@pytest.mark.parametrize("loss", ["0%", "15%"])
@pytest.mark.parametrize("name", PLAYS)
def test_hellos_in_c_make_the_history_of_python(
    name: str, loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No frame, time, counter or list differs: with KaYs in Python, and with all of the lab."""
    lent = history(PLAYS[name], "native", loss)
    assert lent == history(PLAYS[name], "reference", loss)
    monkeypatch.setattr(native_station, "borrowed", lambda *_: None)
    assert lent == history(PLAYS[name], "native", loss)


@pytest.fixture
def pair() -> Iterator[Scene]:
    """Return two stations at rest."""
    with scene("native") as made:
        made.add("a", key_server_priority=10)
        made.add("b", key_server_priority=20)
        made.run(20)
        yield made


def is_lent(scene: Scene, name: str) -> bool:
    """Return whether C has the hellos of a station."""
    return getattr(scene.stations[name], "_lent", None) is not None


@pytest.mark.native
def test_python_has_no_part_in_hellos_without_news(
    pair: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both KaYs stay secured for an hour in which none of their methods runs."""
    assert is_lent(pair, "a")
    assert is_lent(pair, "b")
    calls: list[str] = []
    for name in ("receive_mkpdu", "poll_transmit"):
        monkeypatch.setattr(Kay, name, lambda *_, name=name: calls.append(name))
    before = pair.kay("a").counters["in-mkpdu"]
    pair.run(3600)
    assert not calls
    assert pair.kay("a").secured
    assert pair.kay("a").counters["in-mkpdu"] > before + 1800


@pytest.mark.native
@pytest.mark.parametrize(
    "act",
    [
        lambda kay, now: kay.suspend(now, 5),
        lambda kay, now: kay.set_enabled(now, False),
        lambda kay, now: kay.enable_key(now, kay.chain.ckns[0], False),
        lambda kay, now: kay.chain.set_activation(kay.chain.ckns[0], "always"),
        lambda kay, now: kay.set_policy(now, kay.policy),
        lambda kay, now: kay.receive_mkpdu(now, b""),
    ],
    ids=["suspend", "disable", "key", "chain", "policy", "frame"],
)
def test_a_call_that_may_change_something_takes_the_hellos_back(
    pair: Scene, act: Callable[[Kay, int], object]
) -> None:
    """From then on the KaY sends and hears itself, until it rests again."""
    act(pair.kay("a"), pair.stations["a"].now_ns)
    assert not is_lent(pair, "a")
    assert is_lent(pair, "b")


@pytest.mark.native
def test_a_follower_that_wants_each_settling_keeps_the_hellos_in_python(pair: Scene) -> None:
    """It may count by them."""
    times: list[int] = []
    agreement = pair.stations["a"].agreement
    assert agreement is not None
    agreement.follow(times.append)
    assert not is_lent(pair, "a")
    pair.run(30)
    assert len(times) > 5


@pytest.mark.native
@pytest.mark.parametrize(
    ("ahead", "counter"),
    [(1000, "mi-renewed"), (-1000, "in-mkpdu-peer-list-errors")],
    ids=["future", "past"],
)
def test_a_listed_mn_that_was_not_sent_lately_is_for_the_kay(
    pair: Scene, ahead: int, counter: str
) -> None:
    """A member with the CAK may list any MN: it proves nothing, and makes us another member."""
    heard: list[bytes] = []
    pair.stations["b"].uncontrolled.receiver = heard.append
    pair.run(24)
    ours = pair.kay("b").participants[CKN].identity
    frame = bytearray(heard[-1][:-16])
    place = frame.find(ours.mi, MN_AT) + MI_LENGTH
    frame[MN_AT : MN_AT + 4] = (int.from_bytes(frame[MN_AT : MN_AT + 4]) + 1).to_bytes(4)
    frame[place : place + 4] = max(0, ours.mn + ahead).to_bytes(4)
    assert is_lent(pair, "b")
    pair.stations["b"].indicate(bytes(frame) + HOLDER.icv(bytes(frame)))
    assert not is_lent(pair, "b")
    assert pair.kay("b").counters[counter] == 1


@pytest.mark.native
def test_a_hello_at_the_very_time_of_a_change_comes_after_it() -> None:
    """A CAK that ends at the arrival of an MKPDU is gone, and the MKPDU of no CA."""

    def ended(backend: str, end_ns: int | None) -> tuple[list[int], dict[str, int]]:
        times: list[int] = []
        with scene(backend) as made:
            made.add("a", key_server_priority=10)
            made.add("b", end_ns, key_server_priority=20)
            made.stations["b"].uncontrolled.receiver = lambda _: times.append(made.engine.now_ns)
            made.run(30)
            return times, dict(made.kay("b").counters)

    times, _ = ended("native", None)
    end_ns = next(time for time in times if time > 20 * NS)
    _, counters = ended("native", end_ns)
    assert counters == ended("reference", end_ns)[1]
    assert counters["rx-unrecognized-ckn"] + counters["in-mkpdu-disabled"] > 0


@pytest.mark.native
def test_a_caller_for_each_mkpdu_has_the_hellos_in_python(pair: Scene) -> None:
    """None is missing, from then on."""
    sent: list[bytes] = []
    pair.stations["a"].on_mkpdu = sent.append
    before = pair.stations["a"].mkpdus_sent
    pair.run(30)
    assert len(sent) == pair.stations["a"].mkpdus_sent - before > 4


@pytest.mark.native
def test_a_clock_of_another_speed_is_python_s(pair: Scene) -> None:
    """C knows clocks that rest, and none that run fast."""
    pair.stations["a"].run_clock_at(150)
    pair.run(30)
    assert not is_lent(pair, "a")
    assert pair.kay("a").secured


@pytest.mark.native
def test_a_frame_that_is_sent_brings_its_pn_into_the_next_hello(pair: Scene) -> None:
    """The lowest PN of the MKPDU is that of the SecY, as without a loan."""
    for _ in range(3):
        pair.stations["a"].request(FRAME)
    pair.run(24)
    (participant,) = pair.kay("b").participants.values()
    (peer,) = participant.peers.live
    assert peer.use is not None
    (used,) = filter(None, (peer.use.latest, peer.use.old))
    assert used.lowest_pn == 4


@pytest.mark.native
def test_a_station_without_power_sends_no_hello(pair: Scene) -> None:
    """C has nothing of it any more: its peer misses it within a Life Time."""
    pair.stations["a"].close()
    assert not is_lent(pair, "a")
    pair.run(40)
    assert not pair.kay("b").secured
