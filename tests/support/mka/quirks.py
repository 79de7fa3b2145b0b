"""Exchanges of MKPDUs, each with one fault of the doctor's catalogue, and healthy ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from macsec.kay.keys.cak_holder import CakHolder
from macsec.kay.mkpdu.frame import seal
from macsec.kay.mkpdu.parameter_sets import Basic, KeyUse, PeerId, SakUse
from support.mka.members import Member, Sak, alice, bob, holder, sak_of

S = 1_000_000_000
OTHER_CAK = bytes(range(16, 32))
GROUPS = {"broadcast": b"\xff" * 6, "nearest": bytes.fromhex("0180C2000000")}


@dataclass
class Exchange:
    """Frames with their times in seconds, and the CAKs to read them with."""

    holders: list[CakHolder] = field(default_factory=lambda: [holder()])
    frames: list[tuple[float, bytes]] = field(default_factory=list)

    def say(self, seconds: float, frame: bytes) -> None:
        """Add a frame."""
        self.frames.append((seconds, frame))

    def in_order(self) -> list[tuple[int, bytes]]:
        """Return the frames by time in nanoseconds."""
        return [(int(seconds * S), frame) for seconds, frame in sorted(self.frames)]


def using(sak: Sak, transmits: bool = True, lowest_pn: int = 1, **more: Any) -> SakUse:
    """Return a report of the use of a SAK."""
    return SakUse(latest=KeyUse(sak.ki, sak.an, transmits, True, lowest_pn), **more)


def agree(
    exchange: Exchange,
    *,
    a: Member | None = None,
    b: Member | None = None,
    sak: Sak | None = None,
    each: float = 2.0,
    until: float = 14.0,
    of_a: dict[str, Any] | None = None,
    of_b: dict[str, Any] | None = None,
    b_uses: bool = True,
    a_transmits: bool = True,
) -> tuple[Member, Member, Sak]:
    """Add an agreement of A, the Key Server, with B; both then use the SAK."""
    a, b = a or alice(), b or bob()
    of_a, of_b = {"key_server": True, **(of_a or {})}, of_b or {}
    exchange.say(0.0, a.says(**of_a))
    exchange.say(0.1, b.says(potential=(PeerId(a.mi, a.mn),), **of_b))
    sak = sak or sak_of(a, [a, b])
    exchange.say(0.2, a.distributes(sak, b, **of_a))
    seconds = 0.2
    while seconds < until:
        use = {"use": using(sak)} if b_uses else {}
        exchange.say(seconds + 0.1, b.says(a, **(use | of_b)))
        exchange.say(seconds + each, a.says(b, **({"use": using(sak, a_transmits)} | of_a)))
        seconds += each
    return a, b, sak


def deaf(
    exchange: Exchange,
    a: Member,
    b: Member,
    of_a: dict[str, Any] | None = None,
    of_b: dict[str, Any] | None = None,
    b_hears: bool = False,
) -> None:
    """Add two members that do not list each other; or B lists A."""
    for seconds in range(0, 12, 2):
        exchange.say(seconds, a.says(key_server=True, **(of_a or {})))
        given = {"potential": (PeerId(a.mi, a.mn),)} if b_hears else {}
        exchange.say(seconds + 0.3, b.says(**given, **(of_b or {})))


# ---------------------------------------------------------------- healthy


def healthy(suite: str = "gcm-aes-128", **more: Any) -> Exchange:
    """Return an agreement without a fault."""
    exchange = Exchange()
    a, b = alice(), bob()
    version = {"version": 3, "xpn": True} if "xpn" in suite else {}
    of = {**version, **more}
    agree(exchange, a=a, b=b, sak=sak_of(a, [a, b], suite=suite), of_a=of, of_b=of)
    return exchange


def healthy_delay_protection() -> Exchange:
    """Return an agreement with delay protection at both ends, hellos each 0.5 s."""
    exchange = Exchange()
    a, b = alice(), bob()
    sak = sak_of(a, [a, b])
    use = {"use": using(sak, delay_protect=True)}
    agree(exchange, a=a, b=b, sak=sak, each=0.5, until=6, of_a=use, of_b=use)
    return exchange


def healthy_rekeys() -> Exchange:
    """Return an agreement with a new SAK each 30 s, round all ANs."""
    exchange = Exchange()
    a, b, _ = agree(exchange)
    for kn in range(2, 7):
        sak, start = sak_of(a, [a, b], kn=kn, an=(kn - 1) % 4), 30.0 * (kn - 1)
        exchange.say(start, a.distributes(sak, b, key_server=True))
        for step in range(14):
            exchange.say(start + 0.1 + 2 * step, b.says(a, use=using(sak)))
            exchange.say(start + 2 + 2 * step, a.says(b, key_server=True, use=using(sak)))
    return exchange


def healthy_slow_to_transmit() -> Exchange:
    """Return an agreement whose Key Server transmits from its third MKPDU on."""
    exchange = Exchange()
    a, b, sak = agree(exchange, until=4.0, a_transmits=False)
    for seconds in (6, 8, 10):
        exchange.say(seconds + 0.1, b.says(a, use=using(sak)))
        exchange.say(seconds + 0.2, a.says(b, key_server=True, use=using(sak)))
    return exchange


def healthy_with_one_loss() -> Exchange:
    """Return an agreement in which one MKPDU of B is missing."""
    exchange = Exchange()
    agree(exchange)
    b = bob().mac
    lost = next(one for one in exchange.frames if one[1][6:12] == b and one[0] > 6)
    exchange.frames.remove(lost)
    return exchange


def healthy_both_protect_delay() -> Exchange:
    """Return an agreement with delay protection at both ends, and each fourth hello of it."""
    exchange = Exchange()
    a, b = alice(), bob()
    sak = sak_of(a, [a, b])
    use = {"use": using(sak, delay_protect=True)}
    agree(exchange, a=a, b=b, sak=sak, of_a=use, of_b=use)
    return exchange


def healthy_hand_over() -> Exchange:
    """Return an agreement whose first Key Server stops to offer itself."""
    exchange = Exchange()
    a, b = alice(), bob(priority=32)
    exchange.say(0, a.says(key_server=True))
    exchange.say(0.1, b.says(a, key_server=True))
    exchange.say(0.2, a.says(b))
    sak = sak_of(b, [a, b])
    exchange.say(0.3, b.distributes(sak, a, key_server=True))
    for seconds in range(2, 10, 2):
        exchange.say(seconds, a.says(b, use=using(sak)))
        exchange.say(seconds + 0.1, b.says(a, key_server=True, use=using(sak)))
    return exchange


def healthy_first_moment() -> Exchange:
    """Return the first MKPDUs of two members, which crossed."""
    exchange = Exchange()
    exchange.say(0, alice().says(key_server=True))
    exchange.say(0, bob().says())
    return exchange


def healthy_late_mkpdu() -> Exchange:
    """Return a restart of B, with one MKPDU of its first life behind the first of the second."""
    exchange = Exchange()
    a, b = alice(), bob()
    exchange.say(0, a.says(key_server=True))
    exchange.say(0.1, b.says(a))
    exchange.say(0.3, b.says(a))
    again = bob(mi=b"bob's second")
    exchange.say(0.2, again.says(a))
    agree(exchange, a=alice(mn=3), b=again)
    return exchange


# ---------------------------------------------------------------- one fault each


def no_mkpdu() -> Exchange:
    """EAPOL-Start frames and no MKPDU."""
    exchange = Exchange()
    exchange.say(0, bytes.fromhex("0180C2000003020000000a01888e01010000") + bytes(42))
    return exchange


def _patched(at: int, value: int) -> Exchange:
    """An octet of A's frames is changed."""
    exchange = Exchange()
    a = alice()
    for seconds in range(0, 8, 2):
        frame = bytearray(a.says())
        frame[at] = value
        exchange.say(seconds, bytes(frame))
    return exchange


