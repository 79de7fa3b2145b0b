"""RxBasicParmSet and RxPeerList: members by their MIs, MNs, roles and lists."""

from __future__ import annotations

from functools import partial

from macsec.conformance.scenes import CKN, Actor, alone, member_of
from macsec.conformance.suites.case import CaseRun
from macsec.kay.counters import Reception
from macsec.kay.mkpdu.parameter_set import Opaque
from macsec.kay.mkpdu.parameter_sets import PeerId
from macsec.kay.policy import PeerRole

from .plan import MEMBER, OTHER_MI, SERVER, case, check_no_effect


def other_role(accepted: PeerRole, flag: bool, run: CaseRun) -> None:
    """Send an MKPDU with a Key Server flag that does not fit, then one that fits."""
    kay = alone(peer_role=accepted)
    actor = Actor(kay, SERVER)
    actor.drain()
    check_no_effect(run, kay, actor.frame(key_server=flag), Reception.OTHER_ROLE)
    run.expect("peers", [], kay.participants[CKN].peers.live)
    run.expect("the other role", Reception.ACCEPTED, actor.say(key_server=not flag))


case("RxBasicParmSet.PeerKeyServerIgnored", "a server only of clients ignores another Key Server")(
    partial(other_role, PeerRole.CLIENT, True)
)
case("RxBasicParmSet.PeerKeyClientIgnored", "a client only of a server ignores another client")(
    partial(other_role, PeerRole.SERVER, False)
)


@case(
    "RxBasicParmSet.MICollision_DifferentSCI",
    "our MI from another SCI: we take another MI",
    clause="802.1X 9.4.2",
)
def mi_of_another(run: CaseRun) -> None:
    """Use the MI of the KaY at another station."""
    kay = alone()
    actor = Actor(kay, SERVER)
    actor.drain()
    ours = actor.listens
    run.expect("reception", Reception.OTHER_SCI, actor.say(mi=ours.mi, live=()))
    run.require("our MI is another one", actor.listens.mi != ours.mi)
    run.expect("renewed", 1, kay.counters["mi-renewed"])
    run.expect("MN of the next MKPDU", [1], [each.basic.mn for each in actor.drain()])


@case("RxBasicParmSet.MICollision_SameSCI", "our own SCI: dropped, and our MI stays")
def own_sci(run: CaseRun) -> None:
    """Send back what the KaY could have sent."""
    kay = alone()
    actor = Actor(kay, SERVER)
    actor.drain()
    for mi in (actor.listens.mi, OTHER_MI):
        frame = actor.frame(sci=kay.sci, mi=mi, live=())
        check_no_effect(run, kay, frame, Reception.REFLECTED)
    run.expect("renewed", 0, kay.counters["mi-renewed"])


@case("RxBasicParmSet.NewPotentialPeer", "an unknown MI is a potential peer, with its attributes")
def potential_peer(run: CaseRun) -> None:
    """Send an MKPDU that does not list the KaY."""
    kay = alone()
    actor = Actor(kay, SERVER)
    actor.drain()
    actor.say(live=(), priority=7, capability=2, desired=False, key_server=True)
    (peer,) = kay.participants[CKN].peers.potential
    run.expect("MI, MN and SCI", (actor.mi, actor.mn, actor.sci), (peer.mi, peer.mn, peer.sci))
    basic = peer.basic
    run.require("its Basic set is kept", basic is not None)
    if basic is not None:
        wanted = (7, 2, False, True)
        found = (basic.priority, basic.capability, basic.desired, basic.key_server)
        run.expect("priority, capability, desired, Key Server", wanted, found)


@case("RxBasicParmSet.PeerWithDifferentSciDiscarded", "a known MI with another SCI: dropped")
def other_sci(run: CaseRun) -> None:
    """Move an MI to another station."""
    kay, actor = member_of()
    check_no_effect(run, kay, actor.frame(sci=MEMBER), Reception.OTHER_SCI)


@case(
    "RxBasicParmSet.PeerWithDifferentMiDiscarded",
    "a known SCI with another MI waits beside the first until it is live",
)
def restarted_peer(run: CaseRun) -> None:
    """Restart the actor."""
    kay, actor = member_of()
    peers = kay.participants[CKN].peers
    again = Actor(kay, actor.sci, OTHER_MI)
    again.say(live=())
    lists = [each.mi for each in peers.live], [each.mi for each in peers.potential]
    run.expect("live and potential MIs", ([actor.mi], [OTHER_MI]), lists)
    again.say()
    lists = [each.mi for each in peers.live], [each.mi for each in peers.potential]
    run.expect("once it lists us", ([OTHER_MI], []), lists)


