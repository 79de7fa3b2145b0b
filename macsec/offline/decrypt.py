"""Decryption of a capture with CAKs only: the MKPDUs in it distribute the SAKs.

Both directions and any number of members, CAs and rekeys. A frame is tried under the SAKs that
were distributed before it with its AN, the newest first, and the ICV decides. So a reused AN, a
restarted peer or another Key Server need no special rule. A SAK that is distributed after a frame
in the capture does not open that frame.

A mirror port may show the EAPOL of one member only. So frames of an SCI that was not heard are
tried under every SAK too, and their sender is a member once one opens.

A listener is not a receiver: there is no replay protection, and a duplicate frame is valid again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from macsec.frames import Column, FrameBatch
from macsec.frames.columns import addresses
from macsec.kay.keys.cak_holder import CakHolder
from macsec.kay.listening.listener import (
    Distribution,
    HeardCA,
    HeardSak,
    Hearing,
    Listener,
)
from macsec.kay.mkpdu.frame import EAPOL_MKA
from macsec.keys import Uncopyable
from macsec.secy import Controls, Outcome, SecY, Validate, Verdict
from macsec.secy import counters as names
from macsec.secy.counters import Counters
from macsec.secy.plane import Tally
from macsec.suites import SUITES
from macsec.terms import (
    ADDRESSES_LENGTH,
    ETHERNET_HEADER,
    ETHERTYPE_EAPOL,
    ETHERTYPE_EAPOL_WAN,
    ETHERTYPE_MACSEC,
    PORT_END_STATION,
    SCI_NONE,
    VLAN_TPIDS,
    sci_text,
)

CLEAR_TAGS = 2
CKNS_MOST = 64
"""CKNs of a capture that are counted one by one."""
UNHEARD_MOST = 4096
"""SCIs without an MKPDU whose frames are tried, and frames of each that are tried in vain."""
_OPEN = int(Verdict.NO_SCI)
_OCTETS = ("InOctetsValidated", "InOctetsDecrypted")


@dataclass(slots=True)
class ReadSA:
    """Frames of one sender with one AN, under any SAK. PNs are those of the last SAK."""

    next_pn: int = 1
    lowest_pn: int = 1
    frames: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(Verdict), np.int64))

    @property
    def counters(self) -> Counters:
        """The counters of a receive SA."""
        return names.rx_sa_counters(Tally(tuple(self.frames.tolist()[:3])))


def _tally(frames: NDArray[np.int64], octets: Mapping[str, int]) -> Tally:
    validated, decrypted = (octets[name] for name in _OCTETS)
    return Tally(tuple(frames.tolist()), validated, decrypted)


@dataclass(slots=True)
class ReadSC:
    """Frames of one sender: its SAs by AN, and the counters of a receive SC."""

    sa: dict[int, ReadSA] = field(default_factory=dict)
    octets: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_OCTETS, 0))

    @property
    def counters(self) -> Counters:
        """The counters of a receive SC."""
        frames = sum((sa.frames[:8] for sa in self.sa.values()), np.zeros(8, np.int64))
        return names.rx_sc_counters(_tally(frames, self.octets))


class MkaReader(Uncopyable):
    """Reader that validates batches of a capture in order; `close` it to wipe all keys.

    `mkpdus` counts EAPOL frames by the result of the listener, `ckns` those of each CKN, of the
    first in the capture. `known`: the CKNs of the CAKs. `unheard`: SCIs without an MKPDU,
    with the number of their frames that opened under no SAK. `ethertype`: that of SecTAGs.
    """

    def __init__(
        self,
        holders: Iterable[CakHolder],
        backend: str = "auto",
        kernel: str | None = None,
        *,
        ethertype: int = ETHERTYPE_MACSEC,
    ) -> None:
        self.listener = Listener(holders)
        self.mkpdus = dict.fromkeys(Hearing, 0)
        self.ckns: dict[bytes, dict[Hearing, int]] = {}
        self.rx: dict[str, ReadSC] = {}
        self.unheard: dict[str, int] = {}
        self._tried: dict[int, int] = {}
        self._plane = backend, kernel
        self._common = Controls(clear_tags=CLEAR_TAGS, ethertype=ethertype)
        self._channels: dict[HeardSak, dict[int, _Channel]] = {}
        self._frames = np.zeros(len(Verdict), np.int64)
        # Checks tags only. An XPN suite, since it allows a PN field of zero.
        self._tags = SecY(replace(self._common, cipher=SUITES["gcm-aes-xpn-128"]), *self._plane)

    @property
    def backend(self) -> str:
        """The data plane: `native` or `reference`."""
        return self._tags.backend

    @property
    def kernel(self) -> str:
        """The implementation of AES-GCM."""
        return self._tags.kernel

    @property
    def known(self) -> list[bytes]:
        """The CKNs of the CAKs."""
        return self.listener.known

    @property
    def saks(self) -> int:
        """Number of SAKs to try."""
        return sum(len(ca.saks) for ca in self.listener.associations.values())

    @property
    def counters(self) -> Counters:
        """All counters by the standard's names. Octets count for each SAK that was tried."""
        octets = {name: sum(sc.octets[name] for sc in self.rx.values()) for name in _OCTETS}
        return names.secy_counters(_tally(self._frames, octets))

    def validate(self, batch: FrameBatch) -> Outcome:
        """Validate a batch; delivered frames keep their order."""
        seen = self._tags.validate(batch)
        work = _Work(batch, seen.codes.copy(), seen.sci.copy(), seen.an, seen.pn.copy())
        unread = np.flatnonzero(work.codes == _OPEN)
        mkpdus = eapol_rows(batch)
        pieces = np.split(unread, np.searchsorted(unread, mkpdus))
        self._read(work, pieces[0])
        for row, piece in zip(mkpdus.tolist(), pieces[1:], strict=True):
            self._hear(batch[row])
            self._read(work, piece)
        self._frames += np.bincount(work.codes, minlength=len(Verdict))
        return work.outcome()

    def _hear(self, frame: bytes) -> None:
        heard = self.listener.hear(frame)
        self.mkpdus[heard.hearing] += 1
        if heard.mkpdu is not None:
            ckn = heard.mkpdu.basic.ckn
            if ckn in self.ckns or len(self.ckns) < CKNS_MOST:
                counts = self.ckns.setdefault(ckn, {})
                counts[heard.hearing] = counts.get(heard.hearing, 0) + 1
        if heard.distribution is Distribution.NEW:
            self._tried.clear()
        for sak in [sak for sak in self._channels if sak.forgotten]:
            for channel in self._channels.pop(sak).values():
                channel.close()

    def _read(self, work: _Work, rows: Column) -> None:
        """Validate frames between two MKPDUs, by sender and AN."""
        if not len(rows):
            return
        rows = rows[np.lexsort((work.an[rows], work.sci[rows]))]
        changes = np.diff(work.sci[rows]).astype(bool) | np.diff(work.an[rows]).astype(bool)
        for group in np.split(rows, np.flatnonzero(changes) + 1):
            sci, an = int(work.sci[group[0]]), int(work.an[group[0]])
            members = self._members()
            if sci == SCI_NONE:
                left = self._read_group(work, group, members, an)
                self._read_without_sci(work, left, an)
            elif sci in members or self._opens(work, group, sci, an):
                self._read_group(work, group, [sci], an)
            else:
                self._name_unheard(sci, len(group))

    def _members(self) -> list[int]:
        found: dict[int, None] = {}
        for association in self.listener.associations.values():
            found.update(dict.fromkeys(association.senders))
        return list(found)

    def _read_without_sci(self, work: _Work, rows: Column, an: int) -> None:
        """Try frames without an SCI as those of an unheard station with their source address."""
        sources = addresses(work.batch.take(rows))[1]
        for source in dict.fromkeys(sources.tolist()):
            sci, group = source << 16 | PORT_END_STATION, rows[sources == source]
            if sci not in self._members() and self._opens(work, group, sci, an):
                self._read_group(work, group, [sci], an)

    def _opens(self, work: _Work, rows: Column, sci: int, an: int) -> bool:
        """Return whether a frame of an SCI that was not heard opens: then it is of a member."""
        tried = self._tried.get(sci, 0)
        if len(self._tried) >= UNHEARD_MOST and not tried:
            return False
        rows = rows[: UNHEARD_MOST - tried]
        self._tried[sci] = tried + len(rows)
        for association in self.listener.associations.values() if len(rows) else ():
            for sak in reversed(association.saks):
                if sak.an == an and self._opens_under(association, sak, sci, work.batch.take(rows)):
                    association.unheard[sci] = None
                    self.unheard.pop(sci_text(sci), None)
                    return True
        return False

    def _opens_under(
        self, association: HeardCA, sak: HeardSak, sci: int, batch: FrameBatch
    ) -> bool:
        channel = _Channel(sak, sci, association.sscis(sak, sci), self._common, self._plane)
        try:
            return len(channel.validate(batch).delivered) > 0
        finally:
            channel.close()

    def _name_unheard(self, sci: int, frames: int) -> None:
        name = sci_text(sci)
        if name in self.unheard or len(self.unheard) < UNHEARD_MOST:
            self.unheard[name] = self.unheard.get(name, 0) + frames

    def _read_group(self, work: _Work, rows: Column, senders: list[int], an: int) -> Column:
        """Validate frames of one AN, from one of several possible senders; return the others."""
        first = True
        for sci in senders:
            for association, sak in self._candidates(sci, an):
                channel = self._channel(association, sak, sci)
                out = channel.validate(work.batch.take(rows))
                if first:  # a failing frame has the verdict under the newest SAK
                    work.codes[rows], first = out.codes, False
                rows = work.take(rows, out, sci)
                self._count(channel, sci, an, out)
                if not len(rows):
                    return rows
        if first and SCI_NONE not in work.sci[rows]:
            work.codes[rows] = Verdict.NOT_USING_SA
        self._count_failed(work, rows, an)
        return rows

    def _candidates(self, sci: int, an: int) -> Iterator[tuple[HeardCA, HeardSak]]:
        """Yield the SAKs of an AN: those for this sender first, among them the newest first."""
        found = [
            (association, sak)
            for association in self.listener.associations.values()
            if sci in association.senders
            for sak in reversed(association.saks)
            if sak.an == an
        ]
        yield from sorted(found, key=lambda each: not each[0].is_member(each[1], sci))

    def _channel(self, association: HeardCA, sak: HeardSak, sci: int) -> _Channel:
        channels = self._channels.setdefault(sak, {})
        if sci not in channels:
            channels[sci] = _Channel(
                sak, sci, association.sscis(sak, sci), self._common, self._plane
            )
        channels[sci].raise_pn(association.lowest_pn.get((sak.ki, sci), 1))
        return channels[sci]

    def _sa(self, sci: int, an: int) -> ReadSA:
        return self.rx.setdefault(sci_text(sci), ReadSC()).sa.setdefault(an, ReadSA())

    def _count(self, channel: _Channel, sci: int, an: int, out: Outcome) -> None:
        sc = self.rx.get(sci_text(sci))
        if not len(out.delivered) and sc is None:
            return
        sa = self._sa(sci, an)
        sa.frames += np.bincount(out.codes[out.delivered], minlength=len(Verdict))
        if len(out.delivered):
            sa.next_pn, sa.lowest_pn = channel.pns
        octets = self.rx[sci_text(sci)].octets
        for name, number in channel.new_octets().items():
            octets[name] += number

    def _count_failed(self, work: _Work, rows: Column, an: int) -> None:
        sci = int(work.sci[rows[0]])
        if sci != SCI_NONE:
            self._sa(sci, an).frames += np.bincount(work.codes[rows], minlength=len(Verdict))

    def close(self) -> None:
        """Wipe all SAKs."""
        for channels in self._channels.values():
            for channel in channels.values():
                channel.close()
        self._channels.clear()
        self._tags.close()
        self.listener.wipe()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(slots=True, eq=False)
