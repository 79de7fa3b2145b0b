"""Two members and a Key Server, among hostile MKPDUs with right ICVs, in virtual time.

`Fuzz` sends; after every MKPDU it checks that the KaY came to rest, that its timers go on, that the
SecY refused nothing, and that no SAK is sent with twice. `check_memory` checks the bounds of what
the KaYs keep.
"""

from __future__ import annotations

import random
import struct
from collections import deque
from collections.abc import Callable
from typing import Any

from macsec.kay.kay import Kay
from macsec.kay.membership.peers import LIVE_LIMIT, PAST_LIMIT, POTENTIAL_LIMIT
from macsec.kay.mkpdu.parameter_sets import ALGORITHM_AGILITY
from macsec.kay.secy_side import actions
from macsec.kay.secy_side.actions import Action
from macsec.kay.secy_side.associations import RECEIVERS_LIMIT
from macsec.keys import Key
from macsec.port import Agreement
from macsec.secy import SecY
from macsec.suites import SUITES
from support.mka.kays import CKN, chain_key, policy_of, sci_of_name

MS, HELLO_NS = 10**6, 2 * 10**9
REST = 1500
"""Actions and MKPDUs of one KaY at one time: two keys with all receivers, and MKPDUs."""

SAKS_KEPT = 6
"""SAKs that come again and again, among fresh ones."""

DONE_KEPT = 5000
"""Actions that are kept for a look at the life of each SA; a short run has fewer."""

NAMES = (("a", 10), ("b", 20), ("c", 30))
PNS = (0, 1, 2, 5, 1000, 2**31, 0xBFFFFFFF, 0xC0000000, 2**32 - 2, 2**32 - 1)
EDGES = (0, 1, 2, 3, 2**16, 0xFFFFFF00, 2**32 - 1)
SCIS = (2**64 - 1, 0, 1, 0x0252_0000_0000_0000, *(sci_of_name(name) for name, _ in NAMES))
STEPS_NS = (0,) * 16 + (MS, 20 * MS, 20 * MS, 500 * MS) * 2 + (HELLO_NS, 7 * 10**9)
SUITE_CODES = [*(suite.identifier for suite in SUITES.values()), 0x0080020001000001, 99]


class Victim:
    """A KaY with its SecY; `sent`: the check values of the SAKs that it could send with."""

    def __init__(self, fuzz: Fuzz, name: str, **policy: Any) -> None:
        self.fuzz, self.name = fuzz, name
        self.sci = sci_of_name(name)
        kay = Kay(self.sci, [chain_key()], fuzz.random.randbytes, policy_of(**policy))
        self.secy = SecY()
        self.agreement = Agreement(kay, self.secy, self.send)
        self.work = 0
        self.sent: set[str] = set()
        self.done: deque[Action] = deque(maxlen=DONE_KEPT)
        self.said_ns = 0
        self.perform = self.agreement.port.perform
        self.agreement.port.perform = self.note  # type: ignore[method-assign]
        self.agreement.start(0)

    @property
    def kay(self) -> Kay:
        """Its KaY."""
        return self.agreement.kay

    def note(self, action: Action) -> bool:
        """Count an action, and perform it: no SAK becomes a transmit SA twice."""
        self.work += 1
        self.done.append(action)
        assert self.work < REST, f"{self.name} never comes to rest"
        if isinstance(action, actions.CreateTransmitSA):
            assert action.key.check_value not in self.sent, f"{self.name} sends with a SAK again"
            self.sent.add(action.key.check_value)
        done = self.perform(action)
        assert done, f"{self.name}: the SecY refused {action}"
        return done

    def send(self, frame: bytes) -> None:
        """Put an MKPDU on the segment."""
        self.work += 1
        assert self.work < REST, f"{self.name} never stops sending"
        self.said_ns = self.fuzz.now_ns
        self.fuzz.record(self, frame)

    def rested(self, call: Callable[..., object], *arguments: object) -> None:
        """Call the agreement, and check that it came to rest and has a time to go on."""
        now_ns, self.work = self.fuzz.now_ns, 0
        call(now_ns, *arguments)
        due_ns = self.agreement.next_timeout_ns()
        assert due_ns is not None, f"{self.name} has no time to go on"
        assert now_ns < due_ns <= now_ns + HELLO_NS, f"{self.name} goes on at the wrong time"
        assert now_ns - self.said_ns <= HELLO_NS, f"{self.name} has fallen silent"


