"""The matrix of `macsec tap --mka` and wpa_supplicant 2.10 with a Linux kernel: one table of cells.

    pytest tests/interop/test_wpa_matrix.py

A cell differs from an ordinary link in one thing. `CANNOT` has the cells that wpa_supplicant or its
driver cannot do, each with the reason: there nothing passes, in the clear least of all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from interop.kernel_peer.supplicant import OURS, ROLES, THEIRS, Bench, Supplicant
from support import hosts
from support.hosts import EAPOL, MACSEC
from support.taps import Tap, mka_configuration

GCM_AES_128, GCM_AES_256 = "gcm-aes-128", "gcm-aes-256"
XPN = ("gcm-aes-xpn-128", "gcm-aes-xpn-256")
PING = ("ping", "-n", "-q", "-c", "3", "-i", "0.01", "-W")


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
    cannot: str = ""


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


SECURED = [*ckn_lengths(), *priorities(), *policies(), *windows(), *ports(), *suites()]

NO_INSTALL = "its KaY takes the SAK, its driver leaves the device at GCM-AES-128"
NO_SUITE = "its KaY knows no XPN suite and ignores the SAK"
NO_OFFSET = "its KaY takes the SAK, the kernel has no confidentiality offset"


def server_cell(name: str, cannot: str, cak_octets: int = 16, **secy: str) -> Cell:
    """Return a cell in which we are Key Server with controls that only we have."""
    return Cell(name, ROLES["key server"], cak_octets, our_secy=secy, cannot=cannot)


CANNOT = [
    *(
        server_cell(f"{cipher}, CAK of {octets}, encrypt {encrypt}", why, octets, **secy)
        for cipher, why in [(GCM_AES_256, NO_INSTALL), *((xpn, NO_SUITE) for xpn in XPN)]
        for octets in (16, 32)
        for encrypt in ("on", "off")
        for secy in ({"cipher": cipher, "encrypt": encrypt},)
    ),
    server_cell("offset 30", NO_OFFSET, offset="30"),
    server_cell("offset 50", NO_OFFSET, offset="50"),
]


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

    def echoes(self, patience_s: int) -> tuple[int, int]:
        """Return the echoes that came back to us, and to the kernel."""
        here = self.bench.host.run(*PING, str(patience_s), THEIRS, code=None)
        there = self.bench.kernel.sh(" ".join((*PING, str(patience_s), OURS)))[1]
        return 3 - hosts.missed(here), 3 - hosts.missed(there)

    def kinds(self) -> set[bytes]:
        """Return the EtherTypes that the cable carried."""
        return {frame[12:14] for frame in self.bench.wire.frames()}


def named(cells: list[Cell]) -> Any:
    """Return the parameter of a table of cells."""
    return pytest.mark.parametrize("cell", [pytest.param(cell, id=cell.name) for cell in cells])


@named(SECURED)
def test_a_cell_is_secured_and_passes_frames(bench, cell):
    """Both report it, and echoes of both sides come back."""
    with CellUnderTest(bench, cell) as link:
        hosts.until(lambda: link.tap.secured, "we are secured", link.tap.process)
        hosts.until(lambda: link.wpa.secured, "wpa_supplicant is secured")
        hosts.until(lambda: all(link.echoes(1)), "echoes both ways", link.tap.process)
        status = link.tap.status()
        assert status["cipher"] == GCM_AES_128
        ours, theirs = cell.priorities
        server = ours < theirs or (ours == theirs and status["status"]["actor_sci"] < "02:")
        if ours != theirs:
            assert status["status"]["Is Key Server"] == ("Yes" if server else "No")
        kinds = link.kinds()
    plain = kinds - {MACSEC, EAPOL}
    assert not plain or cell.our_mka.get("policy") == "should-secure"


@named(CANNOT)
def test_a_cell_that_wpa_supplicant_cannot_do_passes_nothing(bench, cell):
    """Our SAK is distributed; no echo comes back, and no plain frame is sent."""
    with CellUnderTest(bench, cell) as link:
        hosts.until(
            lambda: link.tap.status()["counters"]["out-sak-mkpdu"] >= 2,
            "SAKs are distributed",
            link.tap.process,
        )
        assert link.echoes(1) == (0, 0), cell.cannot
        assert link.wpa.secured == (cell.cannot is not NO_SUITE)
        assert link.kinds() <= {MACSEC, EAPOL}


def test_the_matrix_has_each_cell_once():
    """More than a hundred cells, each of its own name, and a reason for each that fails."""
    names = [cell.name for cell in (*SECURED, *CANNOT)]
    assert len(set(names)) == len(names) > 116
    assert all(cell.cannot for cell in CANNOT)
    assert not any(cell.cannot for cell in SECURED)
