"""A port with EAP in virtual time: a supplicant, a RADIUS server, key agreement and frames."""

from __future__ import annotations

import random
from typing import Any

import pytest
from support.mka.eap import ScriptedServer, ScriptedSupplicant, eap, eapol, secret
from support.mka.kays import NS, policy_of, sci_of_name
from support.planes import PLANES, Plane, frame_of

pytest.importorskip("pyrad")

from macsec.kay.eap.authenticator import EapTimes, PaeState
from macsec.kay.eap.frames import Code
from macsec.kay.eap.logon import EapPolicy
from macsec.kay.eap.radius import EAP_MOST, Nas
from macsec.kay.eap.session import EapSession
from macsec.kay.kay import Kay
from macsec.kay.keys.keychain import Activate, ChainKey
from macsec.keys import Key
from macsec.live.radius import LONGEST
from macsec.port import Agreement
from macsec.port.authenticated import AuthenticatedAgreement
from macsec.secy import Verdict

PORT, STATION = sci_of_name("p"), sci_of_name("s")
QUICK = PLANES[-1]


class AccessPort:
    """A port with EAP, a station with a supplicant and a KaY, and the RADIUS server.

    `cut`: the cable carries nothing. `silent`: the supplicant does not answer.
    """

    def __init__(
        self,
        plane: Plane = QUICK,
        server: ScriptedServer | None = None,
        silent: bool = False,
        single_participant: bool = False,
        classes: tuple[int, ...] = (),
        **eap_policy: Any,
    ) -> None:
        self.now_ns, self.cut = 0, False
        self.server = server or ScriptedServer()
        self.supplicant = ScriptedSupplicant(STATION.to_bytes(8)[:6], silent=silent)
        self.times = EapTimes(
            **{n: eap_policy.pop(n) for n in EapTimes.__slots__ if n in eap_policy}
        )
        self.opened: list[bool] = []
        self._queue: list[tuple[str, bytes]] = []
        policy = policy_of(
            key_server_priority=200, single_participant=single_participant, classes=classes
        )
        kay = Kay(PORT, [], random.Random(1).randbytes, policy)
        self.port = AuthenticatedAgreement(
            kay,
            plane.secy(),
            lambda frame: self._queue.append(("station", frame)),
            self.opened.append,
            nas=Nas(secret(), "p"),
            random=random.Random(2).randbytes,
            policy=EapPolicy(times=self.times, **eap_policy),
            ask=lambda packet: self._queue.append(("server", packet)),
        )
        station = Kay(STATION, [], random.Random(3).randbytes, policy_of(key_server_priority=1))
        self.station = Agreement(
            station, plane.secy(), lambda frame: self._queue.append(("port", frame))
        )
        self.lost = 0
        self.sent = 0
        self.station.start(0)
        self.port.start(0)
        self._deliver()

    @property
    def pae(self) -> PaeState:
        """The state of the authentication."""
        return self.port.logon.pae.state

    @property
    def secured(self) -> bool:
        """True if both ends are secured."""
        return self.port.kay.secured and self.station.kay.secured

    def hear(self, frame: bytes) -> None:
        """Let a frame arrive at the port."""
        self.port.hear(self.now_ns, frame)
        self._deliver()

    def run(self, seconds: float, frames: bool = False) -> None:
        """Let time pass; with `frames` one goes each way every 50 ms, and `lost` counts."""
        end_ns = self.now_ns + round(seconds * NS)
        next_ns = self.now_ns
        for turns in range(100_000):
            if self.now_ns >= end_ns:
                break
            assert turns < 99_999, "time does not pass"
            due = [side.next_timeout_ns() for side in (self.port, self.station)]
            times = [time for time in due if time is not None] + [end_ns]
            if frames:
                times.append(
                    next_ns := next_ns if next_ns > self.now_ns else self.now_ns + NS // 20
                )
            self.now_ns = max(self.now_ns, min(times))
            for side in (self.port, self.station):
                side.settle(self.now_ns)
            self._deliver()
            if frames and self.now_ns >= next_ns:
                self.exchange()

    def exchange(self) -> None:
        """Send a frame each way, and count the lost ones."""
        for one, other in ((self.port, self.station), (self.station, self.port)):
            self.sent += 1
            protected = one.port.request(frame_of(60))
            arrived = None if protected is None else other.port.indication(protected)[0]
            self.lost += arrived is not Verdict.OK

    def flap(self, seconds: float) -> None:
        """Take the cable away at the port for some seconds."""
        self.cut = True
        self.port.link(self.now_ns, False)
        self.run(seconds)
        self.cut = False
        self.port.link(self.now_ns, True)
        self._deliver()

    def _deliver(self) -> None:
        for _ in range(10_000):
            if not self._queue:
                return
            where, octets = self._queue.pop(0)
            if where == "server":
                answer = self.server.answer(octets)
                if answer is not None:
                    self.port.hear_server(self.now_ns, answer)
            elif not self.cut and where == "port":
                self.port.hear(self.now_ns, octets)
            elif not self.cut:
                self._at_station(octets)
        pytest.fail("frames without an end at one time")

    def _at_station(self, frame: bytes) -> None:
        if frame[15] == 5:
            self.station.hear(self.now_ns, frame)
            return
        before = len(self.supplicant.results)
        answer = self.supplicant.answer(frame)
        if answer is not None:
            self.port.hear(self.now_ns, answer)
        elif self.supplicant.results[before:] == [3] and self.server.keys:
            msk, session_id = self.server.sessions[-1]
            session = EapSession(Key(msk), session_id, PORT.to_bytes(8)[:6])
            holder = session.cak(self.supplicant.mac)
            key = ChainKey(holder, start_ns=self.now_ns, authenticator=False)
            self.station.kay.add_key(self.now_ns, key)
            self.station.settle(self.now_ns)