class Fuzz:
    """One segment; all of a run follows from its seed."""

    def __init__(self, seed: int, cipher: str, protects: bool) -> None:
        self.random = random.Random(f"{seed}/{cipher}/{protects}")
        self.now_ns = 0
        self.heard = 0
        self.secured = 0
        self.genuine: deque[tuple[Victim, bytes]] = deque()
        self.past: deque[bytes] = deque(maxlen=200)
        self.holder = chain_key().holder
        self.wrapped: deque[bytes] = deque(maxlen=SAKS_KEPT)
        self.mns: dict[bytes, int] = {}
        self.mis = [b"hostile MI %d" % number for number in range(2)]
        self.kn = 0
        self.victims = [
            Victim(
                self, name, key_server_priority=priority, cipher=cipher, delay_protection=protects
            )
            for name, priority in NAMES
        ]

    def record(self, sender: Victim, frame: bytes) -> None:
        """Take an MKPDU of one of the three."""
        self.genuine.append((sender, frame))

    def run(self, count: int) -> None:
        """Go on until n MKPDUs were heard in all."""
        while self.heard < count:
            self.pass_time(self.random.choice(STEPS_NS))
            self.deliver()
            self.attack()
            if not self.heard & 63:
                self.wear(self.random.choice(self.victims))

    def pass_time(self, step_ns: int) -> None:
        """Let time pass, from timeout to timeout."""
        end_ns = self.now_ns + step_ns
        while step_ns:
            due = [(victim.agreement.next_timeout_ns() or 0, victim) for victim in self.victims]
            due_ns, victim = min(due, key=lambda pair: pair[0])
            if due_ns > end_ns:
                break
            self.now_ns = max(self.now_ns, due_ns)
            victim.rested(victim.agreement.settle)
            self.deliver()
        self.now_ns = end_ns

    def deliver(self) -> None:
        """Deliver the MKPDUs of the three to the others; some are lost."""
        for _ in range(60):
            if not self.genuine:
                break
            sender, frame = self.genuine.popleft()
            self.past.append(frame)
            for victim in self.victims:
                if victim is not sender and self.random.random() > 0.05:
                    self.hear(victim, frame)
        self.genuine.clear()

    def hear(self, victim: Victim, frame: bytes) -> None:
        """Give an MKPDU to one KaY."""
        self.heard += 1
        self.secured += victim.kay.secured
        victim.rested(victim.agreement.hear, frame)

    def attack(self) -> None:
        """Send one MKPDU of a member that keeps no rule, or one of the past."""
        victim = self.random.choice(self.victims)
        past = self.past and self.random.random() < 0.1
        self.hear(victim, self.random.choice(self.past) if past else self.hostile(victim))

    def wear(self, victim: Victim) -> None:
        """Send a frame of a user, or bring a transmit SA near its last PN."""
        sa = victim.secy.tx.sa.get(victim.secy.controls.encodingsa)
        if sa is not None and self.random.random() < 0.05:
            limit = victim.secy.controls.cipher.pn_limit
            victim.secy.raise_tx_pn(sa.an, max(sa.next_pn, limit - self.random.choice((1, 2**30))))
        victim.agreement.port.request(bytes(60))
        victim.rested(victim.agreement.settle)

    # ---------------------------------------------------------------- a hostile MKPDU

    def hostile(self, victim: Victim) -> bytes:
        """Return an MKPDU with a right ICV, made for one KaY."""
        rng = self.random
        if rng.random() < 0.02:
            self.mis[rng.randrange(2)] = rng.randbytes(12)
        mi, sci = self.sender(victim)
        serves = rng.random() < 0.3
        bits = (0 if serves else 255) << 4 | serves << 3 | rng.choice((4, 4, 4, 0))
        bits |= rng.choice((0, 1, 2, 3, 3, 3, 3))
        head = rng.choice((1, 2, 3)) << 24 | bits << 12 | 28 + len(CKN)
        mn = self.next_mn(mi)
        basic = struct.pack(">IQ12sI", head, sci, mi, mn) + ALGORITHM_AGILITY + CKN
        body = basic + self.sets(victim, mi)
        eapol = b"\x88\x8e\x03\x05" + (len(body) + 16).to_bytes(2)
        signed = b"\x01\x80\xc2\x00\x00\x03" + sci.to_bytes(8)[:6] + eapol + body
        return signed + self.holder.icv(signed)

    def sender(self, victim: Victim) -> tuple[bytes, int]:
        """Return MI and SCI of a sender: most often its own, sometimes those of another."""
        rng = self.random
        draw = rng.random()
        which = rng.randrange(2)
        if draw < 0.85:
            return self.mis[which], 0x0A00_0000_0000_0001 | which << 16
        if draw < 0.95:
            return self.mis[which], rng.choice((*SCIS, rng.getrandbits(64)))
        other = rng.choice(self.victims)
        return next(iter(other.kay.participants.values())).identity.mi, other.sci

    def next_mn(self, mi: bytes) -> int:
        """Return the next MN of an MI, now and then any."""
        if self.random.random() < 0.01:
            return self.random.choice(EDGES[1:])
        self.mns[mi] = self.mns.get(mi, 0) + 1
        if len(self.mns) > 100:
            del self.mns[next(iter(self.mns))]
        return self.mns.get(mi, 1)

    def sets(self, victim: Victim, mi: bytes) -> bytes:
        """Return the sets behind Basic, in any order."""
        rng = self.random
        identity = next(iter(victim.kay.participants.values())).identity
        peers = identity.mi + (identity.mn if rng.random() < 0.97 else rng.choice(EDGES)).to_bytes(
            4
        )
        for _ in range(rng.choice((0, 0, 0, 1, 3))):
            peers += rng.choice((*self.mis, rng.randbytes(12))) + rng.choice(EDGES).to_bytes(4)
        found = [parameter_set(rng.choice((1, 1, 1, 2)), rng.choice((0, 1, 255)) << 4, peers)]
        if rng.random() < 0.6:
            found.append(self.use(victim, mi))
        if rng.random() < 0.3:
            found.append(self.distributed())
        if rng.random() < 0.3:
            uppers = b"".join(rng.choice(PNS).to_bytes(4) for _ in range(2))
            found.append(parameter_set(8, rng.choice((0, 0, 120, 255)) << 4, uppers))
        if rng.random() < 0.05:
            odd = rng.randbytes(rng.choice((0, 1, 4, 20, 41)))
            found.append(parameter_set(rng.choice((3, 4, 5, 6, 7, 8, 9, 254)), 0xFFF, odd))
        if rng.random() < 0.1:
            rng.shuffle(found)
        return b"".join(found)

    def use(self, victim: Victim, mi: bytes) -> bytes:
        """Return a SAK Use set: keys of the KaY, our own, and others; edges of PNs."""
        rng = self.random
        known = [slot.ki.mi + slot.ki.kn.to_bytes(4) for slot in victim.kay.cp.slots()]
        known += [mi + self.kn.to_bytes(4), bytes(16), rng.randbytes(16)]
        body = b"".join(rng.choice(known) + rng.choice(PNS).to_bytes(4) for _ in range(2))
        return parameter_set(3, rng.getrandbits(12), body)

    def distributed(self) -> bytes:
        """Return a Distributed SAK set: fresh SAKs, SAKs of before, KNs that rise and fall."""
        rng = self.random
        self.kn += rng.choice((0, 1, 1, 1))
        kn = self.kn if rng.random() < 0.9 else rng.choice(EDGES)
        if not self.wrapped or rng.random() < 0.3:
            octets = rng.randbytes(rng.choice((16, 16, 32)))
            self.wrapped.append(self.holder.wrap(Key(octets)))
        wrapped = rng.choice(self.wrapped)
        body = kn.to_bytes(4)
        if len(wrapped) > 24 or rng.random() < 0.5:
            body += rng.choice(SUITE_CODES).to_bytes(8)
        bits = rng.randrange(4) << 10 | rng.choice((1, 1, 1, 0, 2, 3)) << 8
        return parameter_set(4, bits, b"" if rng.random() < 0.05 else body + wrapped)

    # ---------------------------------------------------------------- bounds

    def check_memory(self) -> None:
        """Check the number of everything that the KaYs keep; private where no other way shows."""
        for victim in self.victims:
            kay = victim.kay
            assert len(kay.participants) == 1
            peers = next(iter(kay.participants.values())).peers
            assert len(peers.live) <= LIVE_LIMIT
            assert len(peers.potential) <= POTENTIAL_LIMIT + LIVE_LIMIT
            assert len(peers._past) <= PAST_LIMIT
            assert len(kay._associations._saks) <= 3
            assert len(kay._associations._receivers) <= 3
            assert len(kay._associations._lowest) <= 3 * RECEIVERS_LIMIT
            assert all(len(each) < 200 for each in kay._pns._samples.values())
            assert len(kay._pns._samples) <= 3
            assert len(victim.secy.rx) <= 2 * RECEIVERS_LIMIT
            assert len(victim.sent) <= 8 + self.now_ns / (6 * 10**9)


def parameter_set(kind: int, bits: int, body: bytes) -> bytes:
    """Return the octets of a set with its header and padding."""
    return (kind << 24 | bits << 12 | len(body)).to_bytes(4) + body + bytes(-len(body) % 4)


CASES = tuple((cipher, protects) for cipher in SUITES for protects in (False, True))
"""Every suite, without delay protection and with it."""

CHECKED_EVERY = 1000


def run_case(seed: int, cipher: str, protects: bool, count: int) -> Fuzz:
    """Run one case until n MKPDUs were heard, and check the memory of the KaYs on the way."""
    fuzz = Fuzz(seed, cipher, protects)
    for heard in [*range(CHECKED_EVERY, count, CHECKED_EVERY), count]:
        fuzz.run(heard)
        fuzz.check_memory()
    return fuzz
