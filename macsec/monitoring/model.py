"""The data of a snapshot: sources, ports, SCs, SAs, key agreement and links. No key is in it.

Counters have the names of IEEE 802.1AE (10.7, both editions); those of a KaY have OpenConfig's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from macsec.enumerations import TextEnum
from macsec.kay.counters import Reception

Counts = Mapping[str, int]


class SourceKind(TextEnum):
    """The program that has a port."""

    TAP = "tap"
    LAB = "lab"
    KERNEL = "kernel"


class PortSource(NamedTuple):
    """Something that has ports: a running tap, a lab that is up, the kernel with its devices.

    `namespace`: the number of its network namespace, None for a lab, which has several. `where`:
    the path by which it is asked, empty for the kernel of this namespace.
    """

    kind: SourceKind
    name: str
    namespace: int | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class SA:
    """A Security Association. `lowest_pn` is None for transmit SAs.

    `age_s`: since it was put into use; None where its program does not keep that. `ki`: the Key
    Identifier of its SAK, empty without key agreement.
    """

    an: int
    in_use: bool
    next_pn: int
    pn_limit: int
    lowest_pn: int | None = None
    age_s: float | None = None
    ki: str = ""
    ssci: int | None = None
    counters: Counts = field(default_factory=dict)

    @property
    def headroom(self) -> int:
        """The PNs that are left."""
        return max(0, self.pn_limit - self.next_pn)

    @property
    def headroom_ratio(self) -> float:
        """The share of all PNs that is left, 0 to 1."""
        return self.headroom / (self.pn_limit - 1)


@dataclass(frozen=True, slots=True)
class SC:
    """A Secure Channel with its SAs; `sci` has 16 hex digits."""

    sci: str
    transmits: bool
    in_use: bool
    counters: Counts
    sas: tuple[SA, ...]
    traffic_class: int = 0


@dataclass(frozen=True, slots=True)
class MkaPeer:
    """Another member of a CA; `sci` is empty until it was heard."""

    ckn: str
    mi: str
    mn: int
    sci: str
    live: bool


@dataclass(frozen=True, slots=True)
class Mka:
    """The KaY of a port. `ckns`: of all its participants, the principal's is `ckn`.

    `rekeys`: SAKs after the first. `flaps`: times that the port stopped being secured.
    `sak_age_s`: None without a SAK. `rekey_interval_s`: 0 for none.
    """

    active: bool
    secured: bool
    reason: str
    ckn: str
    ckns: tuple[str, ...]
    peers: tuple[MkaPeer, ...]
    is_key_server: bool
    key_server: str
    key_server_priority: int | None
    rekeys: int
    flaps: int
    sak_age_s: float | None
    rekey_interval_s: int
    counters: Counts

    @property
    def live(self) -> int:
        """The number of live peers."""
        return sum(peer.live for peer in self.peers)

    @property
    def potential(self) -> int:
        """The number of potential peers."""
        return len(self.peers) - self.live

    @property
    def mkpdus_received(self) -> dict[str, int]:
        """Received frames of EAPOL by their results, such as `accepted` and `bad_icv`."""
        return {each.name.lower(): self.counters.get(each.value, 0) for each in Reception}

    @property
    def mkpdus_sent(self) -> int:
        """The number of MKPDUs sent."""
        return self.counters.get("out-mkpdu", 0)


@dataclass(frozen=True, slots=True)
class MonitoredPort:
    """A SecY, and its KaY if it has one. `name` is of the upper interface, `lower` of that below.

    The name of a station of a lab is LINK:SITE. `opened`: the Controlled Port passes frames, None
    where its program does not say. `mka` is None without key agreement, or where another program
    agrees on the keys.
    """

    kind: SourceKind
    name: str
    lower: str
    sci: str
    suite: str
    encrypts: bool
    protects: bool
    validate: str
    replay_window: int | None
    opened: bool | None
    counters: Counts
    scs: tuple[SC, ...]
    mka: Mka | None = None
    pid: int | None = None

    @property
    def secured(self) -> bool:
        """True if frames pass under a SAK and under none other than a SAK."""
        if self.mka is not None:
            return self.mka.secured
        return self.protects and any(sc.transmits and sc.in_use for sc in self.scs)


@dataclass(frozen=True, slots=True)
class LabLink:
    """A link of a lab between two sites, and the names of the ports at its ends.

    `status`: secured, plain, not secured, static, off or standby. `key_server`: a site, empty
    without one. `wire`: counts of each direction, empty on a perfect wire.
    """

    name: str
    sites: tuple[str, str]
    ports: tuple[str, ...]
    status: str
    reason: str = ""
    key_server: str = ""
    rekeys: int = 0
    wire: tuple[Counts, ...] = ()


@dataclass(frozen=True, slots=True)
class Monitored:
    """The ports of one process, and its links if it is a lab."""

    ports: tuple[MonitoredPort, ...] = ()
    links: tuple[LabLink, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The answer of a source. Without one, `reason` says why, and there are no ports."""

    source: PortSource
    ports: tuple[MonitoredPort, ...] = ()
    links: tuple[LabLink, ...] = ()
    reason: str = ""

    @property
    def up(self) -> bool:
        """True if the source answered."""
        return not self.reason