@pytest.mark.parametrize("plane", [PLANES[0], QUICK], ids=str)
def test_an_accepted_station_is_secured_and_exchanges_frames(plane):
    """The Authenticator is Key Server, though the station has the better priority (9.5)."""
    access = AccessPort(plane)
    access.run(3)
    assert access.pae is PaeState.AUTHENTICATED
    assert access.secured
    assert access.port.kay.principal.is_server
    assert access.port.kay.principal.key.source == "eap"
    access.run(5, frames=True)
    assert access.lost == 0
    assert access.sent > 100


def test_a_refused_station_leaves_the_port_closed_for_the_quiet_period():
    """EAPOL-Starts meanwhile do nothing; then it is asked again."""
    access = AccessPort(server=ScriptedServer(accepts=False), quiet_period=60)
    access.run(3)
    assert access.pae is PaeState.HELD
    assert access.supplicant.results == [4]
    requests = len(access.server.requests)
    for _ in range(50):
        access.run(1)
        access.hear(access.supplicant.start())
    assert len(access.server.requests) == requests
    assert not access.port.kay.participants
    assert access.port.port.request(frame_of(60)) is None
    access.server.accepts = True
    access.run(10)
    assert access.secured


def test_a_reauthentication_gives_another_cak_without_loss():
    """The old CAK stays until the new one has carried the traffic for a Life Time."""
    access = AccessPort(reauth_period=30)
    access.run(3)
    (first,) = access.port.kay.participants
    access.run(28, frames=True)
    assert len(access.port.kay.participants) == 2
    access.run(10, frames=True)
    (second,) = access.port.kay.participants
    assert second != first
    assert access.secured
    assert access.lost == 0
    assert access.sent > 500


def test_a_single_participant_takes_the_place_of_the_one_before():
    """With `single_participant` two CAKs are never there at once; nothing raises."""
    access = AccessPort(reauth_period=30, single_participant=True)
    access.run(3)
    (first,) = access.port.kay.participants
    for _ in range(40):
        access.run(1)
        assert len(access.port.kay.chain.ckns) == 1
    assert first not in access.port.kay.participants
    access.run(10)
    assert access.secured


def test_a_refused_reauthentication_closes_the_port():
    """The server changed its mind: no CAK of EAP is left."""
    access = AccessPort(reauth_period=30)
    access.run(3)
    access.server.accepts = False
    access.run(30)
    assert not access.port.kay.secured
    assert access.opened[-1] is False
    assert not access.port.kay.chain.ckns


def test_a_refused_stranger_ends_no_session():
    """Another station on the segment is refused; the frames of the secured one go on."""
    access = AccessPort()
    access.run(3)
    access.server.accepts, access.supplicant.silent = False, True
    stranger = ScriptedSupplicant(b"\x02\0\0\0\0\x66")
    access.hear(stranger.start())
    for _ in range(1 + access.server.rounds):
        access.hear(stranger.answer(access.supplicant.asked[-1]))
    assert access.pae is PaeState.AUTHENTICATED
    access.run(5, frames=True)
    assert access.secured
    assert access.lost == 0


