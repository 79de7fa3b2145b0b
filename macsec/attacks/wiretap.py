"""Wiretaps: which User Data can be read on the wire, and when."""

from __future__ import annotations

from macsec.secy import Verdict
from macsec.suites import SUITES
from macsec.terms import ADDRESSES_LENGTH

from .attack import LISTEN, Attack
from .craft import DATA_AT, ETHERTYPE
from .scene import Scene
from .setting import MAC, Setting

CANARY = b"canary: not for the wire"
INNER_TYPES = (b"\x08\x00", b"\x86\xdd", b"\x08\x06", b"\x81\x00", b"\x88\xcc")
"""IPv4, IPv6, ARP, a VLAN tag, LLDP."""
PADDING = 64
"""Octets of User Data before the canary: past the greatest confidentiality offset."""


class WiretapEncrypted(Attack):
    """Reads every frame on the wire and searches for the canary and for EtherTypes.

    It needs only the wire. Confidentiality (10.5.4, 14.5) protects against it.
    """

    name = "wiretap"
    does = "reads every frame on the wire"
    needs = LISTEN
    clause = "10.5.4, 14.5"
    why = "User Data, its EtherType included, is encrypted; only addresses and SecTAG are in clear"

    def act(self, scene: Scene) -> None:
        """Expect to see only EtherType 88-E5 and text that differs from the clear frames."""
        clear = _canaries(scene)
        wire = scene.send(scene.sender(), clear)
        scene.deliver(scene.receiver(), wire, Verdict.OK)
        scene.require(_types(wire) == {ETHERTYPE}, "an EtherType other than 88-E5 was seen")
        scene.require(not _sees_canary(wire), "the canary was seen")
        scene.require(
            not any(_inner_type(clear, wire, at) for at in (ADDRESSES_LENGTH, DATA_AT)),
            "the EtherTypes of the User Data were seen",
        )
        scene.note(f"seen: EtherType {_hex(_types(wire))} and no canary in {len(wire)} frames")


class WiretapIntegrity(Attack):
    """Reads frames that are protected, but not encrypted.

    It needs only the wire, and succeeds: integrity alone hides nothing (9.5, E clear).
    """

    name = "wiretap-integrity"
    does = "reads every frame on the wire, encryption off"
    needs = LISTEN
    clause = "9.5, 14.5"
    why = "integrity alone hides nothing: the User Data is in clear behind the SecTAG"

    def act(self, scene: Scene) -> None:
        """Read every clear frame behind its SecTAG."""
        clear = _canaries(scene)
        wire = scene.send(scene.sender(encrypt=False), clear)
        scene.deliver(scene.receiver(encrypt=False), wire, Verdict.OK)
        scene.require(_types(wire) == {ETHERTYPE}, "an EtherType other than 88-E5 was seen")
        scene.require(_sees_canary(wire), "the canary was not seen")
        scene.require(_inner_type(clear, wire, DATA_AT), "the EtherTypes were not seen")
        scene.note(f"seen: the canary in all {len(wire)} frames")


class WiretapOffset(Attack):
    """Reads the octets before the confidentiality offset.

    It needs only the wire, and succeeds for these octets only (14.5).
    """

    name = "wiretap-offset"
    does = "reads every frame on the wire, confidentiality offset 30"
    needs = LISTEN
    clause = "14.5, 10.7.25"
    why = "the first 30 octets of User Data are authenticated but not encrypted"
    offset = 30

    def lacks(self, setting: Setting) -> str | None:
        """Refuse XPN suites, which have no offset."""
        return None if SUITES[setting.cipher].offsets[-1] else "an XPN suite has no offset (14.7)"

    def act(self, scene: Scene) -> None:
        """Read the first 30 octets, but not the canary behind them."""
        clear = _canaries(scene)
        wire = scene.send(scene.sender(offset=self.offset), clear)
        scene.deliver(scene.receiver(offset=self.offset), wire, Verdict.OK)
        shown = slice(DATA_AT, DATA_AT + self.offset)
        hidden = slice(ADDRESSES_LENGTH, ADDRESSES_LENGTH + self.offset)
        pairs = list(zip(clear, wire, strict=True))
        scene.require(all(w[shown] == c[hidden] for c, w in pairs), "the offset is not in clear")
        scene.require(not _sees_canary(wire), "the canary was seen")
        scene.note("seen: the EtherTypes and 28 octets behind them, no canary")


class WiretapUnprotected(Attack):
    """Reads the wire of a station with protectFrames off, for comparison.

    It needs only the wire, and reads everything (10.5, protectFrames False).
    """

    name = "wiretap-unprotected"
    does = "reads every frame on the wire, protection off"
    needs = LISTEN
    clause = "10.5"
    why = "with protectFrames off the frames are sent unchanged"

    def act(self, scene: Scene) -> None:
        """Read every frame; a receiver in mode Check accepts it untagged."""
        clear = _canaries(scene)
        wire = scene.send(scene.sender(protect=False), clear)
        scene.deliver(scene.receiver(validate="check"), wire, Verdict.UNTAGGED)
        scene.require(wire == clear, "the frames are not the clear ones")
        scene.require(_types(wire) == set(INNER_TYPES), "the EtherTypes were not seen")
        scene.require(_sees_canary(wire), "the canary was not seen")
        scene.note(f"seen: EtherTypes {_hex(_types(wire))} and the canary in every frame")


def _canaries(scene: Scene) -> list[bytes]:
    """Return clear frames of all inner types, four of each, with the canary in their text."""
    head = MAC["B"] + MAC["A"]
    return [
        head + kind + scene.draw(f"text {kind.hex()} {at}", PADDING) + CANARY
        for kind in INNER_TYPES
        for at in range(4)
    ]


def _types(wire: list[bytes]) -> set[bytes]:
    return {frame[ADDRESSES_LENGTH : ADDRESSES_LENGTH + 2] for frame in wire}


def _sees_canary(wire: list[bytes]) -> bool:
    return any(CANARY in frame for frame in wire)


def _inner_type(clear: list[bytes], wire: list[bytes], at: int) -> bool:
    """Return whether the frames on the wire have the clear EtherTypes at this place."""
    pairs = zip(clear, wire, strict=True)
    return all(w[at : at + 2] == c[ADDRESSES_LENGTH : ADDRESSES_LENGTH + 2] for c, w in pairs)


def _hex(types: set[bytes]) -> str:
    return ", ".join(sorted(kind.hex("-").upper() for kind in types))


ATTACKS = (WiretapEncrypted(), WiretapIntegrity(), WiretapOffset(), WiretapUnprotected())
