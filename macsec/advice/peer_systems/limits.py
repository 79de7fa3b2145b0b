"""A system at the other end of a link: its limits, and a remark on a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from macsec.enumerations import WordEnum
from macsec.suites import SUITES


class Response(WordEnum):
    """The response of the other end to a setting."""

    REFUSES = "refuses"
    FLAPS = "flaps"
    NOTE = "note"


class Remark(NamedTuple):
    """A setting, the response of the other end, and the remedy. `source`: a manual or a clause."""

    setting: str
    response: Response
    text: str
    change: str
    source: str


@dataclass(frozen=True, slots=True)
class PeerSystem:
    """Limits of a system; None or an empty value where nothing is known or nothing is limited.

    `source`: the manual; `sources`: another one for a limit, by its name. `profile`: the behaviour
    profile of its data plane. `keys_most`: of a key chain, the fallback not counted.
    `ckn_filled`: the octets to which it fills a CKN with zeros. `habits`: remarks on any
    configuration, by what it must have: `xpn`, `mka`, `chain` or nothing.
    """

    name: str
    title: str
    source: str
    suites: tuple[str, ...] = tuple(SUITES)
    offsets: tuple[int, ...] = (0, 30, 50)
    cak_octets: tuple[int, ...] = (16, 32)
    cak_as_suite: bool = False
    ckn_octets: tuple[int, int] = (1, 32)
    ckn_filled: int | None = None
    window_most: int | None = None
    send_sci: bool | None = None
    clear_tags_most: int = 2
    static_saks: bool = False
    keys_most: int | None = None
    key_spacing_s: int = 0
    fallback: bool = True
    should_secure: bool = True
    integrity_only: bool = True
    delay_protection: bool = True
    rekey_s: tuple[int, int] | None = None
    indicator: bool | None = None
    group_only: bool = False
    profile: str | None = None
    habits: tuple[tuple[str, Remark], ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)

    def source_of(self, limit: str) -> str:
        """Return the source of a limit."""
        return self.sources.get(limit, self.source)
