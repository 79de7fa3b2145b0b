"""A KaY alone, and a member whose MKPDUs are made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from macsec.conformance.outcome import require
from macsec.kay.counters import Reception
from macsec.kay.kay import Kay
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.kay.keys.keychain import ChainKey
from macsec.kay.keys.sak import KI
from macsec.kay.mkpdu.frame import Mkpdu, compose, decode, seal
from macsec.kay.mkpdu.parameter_sets import Basic, DistributedSak, KeyUse, PeerId, SakUse
from macsec.kay.secy_side.actions import Action
from macsec.keys import Key
from macsec.time_units import NS_PER_S

from .segment import CAK, CKN, chain_key, entropy_of, policy_of, sci_of_name

POLLS_LIMIT = 2000
"""Polls of a KaY at one time, far more than it can have actions and MKPDUs for."""


class Actor:
    """A member with the CAK whose MKPDUs a test makes by hand. `kay` is the KaY under test."""

    def __init__(
        self,
        kay: Kay,
        sci: int,
        mi: bytes = b"actor's MI..",
        cak: bytes = CAK,
        ckn: bytes = CKN,
    ) -> None:
        self.kay, self.ckn = kay, ckn
        self.sci, self.mi, self.mn = sci, mi, 0
        self.holder = MemoryHolder(Key(cak), ckn)
        self.now_ns = 0
        self.heard: list[Mkpdu] = []
        self.actions: list[Action] = []

    def drain(self) -> list[Mkpdu]:
        """Poll the KaY until it has no action and no MKPDU left; return its MKPDUs."""
        said: list[Mkpdu] = []
        for polls in range(POLLS_LIMIT):
            require(polls < POLLS_LIMIT - 1, "rest", "the KaY never comes to rest")
            action = self.kay.poll_action()
            if action is not None:
                self.actions.append(action)
                continue
            frame = self.kay.poll_transmit(self.now_ns)
            if frame is not None:
                mkpdu = decode(frame)
                require(isinstance(mkpdu, Mkpdu), "mkpdu", "the KaY sent what is no MKPDU")
                if isinstance(mkpdu, Mkpdu) and mkpdu.basic.ckn == self.ckn:
                    valid = self.holder.icv_valid(mkpdu.signed, mkpdu.icv)
                    require(valid, "icv", "the KaY sent an MKPDU with a wrong ICV")
                    said.append(mkpdu)
            elif (action := self.kay.poll_action()) is not None:
                self.actions.append(action)
            else:
                break
        self.heard += said
        return said

    @property
    def listens(self) -> PeerId:
        """The KaY as an entry of a peer list: its MI, and its last MN."""
        identity = self.kay.participants[self.ckn].identity
        return PeerId(identity.mi, identity.mn)

    def frame(self, *, ckn: bytes | None = None, mn: int | None = None, **more: Any) -> bytes:
        """Return an MKPDU; by default it lists the KaY, and does not offer to serve."""
        if mn is None:
            mn = self.mn = self.mn + 1
        names = ("sci", "mi", "version", "priority", "key_server", "desired", "capability")
        own: dict[str, Any] = {"sci": self.sci, "mi": self.mi} | {
            n: more.pop(n) for n in names if n in more
        }
        basic = Basic(mn=mn, ckn=ckn or self.ckn, **own)
        lists = {"live": (self.listens,)} if "live" not in more else {}
        extra = more.pop("sets", ())
        mkpdu = compose(basic, **(lists | more))
        return seal(replace(mkpdu, sets=mkpdu.sets + tuple(extra)), self.holder.icv)

    def say(self, **more: Any) -> Reception:
        """Send an MKPDU to the KaY; return the reception."""
        return self.kay.receive_mkpdu(self.now_ns, self.frame(**more))

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.now_ns += round(seconds * NS_PER_S)

    def stay(self, seconds: float, **said: Any) -> None:
        """Let time pass, and send an MKPDU every half second."""
        for _ in range(round(seconds * 2)):
            self.later(0.5)
            self.say(**said)
            self.drain()

    def distribute(
        self,
        *,
        kn: int = 1,
        an: int = 0,
        code: int = 1,
        sak: bytes = bytes(range(16)),
        suite: int | None = None,
        wrapped: bytes | None = None,
        **more: Any,
    ) -> Reception:
        """Distribute a SAK as Key Server."""
        given = DistributedSak(an, code, kn, suite, wrapped or self.holder.wrap(Key(sak)))
        return self.say(**{"key_server": True, "priority": 1, "distributed": given} | more)


def alone(keys: Sequence[ChainKey] | None = None, **policy: Any) -> Kay:
    """Return a KaY without peers, enabled at 0."""
    own = [chain_key()] if keys is None else keys
    kay = Kay(sci_of_name("k"), own, entropy_of("alone"), policy_of(**policy))
    kay.set_enabled(0, True)
    return kay


def member_of(**policy: Any) -> tuple[Kay, Actor]:
    """Return a KaY that follows an actor: secured with its SAK, KN 1, AN 0."""
    kay = alone(**policy)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.say(key_server=True, priority=1)
    actor.drain()
    actor.distribute()
    actor.drain()
    used = KeyUse(KI(actor.mi, 1), 0, True, True, 1)
    actor.say(key_server=True, priority=1, use=SakUse(latest=used))
    actor.drain()
    _check_role(kay, is_server=False)
    return kay, actor


def server_of(**policy: Any) -> tuple[Kay, Actor]:
    """Return a KaY that is the Key Server of an actor, which has reported the SAK."""
    kay = alone(**policy)
    actor = Actor(kay, sci_of_name("z"))
    actor.drain()
    actor.say(priority=200)
    actor.drain()
    actor.say(priority=200, use=reported(kay))
    actor.drain()
    _check_role(kay, is_server=True)
    return kay, actor


def _check_role(kay: Kay, is_server: bool) -> None:
    require(kay.secured, "secured", "the KaY did not become secured")
    role = kay.principal is not None and kay.principal.is_server
    require(role is is_server, "role", f"Key Server: {role}, wanted {is_server}")


def reported(kay: Kay, lowest_pn: int = 1, **more: Any) -> SakUse:
    """Return SAK Use of a member with the KaY's newest key."""
    slot = kay.cp.slots()[0]
    return SakUse(latest=KeyUse(slot.ki, slot.an, True, True, lowest_pn), **more)


def snapshot(kay: Kay) -> dict[str, Any]:
    """Return all state that an MKPDU could change, without counters."""
    return {
        "principal": kay.principal and kay.principal.key.ckn,
        "port": (kay.secured, kay.cp.state, kay.cp.controlled, kay.cp.connect),
        "keys": [(slot.ki, slot.an, slot.receives, slot.transmits) for slot in kay.cp.slots()],
        "pending": kay.cp.inputs.new_sak and kay.cp.inputs.new_sak.ki,
        "members": {
            ckn: (
                participant.identity.mi,
                participant.server,
                {peer.mi for peer in participant.peers.live},
                {peer.mi for peer in participant.peers.potential},
            )
            for ckn, participant in kay.participants.items()
        },
    }
