"""SONiC: tables and sessions of the control plane, restarts."""

from __future__ import annotations

from itertools import product

from macsec.conformance.scenes import (
    MkaSegment,
    SegmentMember,
    chain_key,
    check_connectivity,
    controls_of,
    pair,
    policy_of,
    secured,
)
from macsec.conformance.scenes.labs import build_lab
from macsec.conformance.scenes.traffic import check_nothing_lost, lost, send_throughout
from macsec.conformance.suites.case import CaseRun
from macsec.kay import status

from .plan import SUITE, SUITES_OF_PLAN, check_same_sa, newest

PORTS = 4
OTHER_CAK, OTHER_CKN = bytes(range(32, 64)), b"another profile's"
MANY_LINKS = 32


@SUITE.case(
    "controlplane::wpa_supplicant_processes",
    "one daemon a port is running",
    part="a port has a KaY in place of a process of wpa_supplicant",
    on_data_plane=False,
)
def one_kay_a_port(run: CaseRun) -> None:
    """Start a bundle of ports, each with a KaY that is active and has an SCI of its own."""
    with build_lab(run.target, _bundle(PORTS)) as lab:
        lab.start()
        lab.engine.run(3 * 10**9)
        kays = [end.kay for link in lab.links for end in link.agreed]
        run.expect("KaYs of four links", 2 * PORTS, len(kays))
        states = [status.status(kay)["PAE KaY status"] for kay in kays]
        run.expect("their status", ["Active"] * len(kays), states)
        run.expect("SCIs", len(kays), len({kay.sci for kay in kays}))


def _bundle(count: int, **macsec: object) -> dict[str, object]:
    """Return a topology of two sites with many links between them."""
    links = [{"name": f"p{n}", "lag": "po", "between": ["w", "e"]} for n in range(count)]
    return {"macsec": {"keys": "mka", **macsec}, "sites": {"w": {}, "e": {}}, "links": links}


@SUITE.case(
    "controlplane::appl_db",
    "ports are as configured; the egress SA of one end is the ingress SA of the other: SAK, AN, "
    "and nextPN not below the other's lowest PN; for each suite, with SCI or without, encrypted or "
    "not",
    clause="10.7.13, 10.7.22",
)
def tables(run: CaseRun) -> None:
    """Compare both ends of sixteen sessions."""
    for cipher, send_sci, encrypt in product(SUITES_OF_PLAN, (True, False), (True, False)):
        _, a, b = pair(run, cipher=cipher, encrypt=encrypt, controls={"send_sci": send_sci})
        check_same_sa(run, a, b)
        for member in (a, b):
            used = member.secy.controls
            wanted = (cipher, send_sci, encrypt)
            run.expect(f"{member.name}", wanted, (used.cipher.name, used.send_sci, used.encrypt))


@SUITE.case(
    "controlplane::mka_session",
    "the session tables of both ends agree with the profile: suite, protection, encryption, SCI, "
    "window",
    clause="10.7.8, 10.7.17",
)
def sessions(run: CaseRun) -> None:
    """Look at status and controls of sessions."""
    for cipher, encrypt, window in product(SUITES_OF_PLAN, (True, False), (0, 64)):
        controls = {"window": window, "send_sci": True}
        segment, a, b = pair(run, cipher=cipher, encrypt=encrypt, controls=controls)
        for member in (a, b):
            used, shown = member.secy.controls, status.status(member.kay)
            got = (used.cipher.name, used.protect, used.encrypt, used.send_sci, used.window)
            run.expect(f"{member.name}: profile", (cipher, True, encrypt, True, window), got)
            run.expect(f"{member.name}: Secured", "Yes", shown["Secured"])
        servers = [status.status(member.kay)["Is Key Server"] for member in (a, b)]
        run.expect("Key Servers", ["Yes", "No"], servers)
        check_connectivity(segment, a, b)


