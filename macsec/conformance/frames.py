"""`secy-frame` vectors: a frame is protected and validated; intermediate values are compared.

A valid vector: protect(frame_in) is frame_out, validate returns frame_in, and each intermediate
value in the vector equals the one in the octets of the target. Any other: validate refuses
frame_out with the right verdict and counter, delivers no frame, and keeps nextPN and lowestPN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from macsec.conformance.outcome import Mismatch, expect
from macsec.conformance.schema import SecYFrame
from macsec.conformance.targets import Target
from macsec.frames import FrameBatch, sectag
from macsec.frames.sectag import TCI, SecTAG, TagRules
from macsec.keys import Key
from macsec.secy import Controls, SecY, Verdict
from macsec.suites import SUITES, CipherSuite
from macsec.terms import ADDRESSES_LENGTH, ICV_LENGTH

AN_WITHOUT_TAG = 0

REFUSALS = {
    "bad-tag": Verdict.BAD_TAG,
    "icv-fails": Verdict.NOT_VALID,
    "untagged": Verdict.NO_TAG,
}

REASONS = {
    "V set": "V is set",
    "ES or SCB set with SC": "ES or SCB is set with SC",
    "bits 7-8 of the SL octet set": "bits 7 or 8 of the SL octet are set",
    "SL of 48 or more": "SL is 48 or more",
    "PN is zero": "PN is zero",
    "SL is 0 but under 48 octets of Secure Data": "SL is 0 but under 48 octets of Secure Data",
    "shorter than SL says": "shorter than SL says",
    "fewer than 17 octets": "fewer than 17 octets",
}
"""The `reason` of a vector, and how `sectag.fault` says it."""


def suite_of(vector: SecYFrame) -> CipherSuite:
    """The Cipher Suite that a vector names, once name, identifier and PN length agree."""
    suite = SUITES.get(vector.suite.lower())
    if suite is None:
        raise Mismatch("suite", f"{vector.suite!r} is none of Table 14-1", "14")
    expect("suite_id", vector.suite_id, suite.identifier.to_bytes(8), "14")
    expect("pn_bits", vector.pn_bits, 64 if suite.xpn else 32, "14.5, 14.7")
    for field in ("ssci", "salt"):
        if (getattr(vector, field) is not None) is not suite.xpn:
            raise Mismatch(field, "belongs to XPN, and only there", "14.7")
    if vector.clear_tags_in_aad and not vector.clear_tags:
        raise Mismatch("clear_tags_in_aad", "there are no clear tags")
    return suite


def controls_of(vector: SecYFrame, **changes: Any) -> Controls:
    """The controls under which a SecY makes, or takes, the frame."""
    valid = vector.verdict == "valid"
    if valid and vector.tci.sc and (vector.tci.es or vector.tci.scb):
        raise Mismatch("tci", "no frame that is sent has SC together with ES or SCB", "9.5, 10.5.3")
    settings: dict[str, Any] = {
        "cipher": suite_of(vector),
        "encrypt": vector.protection == "confidentiality",
        "offset": vector.conf_offset,
        # What was mangled says nothing about the sender.
        "send_sci": bool(vector.tci.sc) or not valid,
        "end_station": bool(vector.tci.es) and valid,
        "scb": bool(vector.tci.scb) and valid,
        "encodingsa": vector.an,
        "clear_tags": len(vector.clear_tags) // 4,
        "clear_tags_authenticated": vector.clear_tags_in_aad,
    }
    return Controls(**(settings | changes))


def sa_of(vector: SecYFrame) -> dict[str, Any]:
    """Key, SSCI and Salt, as the calls that create an SA take them."""
    if vector.ssci is None or vector.salt is None:
        return {"key": Key(vector.sak)}
    return {
        "key": Key(vector.sak),
        "ssci": int.from_bytes(vector.ssci),
        "salt": vector.salt,
    }


def sender(target: Target, vector: SecYFrame, **changes: Any) -> SecY:
    """A SecY whose next frame has the vector's PN."""
    secy = target.secy(controls_of(vector, **changes))
    secy.create_tx_sc(vector.sci.hex())
    secy.create_tx_sa(vector.an, next_pn=vector.pn, **sa_of(vector))
    return secy


def receiver(
    target: Target,
    vector: SecYFrame,
    an: int | None = None,
    first_pn: int | None = None,
    **changes: Any,
) -> SecY:
    """A SecY that expects the vector's PN, or `first_pn`, on the vector's AN, or on `an`."""
    secy = target.secy(controls_of(vector, **changes))
    secy.create_rx_sc(vector.sci.hex())
    secy.create_rx_sa(
        vector.sci.hex(),
        vector.an if an is None else an,
        next_pn=max(vector.pn, 1) if first_pn is None else first_pn,
        **sa_of(vector),
    )
    return secy


