"""Repeated nonces of a sender that lost its state: which secrets they reveal.

The standard forbids them (10.5.2, 10.7.22: no PN twice under a SAK); no receiver can repair this.
"""

from __future__ import annotations

from macsec.secy import Verdict
from macsec.terms import ADDRESSES_LENGTH, ICV_LENGTH

from . import ghash
from .attack import CUT, LISTEN, Attack
from .craft import DATA_AT, xor
from .scene import Abandoned, Scene

FRAMES = 8
KNOWN = ", and to know the plaintext sent before"


def ciphertext(frame: bytes) -> bytes:
    """Return the Secure Data of an encrypted frame."""
    return frame[DATA_AT:-ICV_LENGTH]


def user_data(clear: bytes) -> bytes:
    """Return the User Data of a clear frame."""
    return clear[ADDRESSES_LENGTH:]


class ReuseNonce(Attack):
    """Reads traffic of a sender that was restarted at PN 1 under the same SAK.

    Two frames with one PN have the same keystream: a known first plaintext decrypts the second.
    """

    name = "nonce-reuse"
    does = "reads a sender that lost its state and sends the same PNs under the same SAK again"
    needs = LISTEN + KNOWN
    clause = "10.5.2, 10.7.22; 10.6.2"
    why = "a repeated nonce breaks confidentiality; a receiver that kept its state refuses the PNs"

    def act(self, scene: Scene) -> None:
        """Recover the plaintext from the wire; the receiver refuses every repeated PN."""
        a, b = scene.sender(), scene.receiver()
        known = scene.clear(FRAMES)
        first = scene.send(a, known)
        scene.deliver(b, first, Verdict.OK)
        secret = scene.clear(FRAMES, octets=80)
        second = scene.send(scene.restarted(a), secret)
        read = [
            xor(ciphertext(again), xor(ciphertext(before), user_data(clear)))
            for before, clear, again in zip(first, known, second, strict=True)
        ]
        pairs = zip(map(ciphertext, first), map(ciphertext, second), strict=True)
        meant = zip(map(user_data, known), map(user_data, secret), strict=True)
        scene.require(
            [xor(*pair) for pair in pairs] == [xor(*pair) for pair in meant],
            "the ciphertexts do not differ as the plaintexts do",
        )
        scene.require(read == list(map(user_data, secret)), "the plaintext was not recovered")
        scene.note(f"read: {sum(map(len, read))} octets of {len(read)} frames, without the key")
        scene.deliver(b, second, Verdict.LATE)


class ForgeAfterReuse(Attack):
    """Forges frames after repeated nonces: the subkey of GCM follows from two pairs.

    It changes the text of a frame on its way and computes a new ICV. No clause prevents this,
    because the ICV is right; only unique PNs do.
    """

    name = "nonce-reuse-forgery"
    does = "computes GCM's subkey from repeated nonces, then rewrites a frame on its way"
    needs = CUT + KNOWN
    clause = "10.5.2, 10.7.22"
    why = "nothing stops it: authentication under this SAK is lost, and the forged frame is valid"

    def act(self, scene: Scene) -> None:
        """Deliver the forged frame, with a PN that was never used twice."""
        a, b = scene.sender(), scene.receiver()
        first = scene.send(a, scene.clear(2))
        scene.deliver(b, first, Verdict.OK)
        second = scene.send(scene.restarted(a), scene.clear(2))
        subkey = self._subkey(scene, first, second)
        (clear,) = scene.clear(1)
        (held,) = scene.send(a, [clear])
        lie = clear[:ADDRESSES_LENGTH] + b"\x08\x00" + b"pay the attacker".ljust(98)
        forged = scene.passes_for(self._rewritten(held, clear, lie, subkey), held, lie)
        scene.deliver(b, [forged], Verdict.OK)
        scene.deliver(b, [held], Verdict.LATE)
        scene.note("forged: a frame with a right ICV, without the key; the genuine one was late")

    @staticmethod
    def _subkey(scene: Scene, first: list[bytes], second: list[bytes]) -> int:
        polynomials = [
            ghash.difference(_parts(one), _parts(other))
            for one, other in zip(first, second, strict=True)
        ]
        subkey = ghash.common_root(*polynomials)
        if subkey is None:
            scene.fault("the subkey of GCM did not follow from two repeated nonces")
            raise Abandoned
        return subkey

    @staticmethod
    def _rewritten(frame: bytes, clear: bytes, lie: bytes, subkey: int) -> bytes:
        """Return the frame with other text: the old GHASH in its ICV is replaced by the new one."""
        aad, text, icv = _parts(frame)
        changed = xor(text, xor(user_data(clear), user_data(lie)))
        mask = int.from_bytes(icv) ^ ghash.ghash(subkey, aad, text)
        return aad + changed + (mask ^ ghash.ghash(subkey, aad, changed)).to_bytes(ICV_LENGTH)


def _parts(frame: bytes) -> tuple[bytes, bytes, bytes]:
    """Split a frame into AAD, ciphertext and ICV."""
    return frame[:DATA_AT], ciphertext(frame), frame[-ICV_LENGTH:]


ATTACKS = (ReuseNonce(), ForgeAfterReuse())
