"""Hellos of KaYs that a lab in C sends and hears: their terms go there, their reports come back."""

from __future__ import annotations

from typing import Any

from macsec.kay.keys.derivation import ICV_LENGTH
from macsec.kay.membership.hello_loan import HelloReport, HelloTerms, PeerReport, PeerTerms
from macsec.kay.timers import REPEAT_NS
from macsec.port.agreement import HelloLoan
from macsec.terms import AN_VALUES
from macsec.wire.engine import HORIZON_PS

from .engine import ffi, lib

_TIMES = lib.MACSEC_HELLO_TIMES
_MOST = lib.MACSEC_HELLO_MOST - ICV_LENGTH
_report = ffi.new("macsec_hello_report *")
_heard = ffi.new("macsec_hello_heard[]", 64)
_crcs = ffi.new("uint32_t[]", lib.MACSEC_LAB_CRCS)


class LentHellos:
    """The hellos of a station that its lab has in C."""

    def __init__(self, lab: Any, station: int, loan: HelloLoan) -> None:
        self._lab, self._station = lab, station
        self._peers = range(len(loan.terms.peers))
        self.mkpdu = loan.terms.stencil.octets + bytes(ICV_LENGTH)

    @staticmethod
    def crcs(report: HelloReport) -> list[int]:
        """Return the CRCs of the frames of a report that was just made."""
        return list(_crcs)[: min(report.heard, len(_crcs))]

    def report(self) -> HelloReport:
        """Return what happened since the last report."""
        lib.macsec_lab_look_at_hellos(self._lab, self._station, _report, _heard, _crcs)
        peers = [_peer_report(_heard[at]) for at in self._peers]
        count = max(_report.kept, min(_report.sent, _TIMES))
        return HelloReport(
            now_ns=_report.now_ns,
            hello_ns=_report.hello_ns,
            heard=_report.heard,
            heard_ns=_report.heard_ns,
            sent=_report.sent,
            sent_ns=_report.sent_ns,
            mn=_report.mn,
            kept=_report.kept,
            times=list(_report.times)[_TIMES - count :],
            unread=bool(_report.unread),
            peers=peers,
        )


def borrowed(lab: Any, station: int, loan: HelloLoan, rested_ns: int) -> LentHellos | None:
    """Give hellos to C; None if it cannot have them."""
    terms = loan.terms
    if len(terms.times) >= _TIMES or any(
        len(octets) > _MOST
        for octets in (terms.stencil.octets, *(one.stencil.frame for one in terms.peers))
    ):
        return None
    kept: list[Any] = []
    given = _terms(terms, kept)
    next_pns = [loan.next_pns.get(an, 0) for an in AN_VALUES]
    if not lib.macsec_lab_borrow_hellos(lab, station, given, rested_ns, next_pns):
        return None
    return LentHellos(lab, station, loan)


def _terms(terms: HelloTerms, kept: list[Any]) -> Any:
    """Return terms as C has them; `kept` keeps what they point to."""
    ick, mkpdu, head = terms.ick.in_place(), terms.stencil.octets, terms.stencil.head
    peers = ffi.new("macsec_hello_peer[]", len(terms.peers))
    for row, one in zip(peers, terms.peers, strict=True):
        _fill(row, one, kept)
    times = ffi.new("int64_t[]", terms.times)
    given = ffi.new("macsec_hello_terms *")
    given.ick, given.ick_length = ffi.from_buffer("uint8_t[]", ick), len(ick)
    given.mkpdu, given.length = ffi.from_buffer("uint8_t[]", mkpdu), len(mkpdu)
    given.head = ffi.from_buffer("uint8_t[]", head)
    given.mn, given.times, given.time_count = terms.mn, times, len(terms.times)
    given.hello_ns, given.period_ns = terms.hello_ns, terms.period_ns
    given.life_ns, given.repeat_ns = terms.life_ns, REPEAT_NS
    given.until_ns = min(terms.until_ns, HORIZON_PS)
    given.peers, given.peer_count = peers, len(terms.peers)
    kept += [ick, mkpdu, head, peers, times]
    return given


def _fill(row: Any, one: PeerTerms, kept: list[Any]) -> None:
    peer, stencil = one.peer, one.stencil
    frame, head = stencil.frame, stencil.head
    places = ffi.new("uint32_t[]", stencil.places)
    row.mi, row.mn, row.expires_ns = peer.mi, peer.mn, peer.expires_ns
    row.mkpdu, row.length, row.end = ffi.from_buffer("uint8_t[]", frame), len(frame), stencil.end
    row.head = ffi.from_buffer("uint8_t[]", head)
    row.places, row.place_count = places, len(places)
    row.us, row.in_ours = one.us, one.in_ours
    kept += [frame, head, places]


def _peer_report(row: Any) -> PeerReport:
    heard_ns = row.heard_ns
    return PeerReport(row.mn, row.expires_ns, None if heard_ns < 0 else heard_ns)
