"""The SecY in readable Python: clause 10 of IEEE 802.1AE-2018, one frame at a time.

It is the oracle for the data plane in C (D-01), which must give the same octets, verdicts, counters
and state. Where the standard leaves a choice: D-03 to D-06 and D-08. Comments name the switch where
a profile departs from the text.

    10.5    transmit: protect, SA and PN assignment, SecTAG, cipher, length
    10.6    receive: tag, SC and SA, preliminary replay check, cipher, replay check, delivery
    10.7    controls and counters: management.py
    14      cipher suites: IV, AAD, confidentiality offset
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable

import numpy as np

from macsec.clear_rules import ClearRule
from macsec.frames import FrameBatch, sectag
from macsec.frames.dissect import user_priority
from macsec.frames.sectag import TCI, SecTAG
from macsec.keys import Uncopyable
from macsec.secy.controls import Controls, Validate
from macsec.secy.own_arena import Arena, moved, own_arena
from macsec.secy.plane import (
    AN_UNKNOWN,
    PRIORITY_OF_TAG,
    Outcome,
)
from macsec.secy.verdict import SA_VERDICTS, TX_SA_VERDICTS, Verdict
from macsec.terms import (
    ADDRESSES_LENGTH,
    ETHERNET_HEADER,
    ICV_LENGTH,
    PORT_END_STATION,
    PORT_SCB,
    SCI_NONE,
)

from .frames import FrameResult, ReceivedFrame
from .management import ReferenceManagement
from .state import (
    ReferenceReceiveSA,
    ReferenceReceiveSC,
    ReferenceTransmitSC,
    SAKey,
    no_counts,
)

RECEIVED, SENT, REFUSED = range(3)
"""Columns of the counts of a rule of `clear`."""


class ReferencePlane(ReferenceManagement, Uncopyable):
    """The reference data plane: frames. Its management is in the base."""

    name = "reference"
    kernel = "cryptography"

    def __init__(self, controls: Controls) -> None:
        self._tx = {0: ReferenceTransmitSC(SCI_NONE, False)}  # by traffic class
        self._rx: dict[int, ReferenceReceiveSC] = {}
        self._counts = no_counts(Verdict)
        self._clear_rules: tuple[ClearRule, ...] = ()
        self._clear_counts: list[list[int]] = []
        self.configure(controls)
        _OPEN.add(self)

    # ---------------------------------------------------------------- 10.5 transmit

    def protect(
        self, batch: FrameBatch, out: Arena | None = None, priorities: bytes | None = None
    ) -> Outcome:
        """10.5: frames of the Controlled Port, to be sent on the Common Port."""
        asked = priorities or bytes([PRIORITY_OF_TAG]) * len(batch)
        return self._each(
            batch, out, lambda row, frame: self._transmit(frame, asked[row]), sending=True
        )

    def _transmit(self, frame: bytes, asked: int = PRIORITY_OF_TAG) -> FrameResult:
        # A frame to send has addresses and at least one octet of User Data.
        if len(frame) <= ADDRESSES_LENGTH:
            return FrameResult(Verdict.RUNT)
        # 10.5: protectFrames False: unchanged.
        if not self._controls.protects:
            self._counts.octets_out += len(frame)
            return FrameResult(Verdict.UNPROTECTED, frame)
        if self._controls.lets_pass(frame, sending=True):
            self._counts.octets_out += len(frame)
            self._count_clear(frame, SENT)
            return FrameResult(Verdict.SENT_CLEAR, frame)
        # 10.5.1: the SC by the traffic class; the SA is encodingSA of the SC; without a usable one
        # nothing is sent.
        an = self._controls.encodingsa
        sc = self._sc_of(frame, asked)
        sa = sc.sa.get(an)
        if sa is None or sa.key is None or not sa.enabled or not sc.enabled:
            return FrameResult(Verdict.NOT_OPERATIONAL)
        # 10.5.2: nextPN is past the last PN, or past those reserved: stop. Never wrap, and never
        # send in clear instead.
        if sa.next_pn >= self._controls.cipher.pn_limit:
            return FrameResult(Verdict.EXHAUSTED, None, sc.sci, an)
        if sa.next_pn >= sa.limit:
            return FrameResult(Verdict.NOT_OPERATIONAL, None, sc.sci, an)
        pn = sa.next_pn
        sa.next_pn += 1
        return self._protect_with(sc, sa.key, an, pn, frame)

    def _sc_of(self, frame: bytes, asked: int) -> ReferenceTransmitSC:
        """10.7.17: the SC of the traffic class of the user priority, by default that of class 0.

        The priority of the request, or that of the first VLAN tag; without either it is 0.
        """
        priority = user_priority(frame) if asked == PRIORITY_OF_TAG else asked
        return self._tx.get(self._controls.traffic_classes[priority], self._tx[0])

    def _protect_with(
        self, sc: ReferenceTransmitSC, key: SAKey, an: int, pn: int, frame: bytes
    ) -> FrameResult:
        controls = self._controls
        addresses = frame[:ADDRESSES_LENGTH]
        user_at = controls.sectag_at(frame)
        if user_at == len(frame):  # only tags: all of it is User Data
            user_at = ADDRESSES_LENGTH
        clear_tags, user_data = frame[ADDRESSES_LENGTH:user_at], frame[user_at:]
        # 10.5.3: the SecTAG.
        tag = self._sectag(sc.sci, an, pn, len(user_data)).encode()
        # 10.5.4: protection; counted in octets of User Data.
        header = self._authenticated(addresses, clear_tags) + tag
        secure_data, icv = self._seal(key, sc.sci, pn, header, user_data)
        mpdu = tag + secure_data + icv[: controls.icv_length]
        protected = addresses + clear_tags + mpdu
        # 10.5.5: longer than the Common Port takes: discarded, and the PN is used up.
        too_long = controls.mtu is not None and len(protected) > controls.mtu + ETHERNET_HEADER
        if not too_long or controls.profile.too_long_counts_octets:
            self._count_octets_out(sc, len(user_data))
        if too_long:
            return FrameResult(Verdict.TOO_LONG, None, sc.sci, an, pn)
        self._counts.octets_out += len(frame)
        verdict = Verdict.ENCRYPTED if controls.encrypt else Verdict.PROTECTED
        sc.counts.frames[verdict] += 1
        sc.sa[an].counts.frames[TX_SA_VERDICTS.index(verdict)] += 1
        return FrameResult(verdict, protected, sc.sci, an, pn)

    def _count_octets_out(self, sc: ReferenceTransmitSC, octets: int) -> None:
        for counts in (self._counts, sc.counts):
            if self._controls.encrypt:
                counts.encrypted += octets
            else:
                counts.protected += octets

    def _including_sci(self) -> bool:
        """10.5.3, Table 10-1: return whether the SecTAG carries the SCI."""
        controls = self._controls
        if controls.send_sci or len(self._tx) > 1:
            return True
        receiving = sum(sc.enabled for sc in self._rx.values())
        return receiving > 1 and not controls.end_station and not controls.scb

    def _sectag(self, sci: int, an: int, pn: int, user_data_length: int) -> SecTAG:
        """10.5.3: SC, ES, SCB; E and C; AN, SL, PN and SCI."""
        controls = self._controls
        tci = TCI(0)
        if self._including_sci():
            tci |= TCI.SC
        else:
            tci |= TCI.ES if controls.end_station else TCI(0)
            tci |= TCI.SCB if controls.scb else TCI(0)
        if controls.encrypt:
            tci |= TCI.E | TCI.C
        elif controls.icv_length != ICV_LENGTH:
            tci |= TCI.C  # 9.5: the ICV is not 16 octets
        sl = sectag.short_length(user_data_length)
        shown = sci if tci & TCI.SC else None
        return SecTAG(tci, an, sl, pn & 0xFFFFFFFF, shown, controls.ethertype)

    def _seal(
        self, key: SAKey, sci: int, pn: int, header: bytes, user_data: bytes
    ) -> tuple[bytes, bytes]:
        """14.5: authenticate all of it, encrypt the octets past the offset."""
        clear = self._clear_octets(self._controls.encrypt, len(user_data))
        aad = header + user_data[:clear]
        text, icv = key.seal(sci, pn, aad, user_data[clear:])
        return user_data[:clear] + text, icv

    def _clear_octets(self, encrypted: bool, length: int) -> int:
        """14.5: count the octets of User Data left in clear, all of them if within the offset."""
        return min(self._controls.offset, length) if encrypted else length

    def _authenticated(self, addresses: bytes, clear_tags: bytes) -> bytes:
        """14.5 has no clear tags: they are not in the AAD unless `clear_tags_authenticated`."""
        return addresses + clear_tags if self._controls.clear_tags_authenticated else addresses

    # ---------------------------------------------------------------- 10.6 receive

    def validate(self, batch: FrameBatch, out: Arena | None = None) -> Outcome:
        """10.6: frames of the Common Port, for the Controlled Port."""
        outcome = self._each(batch, out, lambda _, octets: self._receive(octets), sending=False)
        self._counts.octets_common += batch.octets
        self._counts.octets_in += outcome.batch.octets
        return outcome

    def _receive(self, octets: bytes) -> FrameResult:
        controls, profile = self._controls, self._controls.profile
        if len(octets) < ETHERNET_HEADER:
            return FrameResult(Verdict.RUNT)
        # 10.6: Null: unchanged, with all tags.
        if controls.validate is Validate.NULL:
            return FrameResult(Verdict.BYPASS, octets)
        # 10.6: no SecTAG.
        at = controls.sectag_at(octets)
        mpdu = octets[at:]
        if int.from_bytes(mpdu[:2]) != controls.ethertype:
            return self._receive_untagged(octets)
        # switch short_header_silent
        if profile.short_header_silent and len(mpdu) < sectag.LENGTH_WITHOUT_SCI + 2:
            return FrameResult(Verdict.DROPPED)
        # 10.6: E without C is for the KaY at the Uncontrolled Port.
        if len(mpdu) > 2 and mpdu[2] & (TCI.E | TCI.C) == TCI.E:
            return FrameResult(Verdict.UNCONTROLLED)
        tag = sectag.decode(mpdu, controls.ethertype)
        if profile.short_header_silent and self._header_cut_short(mpdu):
            return FrameResult(Verdict.DROPPED)
        # 9.12, a) to i)
        bad = sectag.fault(mpdu, self._tag_rules) is not None
        if tag is None or (bad and not profile.lookup_before_tag):
            return FrameResult(Verdict.BAD_TAG)
        frame = ReceivedFrame(octets[:ADDRESSES_LENGTH], octets[ADDRESSES_LENGTH:at], mpdu, tag)
        return self._receive_tagged(frame, bad)

    def _receive_untagged(self, octets: bytes) -> FrameResult:
        """10.6: a frame without a SecTAG; a rule of `clear` comes first."""
        if self._controls.lets_pass(octets, sending=False):
            self._count_clear(octets, RECEIVED)
            return FrameResult(Verdict.EXCEPTED, octets)
        if self._controls.clear_rule_of(octets) is not None:
            self._count_clear(octets, REFUSED)
            return FrameResult(Verdict.REFUSED_CLEAR)
        strict = self._controls.validate is Validate.STRICT
        return FrameResult(Verdict.NO_TAG) if strict else FrameResult(Verdict.UNTAGGED, octets)

    def _count_clear(self, frame: bytes, column: int) -> None:
        rule = self._controls.clear_rule_of(frame)
        if rule is not None:
            self._clear_counts[self._controls.clear_rules.index(rule)][column] += 1

    def _header_cut_short(self, mpdu: bytes) -> bool:
        return bool(mpdu[2] & TCI.SC) and len(mpdu) < sectag.LENGTH_WITH_SCI + 2

    def _receive_tagged(self, frame: ReceivedFrame, bad: bool) -> FrameResult:
        """10.6.1: the SC and the SA."""
        tag = frame.tag
        sci = self._received_sci(frame)
        if sci is None and self._controls.profile.no_peer_silent:
            return FrameResult(Verdict.DROPPED)
        pn = None if self._controls.cipher.xpn else tag.pn
        sc = None if sci is None else self._rx.get(sci)
        if sci is None or sc is None:
            verdict = self._without_sa(tag, Verdict.UNKNOWN_SCI, Verdict.NO_SCI)
            return self._stripped(FrameResult(verdict, None, sci, tag.an, pn), frame)
        if bad:  # switch lookup_before_tag
            return FrameResult(Verdict.BAD_TAG)
        sa = sc.sa.get(tag.an)
        receives = sc.enabled or self._controls.profile.sc_off_receives
        if sa is None or not sa.enabled or not receives:
            verdict = self._without_sa(tag, Verdict.UNUSED_SA, Verdict.NOT_USING_SA)
            row = self._stripped(FrameResult(verdict, None, sci, tag.an, pn), frame)
            sc.counts.frames[row.verdict] += 1
            return row
        row = self._receive_on(sc, sa, sci, frame)
        sc.counts.frames[row.verdict] += 1
        if row.verdict in SA_VERDICTS:
            sa.counts.frames[row.verdict] += 1
        return row

    def _received_sci(self, frame: ReceivedFrame) -> int | None:
        """9.9, 10.6.1: the SCI in the tag, from the source address, or of the only peer."""
        tag = frame.tag
        if tag.sci is not None:
            return tag.sci
        system = int.from_bytes(frame.addresses[6:]) << 16
        if tag.tci & TCI.SCB and self._controls.profile.scb_port_zero:
            return system | PORT_SCB
        if tag.tci & TCI.ES:
            return system | PORT_END_STATION
        if len(self._rx) == 1:
            (sci, sc), *_ = self._rx.items()
            return sci if sc.enabled else None
        return None

    def _without_sa(self, tag: SecTAG, delivered: Verdict, discarded: Verdict) -> Verdict:
        """10.6.1: a frame that cannot be validated goes on only if its data was not changed."""
        strict = self._controls.validate is Validate.STRICT
        return discarded if strict or tag.tci & TCI.C else delivered

    def _stripped(self, row: FrameResult, frame: ReceivedFrame) -> FrameResult:
        """10.6.1: delivered with the SecTAG and a 16-octet ICV removed."""
        if not row.verdict.delivered:
            return row
        if row.verdict is Verdict.UNKNOWN_SCI and self._controls.profile.lookup_before_tag:
            # Lengths were not checked: all but the last 16 octets, SL or not.
            if len(frame.mpdu) < frame.tag.length + ICV_LENGTH:
                return FrameResult(Verdict.DROPPED)
            user_data = frame.mpdu[frame.tag.length : len(frame.mpdu) - ICV_LENGTH]
        else:
            user_data = frame.user_data(self._controls.icv_length)
        return row._replace(octets=frame.addresses + frame.clear_tags + user_data)

    def _receive_on(
        self, sc: ReferenceReceiveSC, sa: ReferenceReceiveSA, sci: int, frame: ReceivedFrame
    ) -> FrameResult:
        controls, replay = self._controls, self._replay
        # 10.6.2: PN recovery and the preliminary replay check. 10.6.4 repeats the check after the
        # cipher, for frames validated in between: there are none here.
        pn = replay.recover(sa.window, frame.tag.pn)
        result = FrameResult(Verdict.LATE, None, sci, frame.tag.an, pn)
        if controls.replay and replay.late(sa.window, pn):
            return result
        # 10.6.3: the cipher.
        changed = bool(frame.tag.tci & TCI.C)
        if controls.validate is Validate.DISABLED and not (
            changed and controls.profile.disabled_decrypts
        ):
            return self._deliver_unchecked(result, sa, pn, frame)
        self._count_octets_in(sc, frame)
        user_data = self._open(sa, sci, pn, frame)
        # 10.6.5: delivery.
        if user_data is None:
            discard = changed or controls.validate is Validate.STRICT
            if discard:
                return result._replace(verdict=Verdict.NOT_VALID)
            return self._deliver(
                result, Verdict.INVALID, frame, frame.user_data(controls.icv_length)
            )
        delayed = replay.delayed(sa.window, pn)
        replay.advance(sa.window, pn)
        verdict = Verdict.DELAYED if delayed else Verdict.OK
        return self._deliver(result, verdict, frame, user_data)

    def _deliver_unchecked(
        self, result: FrameResult, sa: ReferenceReceiveSA, pn: int, frame: ReceivedFrame
    ) -> FrameResult:
        """10.6.5, validateFrames Disabled: changed data cannot go on; no state changes."""
        if frame.tag.tci & TCI.C:
            return result._replace(verdict=Verdict.NOT_VALID)
        delayed = self._replay.delayed(sa.window, pn)
        verdict = Verdict.DELAYED if delayed else Verdict.UNCHECKED
        return self._deliver(result, verdict, frame, frame.user_data(self._controls.icv_length))

    def _deliver(
        self, result: FrameResult, verdict: Verdict, frame: ReceivedFrame, user_data: bytes
    ) -> FrameResult:
        clear = frame.addresses + frame.clear_tags + user_data
        return result._replace(verdict=verdict, octets=clear)

    def _open(
        self, sa: ReferenceReceiveSA, sci: int, pn: int, frame: ReceivedFrame
    ) -> bytes | None:
        """10.6.3, 14.5: return the User Data, or None if the frame is not VALID."""
        icv_length = self._controls.icv_length
        secure = frame.user_data(icv_length)
        icv_at = frame.tag.length + len(secure)
        icv = frame.mpdu[icv_at : icv_at + icv_length]
        clear = self._clear_octets(bool(frame.tag.tci & TCI.E), len(secure))
        header = self._authenticated(frame.addresses, frame.clear_tags)
        aad = header + frame.mpdu[: frame.tag.length] + secure[:clear]
        text = sa.key.open(sci, pn, aad, secure[clear:], icv)
        return None if text is None else secure[:clear] + text

    def _count_octets_in(self, sc: ReferenceReceiveSC, frame: ReceivedFrame) -> None:
        """10.7.10: count the octets of User Data whenever the cipher ran, valid or not."""
        if self._controls.validate is Validate.DISABLED:
            return
        octets = len(frame.user_data(self._controls.icv_length))
        for counts in (self._counts, sc.counts):
            if frame.tag.tci & TCI.E:
                counts.decrypted += octets
            else:
                counts.validated += octets

    # ---------------------------------------------------------------- batches

    def _each(
        self,
        batch: FrameBatch,
        out: Arena | None,
        judge: Callable[[int, bytes], FrameResult],
        *,
        sending: bool,
    ) -> Outcome:
        arena = None if out is None else own_arena(batch, out)
        whole = (batch.length == batch.wire_length).tolist()
        rows = [
            judge(row, octets) if complete else FrameResult(Verdict.TRUNCATED)
            for row, (octets, complete) in enumerate(zip(batch.frames(), whole, strict=True))
        ]
        for row, octets in zip(rows, batch.frames(), strict=True):
            self._counts.count(row.verdict, octets, row.octets is not None, sending)
        kept = np.flatnonzero([row.octets is not None for row in rows]).astype(np.int64)
        sent = FrameBatch.from_frames(
            [row.octets for row in rows if row.octets is not None],
            batch.time_ns[kept],
            batch.source[kept],
        )
        return Outcome(
            sent if arena is None else moved(sent, arena),
            kept,
            np.array([row.verdict for row in rows], np.uint8),
            np.array([SCI_NONE if row.sci is None else row.sci for row in rows], np.uint64),
            np.array([AN_UNKNOWN if row.an is None else row.an for row in rows], np.uint8),
            np.array([row.pn or 0 for row in rows], np.uint64),
            batch,
        )

    def protect_frame(
        self, frame: bytes, priority: int | None = None
    ) -> tuple[Verdict, bytes | None]:
        """10.5, one frame."""
        row = self._transmit(frame, PRIORITY_OF_TAG if priority is None else priority)
        self._counts.count(row.verdict, frame, row.octets is not None, True)
        return row.verdict, row.octets

    def validate_frame(self, frame: bytes) -> tuple[Verdict, bytes | None]:
        """10.6, one frame."""
        row = self._receive(frame)
        self._counts.count(row.verdict, frame, row.octets is not None, False)
        self._counts.octets_common += len(frame)
        self._counts.octets_in += len(row.octets or b"")
        return row.verdict, row.octets

    def see(self, frame: bytes) -> None:
        """10.7.3: count a received frame that the Uncontrolled Port alone has."""
        if vars(self):  # a closed SecY counts nothing
            self._counts.see(frame)


_OPEN: weakref.WeakSet[ReferencePlane] = weakref.WeakSet()


def _forked() -> None:
    for plane in list(_OPEN):
        plane.forked()


os.register_at_fork(after_in_child=_forked)