class _Work:
    """A batch in progress: the columns of its outcome, and the clear frames found so far."""

    batch: FrameBatch
    codes: NDArray[np.uint8]
    sci: NDArray[np.uint64]
    an: NDArray[np.uint8]
    pn: NDArray[np.uint64]
    rows: list[Column] = field(default_factory=list)
    clear: list[FrameBatch] = field(default_factory=list)

    def take(self, rows: Column, out: Outcome, sci: int) -> Column:
        """Add the delivered rows to the outcome; return the others."""
        found = rows[out.delivered]
        if len(found):
            self.codes[found] = out.codes[out.delivered]
            self.pn[found] = out.pn[out.delivered]
            self.sci[found] = sci
            self.rows.append(found)
            self.clear.append(out.batch)
        return np.delete(rows, out.delivered)

    def outcome(self) -> Outcome:
        """Return the outcome, in the order of the batch."""
        clear = FrameBatch.concat(self.clear)
        rows = np.concatenate([*self.rows, np.zeros(0, np.int64)])
        order = np.argsort(rows, kind="stable")
        columns = self.codes, self.sci, self.an, self.pn
        return Outcome(clear.take(order), rows[order], *columns, self.batch)


class _Channel:
    """Frames of one member under one SAK: a SecY with one receive SC and one SA.

    Under an XPN suite there is a SecY for each possible SSCI of the sender, until one fits.
    """

    def __init__(
        self,
        sak: HeardSak,
        sci: int,
        sscis: list[int],
        common: Controls,
        plane: tuple[str, str | None],
    ) -> None:
        self._sak, self._sci, self._common, self._plane = sak, sci, common, plane
        self._untried: list[int | None] = [*sscis] if sak.suite.xpn else [None]
        self._secys: list[SecY] = []
        self._reported: Mapping[str, int] = dict.fromkeys(_OCTETS, 0)

    def validate(self, batch: FrameBatch) -> Outcome:
        """Validate frames that may come from this sender."""
        if len(self._secys) == 1 and not self._untried:
            return self._secys[0].validate(batch)
        first: Outcome | None = None
        for secy in self._all():
            out = secy.validate(batch)
            if len(out.delivered):
                self._settle(secy)
                return out
            first = first or out
        assert first is not None  # noqa: S101 there is always one SSCI to try
        return first

    def _all(self) -> Iterator[SecY]:
        yield from self._secys
        while self._untried:
            self._secys.append(self._made(self._untried.pop(0)))
            yield self._secys[-1]

    def _settle(self, fitting: SecY) -> None:
        for secy in self._secys:
            if secy is not fitting:
                secy.close()
        self._secys, self._untried = [fitting], []

    def _made(self, ssci: int | None) -> SecY:
        sak = self._sak
        controls = replace(
            self._common,
            cipher=sak.suite,
            offset=sak.offset,
            validate=Validate.STRICT,
            replay=False,
            window=sak.suite.window_limit,  # the upper half of a PN is right this far back
        )
        secy = SecY(controls, *self._plane)
        secy.create_rx_sc(self._sci)
        secy.create_rx_sa(self._sci, sak.an, sak.key, ssci=ssci, salt=sak.salt)
        return secy

    def raise_pn(self, lowest_pn: int) -> None:
        """Raise the PNs to the lowest PN that the sender has announced."""
        for secy in self._secys:
            sa = secy.rx[self._sci].sa[self._sak.an]
            if lowest_pn > sa.lowest_pn:
                next_pn = max(lowest_pn, sa.next_pn)
                secy.raise_rx_pn(self._sci, self._sak.an, next_pn=next_pn, lowest_pn=lowest_pn)

    @property
    def pns(self) -> tuple[int, int]:
        """The nextPN and lowestPN of the SA."""
        sa = self._secys[-1].rx[self._sci].sa[self._sak.an]
        return sa.next_pn, sa.lowest_pn

    def new_octets(self) -> dict[str, int]:
        """Return the octets validated and decrypted since the last call."""
        now = {name: sum(secy.counters[name] for secy in self._secys) for name in _OCTETS}
        new = {name: max(now[name] - self._reported[name], 0) for name in _OCTETS}
        self._reported = now
        return new

    def close(self) -> None:
        """Wipe the SAK."""
        for secy in self._secys:
            secy.close()
        self._secys, self._untried = [], []


def eapol_rows(batch: FrameBatch) -> Column:
    """Return the rows of EAPOL frames, with or without VLAN tags; of EtherType 87-6F only MKA."""
    rows = np.flatnonzero(batch.length >= ETHERNET_HEADER)
    at = batch.start[rows] + ADDRESSES_LENGTH
    ends = batch.start[rows] + batch.length[rows]
    tpids = np.array(sorted(VLAN_TPIDS))
    found = []
    for _ in range(CLEAR_TAGS + 1):
        types = batch.arena[at].astype(np.int64) << 8 | batch.arena[at + 1]
        found.append(rows[types == ETHERTYPE_EAPOL])
        other = np.flatnonzero((types == ETHERTYPE_EAPOL_WAN) & (at + 4 <= ends))
        found.append(rows[other[batch.arena[at[other] + 3] == EAPOL_MKA]])
        tagged = np.isin(types, tpids) & (at + 6 <= ends)
        rows, at, ends = rows[tagged], at[tagged] + 4, ends[tagged]
    return np.sort(np.concatenate(found))
