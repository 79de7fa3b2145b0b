"""Changes of a running port: other CAKs, another profile, participants, MACsec off and on."""

from __future__ import annotations

import json
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.mka.kays import (
    CKN,
    Segment,
    SegmentMember,
    chain_key,
    check_connectivity,
    pair,
    secured,
)
from support.outputs.schemas import validator
from support.real.tap_questions import sockets_below

from macsec.cli.shared.keys.pn_state import take_members
from macsec.cli.shared.keys.vault import edge
from macsec.cli.shared.ports.changes import ChangeRequest, Changes, answer, request_changes
from macsec.cli.shared.ports.event_log import EventLog, port_events
from macsec.custody import InUse, member_name
from macsec.errors import ConfigError
from macsec.kay.status import mib
from macsec.keys import Key
from macsec.live.local import local_socket
from macsec.live.local.local_socket import Client
from macsec.live.local.tap_sockets import CONTROL, ControlSocket, path_of

OTHER, OTHER_CAK = "3344", bytes(range(16, 32))
US = Client(42, 0)


class Port:
    """A member of a segment that takes changes."""

    def __init__(self, segment: Segment, member: SegmentMember, folder: Path) -> None:
        agreement = member.station.agreement
        assert agreement is not None
        self.member, self.segment = member, segment
        self.in_use = InUse(folder / member.name)
        self.log = EventLog(str(folder / f"{member.name}.jsonl"), lambda: segment.now)
        self.events = port_events(
            self.log, member.name, agreement.kay, lambda: member.secy.counters
        )
        clock = lambda: segment.engine.now_ns  # noqa: E731
        take = partial(take_members, self.in_use, agreement.kay.sci)
        self.changes = Changes(agreement, clock, partial(edge, "a test"), take, self.events)

    def answer(self, octets: bytearray) -> dict[str, Any]:
        """Return the answer to a request."""
        found: dict[str, Any] = json.loads(answer(US, octets, lambda _: self.changes))
        return found

    def ask(self, *keys: bytes, **given: Any) -> dict[str, Any]:
        """Make changes; return the answer."""
        octets = ChangeRequest(**given).encode([Key(key) for key in keys])
        found = self.answer(octets)
        assert not any(octets)
        return found

    def ckns(self) -> list[str]:
        """Return the CKNs of its participants."""
        return [ckn.hex() for ckn in self.member.kay.participants]


@pytest.fixture
def ports(tmp_path: Path) -> tuple[Port, Port]:
    """Return two ports that are secured with each other."""
    segment, a, b = pair()
    return Port(segment, a, tmp_path), Port(segment, b, tmp_path)


def run(ports: tuple[Port, Port], seconds: float) -> None:
    """Let time pass."""
    segment = ports[0].segment
    segment.run(segment.now + seconds)


def connected(ports: tuple[Port, Port]) -> bool:
    """Return whether both are secured; frames pass then."""
    both = [port.member for port in ports]
    if not secured(*both):
        return False
    check_connectivity(ports[0].segment, *both)
    return True


def test_another_cak_takes_over_without_a_lost_frame(ports):
    """Both participants run until the new one has carried the traffic for a Life Time."""
    a, b = (port.member for port in ports)
    start = ports[0].segment.now
    ports[0].segment.every(0.05, a.send, start, start + 20)
    for port in ports:
        answer = port.ask(OTHER_CAK, caks=[(OTHER, 16)])
        assert answer["changes"] == [f"CAK of CKN {OTHER}"]
        assert port.ckns() == [OTHER, CKN.hex()]
    run(ports, 5)
    assert [port.member.principal.key.name for port in ports] == [OTHER, OTHER]
    assert ports[0].ckns() == [OTHER, CKN.hex()]
    run(ports, 15.5)
    assert [port.ckns() for port in ports] == [[OTHER], [OTHER]]
    assert b.numbers_from("a") == a.sent
    assert connected(ports)