def cut_mkpdu() -> Exchange:
    """Frames of which the capture has 60 octets."""
    exchange = Exchange()
    agree(exchange)
    exchange.frames = [(seconds, frame[:60]) for seconds, frame in exchange.frames]
    return exchange


def _two_names(one: bytes, other: bytes) -> Exchange:
    exchange = Exchange([holder(ckn=one), holder(ckn=other)])
    deaf(exchange, alice(ckn=one), bob(ckn=other))
    return exchange


def ckn_one_end() -> Exchange:
    """A has a second key that B has not."""
    exchange = Exchange()
    agree(exchange)
    late = alice(ckn=b"the next key", mi=b"alice's next")
    for seconds in range(4, 14, 2):
        exchange.say(seconds + 0.5, late.says(key_server=True))
    return exchange


def two_chains() -> Exchange:
    """A has one CKN with two CAKs, B the first one."""
    exchange = Exchange()
    agree(exchange)
    other = alice(cak=OTHER_CAK, mi=b"alice, again")
    for seconds in range(0, 14, 2):
        exchange.say(seconds + 0.5, other.says(key_server=True))
    return exchange


def same_address() -> Exchange:
    """Two stations with one MAC address."""
    exchange = Exchange()
    one, other = alice(), alice(mi=b"who else? ..", priority=99)
    for seconds in range(0, 14, 2):
        exchange.say(seconds, one.says(key_server=True))
        exchange.say(seconds + 0.5, other.says())
    return exchange