@SUITE.case(
    "controlplane::rekey_by_period",
    "a rekey period of 60 s: both ends have a new SAK with the next AN, and of 120 s of pings less "
    "than 1 % are lost",
    clause="802.1X 9.8",
)
def rekey_by_period(run: CaseRun) -> None:
    """Send pings through two changes of SAK."""
    segment, a, b = pair(run, sak_rekey_interval=60)
    first, an = newest(a), a.secy.controls.encodingsa
    send_throughout(segment, a, b, start=2, end=122, period=0.5)
    segment.run(70)
    run.require("a new SAK after 60 s", newest(a) != first)
    run.expect("both ends have it", newest(a), newest(b))
    run.expect("its AN", [(an + 1) % 4] * 2, [m.secy.controls.encodingsa for m in (a, b)])
    segment.run(123)
    run.expect("SAKs after 120 s", 3, a.kay.counters["keys-distributed"])
    run.expect("pings lost", (0, 0), (lost(a, b), lost(b, a)))
    check_same_sa(run, a, b)


def _replace_profile(segment: MkaSegment, *members: SegmentMember) -> None:
    """Give members another suite, CAK and CKN, as a verb of a running port does."""
    for member in members:
        now_ns, kay = member.station.now_ns, member.kay
        for ckn in list(kay.chain.ckns):
            kay.remove_key(now_ns, ckn)
        kay.add_key(now_ns, chain_key(OTHER_CAK, OTHER_CKN))
        if member.station.agreement is not None:
            policy = policy_of(cipher="gcm-aes-256", key_server_priority=7)
            member.station.agreement.adopt(now_ns, policy, controls_of(cipher="gcm-aes-256"))
        member.station.settle()


@SUITE.case(
    "controlplane::profile_replace",
    "another profile at both ends of a port: a new session, with other SAs",
    clause="802.1X 9.16",
)
def profile_replaced(run: CaseRun) -> None:
    """Give both ends another profile while they run."""
    segment, a, b = pair(run)
    check_connectivity(segment, a, b)
    before = newest(a)
    segment.at(5, lambda: _replace_profile(segment, a, b))
    segment.run(10)
    _check_replaced(run, a, b)
    run.require("another SAK", newest(a) != before)
    check_connectivity(segment, a, b)


def _check_replaced(run: CaseRun, a: SegmentMember, b: SegmentMember) -> None:
    run.require("secured", secured(a, b))
    for member in (a, b):
        run.expect(f"{member.name}: CKN", OTHER_CKN, member.principal.key.ckn)
        run.expect(f"{member.name}: suite", "gcm-aes-256", member.secy.controls.cipher.name)
    check_same_sa(run, a, b)


@SUITE.case(
    "per_interface::profile_replace",
    "another profile on one port; the other port keeps its suite and its SAs",
    clause="802.1X 9.16",
)
def one_profile_replaced(run: CaseRun) -> None:
    """Replace the profile of one of two links."""
    one, a, b = pair(run)
    other, c, d = pair(run, cipher="gcm-aes-xpn-128")
    kept = newest(c)
    one.at(5, lambda: _replace_profile(one, a, b))
    for segment in (one, other):
        segment.run(15)
    _check_replaced(run, a, b)
    run.expect("SAK of the other port", kept, newest(c))
    run.expect("its suite", "gcm-aes-xpn-128", c.secy.controls.cipher.name)
    check_connectivity(other, c, d)


def _restart(segment: MkaSegment, *names: str) -> list[SegmentMember]:
    """Start stations again without any earlier state; return them."""
    priorities = {"a": 10, "b": 20}
    return [segment.add(name, key_server_priority=priorities[name]) for name in names]


def _check_restart(run: CaseRun, names: str, gap: float) -> None:
    """Check that a session comes back under a new SAK after stations start again."""
    segment, a, b = pair(run)
    before = newest(a)
    segment.run(10)
    fresh = {member.name: member for member in _restart(segment, *names)}
    segment.run(10 + gap)
    a, b = fresh.get("a", a), fresh.get("b", b)
    run.require(f"secured after {names} started again", secured(a, b))
    run.require("with a new SAK", newest(a) != before)
    check_same_sa(run, a, b)
    check_connectivity(segment, a, b)


