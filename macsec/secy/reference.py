"""The SecY in readable Python: clause 10 of IEEE 802.1AE-2018, one frame at a time.

It is the oracle for the data plane in C (D-01), which must give the same octets, verdicts, counters
and state. Where the standard leaves a choice: D-03 to D-06 and D-08. Comments name the switch where
a profile departs from the text.

    10.5    transmit: protect, SA and PN assignment, SecTAG, cipher, length
    10.6    receive: tag, SC and SA, preliminary replay check, cipher, replay check, delivery
    10.7    controls and counters
    14      cipher suites: IV, AAD, confidentiality offset
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple, NoReturn

import numpy as np

from macsec.errors import CustodyError, EnvironmentLacks, MACsecError
from macsec.frames import FrameBatch, sectag
from macsec.frames.dissect import vlan_tags_end
from macsec.frames.sectag import TCI, SecTAG, TagRules
from macsec.keys import Uncopyable
from macsec.terms import (
    ADDRESSES_LENGTH,
    ETHERNET_HEADER,
    ICV_LENGTH,
    PORT_END_STATION,
    PORT_SCB,
    SCI_NONE,
)

from .controls import Controls, Validate
from .own_arena import Arena, moved, own_arena
from .plane import AN_UNKNOWN, DEAD, Loan, Outcome, SAParameters, SAState, Tally
from .reference_state import (
    ReferenceReceiveSA,
    ReferenceReceiveSC,
    ReferenceTransmitSA,
    SAKey,
    no_counts,
)
from .replay_check import ReplayRule, ReplayWindow, replay_rule
from .verdict import SA_VERDICTS, SC_VERDICTS, TX_SA_VERDICTS, Verdict


class FrameResult(NamedTuple):
    """Verdict of one frame, the frame that goes on, and SCI, AN and PN where known."""

    verdict: Verdict
    octets: bytes | None = None
    sci: int | None = None
    an: int | None = None
    pn: int | None = None


class ReceivedFrame(NamedTuple):
    """Parts of a received frame: addresses, clear VLAN tags, MPDU, decoded SecTAG."""

    addresses: bytes
    clear_tags: bytes
    mpdu: bytes
    tag: SecTAG

    def user_data(self, icv_length: int) -> bytes:
        """Return the Secure Data of an MPDU whose lengths were checked."""
        end = sectag.secure_data_length(len(self.mpdu), self.tag, icv_length)
        return self.mpdu[self.tag.length : self.tag.length + end]


class ReferencePlane(Uncopyable):
    """The reference data plane."""

    name = "reference"
    kernel = "cryptography"

    def __init__(self, controls: Controls) -> None:
        self._tx_sci = SCI_NONE
        self._tx_enabled = False
        self._tx_sa: dict[int, ReferenceTransmitSA] = {}
        self._rx: dict[int, ReferenceReceiveSC] = {}
        self._counts = no_counts(Verdict)
        self.configure(controls)
        _OPEN.add(self)

    # ---------------------------------------------------------------- 10.5 transmit

    def protect(self, batch: FrameBatch, out: Arena | None = None) -> Outcome:
        """10.5: frames of the Controlled Port, to be sent on the Common Port."""
        return self._each(batch, out, self._transmit)

    def _transmit(self, frame: bytes) -> FrameResult:
        # A frame to send has addresses and at least one octet of User Data.
        if len(frame) <= ADDRESSES_LENGTH:
            return FrameResult(Verdict.RUNT)
        # 10.5: protectFrames False: unchanged.
        if not self._controls.protects:
            self._counts.octets_out += len(frame)
            return FrameResult(Verdict.UNPROTECTED, frame)
        if self._controls.lets_pass(frame):
            self._counts.octets_out += len(frame)
            return FrameResult(Verdict.SENT_CLEAR, frame)
        # 10.5.1: the SA is encodingSA of the SC; without a usable one nothing is sent.
        an = self._controls.encodingsa
        sa = self._tx_sa.get(an)
        if sa is None or sa.key is None or not sa.enabled or not self._tx_enabled:
            return FrameResult(Verdict.NOT_OPERATIONAL)
        # 10.5.2: nextPN is past the last PN, or past those reserved: stop. Never wrap, and never
        # send in clear instead.
        if sa.next_pn >= self._controls.cipher.pn_limit:
            return FrameResult(Verdict.EXHAUSTED, None, self._tx_sci, an)
        if sa.next_pn >= sa.limit:
            return FrameResult(Verdict.NOT_OPERATIONAL, None, self._tx_sci, an)
        pn = sa.next_pn
        sa.next_pn += 1
        return self._protect_with(sa, sa.key, an, pn, frame)

    def _protect_with(
        self, sa: ReferenceTransmitSA, key: SAKey, an: int, pn: int, frame: bytes
    ) -> FrameResult:
        controls = self._controls
        addresses = frame[:ADDRESSES_LENGTH]
        user_at = self._clear_tags_end(frame)
        if user_at == len(frame):  # only tags: all of it is User Data
            user_at = ADDRESSES_LENGTH
        clear_tags, user_data = frame[ADDRESSES_LENGTH:user_at], frame[user_at:]
        # 10.5.3: the SecTAG.
        tag = self._sectag(an, pn, len(user_data)).encode()
        # 10.5.4: protection; counted in octets of User Data.
        header = self._authenticated(addresses, clear_tags) + tag
        secure_data, icv = self._seal(key, pn, header, user_data)
        mpdu = tag + secure_data + icv[: controls.icv_length]
        protected = addresses + clear_tags + mpdu
        # 10.5.5: longer than the Common Port takes: discarded, and the PN is used up.
        too_long = controls.mtu is not None and len(protected) > controls.mtu + ETHERNET_HEADER
        if not too_long or controls.profile.too_long_counts_octets:
            self._count_octets_out(len(user_data))
        if too_long:
            return FrameResult(Verdict.TOO_LONG, None, self._tx_sci, an, pn)
        self._counts.octets_out += len(frame)
        verdict = Verdict.ENCRYPTED if controls.encrypt else Verdict.PROTECTED
        sa.counts.frames[TX_SA_VERDICTS.index(verdict)] += 1
        return FrameResult(verdict, protected, self._tx_sci, an, pn)

    def _count_octets_out(self, octets: int) -> None:
        if self._controls.encrypt:
            self._counts.encrypted += octets
        else:
            self._counts.protected += octets

    def _including_sci(self) -> bool:
        """10.5.3, Table 10-1: return whether the SecTAG carries the SCI."""
        controls = self._controls
        if controls.send_sci:
            return True
        receiving = sum(sc.enabled for sc in self._rx.values())
        return receiving > 1 and not controls.end_station and not controls.scb

    def _sectag(self, an: int, pn: int, user_data_length: int) -> SecTAG:
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
        sci = self._tx_sci if tci & TCI.SC else None
        return SecTAG(tci, an, sl, pn & 0xFFFFFFFF, sci, controls.ethertype)

    def _seal(self, key: SAKey, pn: int, header: bytes, user_data: bytes) -> tuple[bytes, bytes]:
        """14.5: authenticate all of it, encrypt the octets past the offset."""
        clear = self._clear_octets(self._controls.encrypt, len(user_data))
        aad = header + user_data[:clear]
        text, icv = key.seal(self._tx_sci, pn, aad, user_data[clear:])
        return user_data[:clear] + text, icv

    def _clear_octets(self, encrypted: bool, length: int) -> int:
        """14.5: count the octets of User Data left in clear, all of them if within the offset."""
        return min(self._controls.offset, length) if encrypted else length

    def _authenticated(self, addresses: bytes, clear_tags: bytes) -> bytes:
        """14.5 has no clear tags: they are not in the AAD unless `clear_tags_authenticated`."""
        return addresses + clear_tags if self._controls.clear_tags_authenticated else addresses

    def _clear_tags_end(self, frame: bytes) -> int:
        """Offset of the SecTAG: behind at most `clear_tags` VLAN tags (11.4, 15.3)."""
        return vlan_tags_end(frame, self._controls.clear_tags)

    # ---------------------------------------------------------------- 10.6 receive

    def validate(self, batch: FrameBatch, out: Arena | None = None) -> Outcome:
        """10.6: frames of the Common Port, for the Controlled Port."""
        outcome = self._each(batch, out, self._receive)
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
        at = self._clear_tags_end(octets)
        mpdu = octets[at:]
        if int.from_bytes(mpdu[:2]) != controls.ethertype:
            if controls.lets_pass(octets):
                return FrameResult(Verdict.EXCEPTED, octets)
            strict = controls.validate is Validate.STRICT
            return FrameResult(Verdict.NO_TAG) if strict else FrameResult(Verdict.UNTAGGED, octets)
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
        self, batch: FrameBatch, out: Arena | None, judge: Callable[[bytes], FrameResult]
    ) -> Outcome:
        arena = None if out is None else own_arena(batch, out)
        whole = (batch.length == batch.wire_length).tolist()
        rows = [
            judge(octets) if complete else FrameResult(Verdict.TRUNCATED)
            for octets, complete in zip(batch.frames(), whole, strict=True)
        ]
        for row in rows:
            self._counts.frames[row.verdict] += 1
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
        )

    def protect_frame(self, frame: bytes) -> tuple[Verdict, bytes | None]:
        """10.5, one frame."""
        row = self._transmit(frame)
        self._counts.frames[row.verdict] += 1
        return row.verdict, row.octets

    def validate_frame(self, frame: bytes) -> tuple[Verdict, bytes | None]:
        """10.6, one frame."""
        row = self._receive(frame)
        self._counts.frames[row.verdict] += 1
        self._counts.octets_in += len(row.octets or b"")
        return row.verdict, row.octets

    # ---------------------------------------------------------------- 10.7 management

    def configure(self, controls: Controls) -> None:
        """10.7: take over all controls."""
        self._check_open()
        self._controls = controls
        self._replay: ReplayRule = replay_rule(controls)
        self._tag_rules = TagRules(
            controls.cipher.xpn,
            controls.icv_length,
            controls.profile.exact_length,
            controls.profile.refuse_sl_48,
            controls.ethertype,
        )

    def set_tx_sc(self, sci: int, enabled: bool) -> None:
        """10.7.20: name the transmit SC."""
        self._check_open()
        self._tx_sci, self._tx_enabled = sci, enabled

    def add_tx_sa(self, sa: SAParameters) -> None:
        """10.7.22: create a transmit SA."""
        key = SAKey(self._controls.cipher, sa)
        self._tx_sa[sa.an] = ReferenceTransmitSA(key, sa.next_pn, sa.enabled)

    def remove_tx_sa(self, an: int) -> None:
        """Delete a transmit SA."""
        del self._tx_sa[an]

    def enable_tx_sa(self, an: int, enabled: bool) -> None:
        """10.7.24: start or stop a transmit SA."""
        self._alive(an).enabled = enabled

    def set_tx_pn(self, an: int, next_pn: int) -> None:
        """Set nextPN of a transmit SA."""
        self._tx_sa[an].next_pn = next_pn

    def limit_tx_pn(self, an: int, limit: int) -> None:
        """Use no PN from `limit` on for now."""
        self._alive(an).limit = limit

    def _alive(self, an: int) -> ReferenceTransmitSA:
        sa = self._tx_sa[an]
        if sa.key is None:
            raise CustodyError(DEAD)
        return sa

    def add_rx_sc(self, sci: int, enabled: bool) -> None:
        """10.7.11: create a receive SC."""
        self._rx[sci] = ReferenceReceiveSC(enabled)

    def remove_rx_sc(self, sci: int) -> None:
        """Delete a receive SC and its SAs."""
        del self._rx[sci]

    def enable_rx_sc(self, sci: int, enabled: bool) -> None:
        """Start or stop a receive SC."""
        self._rx[sci].enabled = enabled

    def add_rx_sa(self, sci: int, sa: SAParameters) -> None:
        """10.7.13: create a receive SA; its counters start at zero."""
        key = SAKey(self._controls.cipher, sa)
        self._rx[sci].sa[sa.an] = ReferenceReceiveSA(
            key, ReplayWindow(sa.next_pn, sa.lowest_pn), sa.enabled
        )

    def remove_rx_sa(self, sci: int, an: int) -> None:
        """Delete a receive SA."""
        del self._rx[sci].sa[an]

    def enable_rx_sa(self, sci: int, an: int, enabled: bool) -> None:
        """10.7.15: start or stop a receive SA."""
        self._rx[sci].sa[an].enabled = enabled

    def set_rx_pn(self, sci: int, an: int, next_pn: int, lowest_pn: int) -> None:
        """10.7.15: updtNextPN and updtLowestPN."""
        window = self._rx[sci].sa[an].window
        window.next_pn, window.lowest_pn = next_pn, lowest_pn

    def tx_sa(self, an: int) -> SAState:
        """10.7.23: return the state of a transmit SA."""
        sa = self._tx_sa[an]
        return SAState(sa.enabled, sa.next_pn, 0, sa.counts.tally())

    def rx_sa(self, sci: int, an: int) -> SAState:
        """10.7.14: return the state of a receive SA."""
        sa = self._rx[sci].sa[an]
        lowest_pn = self._replay.lowest(sa.window)
        return SAState(sa.enabled, sa.window.next_pn, lowest_pn, sa.counts.tally())

    def rx_sc_tally(self, sci: int) -> Tally:
        """10.7.12: return the counts of a receive SC."""
        return self._rx[sci].counts.tally()

    def tally(self) -> Tally:
        """10.7.9, 10.7.18: return the counts of the SecY."""
        return self._counts.tally()

    def clear(self) -> None:
        """Zero all counters; no PN changes."""
        self._check_open()
        self._counts = no_counts(Verdict)
        for tx_sa in self._tx_sa.values():
            tx_sa.counts = no_counts(TX_SA_VERDICTS)
        for sc in self._rx.values():
            sc.counts = no_counts(SC_VERDICTS)
            for sa in sc.sa.values():
                sa.counts = no_counts(SA_VERDICTS)

    def still(self) -> AbstractContextManager[None]:
        """Empty context: frames and management share one thread here."""
        return nullcontext()

    def lend(self, stop: Callable[[], None]) -> Loan:
        """Raise EnvironmentLacks: there is nothing in C to lend."""
        raise EnvironmentLacks("frames in real time need the native data plane: see macsec doctor")

    def take_back(self, stop: Callable[[], None]) -> None:
        """Do nothing: `lend` always raises."""

    def forked(self) -> None:
        """Disable all transmit SAs in the child of a fork: only the parent may use their PNs."""
        for sa in vars(self).get("_tx_sa", {}).values():
            sa.key, sa.enabled = None, False

    def close(self) -> None:
        """Forget all keys and all state; every later call raises."""
        vars(self).clear()

    def __getattr__(self, name: str) -> NoReturn:
        # Reached only for a missing attribute: all state is missing once closed.
        self._check_open()
        raise AttributeError(name)

    def _check_open(self) -> None:
        if not vars(self):
            raise MACsecError("this SecY is closed: its keys are wiped")


_OPEN: weakref.WeakSet[ReferencePlane] = weakref.WeakSet()


def _forked() -> None:
    for plane in list(_OPEN):
        plane.forked()


os.register_at_fork(after_in_child=_forked)