def _deaf(**more: Any) -> Exchange:
    exchange = Exchange()
    deaf(exchange, alice(), bob(), **more)
    return exchange


def vlan_tags() -> Exchange:
    """B sends its MKPDUs in VLAN 7."""
    exchange = Exchange()
    deaf(exchange, alice(), bob(tags=bytes.fromhex("81000007")))
    return exchange


def wrong_cak() -> Exchange:
    """B has another CAK."""
    exchange = Exchange()
    deaf(exchange, alice(), bob(cak=OTHER_CAK))
    return exchange


def cak_of_file() -> Exchange:
    """All is well, but for the CAK that was given."""
    exchange = Exchange([holder(OTHER_CAK)])
    agree(exchange)
    return exchange


def alone() -> Exchange:
    """A alone."""
    exchange = Exchange()
    a = alice()
    for seconds in range(0, 14, 2):
        exchange.say(seconds, a.says(key_server=True))
    return exchange


class Reluctant(Member):
    """A member whose Basic set has other fields; `basic` has them."""

    basic: dict[str, Any]

    def mkpdu(self, *peers: Member, **more: Any) -> Any:
        """Return the next MKPDU with these fields."""
        from dataclasses import replace

        found = super().mkpdu(*peers, **more)
        changed: Basic = replace(found.basic, **self.basic)
        return replace(found, basic=changed)


def reluctant(basic: dict[str, Any], one: Member) -> Reluctant:
    """Return a member as another one, with other fields in its Basic set."""
    found = Reluctant(one.sci, one.mi, priority=one.priority)
    found.basic = basic
    return found


def not_desired() -> Exchange:
    """B has MACsec off."""
    exchange = Exchange()
    a, b = alice(), reluctant({"desired": False}, bob())
    for seconds in range(0, 14, 2):
        exchange.say(seconds, a.says(*([b] if seconds else []), key_server=True))
        exchange.say(seconds + 0.3, b.says(a))
    return exchange


def desired_off_in_use() -> Exchange:
    """B takes back its wish once it uses the SAK."""
    exchange = Exchange()
    a, b, sak = agree(exchange)
    changed = reluctant({"desired": False, "capability": 0, "mn": 0}, b)
    for seconds in range(16, 24, 2):
        b.mn += 1
        changed.basic["mn"] = b.mn
        exchange.say(seconds, changed.says(a, use=using(sak)))
    return exchange


def plain_ordered() -> Exchange:
    """A orders plain frames."""
    exchange = Exchange()
    a, b = alice(), bob()
    for seconds in range(0, 14, 2):
        exchange.say(seconds, a.says(*([b] if seconds else []), key_server=True, plain=seconds > 2))
        exchange.say(seconds + 0.3, b.says(a))
    return exchange


def no_server() -> Exchange:
    """Both hear each other, and neither offers to be Key Server."""
    exchange = Exchange()
    a, b = alice(priority=255), bob(priority=255)
    for seconds in range(0, 14, 2):
        exchange.say(seconds, a.says(*([b] if seconds else [])))
        exchange.say(seconds + 0.3, b.says(a))
    return exchange


def no_sak() -> Exchange:
    """A is Key Server and distributes nothing."""
    exchange = Exchange()
    a, b = alice(), bob()
    for seconds in range(0, 14, 2):
        exchange.say(seconds, a.says(*([b] if seconds else []), key_server=True))
        exchange.say(seconds + 0.3, b.says(a))
    return exchange


def server_tie() -> Exchange:
    """Both distribute in turn."""
    exchange = Exchange()
    a, b = alice(), bob()
    exchange.say(0, a.says(key_server=True))
    exchange.say(0.1, b.says(a, key_server=True))
    for kn in range(1, 4):
        mine, other = sak_of(a, [a, b], kn=kn), sak_of(b, [a, b], kn=kn)
        exchange.say(2 * kn, a.distributes(mine, b, key_server=True, use=using(mine)))
        exchange.say(2 * kn + 0.2, b.distributes(other, a, key_server=True, use=using(other)))
    return exchange