@case("RxBasicParmSet.PeerWithMnRepeated", "an MN that does not rise: dropped")
def repeated_mn(run: CaseRun) -> None:
    """Repeat the last MN, and earlier ones."""
    kay, actor = member_of()
    for mn in (actor.mn, actor.mn - 1, 1):
        check_no_effect(run, kay, actor.frame(mn=mn), Reception.OLD_MN)


@case("RxBasicParmSet.PeerWithMnInSequence", "an MN that rises, also by more than 1: accepted")
def rising_mn(run: CaseRun) -> None:
    """Leave MNs out."""
    kay, actor = member_of()
    for step in (1, 2, 1000):
        actor.mn += step
        run.expect("reception", Reception.ACCEPTED, actor.say(mn=actor.mn))
    run.expect("MN", actor.mn, kay.participants[CKN].peers.live[0].mn)


# -------------------------------------------------------------------- lists


@case("RxPeerList.InvalidPeerListBodySize", "a list of no multiple of 16 octets is not read")
def broken_list(run: CaseRun) -> None:
    """Send lists of 1, 15, 17 and 30 octets."""
    kay, actor = member_of()
    for kind in (1, 2):
        for length in (1, 15, 17, 30):
            frame = actor.frame(live=(), sets=[Opaque(kind, 0, bytes(length))])
            check_no_effect(run, kay, frame, Reception.MALFORMED)


def without_us(listed: tuple[PeerId, ...], run: CaseRun) -> None:
    """Send a list without the KaY."""
    kay = alone()
    actor = Actor(kay, SERVER)
    actor.drain()
    run.expect("reception", Reception.ACCEPTED, actor.say(live=listed))
    run.expect("live peers", [], kay.participants[CKN].peers.live)
    run.expect("potential", [actor.mi], [each.mi for each in kay.participants[CKN].peers.potential])


case("RxPeerList.EmptyPeerListBodySize", "a peer whose list is empty is not live")(
    partial(without_us, ())
)
case("RxPeerList.ListWithDifferentMI", "a peer that lists others only is not live")(
    partial(without_us, (PeerId(OTHER_MI, 1),))
)


@case("RxPeerList.ListWithSameMIandFutureMN", "an MN that we never sent: no proof, another MI")
def future_mn(run: CaseRun) -> None:
    """List the KaY with an MN above its last one."""
    kay = alone()
    actor = Actor(kay, SERVER)
    actor.drain()
    ours = actor.listens
    actor.say(live=(PeerId(ours.mi, ours.mn + 1),))
    run.expect("live peers", [], kay.participants[CKN].peers.live)
    run.require("our MI is another one", actor.listens.mi != ours.mi)


@case("RxPeerList.ListWithSameMIbutNotRecentMN", "an MN of more than a Life Time ago: no proof")
def old_mn(run: CaseRun) -> None:
    """List the KaY with its first MN when it is seven seconds old."""
    kay = alone()
    actor = Actor(kay, SERVER)
    actor.drain()
    first = actor.listens
    for _ in range(14):
        actor.later(0.5)
        actor.drain()
    run.require("it has sent more since", actor.listens.mn > first.mn)
    actor.say(live=(first,))
    run.expect("live peers", [], kay.participants[CKN].peers.live)
    run.expect("counted", 1, kay.counters["in-mkpdu-peer-list-errors"])
    run.expect("our MI", first.mi, actor.listens.mi)


@case("RxPeerList.PeerTransitionToLiveInstallSAK", "live and a SAK in one MKPDU: installed")
def live_with_a_sak(run: CaseRun) -> None:
    """Distribute a SAK in the MKPDU that makes the sender live."""
    kay = alone(key_server_priority=200)
    actor = Actor(kay, SERVER)
    actor.drain()
    run.expect("reception", Reception.ACCEPTED, actor.distribute())
    actor.drain()
    run.expect("live peers", [actor.mi], [each.mi for each in kay.participants[CKN].peers.live])
    run.require("secured", kay.secured)
    run.expect("SAKs received", 1, kay.counters["keys-received"])
