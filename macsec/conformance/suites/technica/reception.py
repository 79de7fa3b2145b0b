"""RxValidation: frames that are not for the KaY, malformed, or not authentic."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from macsec.conformance.scenes import CKN, Actor, alone, chain_key, member_of
from macsec.conformance.suites.case import CaseRun
from macsec.errors import ConfigError, CustodyError
from macsec.kay.counters import Reception
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.kay.keys.keychain import ChainKey
from macsec.kay.mkpdu.frame import Mkpdu, decode, seal
from macsec.kay.mkpdu.parameter_sets import IcvIndicator
from macsec.keys import Key

from .plan import SERVER, Spoil, case, check_no_effect, octet


def _cut(length: int) -> Spoil:
    """Return a function that cuts the body to n octets, with a length field that says so."""
    return lambda frame: frame[:16] + length.to_bytes(2) + frame[18 : 18 + length]


_NOT_OURS, _BROKEN = "a frame that is not for the KaY: dropped", "a malformed MKPDU: dropped"
_SPOILT: tuple[tuple[str, str, Spoil, Reception], ...] = (
    ("NoFrame", _NOT_OURS, lambda _: b"", Reception.NOT_MKA),
    ("UnhandledEthertype", _NOT_OURS, octet(12, 0x08), Reception.NOT_MKA),
    ("FrameTooShortForEAPOL", _NOT_OURS, lambda frame: frame[:17], Reception.NOT_MKA),
    ("InvalidEAPOLVersion", _NOT_OURS, octet(14, 2), Reception.NOT_MKA),
    ("NonMKAPdu", _NOT_OURS, octet(15, 0), Reception.NOT_MKA),
    ("FrameTooShortForMKA", _BROKEN, lambda frame: frame[:40], Reception.MALFORMED),
    ("MKPDULessThan32Octets", _BROKEN, _cut(28), Reception.MALFORMED),
    ("MKPDUNonMultipleOf4", _BROKEN, _cut(46), Reception.MALFORMED),
    ("CKNTooShort", _BROKEN, octet(21, 28), Reception.MALFORMED),
    ("CKNTooLarge", _BROKEN, octet(21, 61), Reception.MALFORMED),
    ("ICVdoesNotFit", _BROKEN, _cut(72), Reception.MALFORMED),
    (
        "IndividualTargetAddress",
        "an individual destination address: dropped",
        octet(0, 0),
        Reception.INDIVIDUAL,
    ),
    (
        "AlgorithmAgilityMismatch",
        "another algorithm agility: dropped",
        octet(46, 1),
        Reception.UNKNOWN_AGILITY,
    ),
    (
        "ICVwithoutIndication_CalculationMismatch",
        "a wrong ICV, without an ICV Indicator: dropped",
        lambda frame: frame[:-1] + bytes([frame[-1] ^ 1]),
        Reception.BAD_ICV,
    ),
)


@case("RxValidation.ChannelDisabled", "a port that is disabled takes nothing", clause="802.1X 9.4")
def channel_disabled(run: CaseRun) -> None:
    """Disable the KaY, and send it what it would take."""
    kay, actor = member_of()
    frame = actor.frame(key_server=True, priority=1)
    kay.set_enabled(0, False)
    actor.drain()
    check_no_effect(run, kay, frame, Reception.DISABLED)
    run.expect("MKPDUs that it sends", [], actor.drain())


@case("RxValidation.ActorDisabled", "a participant that is disabled takes nothing")
def actor_disabled(run: CaseRun) -> None:
    """Disable the participant of the CKN."""
    kay, actor = member_of()
    frame = actor.frame(key_server=True, priority=1)
    kay.enable_key(0, CKN, False)
    actor.drain()
    check_no_effect(run, kay, frame, Reception.UNKNOWN_CKN)
    run.expect("MKPDUs that it sends", [], actor.drain())


def spoilt(spoil: Spoil, reception: Reception, run: CaseRun) -> None:
    """Send a good MKPDU that was spoilt to a KaY that is secured."""
    kay, actor = member_of()
    check_no_effect(run, kay, spoil(actor.frame()), reception)
    run.expect("a good MKPDU after it", Reception.ACCEPTED, actor.say())


for _id, _demand, _spoil, _reception in _SPOILT:
    case(f"RxValidation.{_id}", _demand, clause="802.1X 11.11.2")(
        partial(spoilt, _spoil, _reception)
    )


@case("RxValidation.UnsupportedVersion", "a later MKA version is read like ours")
def later_version(run: CaseRun) -> None:
    """Say version 99."""
    kay = alone()
    actor = Actor(kay, SERVER)
    actor.drain()
    run.expect("reception", Reception.ACCEPTED, actor.say(version=99))
    run.expect("live peers", [actor.mi], [each.mi for each in kay.participants[CKN].peers.live])


def other_ckn(ckn: bytes, run: CaseRun) -> None:
    """Name another CKN, under the same CAK."""
    kay, actor = member_of()
    check_no_effect(run, kay, actor.frame(ckn=ckn), Reception.UNKNOWN_CKN)


case("RxValidation.CKNNameMismatch_1", "a CKN of another length: dropped")(
    partial(other_ckn, CKN[:3])
)
case("RxValidation.CKNNameMismatch_2", "a CKN of the same length: dropped")(
    partial(other_ckn, CKN[::-1])
)


class _BrokenHolder(MemoryHolder):
    """A holder that cannot verify an ICV."""

    def icv_valid(self, octets: bytes, given: bytes) -> bool:
        raise CustodyError("the token was removed")


@case(
    "RxValidation.ICVwithIndication_CalculationError",
    "an ICV that cannot be computed, with an ICV Indicator: dropped",
)
def broken_holder(run: CaseRun) -> None:
    """Take the CAK away from a KaY that receives an MKPDU."""
    kay = alone([ChainKey(_BrokenHolder(Key(bytes(range(16))), CKN))])
    actor = Actor(kay, SERVER)
    actor.drain()
    check_no_effect(run, kay, actor.frame(indicator=True), Reception.BAD_ICV)


@case(
    "RxValidation.ICVwithIndication_CalculationMismatch",
    "a wrong ICV, with an ICV Indicator: dropped",
)
def wrong_icv(run: CaseRun) -> None:
    """Change an octet of the ICV, and one before it."""
    kay, actor = member_of()
    for at in (-1, -16, 30):
        frame = bytearray(actor.frame(indicator=True))
        frame[at] ^= 2
        check_no_effect(run, kay, bytes(frame), Reception.BAD_ICV)


def right_icv(indicator: bool, behind: bytes, run: CaseRun) -> None:
    """Send a good MKPDU."""
    kay, actor = member_of()
    frame = actor.frame(indicator=indicator) + behind
    run.expect("reception", Reception.ACCEPTED, kay.receive_mkpdu(0, frame))


case(
    "RxValidation.ICVwithIndication_CalculationOk", "a right ICV, with an ICV Indicator: accepted"
)(partial(right_icv, True, b""))
case("RxValidation.ICVwithoutIndication_CalculationOk", "a right ICV, without Indicator: accepted")(
    partial(right_icv, False, b"")
)
case("RxValidation.WithL2TrailingBytes_CalculationOk", "octets behind the EAPOL body: accepted")(
    partial(right_icv, False, bytes(20))
)


@case(
    "RxValidation.ICVwithIndication_CalculationOk_RestOfFrameDiscarded",
    "with an ICV Indicator the ICV is where it says, and nothing behind it is read",
)
def rest_is_not_read(run: CaseRun) -> None:
    """Put octets that look like another set behind the body, and a set behind the Indicator."""
    kay, actor = member_of()
    good = actor.frame(indicator=True)
    run.expect(
        "octets behind", Reception.ACCEPTED, kay.receive_mkpdu(0, good + b"\x04\x50\0\0" + bytes(8))
    )
    mkpdu = decode(actor.frame(indicator=True))
    if isinstance(mkpdu, Mkpdu):
        moved = replace(mkpdu, sets=(IcvIndicator(), *mkpdu.sets[:-1]))
        check_no_effect(run, kay, seal(moved, actor.holder.icv), Reception.MALFORMED)


@case("RxValidation.NoMultipleParticipants", "a single participant: a second CKN is refused")
def one_participant(run: CaseRun) -> None:
    """Add a second CKN, with the option and without it."""
    second = chain_key(ckn=b"second")
    kay = alone(single_participant=True)
    try:
        kay.add_key(0, second)
        refused = False
    except ConfigError:
        refused = True
    run.require("the second CKN is refused", refused)
    run.expect("participants", [CKN], list(kay.participants))
    many = alone()
    many.add_key(0, second)
    run.expect("participants without the option", 2, len(many.participants))