def election() -> Exchange:
    """B distributes, though A has the lower priority and is willing."""
    exchange = Exchange()
    a, b = alice(priority=200), bob(priority=10)
    b.priority, a.priority = 200, 10
    sak = sak_of(b, [a, b])
    exchange.say(0, a.says(key_server=True))
    exchange.say(0.1, b.says(a, key_server=True))
    exchange.say(0.2, a.says(b, key_server=True))
    exchange.say(0.3, b.distributes(sak, a, key_server=True))
    for seconds in range(2, 12, 2):
        exchange.say(seconds, a.says(b, key_server=True, use=using(sak)))
        exchange.say(seconds + 0.3, b.says(a, key_server=True, use=using(sak)))
    return exchange


def capability() -> Exchange:
    """A SAK with an offset of 30, B has capability 2."""
    exchange = Exchange()
    a, b = alice(), reluctant({"capability": 2}, bob())
    agree(exchange, a=a, b=b, sak=sak_of(a, [a, b], code=2))
    return exchange


def kn_reuse() -> Exchange:
    """A gives KN 1 to another SAK."""
    exchange = Exchange()
    a, b, _ = agree(exchange)
    again = sak_of(a, [a, b], kn=1, an=1, seed=9)
    for seconds in range(16, 28, 2):
        exchange.say(seconds, a.distributes(again, b, key_server=True))
        exchange.say(seconds + 0.3, b.says(a, use=using(again)))
    return exchange


def _refused(suite: str, version: int = 3, an: int = 0, before: bool = False) -> Exchange:
    exchange = Exchange()
    a, b = alice(), bob()
    if before:
        a, b, _ = agree(exchange)
    sak = sak_of(a, [a, b], kn=2, an=an, suite=suite)
    start = 16.0 if before else 0.2
    if not before:
        exchange.say(0.0, a.says(key_server=True, version=3))
        exchange.say(0.1, b.says(a, version=version))
    exchange.say(start, a.distributes(sak, b, key_server=True, version=3))
    for step in range(6):
        exchange.say(start + 0.3 + 2 * step, b.says(a, version=version))
        exchange.say(start + 2 + 2 * step, a.distributes(sak, b, key_server=True, version=3))
    return exchange


def stuck_transmit() -> Exchange:
    """B receives, and A never transmits."""
    exchange = Exchange()
    agree(exchange, a_transmits=False)
    return exchange


def ssci_order() -> Exchange:
    """A has the lower SCI, so that it is SSCI 2, and calls itself 1."""
    exchange = Exchange()
    a, b = alice(), bob()
    sak = sak_of(a, [a, b], suite="gcm-aes-xpn-256")
    of = {"version": 3, "xpn": True}
    agree(exchange, a=a, b=b, sak=sak, of_a={**of, "server_ssci": 1}, of_b=of)
    return exchange


def no_rekey() -> Exchange:
    """B reports a lowest PN near the end, and no SAK follows."""
    exchange = Exchange()
    a, b, sak = agree(exchange)
    for seconds in range(16, 32, 2):
        exchange.say(seconds, b.says(a, use=using(sak, lowest_pn=0xF000_0000 + seconds)))
        exchange.say(seconds + 0.3, a.says(b, key_server=True, use=using(sak)))
    return exchange


def slow_hello() -> Exchange:
    """A hello each 10 s, as transmit-interval 10000 of Junos."""
    exchange = Exchange()
    agree(exchange, each=10.0, until=60.0)
    return exchange


def lost_hellos() -> Exchange:
    """Four MKPDUs of B in a row are missing."""
    exchange = Exchange()
    agree(exchange, until=30.0)
    b = bob().mac
    lost = [one for one in exchange.frames if one[1][6:12] == b and 9 < one[0] < 16.5]
    exchange.frames = [one for one in exchange.frames if one not in lost]
    return exchange


def delay_protection() -> Exchange:
    """A protects against delay, B says hello each 2 s."""
    exchange = Exchange()
    a, b = alice(), bob()
    sak = sak_of(a, [a, b])
    agree(exchange, a=a, b=b, sak=sak, of_a={"use": using(sak, delay_protect=True)})
    return exchange


def replayed() -> Exchange:
    """An MKPDU of B comes again 10 s later."""
    exchange = Exchange()
    agree(exchange)
    b = bob().mac
    old = next(frame for seconds, frame in exchange.frames if frame[6:12] == b and seconds > 2)
    exchange.say(13.05, old)
    return exchange


