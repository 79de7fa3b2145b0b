"""Frames moved to another SC, another key or another epoch of PNs."""

from __future__ import annotations

from macsec.secy import Verdict

from .attack import CUT, RECORD, Attack
from .craft import with_pn, with_sci
from .scene import Scene
from .setting import EPOCH, SCI

FRAMES = 12
OK, NOT_VALID, LATE = Verdict.OK, Verdict.NOT_VALID, Verdict.LATE


def past_the_wrap(scene: Scene, frames: int) -> list[Verdict]:
    """Return the expected verdicts of frames with the first PNs of an upper half.

    Linux compares only lower halves, and so counts the first of them as delayed.
    """
    return [Verdict.DELAYED if scene.linux else OK, *[OK] * (frames - 1)]


class Splice(Attack):
    """Relabels frames of one SC as another's."""

    needs = CUT

    def __init__(self, name: str, keys: dict[str, str], why: str) -> None:
        same = len(set(keys.values())) == 1
        self.name = name
        self.does = f"relabels frames of A as C's; both under {'one SAK' if same else 'own SAKs'}"
        self.clause, self.why = "9.9, 10.6.3, 10.6.5, 14.5", why
        self._keys = keys

    def act(self, scene: Scene) -> None:
        """Expect them to count on the SC that they name, whose PN does not move."""
        a, c = (scene.sender(name, key=key) for name, key in self._keys.items())
        b = scene.receiver({name: {0: key} for name, key in self._keys.items()})
        wire = scene.send(a, scene.clear(FRAMES))
        scene.deliver(b, [with_sci(frame, SCI["C"]) for frame in wire], NOT_VALID)
        scene.deliver(b, wire, OK)
        scene.deliver(b, scene.send(c, scene.clear(FRAMES, source="C")), OK)


class StaleKey(Attack):
    """Plays back frames of an old SAK under an AN that has a new one."""

    name = "stale-key"
    does = "plays back frames of the old SAK after its AN was given a new one"
    needs = RECORD
    clause = "10.7.13, 10.6.3, 10.6.5"
    why = "the PNs are acceptable again, but the old frame is not valid under the new SAK"

    def act(self, scene: Scene) -> None:
        """Replace the SA; then traffic under the new SAK must pass."""
        old, b = scene.sender(), scene.receiver()
        record = scene.send(old, scene.clear(FRAMES))
        scene.deliver(b, record, OK)
        scene.install(b, 0, "next sak")
        scene.deliver(b, record, NOT_VALID)
        new = scene.sender_again(old, "next sak")
        scene.deliver(b, scene.send(new, scene.clear(FRAMES)), OK)


class StaleAN(Attack):
    """Plays back frames of an old AN, before and after it is taken out of use."""

    name = "stale-an"
    does = "plays back frames of the old AN while both are in use, and after its removal"
    needs = RECORD
    clause = "10.6.1, 10.6.2"
    why = "while the old SA exists its lowestPN holds; later no SA is in use with its AN"

    def act(self, scene: Scene) -> None:
        """Expect frames on their way at the change of SAK to be valid, and replays not."""
        old, b = scene.sender(), scene.receiver()
        record = scene.send(old, scene.clear(FRAMES))
        on_their_way = scene.send(old, scene.clear(FRAMES))
        scene.deliver(b, record, OK)
        scene.install(b, 1, "next sak")
        new = scene.sender_again(old, "next sak", an=1)
        scene.deliver(b, scene.send(new, scene.clear(FRAMES)), OK)
        scene.deliver(b, on_their_way, OK)
        scene.deliver(b, record, LATE)
        scene.remove(b, 0)
        scene.deliver(b, record + on_their_way, Verdict.NOT_USING_SA)
        scene.deliver(b, scene.send(new, scene.clear(FRAMES)), OK)