def forge(access: AccessPort, name: bytes = b"a stranger") -> None:
    """Begin an attempt under the MAC address of the station, and have it refused."""
    mac, accepts, silent = access.supplicant.mac, access.server.accepts, access.supplicant.silent
    access.server.accepts, access.supplicant.silent = False, True
    access.hear(eapol(mac, 1))
    pae = access.port.logon.pae
    for _ in range(1 + access.server.rounds):
        if pae.state is PaeState.ASKING:
            first = pae._request[4] == 1  # the kind of the request in flight; no other way to see
            method, data = (1, name) if first else (pae._request[4], b"wrong")
            access.hear(eapol(mac, 0, eap(2, pae._request[1], method, data)))
    access.server.accepts, access.supplicant.silent = accepts, silent


def test_a_refusal_under_the_address_of_the_station_ends_no_session():
    """EAPOL-Start and responses are not authenticated: anyone can send them under any address."""
    access = AccessPort(quiet_period=60)
    access.run(3)
    pae, named = access.port.logon.pae, access.port.logon.pae.identity
    forge(access)
    assert pae.counters["eap-refused"] == 1
    assert (pae.state, pae.identity, pae.claimed) == (PaeState.AUTHENTICATED, named, b"a stranger")
    requests = len(access.server.requests)
    for _ in range(50):  # within the quiet period the server is left alone
        access.hear(eapol(access.supplicant.mac, 1))
        access.run(1, frames=True)
    assert len(access.server.requests) == requests
    assert access.secured
    assert access.lost == 0
    access.run(15)
    access.hear(access.supplicant.start())  # the station itself can begin anew after that
    access.run(3, frames=True)
    assert pae.counters["eap-accepted"] == 2
    assert access.lost == 0


def test_starts_of_anyone_do_not_put_off_the_next_authentication():
    """The port asks when it was to ask, and a refusal then ends the session."""
    access = AccessPort(reauth_period=30)
    access.run(3)
    access.supplicant.silent = True
    access.run(26)
    access.hear(eapol(b"\x02\0\0\0\0\x66", 1))  # no station answers: the attempt runs at 30 s
    assert access.pae is PaeState.ASKING
    access.server.accepts, access.supplicant.silent = False, False
    access.run(5)
    assert access.pae is PaeState.HELD
    assert not access.port.kay.chain.ckns


def test_an_attempt_of_no_station_leaves_the_port_authenticated():
    """EAPOL-Start without a response, and a server that is silent."""
    for dead in (False, True):
        access = AccessPort()
        access.run(3)
        access.server.dead, access.supplicant.silent = dead, not dead
        access.hear(access.supplicant.start())
        assert access.pae in (PaeState.ASKING, PaeState.RELAYING)
        access.run(20, frames=True)
        assert access.pae is PaeState.AUTHENTICATED
        assert access.secured
        assert access.lost == 0


def test_a_dead_server_at_reauthentication_keeps_the_session():
    """It is asked again later; nothing was refused."""
    access = AccessPort(reauth_period=30)
    access.run(3)
    access.server.dead = True
    access.run(60, frames=True)
    assert access.secured
    assert access.lost == 0
    assert access.port.logon.pae.reason == "the RADIUS server does not answer"
    access.server.dead = False
    access.run(60, frames=True)
    assert access.pae is PaeState.AUTHENTICATED
    assert access.port.logon.pae.reason == ""
    assert access.lost == 0


def test_the_end_of_a_session_is_that_of_the_server():
    """Session-Timeout with no renewal: the CAK ends then, and the station is asked anew."""
    access = AccessPort(server=ScriptedServer(lifetime=100, renews=False))
    access.run(3)
    (first,) = access.port.kay.participants
    access.run(96)
    assert [*access.port.kay.participants] == [first]
    access.run(10)
    assert first not in access.port.kay.participants
    assert access.secured
    access = AccessPort(server=ScriptedServer(lifetime=40, renews=True))
    access.run(3)
    access.run(60, frames=True)
    assert access.lost == 0, "with renewal it is authenticated again by then"
    assert len(access.server.sessions) == 2