def restarts() -> Exchange:
    """B starts again each 6 s."""
    exchange = Exchange()
    a = alice()
    exchange.say(0, a.says(key_server=True))
    for life in range(6):
        b, start = bob(mi=b"bob's life %d" % life), 0.1 + 6 * life
        for step in range(3):
            exchange.say(start + 2 * step, b.says(a))
            exchange.say(start + 2 * step + 0.1, a.says(b, key_server=True))
        if not life:
            sak = sak_of(a, [a, b])
            exchange.say(5, a.distributes(sak, b, key_server=True))
    return exchange


def sak_churn() -> Exchange:
    """A new SAK with each hello."""
    exchange = Exchange()
    a, b, _ = agree(exchange)
    for kn in range(2, 8):
        sak = sak_of(a, [a, b], kn=kn, an=(kn - 1) % 4)
        exchange.say(14 + kn, a.distributes(sak, b, key_server=True))
        exchange.say(14.3 + kn, b.says(a, use=using(sak)))
    return exchange


def one_sided() -> Exchange:
    """B's MKPDUs are not in the capture."""
    exchange = Exchange()
    agree(exchange)
    b = bob().mac
    exchange.frames = [one for one in exchange.frames if one[1][6:12] != b]
    return exchange


def malformed() -> Exchange:
    """MKPDUs with message number 0."""
    exchange = Exchange()
    a = alice()
    for seconds in range(0, 8, 2):
        made = a.mkpdu()
        frame = bytearray(seal(made, holder().icv))
        frame[42:46] = bytes(4)
        exchange.say(seconds, bytes(frame))
    return exchange


SCENES: dict[str, Callable[[], Exchange]] = {
    "no-mkpdu": no_mkpdu,
    "eapol-version": lambda: _patched(14, 2),
    "cut-mkpdu": cut_mkpdu,
    "malformed": malformed,
    "ckn-padding": lambda: _two_names(b"\x11", b"\x11" + bytes(31)),
    "ckn-text": lambda: _two_names(bytes.fromhex("ab12"), b"ab12"),
    "ckn-mismatch": lambda: _two_names(b"one", b"other"),
    "ckn-one-end": ckn_one_end,
    "two-chains": two_chains,
    "same-address": same_address,
    "destination": lambda: _deaf(of_b={"destination": GROUPS["broadcast"]}),
    "ethertype": lambda: _deaf(of_b={"ethertype": 0x876F}),
    "vlan-tags": vlan_tags,
    "icv-indicator": lambda: _deaf(of_a={"indicator": True}),
    "wrong-cak": wrong_cak,
    "cak-of-file": cak_of_file,
    "one-way": lambda: _deaf(b_hears=True),
    "filtered": _deaf,
    "alone": alone,
    "not-desired": not_desired,
    "desired-off-in-use": desired_off_in_use,
    "plain-ordered": plain_ordered,
    "no-server": no_server,
    "server-tie": server_tie,
    "election": election,
    "no-sak": no_sak,
    "capability": capability,
    "kn-reuse": kn_reuse,
    "suite-mismatch": lambda: _refused("gcm-aes-256"),
    "mka-version": lambda: _refused("gcm-aes-xpn-128", version=1),
    "two-ans": lambda: _refused("gcm-aes-128", an=2, before=True),
    "sak-not-used": lambda: _refused("gcm-aes-128"),
    "stuck-transmit": stuck_transmit,
    "ssci-order": ssci_order,
    "no-rekey": no_rekey,
    "slow-hello": slow_hello,
    "lost-hellos": lost_hellos,
    "delay-protection": delay_protection,
    "replayed": replayed,
    "restarts": restarts,
    "sak-churn": sak_churn,
    "one-sided": one_sided,
}
"""Each fault to an exchange that has it and no likelier one."""

HEALTHY: dict[str, Callable[[], Exchange]] = {
    "gcm-aes-128": healthy,
    "gcm-aes-256": lambda: healthy("gcm-aes-256"),
    "gcm-aes-xpn-256": lambda: healthy("gcm-aes-xpn-256"),
    "indicator": lambda: healthy(indicator=True),
    "wan header": lambda: healthy(destination=GROUPS["broadcast"], ethertype=0x876F),
    "delay protection": healthy_delay_protection,
    "rekeys": healthy_rekeys,
    "slow to transmit": healthy_slow_to_transmit,
    "one loss": healthy_with_one_loss,
    "both protect delay": healthy_both_protect_delay,
    "hand over": healthy_hand_over,
    "first moment": healthy_first_moment,
    "late MKPDU": healthy_late_mkpdu,
}
"""Exchanges without a fault."""
