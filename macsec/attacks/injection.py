"""Frames made by the attacker, or stripped of their protection (10.6, 10.6.1)."""

from __future__ import annotations

from macsec.frames.sectag import TCI
from macsec.secy import Verdict
from macsec.terms import ICV_LENGTH

from .attack import CUT, INJECT, RECORD, Attack
from .craft import stripped, tagged
from .scene import Scene
from .setting import MAC, SCI

FRAMES = 12


class InjectClear(Attack):
    """Sends frames without a SecTAG between the protected ones."""

    needs = INJECT
    clause = "10.6"

    def __init__(self, mode: str, end: Verdict, why: str) -> None:
        self.name, self.does = f"inject-clear-{mode}", f"sends frames in clear; validate: {mode}"
        self._mode, self._end, self.why = mode, end, why

    def act(self, scene: Scene) -> None:
        """Only Strict discards them."""
        b = scene.receiver(validate=self._mode)
        scene.deliver(b, scene.clear(FRAMES), self._end)


class StripProtection(Attack):
    """Removes SecTAG and ICV of integrity-only frames and forwards the rest."""

    needs = CUT
    clause = "10.6"

    def __init__(self, mode: str, end: Verdict, why: str) -> None:
        self.name = f"strip-tag-{mode}"
        self.does = f"removes SecTAG and ICV of readable frames; validate: {mode}"
        self._mode, self._end, self.why = mode, end, why

    def act(self, scene: Scene) -> None:
        """Deliver the rest, which is the clear frame."""
        a = scene.sender(encrypt=False)
        b = scene.receiver(validate=self._mode, encrypt=False)
        clear = scene.clear(FRAMES)
        naked = [stripped(frame) for frame in scene.send(a, clear)]
        scene.require(naked == clear, "the stripped frames are not the clear ones")
        scene.deliver(b, naked, self._end)


class Forge(Attack):
    """Makes whole protected frames without the key, with a random ICV."""

    needs = INJECT

    def __init__(self, name: str, mode: str, encrypted: bool, end: Verdict, why: str) -> None:
        self.name = f"forge-{name}-{mode}"
        kind = "encrypted" if encrypted else "integrity-only"
        self.does = f"makes {kind} frames without the key; validate: {mode}"
        self.clause = "10.6.3, 10.6.5"
        self._mode, self._encrypted, self._end, self.why = mode, encrypted, end, why

    def act(self, scene: Scene) -> None:
        """Deliver frames with PNs ahead; afterwards the next frame of A must be valid."""
        a, b = scene.sender(encrypt=self._encrypted), scene.receiver(validate=self._mode)
        tci = TCI.SC | (TCI.E | TCI.C if self._encrypted else TCI(0))
        forged = [
            tagged(
                MAC["B"] + MAC["A"],
                tci,
                scene.first_pn + at,
                SCI["A"],
                scene.draw(f"forged {at}", 20 + 9 * at),
                scene.draw(f"icv {at}", ICV_LENGTH),
            )
            for at in range(FRAMES)
        ]
        scene.deliver(b, forged, self._end)
        if self._mode != "disabled":
            scene.deliver(b, scene.send(a, scene.clear(1)), Verdict.OK)


class Reflect(Attack):
    """Sends a station's own frames back to it."""

    name = "reflection"
    does = "sends a station's own frames back to it"
    needs = RECORD
    clause = "9.9, 10.6.1"
    why = "they carry the station's own SCI, for which it has no receive SC"

    def act(self, scene: Scene) -> None:
        """Use one SAK for both directions, as key agreement does."""
        a = scene.station("A", {0: "sak"}, {"B": {0: "sak"}})
        scene.deliver(a, scene.send(a, scene.clear(FRAMES)), Verdict.NO_SCI)


class ReflectWithoutSCI(Attack):
    """Sends back frames without an SCI: they seem to come from the only peer."""

    name = "reflection-without-sci"
    does = "sends a station's own frames back to it; send_sci: off"
    needs = RECORD
    clause = "9.9, 10.6.3, 10.6.5, 14.5"
    why = "they seem to come from the only peer, but the nonce has the sender's SCI (XPN: SSCI)"

    def act(self, scene: Scene) -> None:
        """Use the same SAK and octets: the nonce differs."""
        a = scene.station("A", {0: "sak"}, {"B": {0: "sak"}}, send_sci=False)
        scene.deliver(a, scene.send(a, scene.clear(FRAMES)), Verdict.NOT_VALID)


ATTACKS = (
    InjectClear("strict", Verdict.NO_TAG, "Strict discards what has no SecTAG"),
    InjectClear("check", Verdict.UNTAGGED, "Check delivers what has no SecTAG"),
    InjectClear("disabled", Verdict.UNTAGGED, "Disabled delivers what has no SecTAG"),
    InjectClear("null", Verdict.BYPASS, "Null delivers everything unchanged, and counts nothing"),
    StripProtection("strict", Verdict.NO_TAG, "Strict discards what has no SecTAG"),
    StripProtection("check", Verdict.UNTAGGED, "Check delivers what has no SecTAG"),
    Forge("integrity", "strict", False, Verdict.NOT_VALID, "Strict discards a wrong ICV"),
    Forge("integrity", "check", False, Verdict.INVALID, "Check delivers a wrong ICV if C is clear"),
    Forge("integrity", "disabled", False, Verdict.UNCHECKED, "Disabled checks no ICV"),
    Forge("encrypted", "strict", True, Verdict.NOT_VALID, "Strict discards a wrong ICV"),
    Forge("encrypted", "check", True, Verdict.NOT_VALID, "with C set it is discarded in any mode"),
    Forge(
        "encrypted", "disabled", True, Verdict.NOT_VALID, "with C set it is discarded in any mode"
    ),
    Reflect(),
    ReflectWithoutSCI(),
)
