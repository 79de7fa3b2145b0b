"""The result of each received MKPDU, and the counters of a KaY, by OpenConfig's names if any."""

from __future__ import annotations

from enum import Enum


class Reception(Enum):
    """The result of a received frame; the value is the counter that it adds to."""

    ACCEPTED = "in-mkpdu"
    NOT_MKA = "in-not-mka"
    """Not EAPOL-MKA of version 3 or later: not for the KaY."""
    INDIVIDUAL = "in-mkpdu-individual-destination"
    MALFORMED = "in-mkpdu-validation-errors"
    UNKNOWN_AGILITY = "in-mkpdu-unknown-agility"
    UNKNOWN_CKN = "rx-unrecognized-ckn"
    BAD_ICV = "in-mkpdu-icv-verification-errors"
    REFLECTED = "in-mkpdu-reflected"
    """Our own SCI as the sender: a loop, or another station with our address."""
    OLD_MN = "in-mkpdu-bad-peer-errors"
    """A message number that is not above the last one of that MI, or an MI that was given up."""
    OTHER_SCI = "in-mkpdu-mi-clash"
    """An MI, ours or a peer's, from an SCI that is not its own."""
    TOO_MANY = "in-mkpdu-too-many-peers"
    DISABLED = "in-mkpdu-disabled"
    OTHER_ROLE = "in-mkpdu-other-role"
    """A peer whose Key Server flag does not fit `peer_role`."""
    OTHER_DOMAIN = "in-mkpdu-other-domain"
    """A peer of another Key Management Domain, where ours is required."""
    ANNOUNCEMENT = "in-announcement"
    """An EAPOL-Announcement, or a request for one."""


NAMES = (
    *(reception.value for reception in Reception),
    "in-sak-mkpdu",
    "in-cak-mkpdu",
    "out-mkpdu",
    "out-sak-mkpdu",
    "out-cak-mkpdu",
    "out-announcement",
    "out-mkpdu-errors",
    "in-mkpdu-peer-list-errors",
    "sak-use-errors",
    "cak-refused",
    "cak-encryption-errors",
    "cak-decryption-errors",
    "sak-refused",
    "sak-reuse-refused",
    "sak-an-refused",
    "sak-generation-errors",
    "sak-hash-errors",
    "sak-encryption-errors",
    "sak-decryption-errors",
    "sak-cipher-mismatch-errors",
    "mi-renewed",
    "secy-refused",
    "keys-distributed",
    "keys-received",
)


class KayCounters(dict[str, int]):
    """All counters, zeros included.

    `now_ns` is the time of the KaY; each counter keeps the time at which it rose last.
    """

    def __init__(self) -> None:
        self.now_ns = 0
        self.added = 0
        """The number of all additions, resets or not."""
        self.reset()

    def add(self, name: str | Reception) -> None:
        """Add 1 to a counter."""
        name = name.value if isinstance(name, Reception) else name
        self[name] += 1
        self.added += 1
        self._rose_ns[name] = self.now_ns

    def add_more(self, name: str | Reception, count: int, last_ns: int) -> None:
        """Add to a counter what it would have been given up to a time."""
        if count:
            name = name.value if isinstance(name, Reception) else name
            self[name] += count
            self.added += count
            self._rose_ns[name] = last_ns

    def rose_within(self, name: str | Reception, period_ns: int) -> bool:
        """Return whether a counter rose less than this time ago."""
        rose_ns = self._rose_ns.get(name.value if isinstance(name, Reception) else name)
        return rose_ns is not None and self.now_ns - rose_ns < period_ns

    def reset(self) -> None:
        """Set every counter to zero."""
        self._rose_ns: dict[str, int] = {}
        self.update(dict.fromkeys(NAMES, 0))