def test_a_flap_is_survived_by_the_cached_cak_without_eap():
    """The station kept its CAK too; no request reaches the server."""
    access = AccessPort()
    access.run(3)
    requests = len(access.server.requests)
    access.flap(20)
    assert access.opened.count(False) == 2, "closed before the first SAK, and with the port"
    access.run(5)
    assert access.secured
    assert len(access.server.requests) == requests
    access.run(5, frames=True)
    assert access.lost == 0


def test_a_flap_does_not_put_off_the_next_authentication():
    """The server gave the session 60 s, and wants the station authenticated again by then."""
    access = AccessPort(server=ScriptedServer(lifetime=60), reauth_period=0)
    access.run(5)
    access.flap(20)
    access.run(30)
    assert len(access.server.sessions) == 1
    access.run(10)
    assert len(access.server.sessions) == 2
    assert access.secured


def test_a_station_that_lost_its_cak_authenticates_anew_after_a_flap():
    """No partner answers for a Life Time: then the port asks for an identity."""
    access = AccessPort()
    access.run(3)
    (first,) = access.port.kay.participants
    access.station.kay.remove_key(access.now_ns, first)
    access.flap(20)
    access.run(5)
    assert access.pae is PaeState.AUTHENTICATED
    assert len(access.server.sessions) == 1
    access.run(6)
    assert len(access.server.sessions) == 2
    assert access.secured


def test_without_a_cache_the_cak_ends_with_the_port():
    """cache_lifetime 0: EAP at once when it comes up."""
    access = AccessPort(cache_lifetime=0)
    access.run(3)
    access.flap(1)
    access.run(1)
    assert len(access.server.sessions) == 2


def test_the_cached_cak_ends_after_its_lifetime():
    """While the port was down too: it does not resume then."""
    access = AccessPort(cache_lifetime=50, reauth_period=0)
    access.run(3)
    (first,) = access.port.kay.participants
    access.flap(60)
    access.run(3)
    assert first not in access.port.kay.chain.ckns
    assert len(access.server.sessions) == 2
    assert access.secured


@pytest.mark.parametrize("lacking", ["keys", "key_name"])
def test_an_accept_without_key_or_name_is_no_session(lacking):
    """A server that gives no MSK, or no EAP-Key-Name: the port stays closed and says why."""
    access = AccessPort(server=ScriptedServer(**{lacking: False}))
    access.run(3)
    assert access.pae is PaeState.HELD
    assert "without" in access.port.logon.pae.reason
    assert not access.port.kay.participants


def test_a_silent_supplicant_is_asked_rarely_and_served_once_it_starts():
    """Three requests, then a series each half minute; EAPOL-Start begins at once."""
    access = AccessPort(silent=True)
    access.run(200)
    assert access.server.packets == []
    assert len(access.supplicant.asked) == 17, "three a series of 39 s"
    access.supplicant.silent = False
    access.hear(access.supplicant.start())
    access.run(3)
    assert access.secured


def test_a_silent_server_is_asked_three_times():
    """With the same packet, so that it can know a repetition."""
    access = AccessPort(server=ScriptedServer(dead=True))
    access.run(20)
    assert len(access.server.packets) == 3
    assert len(set(access.server.packets)) == 1
    assert access.port.logon.pae.counters["radius-timeouts"] == 1


def test_hostile_eapol_raises_nothing_and_ends_no_session():
    """Any octets, Logoff, Success and Failure by another station, responses of another one."""
    access = AccessPort()
    access.run(3)
    rng = random.Random(4)
    other = bytes.fromhex("020000000bad")
    (ckn,) = access.port.kay.participants
    for _ in range(2000):
        body = rng.randbytes(rng.randrange(40))
        access.port.hear(access.now_ns, eapol(other, rng.randrange(4), body))
    for code in range(6):
        access.port.hear(access.now_ns, eapol(other, 0, eap(code, rng.randrange(256))))
    access.port.hear(access.now_ns, eapol(access.supplicant.mac, 2))
    access.run(5, frames=True)
    assert ckn in access.port.kay.participants
    assert access.lost == 0


def test_another_station_cannot_answer_in_an_authentication():
    """The source of the identity is that of all responses."""
    access = AccessPort(silent=True)
    pae = access.port.logon.pae
    identity = eapol(access.supplicant.mac, 0, eap(2, pae._request[1], 1, b"a station"))
    access.hear(identity)
    assert len(access.server.requests) >= 1
    before = len(access.server.requests)
    other = eapol(bytes.fromhex("020000000bad"), 0, eap(2, pae._request[1], 13, b"x"))
    access.hear(other)
    assert len(access.server.requests) == before


