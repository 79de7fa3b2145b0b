"""The base of an attack, and the finding of one run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar

from macsec.errors import ConfigError
from macsec.suites import SUITES

from .code_of_others import reporting
from .scene import Abandoned, Scene
from .setting import Setting

LISTEN = "to listen on the wire"
INJECT = "to put frames on the wire"
RECORD = "to listen, and to put frames on the wire"
CUT = "to hold, change and drop frames on the wire"


class Attack(ABC):
    """One attack: `name`, what it `does` and `needs`, the `clause` that decides, and the reason.

    `act` runs it and gives the expected verdict of every frame. No attacker has a key.
    """

    name: str
    does: str
    needs: str
    clause: str
    why: str
    xpn_only: ClassVar[bool] = False
    refused_by: Mapping[str, str] = MappingProxyType({})
    """Profiles in which the attack cannot run, each with the reason."""

    @abstractmethod
    def act(self, scene: Scene) -> None:
        """Run the attack."""

    def at(self, setting: Setting) -> Setting:
        """Return the setting to run in: for an attack on XPN the suite is its XPN counterpart."""
        suite = SUITES[setting.cipher]
        if not self.xpn_only or suite.xpn:
            return setting
        return replace(setting, cipher=suite.name.replace("gcm-aes-", "gcm-aes-xpn-"))

    def lacks(self, setting: Setting) -> str | None:
        """Return the reason why it cannot run in this setting; None if it can."""
        return self.refused_by.get(setting.profile)


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of an attack: expected and observed counters over all stations.

    `frames` arrived, `delivered` of them were delivered, `must_deliver` had to be. `faults`: all
    differences from the expected result, including verdicts, octets and PNs. `notes`: what the
    attacker learnt.
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
        """True if all results are exactly as expected."""
        return not self.faults and self.expected == self.observed


NOTHING = "no frame arrived at a SecY: nothing was tested"
"""The fault of an attack that did nothing."""


def run(attack: Attack, setting: Setting) -> Finding:
    """Run one attack. Raises ConfigError if it cannot run in the setting, or its code raises.

    >>> from macsec.attacks import ATTACKS, Setting, run
    >>> finding = run(ATTACKS["wiretap"], Setting(seed=7))
    >>> finding.passed
    True

    See also: `Attack`, `Setting`, `ATTACKS`.
    """
    lacking = attack.lacks(setting)
    if lacking is not None:
        raise ConfigError(f"attack {attack.name} cannot run: {lacking}")
    setting = attack.at(setting)
    with Scene(attack.name, setting) as scene:
        with reporting(type(attack)):
            try:
                attack.act(scene)
            except Abandoned:
                scene.note("the attack stopped before its end")
        expected, observed = scene.account()
        result = scene.result
    return Finding(
        attack,
        setting.cipher,
        result.frames,
        result.delivered,
        result.must_deliver,
        expected,
        observed,
        tuple(result.faults) or (() if result.frames else (NOTHING,)),
        tuple(result.notes),
    )
