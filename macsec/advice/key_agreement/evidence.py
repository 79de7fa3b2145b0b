"""The MKPDUs of a capture by CA and by sender, and who hears whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from macsec.kay.listening.listener import Heard, Hearing
from macsec.kay.mkpdu.frame import Mkpdu
from macsec.terms import sci_text

ENOUGH = 2
"""MKPDUs that a member sends before it is called deaf: the first may have crossed."""
MOST_MEMBERS = 32
"""Members of a CA that are compared with one another, the first ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """An EAPOL frame of a capture: its number from 0 on, its time, its octets, its result."""

    frame: int
    time_ns: int
    octets: bytes
    heard: Heard

    @property
    def mkpdu(self) -> Mkpdu:
        """The MKPDU of a frame that is one."""
        found = self.heard.mkpdu
        assert found is not None  # noqa: S101 only frames with an MKPDU are in an CaEvidence
        return found

    @property
    def lists(self) -> frozenset[bytes]:
        """The MIs that its sender has heard."""
        return frozenset(peer.mi for peer in (*self.mkpdu.live, *self.mkpdu.potential))

    @property
    def live(self) -> frozenset[bytes]:
        """The MIs that are live for its sender."""
        return frozenset(peer.mi for peer in self.mkpdu.live)

    @property
    def wrong_icv(self) -> bool:
        """True if the CAK that was given does not fit."""
        return self.heard.hearing is Hearing.WRONG_ICV


@dataclass(frozen=True, eq=False)
class CaEvidence:
    """The MKPDUs of one CKN, in order."""

    ckn: bytes
    messages: Sequence[Observed]

    @cached_property
    def senders(self) -> dict[int, list[Observed]]:
        """The MKPDUs of each SCI."""
        found: dict[int, list[Observed]] = {}
        for message in self.messages:
            found.setdefault(message.mkpdu.basic.sci, []).append(message)
        return found

    @cached_property
    def lives(self) -> dict[bytes, list[Observed]]:
        """The MKPDUs of each MI."""
        found: dict[bytes, list[Observed]] = {}
        for message in self.messages:
            found.setdefault(message.mkpdu.basic.mi, []).append(message)
        return found

    @cached_property
    def owners(self) -> dict[bytes, int]:
        """The SCI of each MI."""
        return {message.mkpdu.basic.mi: message.mkpdu.basic.sci for message in self.messages}

    @property
    def name(self) -> str:
        """The CKN, shortened, for sentences."""
        text = self.ckn.hex()
        return f"CKN {text if len(text) <= 16 else text[:12] + '…'}"

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Yield each ordered pair of senders."""
        scis = [*self.senders][:MOST_MEMBERS]
        yield from ((one, other) for one in scis for other in scis if one != other)

    def deaf(self, listener: int, speaker: int) -> Observed | None:
        """Return the MKPDU that shows that a member does not hear another, or None if it does."""
        senders = self.senders
        sent = senders[speaker]
        mis = {message.mkpdu.basic.mi for message in sent}
        if len(sent) < ENOUGH or any(each.lists & mis for each in senders[listener]):
            return None
        later = [each for each in senders[listener] if each.frame > sent[0].frame]
        return later[ENOUGH - 1] if len(later) >= ENOUGH else None

    def hears(self, listener: int, speaker: int) -> bool:
        """True if a member lists another."""
        senders = self.senders
        mis = {message.mkpdu.basic.mi for message in senders[speaker]}
        return any(each.lists & mis for each in senders[listener])


@dataclass(frozen=True, eq=False)
class Evidence:
    """All EAPOL frames of a capture. `life_ns`: the Life Time of its members."""

    observed: Sequence[Observed]
    life_ns: int

    @cached_property
    def associations(self) -> dict[bytes, CaEvidence]:
        """The CAs by CKN."""
        found: dict[bytes, list[Observed]] = {}
        for message in self.observed:
            if message.heard.mkpdu is not None:
                found.setdefault(message.mkpdu.basic.ckn, []).append(message)
        return {ckn: CaEvidence(ckn, messages) for ckn, messages in found.items()}


def member(sci: int) -> str:
    """Return the name of a member in sentences."""
    return sci_text(sci)