@dataclass(frozen=True, slots=True)
class Parts:
    """A protected frame taken apart at the places that 9.3 names."""

    addresses: bytes
    clear_tags: bytes
    tag: SecTAG
    sectag: bytes
    secure_data: bytes
    icv: bytes

    @classmethod
    def of(cls, frame: bytes, clear_tags: int) -> Parts:
        """The parts of an unpadded frame with that many octets of clear tags."""
        at = ADDRESSES_LENGTH + clear_tags
        tag = sectag.decode(frame[at:])
        if tag is None:
            raise Mismatch("sectag", "the frame sent has none", "9.3")
        data_at = at + tag.length
        return cls(
            frame[:ADDRESSES_LENGTH],
            frame[ADDRESSES_LENGTH:at],
            tag,
            frame[at:data_at],
            frame[data_at:-ICV_LENGTH],
            frame[-ICV_LENGTH:],
        )


def moved(counters: Mapping[str, int]) -> dict[str, int]:
    """The counters that are not zero."""
    return {name: count for name, count in counters.items() if count}


def check(vector: SecYFrame, target: Target) -> None:
    """Run one vector. Raises Mismatch."""
    suite = suite_of(vector)
    if vector.verdict != "valid":
        _check_refused(vector, suite, target)
        return
    expect("reason", None, vector.reason)
    sent = _check_protect(vector, target)
    _check_values(vector, suite, Parts.of(sent, len(vector.clear_tags)), target)
    expect("frame_out", vector.frame_out, sent, "10.5")
    _check_validate(vector, target)
    _check_padded(vector, target)


# -------------------------------------------------------------------- valid


def _user_data_length(vector: SecYFrame) -> int:
    return len(vector.frame_in) - ADDRESSES_LENGTH - len(vector.clear_tags)


def _check_protect(vector: SecYFrame, target: Target) -> bytes:
    with sender(target, vector) as secy:
        outcome = secy.protect(FrameBatch.from_frames([vector.frame_in]))
        encrypt = vector.protection == "confidentiality"
        verdict = Verdict.ENCRYPTED if encrypt else Verdict.PROTECTED
        expect("verdict of protect", verdict.label, outcome.verdict[0].label, verdict.clause)
        service = "Encrypted" if encrypt else "Protected"
        packets = {f"OutPkts{service}": 1}
        octets = {f"OutOctets{service}": _user_data_length(vector)}
        expect("counters of protect", packets | octets, moved(secy.counters), "10.7.18, 10.7.19")
        sa = secy.tx.sa[vector.an]
        expect("counters of the transmit SA", packets, moved(sa.counters), "10.7.23")
        expect("nextPN of the sender", vector.pn + 1, sa.next_pn, "10.5.2")
        return outcome.batch[0]


def _check_values(vector: SecYFrame, suite: CipherSuite, sent: Parts, target: Target) -> None:
    """Every value that the vector gives, against what the sent frame implies."""
    bits = vector.tci
    flags = {name: bool(getattr(bits, name.lower())) for name in TCI.__members__}
    expect("tci", flags, {bit.name: bool(sent.tag.tci & bit) for bit in TCI}, "9.5")
    encrypted = bool(bits.e)
    user_data = vector.frame_in[ADDRESSES_LENGTH + len(vector.clear_tags) :]
    clear = min(vector.conf_offset, len(user_data)) if encrypted else len(user_data)
    authenticated = sent.addresses + (sent.clear_tags if vector.clear_tags_in_aad else b"")
    ssci, salt = int.from_bytes(vector.ssci or b""), vector.salt or bytes(12)
    values: tuple[tuple[str, object, object, str], ...] = (
        ("an", sent.tag.an, vector.an, "9.6"),
        ("clear_tags", sent.clear_tags, vector.clear_tags, "11.4"),
        ("plain_octets", len(vector.frame_in), vector.plain_octets, "C"),
        ("sectag", sent.sectag, vector.sectag, "9.3"),
        ("iv", suite.iv(int.from_bytes(vector.sci), vector.pn, ssci, salt), vector.iv, "14.5"),
        ("aad", authenticated + sent.sectag + user_data[:clear], vector.aad, "14.5"),
        ("gcm_plaintext", user_data[clear:], vector.gcm_plaintext, "14.5"),
        ("secure_data", sent.secure_data, vector.secure_data, "9.10, 14.5"),
        ("icv", sent.icv, vector.icv, "9.11, 14.5"),
    )
    for field, implied, given, clause in values:
        if given is not None:
            expect(field, given, implied, clause)
    _check_cipher(vector, clear, target)


