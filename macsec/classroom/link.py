"""The two SecYs of a station, with keys that everyone knows, and the reason of a verdict."""

from __future__ import annotations

from typing import NamedTuple, TypedDict

from macsec.frames import Sight, observe
from macsec.keys import Key
from macsec.secy import Controls, SecY, Validate, Verdict
from macsec.secy.verdict import NOT_DECRYPTED, REASONS
from macsec.terms import sci_of, sci_text

DESTINATION = bytes.fromhex("0200000000b0")
SOURCE = bytes.fromhex("0200000000a0")
SCI = sci_text(sci_of(f"{SOURCE.hex()}0001"))
SSCI, SALT = 1, bytes(range(12))
BACKEND = "reference"


class Judgement(TypedDict):
    """The verdict of one frame, as the page shows it."""

    verdict: str
    counter: str
    clause: str
    goes_on: bool
    reason: str


class ReceiverPNs(NamedTuple):
    """The next and the lowest PN of the receive SA."""

    next_pn: int
    lowest_pn: int


def sample_key(controls: Controls) -> Key:
    """Return the key of all stations: octets 0, 1, 2 and so on."""
    return Key(bytes(range(controls.cipher.key_length)))


def _xpn(controls: Controls) -> dict[str, int | bytes]:
    return {"ssci": SSCI, "salt": SALT} if controls.cipher.xpn else {}


def sent(controls: Controls, pn: int, user_data: bytes, source: bytes = SOURCE) -> bytes:
    """Return the frame that a SecY sends with a PN. Raises ConfigError, also if none is sent."""
    with SecY(controls, BACKEND) as secy:
        secy.create_tx_sc(SCI)
        an = controls.encodingsa
        secy.create_tx_sa(an, sample_key(controls), next_pn=pn, **_xpn(controls))  # type: ignore[arg-type]
        frame = secy.protect_frame(DESTINATION + source + user_data)
    return frame or b""


def receiver(controls: Controls, next_pn: int = 1, lowest_pn: int | None = None) -> SecY:
    """Return a SecY that receives from the sender, on AN 0. Raises ConfigError."""
    secy = SecY(controls, BACKEND)
    secy.create_rx_sc(SCI)
    key, xpn = sample_key(controls), _xpn(controls)
    secy.create_rx_sa(SCI, 0, key, next_pn=next_pn, lowest_pn=lowest_pn, **xpn)  # type: ignore[arg-type]
    return secy


def pns(secy: SecY) -> ReceiverPNs:
    """Return the PNs of the receive SA."""
    sa = secy.rx[SCI].sa[0]
    return ReceiverPNs(sa.next_pn, sa.lowest_pn)


def seen(frame: bytes, controls: Controls) -> Sight:
    """Return the parts of a frame."""
    return observe(frame, controls.tag_rules, controls.clear_tags)


def judged(secy: SecY, frame: bytes, recovered: int | None = None) -> Judgement:
    """Validate a frame and return its verdict. `recovered`: the PN of 64 bits, where it has one."""
    before = pns(secy)
    verdict, _ = secy.validate_frame(frame)
    return judgement(verdict, _reason(secy, verdict, frame, before, recovered))


def judgement(verdict: Verdict, reason: str) -> Judgement:
    """Return a verdict with its reason."""
    return {
        "verdict": verdict.label,
        "counter": verdict.counter or "none",
        "clause": verdict.clause,
        "goes_on": verdict.delivered,
        "reason": reason,
    }


def _reason(
    secy: SecY, verdict: Verdict, frame: bytes, before: ReceiverPNs, recovered: int | None
) -> str:
    sight = seen(frame, secy.controls)
    tag = sight.tag
    pn = recovered if recovered is not None or tag is None else tag.pn
    if verdict is Verdict.LATE and pn is not None and pn >= before.lowest_pn:
        return f"PN {pn} came before, and duplicates: reject remembers it"
    if verdict is Verdict.NOT_VALID and secy.controls.validate is Validate.DISABLED:
        return NOT_DECRYPTED
    return REASONS[verdict].format(
        pn=pn,
        an=None if tag is None else tag.an,
        sci="that can be identified" if sight.sci is None else sci_text(sight.sci),
        lowest=before.lowest_pn,
        fault=sight.fault,
        length=len(frame),
        scs=f"there is {SCI}",
        sas="there is SA 0",
    )