@pytest.mark.parametrize("at", [0, 1])
def test_a_suspended_port_is_silent_and_kept(ports, at):
    """As Key Server and as member: no MKPDU of it for a minute, and frames pass; 0 ends it."""
    name, segment = ports[at].member.name, ports[at].segment
    assert ports[at].ask(suspend=100)["changes"] == ["suspension of 100 s asked for"]
    run(ports, 5)
    silent_from = segment.now
    run(ports, 60)
    assert all(not silent_from < when for when, sender, _ in segment.mkpdus if sender == name)
    assert connected(ports)
    assert ports[at].ask(suspend=0)["changes"] == ["suspension ended"]
    run(ports, 5)
    assert any(silent_from < when for when, sender, _ in segment.mkpdus if sender == name)


def test_a_group_cak_is_made_where_the_port_is_key_server(ports):
    """The status names the CAK that was distributed; a member is refused."""
    server, member = ports
    assert server.ask(new_group=True)["changes"] == ["another group CAK"]
    run(ports, 10)
    assert len(server.ckns()) == len(member.ckns()) == 2
    rows = [row for row, _ in mib(member.member.kay)]
    pairwise = next(row for row in rows if row["ieee8021XKayMkaPartCKN"] == CKN.hex())
    group = next(row for row in rows if row is not pairwise)
    assert pairwise["ieee8021XKayMkaPartDistCKN"] == group["ieee8021XKayMkaPartCKN"]
    assert group["ieee8021XKayMkaPartPrincipal"] == "true"
    assert "another station is Key Server" in member.ask(new_group=True)["error"]


def test_a_pairwise_cak_is_replaced_beneath_a_group(ports):
    """The group CAK stays and came again over the new one; no frame is lost."""
    server, member = ports
    segment = server.segment
    server.ask(new_group=True)
    run(ports, 10)
    (group,) = {*server.ckns()} - {CKN.hex()}
    segment.every(0.05, server.member.send, segment.now, segment.now + 30)
    for port in ports:
        port.ask(OTHER_CAK, caks=[(OTHER, 16)])
    run(ports, 31)
    assert {*server.ckns()} == {*member.ckns()} == {group, OTHER}
    assert member.member.numbers_from("a") == server.member.sent


@pytest.mark.parametrize("seconds", [-1, 121])
def test_a_suspension_beyond_its_limits_is_refused(ports, seconds):
    """The answer says why, with the exit code of a wrong value."""
    answer = ports[0].ask(suspend=seconds)
    assert answer["exit_code"] == ConfigError.exit_code
    assert "0 to 120" in answer["error"]


def test_present_cak_stays_while_the_other_end_has_no_other(ports):
    """A new CAK that no peer has takes nothing away."""
    ports[0].ask(OTHER_CAK, caks=[(OTHER, 16)])
    run(ports, 30)
    assert ports[0].ckns() == [OTHER, CKN.hex()]
    assert connected(ports)


def test_present_cak_goes_at_once_where_that_is_asked(ports):
    """Except a fallback; the other end then has no peer under the old one."""
    spare = chain_key(bytes(16), b"spare", fallback=True)
    ports[0].member.kay.add_key(ports[0].segment.engine.now_ns, spare)
    ports[0].ask(OTHER_CAK, caks=[(OTHER, 16)], at_once=True)
    assert ports[0].ckns() == [OTHER, b"spare".hex()]
    run(ports, 10)
    assert not ports[1].member.kay.secured
    ports[1].ask(OTHER_CAK, caks=[(OTHER, 16)], at_once=True)
    run(ports, 10)
    assert connected(ports)


def test_cak_under_the_same_ckn_is_replaced(ports):
    """A CKN names one CAK of a port."""
    for port in ports:
        port.ask(OTHER_CAK, caks=[(CKN.hex(), 16)])
        assert port.ckns() == [CKN.hex()]
    run(ports, 12)
    assert connected(ports)