def _check_cipher(vector: SecYFrame, clear: int, target: Target) -> None:
    """The intermediate values, put through the target's cipher alone."""
    if vector.iv is None or vector.aad is None or vector.gcm_plaintext is None:
        return
    text, icv = target.cipher().seal(vector.sak, vector.iv, vector.aad, vector.gcm_plaintext)
    if vector.secure_data is not None:
        expect("secure_data", vector.secure_data[clear:], text, "14.5")
    if vector.icv is not None:
        expect("icv", vector.icv, icv, "14.5")


def _check_validate(vector: SecYFrame, target: Target) -> None:
    with receiver(target, vector) as secy:
        outcome = secy.validate(FrameBatch.from_frames([vector.frame_out]))
        expect("verdict of validate", "ok", outcome.verdict[0].label, "10.6")
        expect("frame_in", vector.frame_in, outcome.batch[0], "10.6.5")
        named = (int.from_bytes(vector.sci), vector.an, vector.pn)
        expect("SCI, AN and PN of validate", named, outcome.sci_an_pn(0), "9.9, 10.6.1, 10.6.2")
        octets = "InOctetsDecrypted" if vector.tci.e else "InOctetsValidated"
        counted = {"InPktsOK": 1, octets: _user_data_length(vector)}
        expect("counters of validate", counted, moved(secy.counters), "10.7.9, 10.7.10")
        sc = secy.rx[vector.sci.hex()]
        sa = sc.sa[vector.an]
        expect("counters of the receive SC", counted, moved(sc.counters), "10.7.9")
        expect("counters of the receive SA", {"InPktsOK": 1}, moved(sa.counters), "10.7.14")
        after = (vector.pn + 1, vector.pn + 1)
        expect("nextPN, lowestPN of the receiver", after, (sa.next_pn, sa.lowest_pn), "10.6.5")


def _check_padded(vector: SecYFrame, target: Target) -> None:
    """9.10: what a MAC adds behind the ICV of a short frame changes nothing."""
    if vector.pad_to is None:
        return
    if vector.pad_to < len(vector.frame_out):
        raise Mismatch("pad_to", f"{vector.pad_to} is less than frame_out has", "9.10")
    with receiver(target, vector) as secy:
        padded = vector.frame_out.ljust(vector.pad_to, b"\0")
        verdict, clear = secy.validate_frame(padded)
        expect("verdict of the padded frame", "ok", verdict.label, "9.10")
        expect("the padded frame", vector.frame_in, clear, "9.10")


# -------------------------------------------------------------------- refused


def _check_refused(vector: SecYFrame, suite: CipherSuite, target: Target) -> None:
    wanted = REFUSALS[vector.verdict]
    mpdu = vector.frame_out[ADDRESSES_LENGTH + len(vector.clear_tags) :]
    _check_reason(vector, mpdu, suite)
    tag = sectag.decode(mpdu)
    an = AN_WITHOUT_TAG if tag is None else tag.an
    with receiver(target, vector, an) as secy:
        sa = secy.rx[vector.sci.hex()].sa[an]
        before = (sa.next_pn, sa.lowest_pn)
        verdict, clear = secy.validate_frame(vector.frame_out)
        expect("verdict", wanted.label, verdict.label, wanted.clause)
        expect("what was delivered", None, clear, "10.6")
        packets = {str(wanted.counter): 1}
        on_sc: dict[str, int] = {}
        if wanted is Verdict.NOT_VALID and tag is not None:
            length = sectag.secure_data_length(len(mpdu), tag, ICV_LENGTH)
            octets = "InOctetsDecrypted" if tag.tci & TCI.E else "InOctetsValidated"
            on_sc = packets | {octets: length}
        expect("counters", on_sc or packets, moved(secy.counters), "10.7.9, 10.7.10")
        expect("counters of the SC", on_sc, moved(secy.rx[vector.sci.hex()].counters), "10.7.9")
        expect("counters of the SA", packets if on_sc else {}, moved(sa.counters), "10.7.14")
        expect("nextPN, lowestPN", before, (sa.next_pn, sa.lowest_pn), "10.6.5")


def _check_reason(vector: SecYFrame, mpdu: bytes, suite: CipherSuite) -> None:
    """9.12: which check refuses a bad tag."""
    if vector.reason is None:
        return
    if vector.reason not in REASONS:
        raise Mismatch("reason", f"{vector.reason!r} is no known one", "9.12")
    fault = sectag.fault(mpdu, TagRules(xpn=suite.xpn))
    expect("reason", REASONS[vector.reason], fault, "9.12")
