"""The KaYs of a lab in real time, on socket pairs, with a clock that a test advances."""

from __future__ import annotations

import random
import select
import socket
from collections.abc import Iterator
from contextlib import closing
from itertools import count

import pytest
from support.mka.kays import CAK, chain_key, policy_of, sci_of_name
from support.planes import Plane, frame_of

from macsec.errors import MACsecError
from macsec.kay.kay import Kay
from macsec.kay.keys.keychain import ChainKey
from macsec.lab.link_state import LinkEnd, LinkState, LinkStatus
from macsec.lab.real.agreements import Agreements
from macsec.live.eapol import Eapol
from macsec.port import Agreement
from macsec.secy import SecY

PATIENCE_MS = 20_000
Wires = tuple[Eapol, Eapol]


class Gate:
    """A SecY, and the gate of its pump."""

    def __init__(self, secy: SecY) -> None:
        self.secy = secy
        self.opened = self.stuck = False

    def open(self, opened: bool) -> None:
        """Open or close it; a stuck one cannot open."""
        if self.stuck and opened:
            raise MACsecError("the gate is stuck")
        self.opened = opened


@pytest.fixture
def wires() -> Iterator[Wires]:
    """Return both ends of a cable for MKPDUs."""
    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    a.setblocking(False)
    b.setblocking(False)
    with closing(Eapol(a)) as first, closing(Eapol(b)) as second:
        yield first, second


@pytest.fixture
def gates(plane: Plane) -> Iterator[list[Gate]]:
    """Return a gate for each end, and wipe its keys at the end."""
    made = [Gate(plane.secy()), Gate(plane.secy())]
    yield made
    for gate in made:
        gate.secy.close()


def ends_of(
    wires: Wires, gates: list[Gate], keys: tuple[ChainKey, ChainKey] | None = None
) -> list[LinkEnd]:
    """Return two ends; `a` becomes the Key Server."""
    chains = keys or (chain_key(), chain_key())
    ends = []
    for at, name in enumerate("ab"):
        kay = Kay(sci_of_name(name), [chains[at]], random.Random(at).randbytes, policy_of())
        ends.append(LinkEnd(Agreement(kay, gates[at].secy, wires[at].send, gates[at].open)))
    return ends


def driven(ends: list[LinkEnd], wires: Wires, tick_ns: int) -> Agreements:
    """Return agreements whose clock advances by a tick at each look."""
    ticks = count(5_000, tick_ns)
    return Agreements(list(zip(ends, wires, strict=True)), lambda: next(ticks))


def are_secured(agreements: Agreements, patience_ms: int = PATIENCE_MS) -> bool:
    """Return whether all ends were secured before the patience was over."""
    poll = select.poll()
    poll.register(agreements, select.POLLIN)
    return bool(poll.poll(patience_ms))


def state_of(ends: list[LinkEnd]) -> LinkState:
    """Return the state of the link."""
    return LinkState.of(("left", "right"), ends)


def test_both_ends_of_a_link_are_secured(wires: Wires, gates: list[Gate]) -> None:
    """Both gates open, each SecY validates the other's frames; the CAKs are wiped at the end."""
    ends = ends_of(wires, gates)
    with driven(ends, wires, 1_000_000) as agreements:
        assert are_secured(agreements)
        agreements.check()
        with agreements.lock:
            state = state_of(ends)
            sent = gates[0].secy.protect_frame(frame_of(60))
            assert sent is not None
            assert gates[1].secy.validate_frame(sent)[1] == frame_of(60)
    assert [gate.opened for gate in gates] == [True, True]
    assert (state.status, state.server, state.rekeys) == (LinkStatus.SECURED, "left", 0)
    assert state.sak is not None
    assert state.sak.ckn == chain_key().name
    with pytest.raises(MACsecError):
        ends[0].kay.chain.active(0)[0].holder.icv(b"")


def test_different_caks_keep_both_gates_closed(wires: Wires, gates: list[Gate]) -> None:
    """MKPDUs arrive with a wrong ICV, and nothing is secured."""
    ends = ends_of(wires, gates, (chain_key(), chain_key(CAK[::-1])))
    later = select.poll()
    with driven(ends, wires, 500_000_000) as agreements:
        while True:
            with agreements.lock:
                heard = [end.kay.counters["in-mkpdu-icv-verification-errors"] for end in ends]
            if min(heard) > 1:
                break
            later.poll(1)
        assert not are_secured(agreements, 0)
        state = state_of(ends)
    assert [gate.opened for gate in gates] == [False, False]
    assert (state.status, state.secured_ns, state.sak) == (LinkStatus.CLOSED, None, None)


def test_check_reports_a_failure_of_the_thread(wires: Wires, gates: list[Gate]) -> None:
    """A gate that fails ends the thread; `check` raises its error, and the lab ends."""
    ends = ends_of(wires, gates)
    gates[1].stuck = True
    later = select.poll()
    message = ""
    with driven(ends, wires, 1_000_000) as agreements:
        while not message:
            later.poll(1)
            try:
                agreements.check()
            except MACsecError as error:
                message = str(error)
    assert message == "key agreement ended: the gate is stuck"


def test_a_change_from_outside_wakes_the_thread(gates: list[Gate]) -> None:
    """It waits a day for a CAK of the next week; with one of now it sends hello after hello."""
    later = chain_key(start=7 * 86_400)
    sent: list[bytes] = []
    kay = Kay(sci_of_name("a"), [later], random.Random(0).randbytes, policy_of())
    end = LinkEnd(Agreement(kay, gates[0].secy, sent.append, gates[0].open))
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    ticks = count(5_000, 3_000_000_000)
    wait = select.poll()
    with (
        closing(theirs),
        closing(Eapol(ours)) as silent,
        Agreements([(end, silent)], lambda: next(ticks)) as agreements,
    ):
        wait.poll(50)  # it waits by now, on most machines
        with agreements.changing():
            kay.add_key(agreements.now_ns(), chain_key(ckn=b"now"))
            end.agreement.settle(agreements.now_ns())
        for _ in range(PATIENCE_MS):
            if len(sent) > 9:
                break
            wait.poll(1)
    assert len(sent) > 9


def test_without_key_agreement_all_ends_are_secured_at_once() -> None:
    """Links with static keys alone: there is nothing to wait for."""
    with Agreements([], lambda: 0) as agreements:
        assert are_secured(agreements)
