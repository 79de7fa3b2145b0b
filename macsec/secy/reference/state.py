"""State of the reference SecY: SCs, SAs, their ciphers and counters (10.7, clause 14)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from macsec.keys import Key, Uncopyable
from macsec.secy.plane import Course, SAParameters, Tally
from macsec.secy.replay_check import ReplayWindow
from macsec.secy.verdict import SA_VERDICTS, SC_VERDICTS, TX_SA_VERDICTS, Verdict
from macsec.suites import CipherSuite
from macsec.terms import BROADCAST, ETHERNET_HEADER, PN_LIMIT_64


@dataclass(slots=True)
class Counts:
    """Counters that grow."""

    frames: list[int]
    validated: int = 0
    decrypted: int = 0
    protected: int = 0
    encrypted: int = 0
    octets_in: int = 0
    octets_out: int = 0
    octets_common: int = 0
    alone: int = 0
    multicast: list[int] = field(default_factory=lambda: [0] * len(Course))
    broadcast: list[int] = field(default_factory=lambda: [0] * len(Course))

    def count(self, verdict: Verdict, octets: bytes, goes_on: bool, sending: bool) -> None:
        """10.7.6, 10.7.9, 10.7.18: count a frame by its verdict, and if it is to a group."""
        self.frames[verdict] += 1
        if verdict in (Verdict.RUNT, Verdict.TRUNCATED):
            return
        received = Course.DELIVERED if goes_on else Course.REFUSED
        self.count_group(octets, Course.SENT if sending else received)

    def see(self, frame: bytes) -> None:
        """10.7.3: count a frame of the Uncontrolled Port alone."""
        self.octets_common += len(frame)
        if len(frame) >= ETHERNET_HEADER:
            self.alone += 1
            self.count_group(frame, Course.ALONE)

    def count_group(self, octets: bytes, course: Course) -> None:
        """10.7.6: count a frame to a group, and not one to a single station."""
        groups = self.broadcast if octets[:6] == BROADCAST else self.multicast
        groups[course] += octets[0] & 1

    def tally(self) -> Tally:
        """Return the counts so far."""
        return Tally(
            tuple(self.frames),
            self.validated,
            self.decrypted,
            self.protected,
            self.encrypted,
            self.octets_in,
            self.octets_out,
            self.octets_common,
            self.alone,
            tuple(self.multicast),
            tuple(self.broadcast),
        )


def no_counts(verdicts: Iterable[Verdict]) -> Counts:
    """Return a counter of zero for each of these verdicts."""
    return Counts([0 for _ in verdicts])


class SAKey(Uncopyable):
    """The cipher of one SA: its suite, SAK, SSCI and Salt (clause 14)."""

    def __init__(self, suite: CipherSuite, sa: SAParameters) -> None:
        self._suite, self._ssci, self._salt = suite, sa.ssci, sa.salt
        self._key = Key(sa.key.in_place())  # the caller wipes its own
        self._aes = algorithms.AES(self._key.in_place())

    def seal(self, sci: int, pn: int, aad: bytes, text: bytes) -> tuple[bytes, bytes]:
        """Return ciphertext and 16-octet ICV (14.5 to 14.8)."""
        iv = self._suite.iv(sci, pn, self._ssci, self._salt)
        cipher = Cipher(self._aes, modes.GCM(iv)).encryptor()
        cipher.authenticate_additional_data(aad)
        return cipher.update(text) + cipher.finalize(), cipher.tag

    def open(self, sci: int, pn: int, aad: bytes, text: bytes, icv: bytes) -> bytes | None:
        """Return the plaintext, or None if the ICV is wrong."""
        iv = self._suite.iv(sci, pn, self._ssci, self._salt)
        cipher = Cipher(self._aes, modes.GCM(iv, icv, min_tag_length=len(icv))).decryptor()
        cipher.authenticate_additional_data(aad)
        try:
            return cipher.update(text) + cipher.finalize()
        except InvalidTag:
            return None


@dataclass(slots=True)
class ReferenceTransmitSA(Uncopyable):
    """A transmit SA (10.7.22). PNs from `limit` on are not used; no `key`: it died in a fork."""

    key: SAKey | None
    next_pn: int
    enabled: bool
    limit: int = PN_LIMIT_64
    counts: Counts = field(default_factory=lambda: no_counts(TX_SA_VERDICTS))


@dataclass(slots=True)
class ReferenceTransmitSC(Uncopyable):
    """A transmit SC and its SAs by AN (10.7.20)."""

    sci: int
    enabled: bool
    sa: dict[int, ReferenceTransmitSA] = field(default_factory=dict)
    counts: Counts = field(default_factory=lambda: no_counts(Verdict))


@dataclass(slots=True)
class ReferenceReceiveSA(Uncopyable):
    """A receive SA (10.7.13)."""

    key: SAKey
    window: ReplayWindow
    enabled: bool
    counts: Counts = field(default_factory=lambda: no_counts(SA_VERDICTS))


@dataclass(slots=True)
class ReferenceReceiveSC(Uncopyable):
    """A receive SC and its SAs by AN (10.7.11)."""

    enabled: bool
    sa: dict[int, ReferenceReceiveSA] = field(default_factory=dict)
    counts: Counts = field(default_factory=lambda: no_counts(SC_VERDICTS))
