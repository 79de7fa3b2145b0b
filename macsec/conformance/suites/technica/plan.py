"""The plan, to which the modules of this folder add their cases; steps that they share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from macsec.conformance.scenes import Actor, alone, sci_of_name, snapshot
from macsec.conformance.suites.case import CaseRun, Suite
from macsec.kay.counters import Reception
from macsec.kay.kay import Kay

SUITE = Suite("technica", "Technica MKAdaemon", "Technica-Engineering/MKAdaemon e9fcfc1, test/pae")

case = partial(SUITE.case, on_data_plane=False)
"""A case of the KaY alone: it has no frames of users."""

OTHER_MI = b"another's MI"
SERVER, MEMBER = sci_of_name("a"), sci_of_name("z")
"""SCIs of an actor: one that is elected before the KaY at equal priority, and one after it."""

Spoil = Callable[[bytes], bytes]


def octet(at: int, value: int) -> Spoil:
    """Return a function that replaces one octet of a frame."""
    return lambda frame: frame[:at] + bytes([value]) + frame[at + 1 :]


def check_no_effect(
    run: CaseRun, kay: Kay, frame: bytes, reception: Reception, now_ns: int = 0
) -> None:
    """Check that a frame is refused for this reason, adds to its counter, and changes nothing."""
    before, counts = snapshot(kay), dict(kay.counters)
    run.expect("reception", reception, kay.receive_mkpdu(now_ns, frame))
    run.require("no state of the KaY changes", snapshot(kay) == before)
    moved = {name: n - counts[name] for name, n in kay.counters.items() if n != counts[name]}
    run.expect("counters that rose", {reception.value: 1}, moved)


def check_offer_refused(run: CaseRun, kay: Kay, actor: Actor, counter: str, **offer: Any) -> None:
    """Check that a distributed SAK is refused, adds to a counter, and changes no key."""
    before, count = snapshot(kay), kay.counters[counter]
    run.expect("reception", Reception.ACCEPTED, actor.distribute(**offer))
    run.require("no state of the KaY changes", snapshot(kay) == before)
    run.expect(counter, count + 1, kay.counters[counter])
    actor.drain()
    run.require("the keys stay", snapshot(kay)["keys"] == before["keys"])


def joined(server: bool = False, **policy: Any) -> tuple[Kay, Actor]:
    """Return a KaY and a live actor, which is the Key Server or a member; no SAK yet."""
    kay = alone(**policy)
    actor = Actor(kay, SERVER if server else MEMBER)
    actor.drain()
    actor.say(key_server=server, priority=1 if server else 200)
    return kay, actor