@SUITE.case(
    "deployment::config_reload",
    "all is taken down and up: sessions come back as configured, under a new SAK",
    clause="802.1X 9.8",
)
def config_reload(run: CaseRun) -> None:
    """Start one end again, and both."""
    _check_restart(run, "a", 9)
    _check_restart(run, "ab", 9)


@SUITE.case(
    "docker_restart::restart_macsec_docker",
    "the daemon starts again: sessions return, and the tables of both ends are consistent",
    clause="802.1X 9.8",
)
def daemon_restart(run: CaseRun) -> None:
    """Start either end again."""
    for name in "ab":
        _check_restart(run, name, 9)


@SUITE.case(
    "deployment::scale_rekey",
    "all ports rekey together by their timers: the SAs of each change",
    clause="802.1X 9.8",
)
def rekey_of_many(run: CaseRun) -> None:
    """Rekey 32 links of a lab at once."""
    topology = _bundle(MANY_LINKS, sak_rekey_interval=30)
    with build_lab(run.target, topology) as lab:
        lab.start()
        lab.engine.run(20 * 10**9)
        ends = [end for link in lab.links for end in link.agreed]
        before = [end.saks[-1].ki for end in ends]
        run.expect("SAKs of the links", MANY_LINKS, len(set(before)))
        lab.engine.run(40 * 10**9)
        changed = [end.saks[-1].ki != ki for end, ki in zip(ends, before, strict=True)]
        run.expect("ends with another SAK", 2 * MANY_LINKS, sum(changed))
        run.require("all are secured", all(end.kay.secured for end in ends))


@SUITE.case(
    "recovery::dirty_kill_preserves_sak_consistency",
    "one side is killed without a word: afterwards both are on one SAK, a new one",
    clause="802.1X 9.8",
)
def killed(run: CaseRun) -> None:
    """Kill either side; it comes back after a second."""
    for name in "ab":
        segment, a, b = pair(run)
        before = newest(a)
        segment.run(10)
        segment.members[name].station.stop()
        segment.run(11)
        (fresh,) = _restart(segment, name)
        ends = [fresh if member.name == name else member for member in (a, b)]
        segment.run(20)
        run.require(f"secured after {name} was killed", secured(*ends))
        run.require("on a new SAK", newest(ends[0]) != before)
        run.expect("both on it", newest(ends[0]), newest(ends[1]))
        check_connectivity(segment, *ends)


@SUITE.case(
    "recovery::dirty_kill_recovers_encoding_an",
    "after one side was killed, both encode with the AN of the new SAK, the next one at the side "
    "that went on",
    clause="802.1X 9.8, 10.7.17",
)
def an_after_kill(run: CaseRun) -> None:
    """Kill the member, whose Key Server goes on, and look at the ANs."""
    segment, a, b = pair(run)
    an = a.secy.controls.encodingsa
    segment.run(10)
    b.station.stop()
    (b,) = _restart(segment, "b")
    segment.run(20)
    run.require("secured", secured(a, b))
    slot = a.kay.cp.slots()[0]
    run.require("the AN moved on", slot.an != an, f"still {an}")
    got = [member.secy.controls.encodingsa for member in (a, b)]
    run.expect("encodingSA of both", [slot.an] * 2, got)
    send_throughout(segment, a, b, start=20, end=21)
    segment.run(22)
    run.expect("frames of the server lost", 0, lost(a, b))


@SUITE.case(
    "plan: reboot with MACsec on all ports",
    "all ports of a device have MACsec, it starts again, and all sessions come back",
    part="a boot of the device itself is not run: its stations lose all their state at once",
)
def reboot(run: CaseRun) -> None:
    """Start the stations of one device again, on four links."""
    for port in range(PORTS):
        segment, a, b = pair(run)
        before = newest(b)
        segment.run(10)
        a.station.stop()
        segment.run(20)
        run.require(f"port {port}: the neighbour noticed", not b.kay.secured)
        (a,) = _restart(segment, "a")
        segment.run(25)
        run.require(f"port {port}: secured", secured(a, b))
        run.require(f"port {port}: a new SAK", newest(b) != before)
        check_connectivity(segment, a, b)
        run.require(f"port {port}: frames pass", check_nothing_lost(a) >= 0)
