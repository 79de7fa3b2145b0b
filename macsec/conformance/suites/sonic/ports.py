"""SONiC: profiles a port, rekey by PN, fallback, and what only a chassis has."""

from __future__ import annotations

from itertools import product

from macsec.conformance.scenes import MkaSegment, chain_key, pair, secured
from macsec.conformance.scenes.labs import build_lab
from macsec.conformance.scenes.traffic import check_nothing_lost, send_throughout
from macsec.conformance.suites.case import CaseRun
from macsec.kay.distribution.key_server import exhaustion

from .plan import SUITE, SUITES_OF_PLAN, newest

LINKS = 8
MAIN, FALLBACK = b"main", b"fallback"


@SUITE.case("per_interface::unique_keys", "no two ports share a CAK or a CKN", on_data_plane=False)
def unique_keys(run: CaseRun) -> None:
    """Compare the keys of all links of a lab."""
    leaves = [f"n{n}" for n in range(LINKS)]
    topology = {
        "sites": {key: {"hosts": 1} for key in ("dut", *leaves)},
        "links": [{"name": n, "between": ["dut", n]} for n in leaves],
    }
    with build_lab(run.target, topology) as lab:
        configs = [plan.keying[0].config for plan in lab.blueprint.links if plan.keying]
        caks = [
            c.mka.cak.inline.check_value
            for c in configs
            if c.mka and c.mka.cak and c.mka.cak.inline
        ]
        ckns = [ckn for link in lab.links for ckn in link.agreed[0].kay.chain.ckns]
        run.expect("CAKs that differ", LINKS, len(set(caks)))
        run.expect("CKNs that differ", LINKS, len(set(ckns)))


@SUITE.case(
    "per_interface::profile_isolation",
    "MACsec is turned off on one port: the others go on",
    clause="802.1X 12.4",
)
def isolation(run: CaseRun) -> None:
    """Turn it off on one of two links of a lab under traffic."""
    flows = [
        {"from": "dut-h1", "to": f"{n}-h1", "pps": 10, "duration": "20s", "size": 200}
        for n in ("n1", "n2")
    ]
    topology = {
        "until": "25s",
        "begin": "1s",
        "sites": {key: {"hosts": 1} for key in ("dut", "n1", "n2")},
        "links": [{"name": n, "between": ["dut", n]} for n in ("n1", "n2")],
        "changes": [{"at": "10s", "link": "n1", "macsec": "off"}],
        "traffic": flows,
    }
    with build_lab(run.target, topology) as lab:
        lab.run()
        off, on = lab.links
        run.expect(
            "secured",
            [(False, False), (True, True)],
            [tuple(end.kay.secured for end in link.agreed) for link in (off, on)],
        )
        run.expect("SAKs of the other port", {1}, {len(end.saks) for end in on.agreed})
        run.expect("frames delivered", [200, 200], [tally.delivered for tally in lab.tallies])
        encrypted = [
            link.ends[0].secy.counters["OutPktsEncrypted"] for link in (off, on) if link.ends
        ]
        run.expect("encrypted on the other port", 200, encrypted[1])
        run.require(f"{encrypted[0]} encrypted before it was off", 0 < encrypted[0] < 200)


@SUITE.case(
    "plan: rekey by PN",
    "nextPN near its threshold: a new SAK comes without loss, whichever side ran low",
    clause="802.1X 9.8",
)
def rekey_by_pn(run: CaseRun) -> None:
    """Raise the PNs of either side, for each suite."""
    for cipher, tired in product(SUITES_OF_PLAN, "ab"):
        segment, a, b = pair(run, cipher=cipher)
        segment.run(8)
        before = newest(a)
        worn, other = (a, b) if tired == "a" else (b, a)
        threshold = exhaustion(worn.secy.controls.cipher)
        worn.secy.raise_tx_pn(0, threshold - 3)
        other.secy.raise_rx_pn(worn.kay.sci, 0, lowest_pn=threshold - 3)
        send_throughout(segment, a, b, start=8, end=12, period=0.1)
        segment.run(15)
        run.require(f"{cipher}, {tired} ran low: a new SAK", newest(a) != before)
        run.require("secured", secured(a, b))
        run.require(f"{check_nothing_lost(a, b)} frames arrive", True)


@SUITE.case(
    "plan: primary/fallback CAK",
    "the primary CAK is lost at one end: the fallback carries; it is back: the primary carries",
    clause="802.1X 9.16",
)
def fallback(run: CaseRun) -> None:
    """Disable the primary CAK at one end, and enable it, under traffic."""
    segment = MkaSegment(run)
    a, b = (
        segment.add(
            name,
            [chain_key(bytes([1]) * 16, MAIN), chain_key(bytes([2]) * 16, FALLBACK, fallback=True)],
            key_server_priority=priority,
        )
        for name, priority in (("a", 10), ("b", 20))
    )
    segment.run(10)
    send_throughout(segment, a, b, start=10, end=50, period=0.25)
    for at, on, wanted in ((12, False, FALLBACK), (30, True, MAIN)):
        segment.run(at)
        b.kay.enable_key(b.station.now_ns, MAIN, on)
        b.station.settle()
        segment.run(at + 12)
        got = [member.principal.key.ckn for member in (a, b)]
        run.expect(f"key in use, primary {'on' if on else 'off'}", [wanted] * 2, got)
        run.require("secured", secured(a, b))
    segment.run(51)
    run.require(f"{check_nothing_lost(a, b)} frames arrive", True)


SUITE.not_applicable(
    "plan: COPP",
    "frames for the CPU of the switch are policed",
    "the policing of control traffic is in the ASIC and CPU of a switch, and nothing here has one",
)
SUITE.not_applicable(
    "plan: multi-ASIC, multi-DUT",
    "a chassis with several ASICs and line cards",
    "a chassis distributes ports over cards; one process has none",
)
