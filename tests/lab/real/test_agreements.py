"""The KaYs of a lab in real time, on socket pairs, with a clock that a test advances."""

from __future__ import annotations

import random
import select
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import count

import pytest
from support.kays import CAK, chain_key, policy_of, sci_of_name
from support.planes import Plane, frame_of

from macsec.errors import MACsecError
from macsec.kay.kay import Kay
from macsec.kay.keychain import ChainKey
from macsec.lab.link_state import Standing, State
from macsec.lab.real.agreements import AgreedEnd, Agreements
from macsec.live.eapol import Eapol
from macsec.secy import SecY

PATIENCE_MS = 20_000


@dataclass
class Gate:
    """What a pump is to key agreement: a SecY, and a door."""

    secy: SecY
    opened: bool = False
    stuck: bool = False

    def open(self, opened: bool) -> None:
        """Open or close it."""
        if self.stuck and opened:
            raise MACsecError("the door is stuck")
        self.opened = opened


@pytest.fixture
def wires() -> Iterator[tuple[Eapol, Eapol]]:
    """A cable for MKPDUs."""
    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    a.setblocking(False)
    b.setblocking(False)
    with closing(Eapol(a)) as first, closing(Eapol(b)) as second:
        yield first, second


def ends_of(
    wires: tuple[Eapol, Eapol], plane: Plane, keys: tuple[ChainKey, ChainKey] | None = None
) -> tuple[list[AgreedEnd], list[Gate]]:
    """Two ends, `a` the Key Server."""
    gates = [Gate(plane.secy()), Gate(plane.secy())]
    chains = keys or (chain_key(), chain_key())
    ends = []
    for at, name in enumerate("ab"):
        kay = Kay(sci_of_name(name), [chains[at]], random.Random(at).randbytes, policy_of())
        ends.append(AgreedEnd(kay, gates[at], wires[at]))  # type: ignore[arg-type]
    return ends, gates


def is_secured(agreements: Agreements) -> bool:
    """Whether all ends were secured, before the patience was over."""
    poll = select.poll()
    poll.register(agreements, select.POLLIN)
    return bool(poll.poll(PATIENCE_MS))


def test_two_ends(wires: tuple[Eapol, Eapol], plane: Plane) -> None:
    """Both doors open, and what one protects the other validates; the CAKs are wiped at the end."""
    ends, gates = ends_of(wires, plane)
    ticks = count(5_000, 1_000_000)
    with Agreements(ends, lambda: next(ticks)) as agreements:
        assert is_secured(agreements)
        agreements.check()
        with agreements.lock:
            standing = Standing.of(("left", "right"), ends)
            sent = gates[0].secy.protect_frame(frame_of(60))
            assert sent is not None
            assert gates[1].secy.validate_frame(sent)[1] == frame_of(60)
    assert [gate.opened for gate in gates] == [True, True]
    assert (standing.state, standing.server, standing.rekeys) == (State.SECURED, "left", 0)
    assert standing.sak is not None
    assert standing.sak.ckn == chain_key().name
    with pytest.raises(MACsecError):
        ends[0].kay.chain.active(0)[chain_key().ckn].holder.icv(b"")
    for gate in gates:
        gate.secy.close()


def test_caks_that_differ(wires: tuple[Eapol, Eapol], plane: Plane) -> None:
    """Some MKPDUs with a wrong ICV later no door is open."""
    ends, gates = ends_of(wires, plane, (chain_key(), chain_key(CAK[::-1])))
    ticks = count(0, 500_000_000)
    later = select.poll()
    with Agreements(ends, lambda: next(ticks)) as agreements:
        while True:
            with agreements.lock:
                heard = [end.kay.counters["in-mkpdu-icv-verification-errors"] for end in ends]
            if min(heard) > 1:
                break
            later.poll(1)
        poll = select.poll()
        poll.register(agreements, select.POLLIN)
        assert not poll.poll(0)
        standing = Standing.of(("left", "right"), ends)
    assert [gate.opened for gate in gates] == [False, False]
    assert (standing.state, standing.secured_ns, standing.sak) == (State.CLOSED, None, None)
    for gate in gates:
        gate.secy.close()


def test_a_failure_is_told(wires: tuple[Eapol, Eapol], plane: Plane) -> None:
    """By `check`: the lab ends then."""
    ends, gates = ends_of(wires, plane)
    gates[1].stuck = True
    ticks = count(0, 1_000_000)
    later = select.poll()
    told = ""
    with Agreements(ends, lambda: next(ticks)) as agreements:
        while not told:
            later.poll(1)
            try:
                agreements.check()
            except MACsecError as error:
                told = str(error)
    assert told == "key agreement ended: the door is stuck"
    for gate in gates:
        gate.secy.close()


def test_without_ends() -> None:
    """Static links only: there is nothing to wait for."""
    with Agreements([], lambda: 0) as agreements:
        assert is_secured(agreements)
