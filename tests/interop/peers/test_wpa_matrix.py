"""The matrix of `macsec tap --mka` and wpa_supplicant 2.10 with a Linux kernel: one table of cells.

    pytest tests/interop/peers/test_wpa_matrix.py

A cell differs from an ordinary link in one thing. `CANNOT` has the cells that wpa_supplicant or its
driver cannot do, each with the obstacle: there nothing passes, in the clear least of all.

A cell waits most of its time, so several run at once, each on a bench of its own. All start with
the first test: `--dist loadfile` of pytest-xdist keeps the tests of a file in one process.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from queue import Queue
from typing import Any, NamedTuple

import pytest
from interop.kernel_peer.bench import OURS, THEIRS, Bench, need, running
from interop.kernel_peer.supplicant import ROLES, Supplicant
from support.real import hosts
from support.real.hosts import EAPOL, MACSEC
from support.real.taps import Tap, mka_configuration

GCM_AES_128, GCM_AES_256 = "gcm-aes-128", "gcm-aes-256"
XPN = ("gcm-aes-xpn-128", "gcm-aes-xpn-256")
PING = ("ping", "-n", "-q", "-c", "3", "-i", "0.01", "-W", "1")
BENCHES = 8
"""Cells that run at once."""


class Obstacle(NamedTuple):
    """Reason why nothing passes, and the SAKs that wpa_supplicant counts."""

    why: str
    keys_received: int


NO_INSTALL = Obstacle("its driver leaves the device at GCM-AES-128, which refuses the SAK", 1)
NO_SUITE = Obstacle("its KaY knows no XPN suite and discards the SAK", 0)


@dataclass(frozen=True)
class Cell:
    """A link: what both ends have, and what is ours alone. `cannot`: why nothing passes."""

    name: str
    priorities: tuple[int, int]
    cak_octets: int = 16
    mka: dict[str, Any] = field(default_factory=dict)
    secy: dict[str, str] = field(default_factory=dict)
    our_mka: dict[str, Any] = field(default_factory=dict)
    our_secy: dict[str, str] = field(default_factory=dict)
    cannot: Obstacle | None = None


def in_both_roles(name: str, **more: Any) -> Iterator[Cell]:
    """Yield a cell with us as Key Server and one with us as member."""
    for role, priorities in ROLES.items():
        yield Cell(f"{name}, {role}", priorities, **more)


def ckn_lengths() -> Iterator[Cell]:
    """Yield a cell for each length of a CKN, from 1 to 32 octets."""
    for length in range(1, 33):
        ckn = bytes(range(1, length + 1)).hex()
        yield from in_both_roles(f"CKN of {length}", mka={"ckn": ckn})


def priorities() -> Iterator[Cell]:
    """Yield pairs of priorities; equal ones leave the election to the SCIs."""
    pairs = [(0, 255), (255, 0), (254, 255), (255, 254), (16, 17), (17, 16)]
    for ours, theirs in [*pairs, (0, 0), (16, 16), (127, 127), (255, 255)]:
        yield Cell(f"priorities {ours} and {theirs}", (ours, theirs))


def policies() -> Iterator[Cell]:
    """Yield policies and settings of ours that wpa_supplicant lacks and has to bear."""
    given: dict[str, dict[str, Any]] = {
        "must-secure": {"policy": "must-secure"},
        "should-secure": {"policy": "should-secure"},
        "delay protection": {"delay_protection": "on"},
        "ICV indicator": {"include_icv_indicator": "on"},
        "two ANs": {"ans": "2"},
        "capability 2": {"capability": "2"},
        "its suite alone": {"suites": [GCM_AES_128]},
    }
    for name, our_mka in given.items():
        yield from in_both_roles(name, our_mka=our_mka)


def windows() -> Iterator[Cell]:
    """Yield replay windows up to the last."""
    for window in ("0", "1", "64", "1000", "65535", "2147483648", "4294967295"):
        yield from in_both_roles(f"window {window}", secy={"window": window})
    yield from in_both_roles("no replay protection", secy={"replay": "off"})


def ports() -> Iterator[Cell]:
    """Yield ports of the SCIs."""
    for port in ("2", "255", "256", "4096", "65534"):
        yield from in_both_roles(f"port {port}", mka={"port": port})


def suites() -> Iterator[Cell]:
    """Yield suites with both lengths of CAK, encrypted and not; 2.10 has GCM-AES-128."""
    for octets in (16, 32):
        for encrypt in ("on", "off"):
            name = f"CAK of {octets}, encrypt {encrypt}"
            secy = {"encrypt": encrypt}
            yield from in_both_roles(f"{GCM_AES_128}, {name}", cak_octets=octets, secy=secy)
            for cipher in (GCM_AES_256, *XPN):
                more = {"cak_octets": octets, "secy": secy, "our_secy": {"cipher": cipher}}
                cells = in_both_roles(f"our {cipher}, {name}", **more)
                yield from (cell for cell in cells if cell.priorities == ROLES["member"])


def offsets() -> Iterator[Cell]:
    """Yield offsets that we prefer; wpa_supplicant announces that it has none, so 0 is used."""
    for offset in ("30", "50"):
        yield from in_both_roles(f"our offset {offset}", our_secy={"offset": offset})


SECURED = [
    *ckn_lengths(),
    *priorities(),
    *policies(),
    *windows(),
    *ports(),
    *suites(),
    *offsets(),
]
CANNOT = [
    Cell(
        f"{cipher}, CAK of {octets}, encrypt {encrypt}",
        ROLES["key server"],
        octets,
        our_secy={"cipher": cipher, "encrypt": encrypt},
        cannot=obstacle,
    )
    for cipher, obstacle in [(GCM_AES_256, NO_INSTALL), *((xpn, NO_SUITE) for xpn in XPN)]
    for octets in (16, 32)
    for encrypt in ("on", "off")
]


def returned(output: str) -> int:
    """Return the echoes that `ping` saw; none where it has no route."""
    return sum(map(int, re.findall(r"(\d+) received", output)))


@dataclass(frozen=True)
class Outcome:
    """The end of a cell: our status, theirs, the SAs of its kernel, echoes back, EtherTypes."""

    ours: dict[str, Any]
    theirs: dict[str, str]
    sas: list[Any]
    echoes: tuple[int, int]
    kinds: set[bytes]


class CellUnderTest:
    """Both ends of a cell, from its start to its end."""

    def __init__(self, bench: Bench, cell: Cell) -> None:
        self.bench = bench
        cak = os.urandom(cell.cak_octets).hex()
        ours, theirs = cell.priorities
        folder, secy = bench.folder, cell.secy | cell.our_secy
        our_config = mka_configuration(
            folder / "ours.yaml", cak, ours, cell.mka | cell.our_mka, **secy
        )
        their_config = mka_configuration(folder / "theirs.yaml", cak, theirs, cell.mka, **cell.secy)
        bench.wire.frames()
        self.wpa = Supplicant(bench, their_config)
        self.tap = Tap(bench.host, "kp0", our_config, OURS)

    def __enter__(self) -> CellUnderTest:
        return self

    def __exit__(self, *_: object) -> None:
        self.tap.close()
        self.wpa.end()

    def until(self, true: Callable[[], Any], what: str) -> None:
        """Wait until a condition is true; it asks processes, so not often."""
        hosts.until(true, what, self.tap.process, tick=0.25)

    def echoes(self) -> tuple[int, int]:
        """Return the echoes that came back to us, and to the kernel."""
        here = self.bench.host.run(*PING, THEIRS, code=None)
        there = self.bench.kernel.sh(" ".join((*PING, OURS)))[1]
        return returned(here), returned(there)

    def outcome(self, echoes: tuple[int, int]) -> Outcome:
        """Return the state now."""
        kinds = {frame[12:14] for frame in self.bench.wire.frames()}
        shown = self.bench.kernel.show()
        sas = [sa for sc in (shown, *shown["rx_sc"]) for sa in sc["sa_list"]]
        return Outcome(self.tap.status(), self.wpa.status(), sas, echoes, kinds)


def run(bench: Bench, cell: Cell) -> Outcome:
    """Start both ends; wait until both are secured, or have had time to be; send echoes."""
    with CellUnderTest(bench, cell) as link:
        if cell.cannot:
            link.until(lambda: link.tap.status()["counters"]["out-mkpdu"] >= 5, "a Life Time")
            return link.outcome(link.echoes())
        link.until(lambda: link.tap.secured, "we are secured")
        link.until(lambda: link.wpa.secured, "wpa_supplicant is secured")
        seen: list[tuple[int, int]] = []
        link.until(lambda: seen.append(link.echoes()) or all(seen[-1]), "echoes both ways")
        return link.outcome(seen[-1])


@pytest.fixture(scope="module")
def outcome_of(request, tmp_path_factory) -> Iterator[Callable[[Cell], Outcome]]:
    """Run the selected cells, several at once; return a function that waits for one."""
    need()
    cells = [
        item.callspec.params["cell"]
        for item in request.session.items
        if item.module is request.module and "outcome_of" in item.fixturenames
    ]
    with ExitStack() as stack, ThreadPoolExecutor(BENCHES) as pool:
        folders = [tmp_path_factory.mktemp("bench") for _ in cells[:BENCHES]]
        free: Queue[Bench] = Queue()
        for bench in pool.map(lambda folder: stack.enter_context(running(folder)), folders):
            free.put(bench)

        def on_a_free_bench(cell: Cell) -> Outcome:
            bench = free.get()
            try:
                return run(bench, cell)
            finally:
                free.put(bench)

        outcomes = {cell.name: pool.submit(on_a_free_bench, cell) for cell in cells}
        yield lambda cell: outcomes[cell.name].result()
        pool.shutdown(cancel_futures=True)


def named(cells: list[Cell]) -> Any:
    """Return the parameter of a table of cells."""
    return pytest.mark.parametrize("cell", [pytest.param(cell, id=cell.name) for cell in cells])


@named(SECURED)
def test_a_cell_is_secured_and_passes_frames(outcome_of, cell):
    """Both report it, and echoes of both sides come back; the Key Server is the elected one."""
    outcome = outcome_of(cell)
    assert outcome.ours["cipher"] == GCM_AES_128
    status, (ours, theirs) = outcome.ours["status"], cell.priorities
    elected = (ours, status["actor_sci"]) < (theirs, outcome.theirs["actor_sci"])
    assert status["Is Key Server"] == ("Yes" if elected else "No")
    assert len(outcome.sas) == 2
    assert MACSEC in outcome.kinds
    plain = outcome.kinds - {MACSEC, EAPOL}
    assert not plain or cell.our_mka.get("policy") == "should-secure"


@named(CANNOT)
def test_a_cell_that_wpa_supplicant_cannot_do_passes_nothing(outcome_of, cell):
    """Our SAK is distributed and its kernel has no SA; no echo returns, no plain frame is sent."""
    outcome = outcome_of(cell)
    status = outcome.ours["status"]
    assert status["Number of Keys Distributed"] == "1"
    assert outcome.ours["cipher"] == cell.our_secy["cipher"]
    received = outcome.theirs["Number of Keys Received"]
    assert received == str(cell.cannot.keys_received), cell.cannot.why
    assert outcome.sas == []
    assert outcome.echoes == (0, 0)
    assert outcome.kinds == {MACSEC, EAPOL}


def test_the_matrix_has_each_cell_once():
    """More than a hundred cells, each of its own name, and an obstacle for each that fails."""
    names = [cell.name for cell in (*SECURED, *CANNOT)]
    assert len(set(names)) == len(names) > 116
    assert all(cell.cannot for cell in CANNOT)
    assert not any(cell.cannot for cell in SECURED)
