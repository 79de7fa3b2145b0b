"""Frames of the attacker's own making, or stripped of their protection (10.6, 10.6.1)."""

from __future__ import annotations

from macsec.frames.sectag import TCI
from macsec.secy import Verdict
from macsec.terms import ICV_LENGTH

from .attack import CUT, INJECT, RECORD, Attack
from .craft import stripped, tagged
from .scene import MAC, SCI, Scene

FRAMES = 12


class InjectClear(Attack):
    """Sends frames without a SecTAG between the protected ones."""

    needs = INJECT
    clause = "10.6"

    def __init__(self, mode: str, end: Verdict, why: str) -> None:
        self.name, self.does = f"inject-clear-{mode}", f"sends frames in clear; validate: {mode}"
        self._mode, self._end, self.why = mode, end, why

    def act(self, scene: Scene) -> None:
        """Strict alone keeps them out."""
        b = scene.receiver(validate=self._mode)
        scene.deliver(b, scene.clear(FRAMES), self._end)


class Strip(Attack):
    """Takes SecTAG and ICV off integrity-only frames and sends on what is left."""

    needs = CUT
    clause = "10.6"

    def __init__(self, mode: str, end: Verdict, why: str) -> None:
        self.name = f"strip-tag-{mode}"
        self.does = f"takes SecTAG and ICV off readable frames; validate: {mode}"
        self._mode, self._end, self.why = mode, end, why

    def act(self, scene: Scene) -> None:
        """What is left is the clear frame, as if it had never been protected."""
        a = scene.sender(encrypt=False)
        b = scene.receiver(validate=self._mode, encrypt=False)
        clear = scene.clear(FRAMES)
        naked = [stripped(frame) for frame in scene.send(a, clear)]
        scene.require(naked == clear, "the clear frames were not what stood on the wire")
        scene.deliver(b, naked, self._end)


class Forge(Attack):
    """Makes whole protected frames without the key, with an ICV out of the air."""

    needs = INJECT

    def __init__(self, name: str, mode: str, encrypted: bool, end: Verdict, why: str) -> None:
        self.name = f"forge-{name}-{mode}"
        kind = "encrypted" if encrypted else "integrity-only"
        self.does = f"makes {kind} frames without the key; validate: {mode}"
        self.clause = "10.6.3, 10.6.5"
        self._mode, self._encrypted, self._end, self.why = mode, encrypted, end, why

    def act(self, scene: Scene) -> None:
        """PNs ahead of what is expected; afterwards the next frame of A is good as ever."""
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
    why = "they carry the station's own SCI, which no receive SC of its has"

    def act(self, scene: Scene) -> None:
        """One SAK serves both directions, as key agreement gives it."""
        a = scene.station("A", {0: "sak"}, {"B": {0: "sak"}})
        scene.deliver(a, scene.send(a, scene.clear(FRAMES)), Verdict.NO_SCI)


class ReflectWithoutSCI(Attack):
    """Sends back frames whose SecTAG has no SCI: they are taken for the only peer's."""

    name = "reflection-without-sci"
    does = "sends a station's own frames back to it; send_sci: off"
    needs = RECORD
    clause = "9.9, 10.6.3, 10.6.5, 14.5"
    why = (
        "taken for the only peer's, but the nonce holds the SCI (under XPN the SSCI) of the sender"
    )

    def act(self, scene: Scene) -> None:
        """The same SAK, the same octets, another nonce."""
        a = scene.station("A", {0: "sak"}, {"B": {0: "sak"}}, send_sci=False)
        scene.deliver(a, scene.send(a, scene.clear(FRAMES)), Verdict.NOT_VALID)


ATTACKS = (
    InjectClear("strict", Verdict.NO_TAG, "Strict discards what has no SecTAG"),
    InjectClear("check", Verdict.UNTAGGED, "Check delivers what has no SecTAG"),
    InjectClear("disabled", Verdict.UNTAGGED, "Disabled delivers what has no SecTAG"),
    InjectClear("null", Verdict.BYPASS, "Null delivers everything as it came, and counts nothing"),
    Strip("strict", Verdict.NO_TAG, "Strict discards what has no SecTAG"),
    Strip("check", Verdict.UNTAGGED, "Check delivers what has no SecTAG"),
    Forge("integrity", "strict", False, Verdict.NOT_VALID, "Strict discards a wrong ICV"),
    Forge("integrity", "check", False, Verdict.INVALID, "Check delivers a wrong ICV if C is clear"),
    Forge("integrity", "disabled", False, Verdict.UNCHECKED, "Disabled looks at no ICV"),
    Forge("encrypted", "strict", True, Verdict.NOT_VALID, "Strict discards a wrong ICV"),
    Forge("encrypted", "check", True, Verdict.NOT_VALID, "with C set it is discarded in any mode"),
    Forge(
        "encrypted", "disabled", True, Verdict.NOT_VALID, "with C set it is discarded in any mode"
    ),
    Reflect(),
    ReflectWithoutSCI(),
)
