"""Key agreement at the ends of a link: its configuration, and the source of its entropy."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from macsec.config import Configuration, KeyRing, KeySource, Origin, ProtectionSection
from macsec.config.static_keys import Draw
from macsec.errors import ConfigError
from macsec.kay.holders import Edge, chain_of, entry_of, policy_in
from macsec.kay.kay import Kay
from macsec.kay.policy import KayPolicy, PolicyError
from macsec.keys import Key
from macsec.secy import SecY
from macsec.secy.from_config import controls_of
from macsec.suites import SUITES

CKN_LENGTH = 16
"""Octets of the name of a generated CAK."""


@dataclass(frozen=True, slots=True, eq=False)
class EndPlan:
    """One end of a link with key agreement. `place`: of its entry in the topology, for messages.

    `destination`: of MKPDUs, unless the configuration has another than the standard's.
    """

    sci: int
    config: Configuration = field(repr=False)
    draw: Draw = field(repr=False)
    purpose: str
    place: str
    destination: bytes | None = None

    def kay(self, edge: Edge) -> Kay:
        """Return a new KaY. Raises ConfigError for a CAK that cannot be used."""
        try:
            keys = chain_of(self.config, edge)
            return Kay(self.sci, keys, self._entropy(), self.policy)
        except ConfigError as error:
            raise ConfigError(f"{self.place}: {error}") from None

    @property
    def policy(self) -> KayPolicy:
        """The policy of its KaY."""
        policy = policy_in(self.config)
        if self.destination is None or policy.destination != KayPolicy().destination:
            return policy
        return replace(policy, destination=self.destination)

    def secy(self, backend: str = "auto", kernel: str | None = None) -> SecY:
        """Return a new SecY without keys: the KaY installs them."""
        return SecY(controls_of(self.config), backend, kernel)

    def _entropy(self) -> _Entropy:
        return _Entropy(self.draw, self.purpose)


class _Entropy:
    """Entropy of a KaY: each draw has its own purpose, by a counter."""

    def __init__(self, draw: Draw, purpose: str) -> None:
        self._draw = draw
        self._purpose = purpose
        self._count = 0

    def __call__(self, octets: int) -> bytes:
        self._count += 1
        return self._draw(f"{self._purpose} {self._count}", octets)


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """The sources of a link's keys. `ring` follows references, `draw` is the link's own."""

    draw: Draw
    origin: Origin
    ring: KeyRing
    place: str


def planned(
    section: ProtectionSection,
    sites: tuple[str, str],
    systems: tuple[int, int],
    sources: Sources,
) -> tuple[EndPlan, EndPlan]:
    """Return both ends of a link, with one generated CAK unless the section names some.

    It draws `cak`, `ckn` and, for each end, `mka SITE N`. Raises ConfigError.
    """
    drawn = {} if section.has_cak else _drawn(section.cipher, sources.draw)
    first, second = (section.end(site, drawn, sources.origin, sources.ring) for site in sites)
    return _end(first, sites[0], systems[0], sources), _end(second, sites[1], systems[1], sources)


def _drawn(cipher: str, draw: Draw) -> dict[str, Any]:
    cak = Key(draw("cak", SUITES[cipher].key_length))
    return {"cak": KeySource.of(cak), "ckn": draw("ckn", CKN_LENGTH)}


def _end(config: Configuration, site: str, system: int, sources: Sources) -> EndPlan:
    try:
        policy_in(config)
    except PolicyError as error:
        raise ConfigError(f"{entry_of(error.setting)[-1]}: {error}") from None
    port = 1 if config.mka is None else config.mka.port
    return EndPlan(system << 16 | port, config, sources.draw, f"mka {site}", sources.place)