def profile(folder: Path, **mka: Any) -> str:
    """Write another configuration, under XPN."""
    path = folder / "profile.yaml"
    given = {"ckn": OTHER, "cak": OTHER_CAK.hex() * 2, **mka}
    path.touch(mode=0o600)
    path.write_text(json.dumps({"secy": {"cipher": "gcm-aes-xpn-256", "window": 5}, "mka": given}))
    return str(path)


def test_profile_takes_the_place_of_suite_controls_and_caks(ports, tmp_path):
    """The SecY keeps the limit of its interface; the port is secured anew."""
    path = profile(tmp_path)
    for port in ports:
        port.member.secy.set_controls(mtu=1500)
        assert port.ask(profile=path)["changes"] == [f"profile {path}"]
        assert port.ckns() == [OTHER]
    run(ports, 12)
    assert connected(ports)
    controls = ports[0].member.secy.controls
    assert (controls.cipher.name, controls.window, controls.mtu) == ("gcm-aes-xpn-256", 5, 1500)


@pytest.mark.parametrize(
    "mka, why",
    [
        ({"port": 2}, "mka.port: the SCI of a running port stays"),
        ({"destination": "0180c2000000"}, "mka.destination: its socket is open"),
        ({"cak": "00"}, "CAK"),
    ],
)
def test_profile_that_cannot_be_taken_changes_nothing(ports, tmp_path, mka, why):
    """Exit 2 with the reason, and no key in it; the port stays secured."""
    answer = ports[0].ask(profile=profile(tmp_path, **mka))
    assert why in answer["error"]
    assert OTHER_CAK.hex() not in answer["error"]
    assert answer["exit_code"] == 2
    assert connected(ports)


def test_participant_is_disabled_and_enabled(ports):
    """By its CKN; an unknown one is refused before anything changes."""
    name = CKN.hex()
    answer = ports[0].ask(disable=["77"], macsec=False)
    assert answer == {"error": "CKN 77: this port has no such CAK", "exit_code": 2}
    assert connected(ports)
    answer = ports[0].ask(disable=[name])
    assert (answer["changes"], ports[0].ckns()) == ([f"participant of CKN {name} disabled"], [])
    ports[0].ask(enable=[name])
    run(ports, 12)
    assert connected(ports)


def test_macsec_goes_off_and_on(ports):
    """Off passes plain frames at once; the counters can be cleared beside it."""
    answer = ports[0].ask(macsec=False, clear_counters=True)
    assert answer["changes"] == ["MACsec off: frames pass in clear", "counters cleared"]
    assert answer["reason"] == "not secured: key agreement is off"
    assert not any(ports[0].member.secy.counters.values())
    assert ports[0].member.station.port.enabled
    assert ports[0].ask(macsec=True)["changes"] == ["MACsec on"]
    assert not ports[0].member.station.port.enabled
    run(ports, 12)
    assert connected(ports)


def test_changes_are_events_of_the_port(ports, tmp_path):
    """With the process that asked."""
    ports[0].ask(clear_counters=True)
    (line,) = (tmp_path / "a.jsonl").read_text().splitlines()
    record = json.loads(line)
    validator("macsec/event/1").validate(record)
    assert (record["event"], record["changes"], record["pid"]) == (
        "changed",
        ["counters cleared"],
        42,
    )


def test_cak_that_another_process_has_is_refused(ports, tmp_path):
    """Two members of one SCI would get the same SAKs; the present CAK stays."""
    kay = ports[0].member.kay
    with InUse(tmp_path / "a") as other:
        other.take({member_name(bytes.fromhex(OTHER), kay.sci)}, "it")
        answer = ports[0].ask(OTHER_CAK, caks=[(OTHER, 16)])
    assert (answer["exit_code"], "another process" in answer["error"]) == (1, True)
    assert ports[0].ckns() == [CKN.hex()]


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\n",
        b"{}",
        b"[]\n",
        b'{"more": 1}\n',
        b"{}\nx",
        b'{"caks": [["33", 16]]}\n' + bytes(15),
    ],
)
def test_octets_that_are_no_request_are_refused(ports, octets):
    """A request that was cut, or of another version: nothing changes."""
    answer = ports[0].answer(bytearray(octets))
    assert answer["error"] == "the request of another version of macsec"
    assert ports[0].ckns() == [CKN.hex()]