def test_a_forged_answer_of_the_server_changes_nothing():
    """Counted, and the good answer after it is taken."""
    access = AccessPort(server=ScriptedServer(spoil=lambda octets: octets[:-1] + b"!"))
    access.run(1)
    assert access.pae is PaeState.RELAYING
    assert access.port.logon.pae.counters["radius-refused"] >= 1
    access.server.spoil = lambda octets: octets
    access.run(5)
    assert access.secured


def test_a_key_of_on_oper_up_sleeps_without_partners_and_wakes_by_its_ckn():
    """After a Life Time alone it sends nothing; an MKPDU with its CKN activates it once more."""
    access = AccessPort(reauth_period=0)
    access.run(3)
    kay = access.port.kay
    (key,) = (participant.key for participant in kay.all_participants)
    assert key.activate is Activate.ON_OPER_UP
    access.cut = True
    access.run(20)
    assert not kay.participants
    assert kay.activation.sleeps(key)
    access.supplicant.silent = True
    access.cut = False
    access.run(8)
    assert access.secured, "the station still sends MKPDUs"
    assert [*kay.participants] == [key.ckn]


@pytest.mark.parametrize("length", [3201, 65535])
def test_a_response_too_long_for_radius_is_counted_and_ignored(length):
    """A packet of RADIUS has 4096 octets at most; the answer of the station is taken after it."""
    access = AccessPort(silent=True)
    pae = access.port.logon.pae
    identifier = access.supplicant.asked[-1][19]
    long = eap(Code.RESPONSE, identifier, 1, bytes(length - 5))
    access.hear(eapol(access.supplicant.mac, 0, long))
    assert pae.counters["eap-too-long"] == 1
    assert not access.server.packets
    longest = eap(Code.RESPONSE, identifier, 1, bytes(EAP_MOST - 5))
    access.hear(eapol(access.supplicant.mac, 0, longest + b"padding"))
    assert len(access.server.packets[-1]) <= LONGEST
    assert b"".join(access.server.requests[-1][79]) == longest, "without the padding of the frame"


def test_every_traffic_class_is_protected_under_a_cak_of_eap():
    """The actor of another class follows that of class 0, and never the station."""
    access = AccessPort(classes=(5,))
    access.run(8)
    default, other = access.port.actors
    (participant,) = other.kay.all_participants
    assert participant.server_sci == default.kay.sci
    assert [slot.transmits for slot in other.kay.cp.slots()] == [True]
    assert {*access.port.port.secy.tx_classes} == {0, 5}
    sc = access.port.port.secy.tx_classes[5]
    assert sc.in_use


def test_the_end_of_a_bypass_starts_nothing_on_a_port_that_is_down():
    """Key agreement waits for the port; then it goes on with the cached CAK."""
    access = AccessPort()
    access.run(3)
    access.port.bypass(access.now_ns, True)
    access.port.link(access.now_ns, False)
    access.port.bypass(access.now_ns, False)
    assert not access.port.kay.active
    access.port.link(access.now_ns, True)
    access.run(10)
    assert access.secured


def test_a_station_authenticates_under_another_policy_in_a_bypass():
    """Once MACsec is on again, the port is secured."""
    access = AccessPort()
    access.run(3)
    access.port.bypass(access.now_ns, True)
    access.port.adopt(access.now_ns, access.port.kay.policy, access.port.port.secy.controls)
    access.run(5)
    assert access.pae is PaeState.AUTHENTICATED
    access.port.bypass(access.now_ns, False)
    access.run(10)
    assert access.secured


def test_traffic_classes_do_not_keep_a_lost_cak_in_use():
    """The actors of a port are no partners of each other: MKA fails, and EAP begins anew."""
    access = AccessPort(classes=(3, 5))
    access.run(8)
    (first,) = access.port.kay.participants
    access.station.kay.remove_key(access.now_ns, first)
    access.run(10)
    assert access.port.kay.active
    assert not access.port.kay.secured
    access.run(20)
    assert len(access.server.sessions) == 2
    assert access.secured
    (second,) = access.station.kay.participants
    access.server.dead = True
    access.station.kay.remove_key(access.now_ns, second)
    access.run(30)
    assert access.port.kay.failed
    assert [len(actor.kay.participants) for actor in access.port.actors] == [0, 0, 0]
