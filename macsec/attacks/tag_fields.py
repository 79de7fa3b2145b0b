"""Other values for whole fields of the SecTAG, and for the ICV (9.5 to 9.12)."""

from __future__ import annotations

from collections.abc import Iterator

from macsec.frames.sectag import AN_MASK, TCI
from macsec.secy import Verdict
from macsec.terms import ICV_LENGTH, SCI_NONE, SHORT_LENGTH_LIMIT

from . import craft
from .attack import CUT, Attack
from .bits import TARGET_PN, target
from .scene import Scene
from .setting import SCI

OK, NOT_VALID, BAD_TAG, LATE = Verdict.OK, Verdict.NOT_VALID, Verdict.BAD_TAG, Verdict.LATE
NO_SCI, UNCONTROLLED = Verdict.NO_SCI, Verdict.UNCONTROLLED

Forgeries = Iterator[tuple[bytes, Verdict]]


class Edit(Attack):
    """Captures a frame and delivers it with other values in one field, then unchanged."""

    needs = CUT
    SHORT = 30
    """Octets of User Data of a frame that has an SL."""

    def act(self, scene: Scene) -> None:
        """Deliver all forgeries, then the frame itself: no PN may have moved."""
        a, b, captured = target(scene)
        (short,) = scene.send(a, scene.clear(1, self.SHORT))
        forged = list(self.forgeries(scene, captured))
        scene.deliver(b, [frame for frame, _ in forged], [end for _, end in forged])
        scene.deliver(b, [captured], OK)
        forged = list(self.short_forgeries(scene, short))
        scene.deliver(b, [frame for frame, _ in forged], [end for _, end in forged])
        scene.deliver(b, [short], OK)

    def forgeries(self, scene: Scene, frame: bytes) -> Forgeries:
        """Yield forgeries, with verdicts, of a frame with at least 48 octets of Secure Data."""
        raise NotImplementedError

    def short_forgeries(self, scene: Scene, frame: bytes) -> Forgeries:
        """Yield forgeries of a frame with an SL; none if SL makes no difference."""
        yield from ()


class EditAN(Edit):
    """Relabels a frame with the other ANs, one of which is in use with a SAK of its own."""

    name = "edit-an"
    does = "relabels a frame with every other AN; AN 1 is in use, with another SAK"
    clause = "10.6.1, 10.6.5"
    why = "AN 2 and 3 are not in use, and AN 1 has another SAK"

    def act(self, scene: Scene) -> None:
        """Expect AN 1 to stay at its first PN."""
        pn = scene.first_pn
        a, b = scene.sender(pn=pn), scene.receiver({"A": {0: "sak", 1: "next sak"}}, pn)
        (captured,) = scene.send(a, scene.clear(1))
        forged = [craft.with_an(captured, an) for an in (1, 2, 3)]
        scene.deliver(b, forged, [NOT_VALID, Verdict.NOT_USING_SA, Verdict.NOT_USING_SA])
        scene.deliver(b, [captured], OK)


class EditANSameKey(Edit):
    """Relabels a frame with an AN that was given the same SAK by mistake."""

    name = "edit-an-same-key"
    does = "relabels a frame with another AN that has the same SAK"
    clause = "9.6, 14.5"
    why = "the AN is authenticated with the rest of the SecTAG"

    def act(self, scene: Scene) -> None:
        """Change only the octet of the AN."""
        a, b = scene.sender(), scene.receiver({"A": {0: "sak", 1: "sak"}})
        (captured,) = scene.send(a, scene.clear(1))
        scene.deliver(b, [craft.with_an(captured, 1)], NOT_VALID)
        scene.deliver(b, [captured], OK)


