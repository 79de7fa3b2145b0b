"""A port under management: its SecY, its KaY, and the interface that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from macsec.kay.kay import Kay
from macsec.secy import SecY


@dataclass(frozen=True, slots=True)
class ManagedPort:
    """A port with the names that management gives to its parts.

    `name`: of the Controlled Port's interface, `common` that below it. `since`: when its counters
    began. `kay` is None with static SAKs; `opened`: the Controlled Port passes frames.
    """

    name: str
    common: str
    secy: SecY
    kay: Kay | None
    opened: bool
    since: datetime
    epoch: datetime | None = None
    """The time at which the clock of the SecY was 0; without it SCs and SAs show no times."""
    blocked: tuple[int, int] | None = None
    """Frames sent and received that a closed port refused; None where they are not counted."""

    @property
    def policy(self) -> str:
        """The name of its MKA policy and of its key chain, for openconfig: a port has its own."""
        return self.name


Ports = Sequence[ManagedPort]
