"""Services of Ethernet Data Encryption devices: which frames each takes, and the tag it adds."""

from __future__ import annotations

from dataclasses import dataclass

from macsec.clear_rules import vlan_of, vlan_range
from macsec.config import LinkSection, SiteSection
from macsec.config.topology.edes import C_TAG, EDES, EdeKind
from macsec.errors import ConfigError
from macsec.frames.dissect import priority_tag_end
from macsec.terms import ADDRESSES_LENGTH, VLAN_TAG_LENGTH

AT = slice(ADDRESSES_LENGTH, ADDRESSES_LENGTH + 2)
_PRIORITY = 0xF000
"""Priority and drop eligibility in the Tag Control Information."""


@dataclass(frozen=True, slots=True)
class EdgeService:
    """The service of a Provider Edge Port of an EDE; of an EDE-M, that of its black port.

    `vid`: VLAN of the tag outside the SecTAG. `vlans`: ranges of the VLANs on the red side that
    take this service; empty: all frames. `pvid`: VLAN of frames without a tag of the red side's
    kind. `priority_tag`: an EDE-M adds a priority tag.
    """

    kind: EdeKind
    vid: int
    vlans: tuple[tuple[int, int], ...]
    pvid: int
    priority_tag: bool

    def takes(self, frame: bytes) -> bool:
        """Return whether a frame in clear belongs to this service."""
        tagged = int.from_bytes(frame[AT]) == self.kind.red_tag
        vlan = (vlan_of(frame) if tagged else None) or self.pvid
        return not self.vlans or any(first <= vlan <= last for first, last in self.vlans)

    def priority_of(self, frame: bytes) -> int:
        """Return priority and drop eligibility of a frame as they are in its first VLAN tag."""
        at = ADDRESSES_LENGTH + 2
        return int.from_bytes(frame[at : at + 2]) & _PRIORITY if vlan_of(frame) is not None else 0

    def with_tag(self, frame: bytes, priority: int) -> bytes:
        """Return a frame with the tag outside."""
        if self.kind.black_tag is None and not self.priority_tag:
            return frame
        tag = (self.kind.black_tag or C_TAG) << 16 | priority | self.vid
        return frame[:ADDRESSES_LENGTH] + tag.to_bytes(4) + frame[ADDRESSES_LENGTH:]

    def without_tag(self, frame: bytes) -> bytes | None:
        """Return a frame without the tag outside; None if it has not that of this service."""
        if self.kind.black_tag is None:
            return frame[:ADDRESSES_LENGTH] + frame[priority_tag_end(frame) :]
        if int.from_bytes(frame[AT]) != self.kind.black_tag or vlan_of(frame) != self.vid:
            return None
        return frame[:ADDRESSES_LENGTH] + frame[ADDRESSES_LENGTH + VLAN_TAG_LENGTH :]


def services_of(
    link: LinkSection, sites: dict[str, SiteSection]
) -> tuple[EdgeService, EdgeService] | None:
    """Return the services at both ends of a link; None without EDEs. Raises ConfigError."""
    first, second = (sites[site].edge for site in link.between)
    if first is None and second is None:
        if link.service is not None:
            raise ConfigError("service: is one of EDEs, but neither site has `edge: {ede: ...}`")
        return None
    if first is None or second is None or first.ede != second.ede:
        raise ConfigError("between: EDEs of one kind are wanted at both ends of a link")
    if link.lag is not None:
        raise ConfigError("lag: an EDE has one black port: no aggregation")
    kind = EDES[first.ede]
    vid, vlans = _vlans_of(link, kind)
    a, b = (
        EdgeService(kind, vid, vlans, edge.pvid, edge.priority_tag and kind.black_tag is None)
        for edge in (first, second)
    )
    return a, b


def _vlans_of(link: LinkSection, kind: EdeKind) -> tuple[int, tuple[tuple[int, int], ...]]:
    given = link.service
    if kind.black_tag is None:
        if given is not None:
            raise ConfigError(f"service: an {kind.title} knows no VLANs: it has one SecY")
        return 0, ()
    if given is None or not 1 <= given.vid <= 4094:
        raise ConfigError(f"service: an {kind.title} needs `service: {{vid: 1 to 4094}}`")
    if kind.black_tag == kind.red_tag:
        if given.vlans:
            raise ConfigError(f"service: vlans: the tag of an {kind.title} is that of the frame")
        return given.vid, ((given.vid, given.vid),)
    return given.vid, tuple(map(vlan_range, given.vlans))
