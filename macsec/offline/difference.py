"""Receivers under two profiles over one capture: the frames where they part, and by which switch.

The cause of a frame is found by trial: beside both receivers there is one for each switch in which
they differ, with that switch alone turned. A frame that such a receiver ends as its own side does
not is one that the switch parts, also where an earlier frame changed the state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from macsec.config import Configuration
from macsec.errors import ConfigError
from macsec.frames import FrameBatch
from macsec.frames.columns import equal
from macsec.keys import Key
from macsec.secy import PROFILES, Controls, Outcome, Profile, SecY, Validate, Verdict
from macsec.secy.from_config import install, located_controls
from macsec.secy.profiles.switches import SWITCHES
from macsec.terms import ICV_LENGTH

Rows = NDArray[np.int64]

FREE = {"profile": "ieee", "icv_length": ICV_LENGTH, "end_station": False, "scb": False}
"""Values of `secy:` that receivers of each profile can start from."""

VALIDATE = "validate_frames"
"""The cause of a frame that only validateFrames parts: a profile does not have the one given."""


class Ending(NamedTuple):
    """End of a frame at one receiver: `octets` are those delivered; PN and SCI as it saw them."""

    verdict: Verdict
    octets: bytes | None
    sci: int | None
    an: int | None
    pn: int | None


@dataclass(frozen=True, slots=True)
class Parting:
    """A frame that two receivers end otherwise, by its number from 0, and the switches that do it.

    `together`: no switch alone does it, but these do with the others.
    """

    frame: int
    first: Ending
    second: Ending
    causes: tuple[str, ...]
    together: bool

    @property
    def octets_alone(self) -> bool:
        """True if both deliver it under one verdict, with other octets."""
        return self.first.verdict is self.second.verdict


@dataclass(slots=True)
class Tallies:
    """Frames so far, parted ones, by cause and by both verdicts."""

    frames: int = 0
    parted: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[tuple[Verdict, Verdict]] = field(default_factory=Counter)


class Difference:
    """Receivers of one configuration under two profiles. Use it as a context manager.

    `config`: as loaded, without what only a sender needs. A mode of validateFrames that a profile
    does not have becomes its usual one. Raises ConfigError.
    """

    def __init__(
        self,
        config: Configuration,
        profiles: tuple[Profile, Profile],
        backend: str = "auto",
        kernel: str | None = None,
    ) -> None:
        self.profiles = profiles
        self.tallies = Tallies()
        base = located_controls(config, **FREE)
        icv_length = config.secy.icv_length
        self.controls = tuple(_under(base, profile, icv_length) for profile in profiles)
        self._closing = ExitStack()
        try:
            self._first, self._second = (self._receiver(c, backend, kernel) for c in self.controls)
            self._trials = [
                _Trial(name, side, self._receiver(controls, backend, kernel))
                for name, side, controls in _turned(self.controls)
            ]
            install(_FanOut(self.receivers, base), config)
        except BaseException:
            self._closing.close()
            raise

    def _receiver(self, controls: Controls, backend: str, kernel: str | None) -> SecY:
        return self._closing.enter_context(SecY(controls, backend, kernel))

    @property
    def receivers(self) -> list[SecY]:
        """Both receivers, then those of single switches."""
        return [self._first, self._second, *(trial.secy for trial in self._trials)]

    @property
    def lowest_pn_ignored(self) -> list[str]:
        """Names of the profiles that have no lowest PN of their own."""
        return [each.name for each in self.profiles if each.window_from_next_pn]

    def counters(self) -> dict[str, tuple[int, int]]:
        """Return the counters of both, where they are not the same."""
        first, second = self._first.counters, self._second.counters
        return {
            name: (count, second[name]) for name, count in first.items() if count != second[name]
        }

    def compare(self, batch: FrameBatch) -> Iterator[Parting]:
        """Yield the frames of the next batch of the capture where both part."""
        start, tallies = self.tallies.frames, self.tallies
        tallies.frames += len(batch)
        both = _Seen(self._first.validate(batch)), _Seen(self._second.validate(batch))
        seen = [_Seen(trial.secy.validate(batch)) for trial in self._trials]
        apart = np.flatnonzero(both[0].differs(both[1]))
        turned = [each.differs(both[trial.side]) for trial, each in self._tried(seen)]
        for row in apart.tolist():
            causes, together = self._causes([bool(flags[row]) for flags in turned])
            first, second = both[0].ending(row), both[1].ending(row)
            tallies.parted += 1
            tallies.causes.update(causes)
            tallies.verdicts[first.verdict, second.verdict] += 1
            yield Parting(start + row, first, second, causes, together)

    def _tried(self, seen: list[_Seen]) -> Iterator[tuple[_Trial, _Seen]]:
        return zip(self._trials, seen, strict=True)

    def _causes(self, flags: list[bool]) -> tuple[tuple[str, ...], bool]:
        """Return the switches that change the frame on the first side, else on the second."""
        for side in (0, 1):
            found = [
                trial.name
                for trial, flag in zip(self._trials, flags, strict=True)
                if flag and trial.side == side
            ]
            if found:
                return tuple(found), bool(side)
        return tuple(dict.fromkeys(trial.name for trial in self._trials)), True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._closing.close()


class _Trial(NamedTuple):
    """A receiver as on one side, but with one switch as on the other."""

    name: str
    side: int
    secy: SecY


class _Seen:
    """The outcome of a batch, with the place of each row among the delivered frames."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.place: Rows = np.full(len(outcome.codes), -1, np.int64)
        self.place[outcome.delivered] = np.arange(len(outcome.delivered))

    def differs(self, other: _Seen) -> NDArray[np.bool_]:
        """Return for each row whether verdict or delivered octets are not the same."""
        differs: NDArray[np.bool_] = self.outcome.codes != other.outcome.codes
        both = np.flatnonzero((self.place >= 0) & (other.place >= 0))
        mine = self.outcome.batch.take(self.place[both])
        differs[both] |= ~equal(mine, other.outcome.batch.take(other.place[both]))
        return differs

    def ending(self, row: int) -> Ending:
        """Return how one frame ended."""
        place = int(self.place[row])
        octets = None if place < 0 else self.outcome.batch[place]
        verdict: Verdict = self.outcome.verdict[row]
        return Ending(verdict, octets, *self.outcome.sci_an_pn(row))


