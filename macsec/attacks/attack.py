"""What an attack is, and what comes of one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar

from macsec.errors import ConfigError
from macsec.suites import SUITES

from .scene import Abandoned, Scene, Setting

LISTEN = "to listen on the wire"
INJECT = "to put frames on the wire"
RECORD = "to listen, and to put frames on the wire"
CUT = "to hold, change and drop frames on the wire"


class Attack(ABC):
    """One attack: `name`, what it `does` and `needs`, the `clause` that decides, and `why` so.

    `act` plays it, saying of every frame how it must end. Without a key, unless `needs` says so.
    """

    name: str
    does: str
    needs: str
    clause: str
    why: str
    xpn_only: ClassVar[bool] = False
    refused_by: Mapping[str, str] = MappingProxyType({})
    """Profiles that lack what it takes, and what that is."""

    @abstractmethod
    def act(self, scene: Scene) -> None:
        """Play the attack."""

    def at(self, setting: Setting) -> Setting:
        """The setting it runs in: an attack on XPN takes the XPN suite with the same key length."""
        suite = SUITES[setting.cipher]
        if not self.xpn_only or suite.xpn:
            return setting
        return replace(setting, cipher=suite.name.replace("gcm-aes-", "gcm-aes-xpn-"))

    def lacks(self, setting: Setting) -> str | None:
        """Why it cannot run in this setting; None where it can."""
        return self.refused_by.get(setting.profile)


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of an attack: counters that had to move and those that did, over all stations.

    `frames` arrived, `delivered` of them went on, `must_deliver` had to. `faults`: everything that
    was not as it must be, verdicts, octets and PNs included. `notes`: what the attacker learnt.
    """

    attack: Attack
    cipher: str
    frames: int
    delivered: int
    must_deliver: int
    expected: dict[str, int]
    observed: dict[str, int]
    faults: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether everything came out exactly so."""
        return not self.faults and self.expected == self.observed


def run(attack: Attack, setting: Setting) -> Finding:
    """Play one attack. Raises ConfigError where the setting lacks what it takes."""
    lacking = attack.lacks(setting)
    if lacking is not None:
        raise ConfigError(f"attack {attack.name} cannot run: {lacking}")
    setting = attack.at(setting)
    with Scene(attack.name, setting) as scene:
        try:
            attack.act(scene)
        except Abandoned:
            scene.note("the attack was not played to its end")
        expected, observed = scene.account()
        tale = scene.tale
    return Finding(
        attack,
        setting.cipher,
        tale.frames,
        tale.delivered,
        tale.must_deliver,
        expected,
        observed,
        tuple(tale.faults),
        tuple(tale.notes),
    )
