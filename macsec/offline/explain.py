"""Explanation of one frame: its parsed fields, recovered PN, checks, verdict and reason.

The SecY does the work and gives the verdict. The IV, the octets of the AAD and the PNs before and
after come from its controls and SAs; no key is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from macsec.frames import FrameBatch, sectag
from macsec.frames.dissect import Sight, Span, observe, spans, user_priority
from macsec.frames.sectag import TCI, SecTAG
from macsec.secy import Outcome, SecY, Validate, Verdict
from macsec.secy.verdict import NOT_DECRYPTED, REASONS
from macsec.terms import ADDRESSES_LENGTH, ETHERNET_HEADER, VLAN_TAG_LENGTH, sci_of, sci_text


class PNs(NamedTuple):
    """nextPN and lowestPN of an SA; a transmit SA has no lowestPN."""

    next_pn: int
    lowest_pn: int | None


class Nonce(NamedTuple):
    """SSCI and Salt, which an SA of an XPN suite adds to the IV. Neither is secret."""

    ssci: int
    salt: bytes


SA = tuple[int, int]
"""SCI and AN."""


class OutOfRangeError(IndexError):
    """Raised for a frame number out of range: the capture has `frames` frames."""

    def __init__(self, frames: int) -> None:
        self.frames = frames


@dataclass(frozen=True, slots=True)
class Explanation:
    """The passage of one frame through the SecY.

    `clear` and `protected`: the frame on both sides of the SecY, None if it does not exist.
    `sight` and `spans` are the fields of the protected frame, or of the clear one if nothing was
    protected. `sci`, `an`, `pn`: as recovered by the SecY, else as in the tag. `before`, `after`:
    the PNs of the SA, None if no SA was found. `aad`, `text`: the octets that AES-GCM, if it ran,
    only authenticated, and the octets that it decrypted or encrypted.
    """

    transmit: bool
    verdict: Verdict
    reason: str
    sight: Sight
    spans: list[Span]
    protected: bytes | None
    clear: bytes | None
    sci: int | None
    an: int | None
    pn: int | None
    before: PNs | None
    after: PNs | None
    iv: bytes | None
    cipher_ran: bool
    aad: list[Span] = field(default_factory=list)
    text: Span | None = None

    @property
    def tag(self) -> SecTAG | None:
        """The SecTAG; None if there is none."""
        return self.sight.tag


def explain_frame(
    secy: SecY,
    batches: Iterable[FrameBatch],
    frame: int,
    nonces: Mapping[SA, Nonce],
    *,
    transmit: bool,
) -> Explanation:
    """Run the frames of a capture up to number `frame` (from 0) and explain that one.

    `transmit`: the capture is clear and the SecY protects it. Raises OutOfRangeError.

    >>> import macsec
    >>> from macsec.offline import explain_frame
    >>> batch = macsec.FrameBatch.from_frames([bytes(60)])
    >>> secy = macsec.SecY(macsec.Controls(validate=macsec.Validate.STRICT))
    >>> explain_frame(secy, [batch], 0, {}, transmit=False).verdict.label
    'no-tag'

    See also: `Explanation`, `macsec explain`.
    """
    move = secy.protect if transmit else secy.validate
    passed = 0
    for batch in batches:
        row = frame - passed
        if row < len(batch):
            move(batch.take(slice(0, row)))
            before = _pns(secy, transmit)
            one = batch.take(slice(row, row + 1))
            return _explanation(_Moved(secy, one, move(one), before, nonces, transmit))
        move(batch)
        passed += len(batch)
    raise OutOfRangeError(passed)


def _pns(secy: SecY, transmit: bool) -> dict[SA, PNs]:
    if transmit:
        return {
            (0 if sc.sci is None else sci_of(sc.sci), an): PNs(sa.next_pn, None)
            for sc in secy.tx_classes.values()
            for an, sa in sc.sa.items()
        }
    return {
        (sci_of(text), an): PNs(sa.next_pn, sa.lowest_pn)
        for text, sc in secy.rx.items()
        for an, sa in sc.sa.items()
    }


class _Moved(NamedTuple):
    """The frame on its way through the SecY, with the state before it."""

    secy: SecY
    one: FrameBatch
    outcome: Outcome
    before: Mapping[SA, PNs]
    nonces: Mapping[SA, Nonce]
    transmit: bool

    @property
    def verdict(self) -> Verdict:
        verdict: Verdict = self.outcome.verdict[0]
        return verdict


def _explanation(moved: _Moved) -> Explanation:
    given = moved.one[0]
    result = moved.outcome.batch[0] if len(moved.outcome.batch) else None
    clear, protected = (given, result) if moved.transmit else (result, given)
    controls = moved.secy.controls
    shown = given if protected is None else protected
    tags = (controls.sectag_at(shown) - ADDRESSES_LENGTH) // VLAN_TAG_LENGTH
    sight = observe(shown, controls.tag_rules, tags)
    sci, an, pn = moved.outcome.sci_an_pn(0)
    sa = None if sci is None or an is None else (sci, an)
    before = moved.before.get(sa) if sa is not None else None
    after = _pns(moved.secy, moved.transmit).get(sa) if sa is not None else None
    ran = _cipher_ran(moved, sight)
    aad, text = _covered(moved.secy, sight) if sight.tag is not None and ran else ([], None)
    return Explanation(
        transmit=moved.transmit,
        verdict=moved.verdict,
        reason=_reason(moved, sight, before),
        sight=sight,
        spans=spans(shown, sight, controls.offset),
        protected=protected,
        clear=clear,
        sci=sight.sci if sci is None else sci,
        an=sight.tag.an if an is None and sight.tag is not None else an,
        pn=pn,
        before=before,
        after=after,
        iv=_iv(moved, sci, an, pn) if before is not None else None,
        cipher_ran=ran,
        aad=aad,
        text=text,
    )


_RAN = {Verdict.OK, Verdict.INVALID, Verdict.NOT_VALID, Verdict.DELAYED}
_SEALED = {Verdict.ENCRYPTED, Verdict.PROTECTED}


def _cipher_ran(moved: _Moved, sight: Sight) -> bool:
    if moved.transmit:
        return moved.verdict in _SEALED
    controls = moved.secy.controls
    if controls.validate is Validate.DISABLED:
        changed = sight.tag is not None and bool(sight.tag.tci & TCI.C)
        return changed and controls.profile.disabled_decrypts and moved.verdict in _RAN
    return moved.verdict in _RAN


def _iv(moved: _Moved, sci: int | None, an: int | None, pn: int | None) -> bytes | None:
    if sci is None or an is None or pn is None:
        return None
    cipher = moved.secy.controls.cipher
    if not cipher.xpn:
        return cipher.iv(sci, pn)
    nonce = moved.nonces.get((sci, an))
    return None if nonce is None else cipher.iv(sci, pn, *nonce)


def _covered(secy: SecY, sight: Sight) -> tuple[list[Span], Span | None]:
    """14.5: DA, SA, SecTAG and clear octets are AAD; octets past the offset are text."""
    tag, secure = sight.tag, sight.secure
    if tag is None or secure is None:
        return [], None
    controls = secy.controls
    with_tags = sight.at if controls.clear_tags_authenticated else ADDRESSES_LENGTH
    length = secure.stop - secure.start
    clear = min(controls.offset, length) if tag.tci & TCI.E else length
    aad = _joined([Span("addresses", 0, with_tags), Span("SecTAG", sight.at, secure.start + clear)])
    text = Span("text", secure.start + clear, secure.stop)
    return aad, text if text.start < text.stop else None


def _joined(given: list[Span]) -> list[Span]:
    first, second = given
    return [Span("AAD", first.start, second.stop)] if first.stop == second.start else given


def _reason(moved: _Moved, sight: Sight, before: PNs | None) -> str:
    special = _special_reason(moved, sight, before)
    if special is not None:
        return special
    return _usual_reason(moved, sight, before) + _class_reason(moved)


def _class_reason(moved: _Moved) -> str:
    """Name priority and traffic class of a frame that one of several transmit SCs sent."""
    classes = moved.secy.tx_classes
    sci = moved.outcome.sci_an_pn(0)[0]
    if not moved.transmit or len(classes) == 1 or sci is None:
        return ""
    priority = user_priority(moved.one[0])
    chosen = moved.secy.controls.traffic_classes[priority]
    text = f"; user priority {priority}: the SC of traffic class {chosen}"
    return text if chosen in classes else f"{text} does not exist, so that of class 0"


def _usual_reason(moved: _Moved, sight: Sight, before: PNs | None) -> str:
    controls = moved.secy.controls
    sci, an, pn = moved.outcome.sci_an_pn(0)
    mtu = controls.mtu
    return REASONS[moved.verdict].format(
        pn=pn,
        an=an,
        sci="that can be identified" if sci is None else sci_text(sci),
        lowest=None if before is None else before.lowest_pn,
        fault=sight.fault or sectag.fault(moved.one[0][sight.at :], controls.tag_rules),
        length=int(moved.one.length[0]),
        wire_length=int(moved.one.wire_length[0]),
        scs=f"there {_are([*moved.secy.rx])}",
        sas=f"there {_are(_sas_of(moved, sci))}",
        mtu=mtu,
        limit=None if mtu is None else mtu + ETHERNET_HEADER,
        encodingsa=controls.encodingsa,
    )


def _special_reason(moved: _Moved, sight: Sight, before: PNs | None) -> str | None:
    pn = moved.outcome.sci_an_pn(0)[2]
    if moved.verdict is Verdict.NOT_VALID and not _cipher_ran(moved, sight):
        return NOT_DECRYPTED
    if moved.verdict is Verdict.LATE and before is not None and before.lowest_pn is not None:
        if pn is not None and pn >= before.lowest_pn:
            return f"PN {pn} came before, and duplicates: reject remembers it"
        if moved.secy.controls.profile.window_from_next_pn:
            return f"PN {pn} is over the window below next PN {before.next_pn}"
    return None


def _sas_of(moved: _Moved, sci: int | None) -> list[str]:
    if sci is None or sci_text(sci) not in moved.secy.rx:
        return []
    return [f"SA {an}" for an, sa in moved.secy.rx[sci_text(sci)].sa.items() if sa.enabled]


def _are(names: list[str]) -> str:
    if not names:
        return "is none"
    return f"{'is' if len(names) == 1 else 'are'} {', '.join(names[:4])}" + (
        f" and {len(names) - 4} more" if len(names) > 4 else ""
    )