class CrossEpoch(Attack):
    """Plays back frames once their lower 32 bits of PN are acceptable again."""

    name = "cross-epoch-replay"
    does = "plays back frames whose lower half of the PN lies ahead again, 2^32 frames later"
    needs = RECORD
    clause = "10.6.2, 14.7"
    why = "the upper half is recovered as the next one, so the nonce differs and the ICV is wrong"
    xpn_only = True
    AHEAD = 1000

    def act(self, scene: Scene) -> None:
        """Move the sender once through the lower half, in steps that a receiver can follow."""
        a, b = scene.sender(), scene.receiver()
        below = scene.send(a, scene.clear(FRAMES))
        scene.deliver(b, below, OK)
        scene.advance(a, (EPOCH << 32) + self.AHEAD)
        ahead = scene.send(a, scene.clear(FRAMES))
        scene.deliver(b, ahead, OK)
        for pn in (0x7FFFFFFF, 0xFFFFFFF0):
            scene.advance(a, (EPOCH << 32) + pn)
            scene.deliver(b, scene.send(a, scene.clear(FRAMES)), OK)
        scene.advance(a, ((EPOCH + 1) << 32) + 2 * FRAMES)
        scene.deliver(b, scene.send(a, scene.clear(FRAMES)), past_the_wrap(scene, FRAMES))
        scene.deliver(b, ahead, NOT_VALID)
        scene.deliver(b, below, LATE)
        scene.deliver(b, scene.send(a, scene.clear(FRAMES)), OK)


class JumpPN(Attack):
    """Forges PNs far ahead: if the window moved with them, no genuine frame would pass again."""

    name = "pn-jump"
    does = "sends PNs far ahead, up to the last, with wrong ICVs"
    needs = CUT
    clause = "10.6.5"
    why = "nextPN and lowestPN move for a valid frame only"
    JUMPS = (1, 1 << 16, 1 << 30, (1 << 31) - 1, 0xFFFFFFFE)

    def act(self, scene: Scene) -> None:
        """Deliver a genuine frame after each forgery."""
        a, b = scene.sender(), scene.receiver()
        for frame, jump in zip(scene.send(a, scene.clear(5)), self.JUMPS, strict=True):
            scene.deliver(b, [with_pn(frame, 1 + jump if jump > FRAMES else FRAMES)], NOT_VALID)
            scene.deliver(b, [frame], OK)


class JumpEpoch(Attack):
    """Forges PN fields that are recovered with the next upper half."""

    name = "pn-jump-epoch"
    does = "sends PN fields of the next upper half, with wrong ICVs"
    needs = CUT
    clause = "10.6.2, 10.6.5"
    why = "the upper half is recovered for each frame from lowestPN, which has not moved"
    xpn_only = True

    def act(self, scene: Scene) -> None:
        """Bring the receiver past the middle of the lower half, then just before its end."""
        a, b = scene.sender(), scene.receiver()
        for pn in (0x7FFFFFFF, 0x80000010, 0xFFFFFFF8):
            scene.advance(a, (EPOCH << 32) + pn)
            first, second = scene.send(a, scene.clear(2))
            scene.deliver(b, [first], OK)
            if pn > 0x80000000:
                forged = [with_pn(second, field) for field in (0, 1, 0x1000, 0x7FFFFFFF)]
                scene.deliver(b, forged, NOT_VALID)
            scene.deliver(b, [second], OK)
        scene.advance(a, (EPOCH + 1) << 32)
        scene.deliver(b, scene.send(a, scene.clear(FRAMES)), past_the_wrap(scene, FRAMES))


ATTACKS = (
    Splice(
        "splice-same-key",
        {"A": "sak", "C": "sak"},
        "the SCI is authenticated, and part of the nonce (under XPN the SSCI is)",
    ),
    Splice(
        "splice-other-key",
        {"A": "sak", "C": "other sak"},
        "A's frame is not valid under C's SAK",
    ),
    StaleKey(),
    StaleAN(),
    CrossEpoch(),
    JumpPN(),
    JumpEpoch(),
)
