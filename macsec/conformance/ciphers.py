"""`aes-gcm` vectors: the cipher of a target, without a SecY around it (clause 14)."""

from __future__ import annotations

from macsec.conformance.outcome import Mismatch, expect
from macsec.conformance.schema import AESGCM
from macsec.conformance.targets import Target

IV_LENGTH = 12
TAG_LENGTH = 16


def check(vector: AESGCM, target: Target) -> None:
    """Run one vector. Raises Mismatch."""
    expect("octets of iv", IV_LENGTH, len(vector.iv), "14.5")
    expect("octets of tag", TAG_LENGTH, len(vector.tag), "14.5")
    cipher = target.cipher()
    opened = cipher.open(vector.key, vector.iv, vector.aad, vector.ct, vector.tag)
    expect("result", vector.result, "invalid" if opened is None else "valid", "14.5")
    if len(vector.msg) != len(vector.ct):
        # A published failure without its plaintext.
        expect("msg", (b"", "invalid"), (vector.msg, vector.result))
        return
    text, tag = cipher.seal(vector.key, vector.iv, vector.aad, vector.msg)
    expect("ct", vector.ct, text, "14.5")
    if vector.result == "valid":
        expect("tag", vector.tag, tag, "14.5")
        expect("msg", vector.msg, opened, "14.5")
    elif tag == vector.tag:
        raise Mismatch("tag", "is right, yet the vector is invalid", "14.5")