class EditSCI(Edit):
    """Puts other SCIs into a frame, and takes the SCI out."""

    name = "edit-sci"
    does = (
        "puts other SCIs into a frame: none, all ones, another port, another station; takes it out"
    )
    clause = "10.6.1, 10.6.5"
    why = "no receive SC has these SCIs; without one it is the only peer's, but the SecTAG changed"

    def forgeries(self, scene: Scene, frame: bytes) -> Forgeries:
        """Yield unknown SCIs, then the SecTAG without SCI, which means the same SC."""
        for sci in (0, SCI_NONE, SCI["A"] + 1, SCI["B"]):
            yield craft.with_sci(frame, sci), NO_SCI
        short = craft.with_tci_an(frame, frame[craft.TCI_AT] & ~TCI.SC)
        yield short[: craft.SCI_AT] + short[craft.DATA_AT :], NOT_VALID


class EditPN(Edit):
    """Puts other PNs into a frame."""

    name = "edit-pn"
    does = "puts other PNs into a frame: 0, below, next, far ahead, the last"
    clause = "9.12, 10.6.2, 10.6.5"
    why = "PN 0 is a bad tag (under XPN: late), lower ones are late, higher ones break the ICV"

    def forgeries(self, scene: Scene, frame: bytes) -> Forgeries:
        """Yield other PNs; the captured frame has the next expected one."""
        yield craft.with_pn(frame, 0), LATE if scene.suite.xpn else BAD_TAG
        for pn in (1, TARGET_PN - 2, TARGET_PN - 1):
            yield craft.with_pn(frame, pn), LATE
        for pn in (TARGET_PN + 1, TARGET_PN + 1000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
            yield craft.with_pn(frame, pn), NOT_VALID


class EditSL(Edit):
    """Puts every other SL into a frame without and into one with an SL."""

    name = "edit-sl"
    does = "puts every other SL octet into a long frame and into one of 30 octets"
    clause = "9.7, 9.12, 10.6.5"
    why = "an SL of 48 or more, or over the frame, is a bad tag; others move the ICV"

    def forgeries(self, scene: Scene, frame: bytes) -> Forgeries:
        """Yield every SL; the frame has room for all. Under `linux` the length must be exact."""
        for sl in range(1, 256):
            fits = sl < SHORT_LENGTH_LIMIT and not scene.linux
            yield craft.with_sl(frame, sl), NOT_VALID if fits else BAD_TAG

    def short_forgeries(self, scene: Scene, frame: bytes) -> Forgeries:
        """Yield every SL: 0 means 48 octets or more; after a smaller one the rest is padding."""
        for sl in range(256):
            if sl != self.SHORT:
                fits = 0 < sl < self.SHORT and not scene.linux
                yield craft.with_sl(frame, sl), NOT_VALID if fits else BAD_TAG


class EditTCI(Edit):
    """Puts every other TCI into a frame."""

    name = "edit-tci"
    does = "puts every other TCI into a frame"
    clause = "9.5, 9.9, 9.12, 10.6"
    why = "E without C is for the KaY; V, and ES or SCB beside SC, are bad tags; else the ICV fails"

    def forgeries(self, scene: Scene, frame: bytes) -> Forgeries:
        """Yield 63 TCIs with the same AN."""
        own = frame[craft.TCI_AT]
        for octet in range(own & AN_MASK, 256, AN_MASK + 1):
            if octet != own:
                yield craft.with_tci_an(frame, octet), self._end(scene, TCI(octet & ~AN_MASK))

    @staticmethod
    def _end(scene: Scene, tci: TCI) -> Verdict:
        if tci & (TCI.E | TCI.C) == TCI.E:
            return UNCONTROLLED
        implied = TCI.ES | TCI.SCB
        # SCB alone means port 0, which no receive SC has; Linux knows no SCB.
        unknown = not tci & TCI.SC and tci & TCI.SCB and not scene.linux
        if tci & TCI.V or (tci & TCI.SC and tci & implied):
            return BAD_TAG
        return NO_SCI if unknown else NOT_VALID


class CutICV(Edit):
    """Cuts octets off the end of a frame."""

    name = "icv-cut"
    does = "cuts 1 to 16 octets off the ICV"
    clause = "9.12, 10.6.5"
    why = "the last 16 octets are checked as ICV; with an SL the frame is too short"

    def forgeries(self, scene: Scene, frame: bytes) -> Forgeries:
        """Without SL the ICV is the end of the rest."""
        for octets in range(1, ICV_LENGTH + 1):
            yield frame[:-octets], NOT_VALID

    def short_forgeries(self, scene: Scene, frame: bytes) -> Forgeries:
        """With SL there is no room for the ICV."""
        for octets in range(1, ICV_LENGTH + 1):
            yield frame[:-octets], BAD_TAG


class PadICV(Edit):
    """Appends octets to a frame. With an SL they are padding of the MAC, and harmless."""

    name = "icv-padded"
    does = "appends 1 to 16 zero octets"
    clause = "9.7, 9.10, 10.6.5"
    why = "the ICV is checked at the end and is wrong; after a frame with SL the octets are padding"

    def forgeries(self, scene: Scene, frame: bytes) -> Forgeries:
        """Without SL the last 16 octets are the ICV."""
        for octets in range(1, ICV_LENGTH + 1):
            yield frame + bytes(octets), NOT_VALID

    def act(self, scene: Scene) -> None:
        """Expect a padded short frame to be delivered without padding, except under `linux`."""
        a, b, captured = target(scene)
        forged = list(self.forgeries(scene, captured))
        scene.deliver(b, [frame for frame, _ in forged], [end for _, end in forged])
        scene.deliver(b, [captured], OK)
        short = scene.send(a, scene.clear(ICV_LENGTH, self.SHORT))
        for octets, frame in enumerate(short, 1):
            padded = scene.passes_for(frame + bytes(octets), frame)
            if scene.linux:
                scene.deliver(b, [padded, frame], [BAD_TAG, OK])
            else:
                scene.deliver(b, [padded, frame], [OK, LATE])


class ReplaceICV(Edit):
    """Replaces the ICV."""

    name = "icv-replaced"
    does = "replaces the ICV by zeros, ones and random octets"
    clause = "10.6.3, 10.6.5"
    why = "an ICV is right for one frame, key and nonce"

    def forgeries(self, scene: Scene, frame: bytes) -> Forgeries:
        """Yield zeros, ones and random octets."""
        for icv in (bytes(ICV_LENGTH), b"\xff" * ICV_LENGTH, scene.draw("icv", ICV_LENGTH)):
            yield frame[:-ICV_LENGTH] + icv, NOT_VALID

    short_forgeries = forgeries


class ShortICV(Edit):
    """Sends an ICV of 8 octets, of which only half has to be guessed."""

    name = "icv-of-8-octets"
    does = "cuts the ICV to its first 8 octets, with C as for a short ICV"
    clause = "9.5, 9.12, 10.6.5"
    why = "only the Cipher Suite decides the length of the ICV: 16 octets (14.5)"

    def forgeries(self, scene: Scene, frame: bytes) -> Forgeries:
        """Yield it with E and C, and with C alone."""
        for tci in (TCI.E | TCI.C, TCI.C):
            yield craft.with_tci_an(frame, TCI.SC | tci)[: -ICV_LENGTH // 2], NOT_VALID

    def short_forgeries(self, scene: Scene, frame: bytes) -> Forgeries:
        """With SL the lengths do not match."""
        for tci in (TCI.E | TCI.C, TCI.C):
            yield craft.with_tci_an(frame, TCI.SC | tci)[: -ICV_LENGTH // 2], BAD_TAG


ATTACKS = (
    EditTCI(),
    EditAN(),
    EditANSameKey(),
    EditSL(),
    EditPN(),
    EditSCI(),
    CutICV(),
    PadICV(),
    ReplaceICV(),
    ShortICV(),
)