class _FanOut:
    """Management of several receivers: each gets the SCs and SAs, with a copy of each key."""

    def __init__(self, receivers: list[SecY], controls: Controls) -> None:
        self._receivers = receivers
        self.controls = controls

    def create_tx_sc(self, sci: str, enabled: bool) -> None:
        """Create nothing: these SecYs receive alone."""

    def create_tx_class(self, traffic_class: int, enabled: bool) -> str:
        """Create nothing, as above."""
        return ""

    def create_tx_sa(self, an: int, key: Key, **_: object) -> None:
        """Create nothing, as above."""

    def create_rx_sc(self, sci: str, enabled: bool) -> None:
        """Create the receive SC everywhere."""
        for secy in self._receivers:
            secy.create_rx_sc(sci, enabled)

    def create_rx_sa(
        self,
        sci: str,
        an: int,
        key: Key,
        *,
        next_pn: int,
        lowest_pn: int | None,
        ssci: int | None,
        salt: bytes | None,
        enabled: bool,
    ) -> None:
        """Create the receive SA everywhere; `lowest_pn` where the profile has one."""
        for secy in self._receivers:
            follows = secy.controls.profile.window_from_next_pn
            secy.create_rx_sa(
                sci,
                an,
                Key(key.in_place()),
                next_pn=next_pn,
                lowest_pn=None if follows else lowest_pn,
                ssci=ssci,
                salt=salt,
                enabled=enabled,
            )
        key.wipe()


def _under(base: Controls, profile: Profile, icv_length: int) -> Controls:
    mode = base.validate.name.lower()
    if mode not in profile.validate_frames:
        mode = profile.validate_frames[0]
    return replace(base, profile=profile, icv_length=icv_length, validate=Validate[mode.upper()])


def _turned(pair: tuple[Controls, ...]) -> Iterator[tuple[str, int, Controls]]:
    """Yield the controls of each side with one switch as on the other side."""
    for side in (0, 1):
        own, other = pair[side], pair[1 - side]
        for name, switch in SWITCHES.items():
            value = getattr(other.profile, name)
            if switch.receives and value != getattr(own.profile, name):
                yield name, side, replace(own, profile=replace(own.profile, **{name: value}))
        if own.validate is not other.validate:
            yield VALIDATE, side, replace(own, validate=other.validate)


def profile_named(name: str) -> Profile:
    """Return a profile. Raises ConfigError, which names them all."""
    if name not in PROFILES:
        raise ConfigError(f"no profile {name!r}: they are {', '.join(PROFILES)}")
    return PROFILES[name]