# ---------------------------------------------------------------- the socket and the verb


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the sockets in these tests."""
    sockets_below(tmp_path, monkeypatch)
    return tmp_path


class Served:
    """A control socket that a thread serves until the end of `with`; `seen`: its requests."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.seen: list[tuple[ChangeRequest, list[bytes]]] = []
        self._answer = json.dumps(answer)

    def _take(self, client: Client, octets: bytearray) -> str:
        request, keys = ChangeRequest.decode(octets)
        self.seen.append((request, [key.expose() for key in keys]))
        return self._answer

    def __enter__(self) -> Served:

        self._stop = threading.Event()
        self._socket = ControlSocket("ms0", self._take)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def _serve(self) -> None:
        while not self._stop.wait(0.001):
            self._socket.serve()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()


GOOD_ANSWER = {"changes": ["it"], "reason": "secured"}


def test_verb_sends_keys_from_files_alone(folder, desk):
    """A mapping, a file of hex with its CKN, and a descriptor; the key is in no argument."""
    mapping, bare = folder / "caks.yaml", folder / "bare"
    for path, text in ((mapping, f"{OTHER}: {OTHER_CAK.hex()}\n"), (bare, OTHER_CAK.hex())):
        path.touch(mode=0o600)
        path.write_text(text)
    words = ("mka", "set", "ms0", "--json", "--cak")
    with Served(GOOD_ANSWER) as served, bare.open() as file:
        for more in (
            (str(mapping),),
            (f"file:{mapping}",),
            (f"file:{bare}", "--ckn", OTHER),
            (str(bare), "--ckn", OTHER),
            (f"fd:{file.fileno()}", "--ckn", OTHER),
        ):
            found = json.loads(desk.run(*words, *more).stdout)
            validator(found["schema"]).validate(found)
            assert found["changes"] == ["it"]
    assert served.seen == [(ChangeRequest("ms0", caks=[[OTHER, 16]]), [OTHER_CAK])] * 5  # type: ignore[list-item]


@pytest.mark.parametrize(
    "words, why",
    [
        ((), "nothing to change"),
        (("--now",), "nothing to change"),
        (("--ckn", "33"), "--ckn names the CAK of --cak"),
        (("--cak", OTHER_CAK.hex()), "a key is never given on the command line"),
        (("--cak", OTHER_CAK.hex(), "--ckn", "33"), "a key is never given on the command line"),
        (("--disable", "xx"), "CKN"),
        (("--macsec", "off", "--name", "two"), "whose ports are LINK:SITE"),
        (("--macsec", "off", "--state", "/x"), "whose ports are LINK:SITE"),
    ],
)
def test_verb_refuses_what_it_cannot_mean(folder, desk, words, why):
    """Exit 2, and no key in the line."""
    message = desk.run("mka", "set", "ms0", *words, code=2).stderr
    assert why in message
    assert OTHER_CAK.hex() not in message


def test_verb_reports_the_refusal_of_the_port(folder, desk):
    """With the exit code of the port; without a running tap it is 1."""
    with Served({"error": "no", "exit_code": 2}):
        assert "ms0: no" in desk.run("mka", "set", "ms0", "--macsec", "off", code=2).stderr
    message = desk.run("mka", "set", "ms0", "--macsec", "off", code=1).stderr
    assert "no macsec tap --mka runs" in message


def test_another_user_changes_nothing(folder, monkeypatch):
    """Not even with access to the socket: the request is not read."""
    monkeypatch.setattr(local_socket, "client_of", lambda _: Client(1, 12345))
    with Served(GOOD_ANSWER) as served:
        path = path_of("ms0", CONTROL)
        assert request_changes("ms0", path, ChangeRequest(macsec=False), []) is None
    assert served.seen == []
