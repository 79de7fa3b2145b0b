"""Current rates: frames and octets of the last second, by intervals of a tenth of it."""

from __future__ import annotations

from collections import deque

from macsec.time_units import PS_PER_S

_SLOTS = 10
_SLOT_PS = PS_PER_S // _SLOTS


class CurrentRates:
    """Frames and octets of the last whole intervals of virtual time."""

    def __init__(self) -> None:
        self._slots: deque[list[int]] = deque(maxlen=_SLOTS + 1)

    def add(self, now_ps: int, octets: int, frames: int = 1) -> None:
        """Count frames now."""
        slot = now_ps // _SLOT_PS
        if not self._slots or self._slots[-1][0] != slot:
            self._slots.append([slot, 0, 0])
        self._slots[-1][1] += frames
        self._slots[-1][2] += octets

    def at(self, now_ps: int) -> tuple[float, float]:
        """Return frames and octets a second over the last second, or since the first frame.

        The interval that is not over counts only where there is no other one.
        """
        present = now_ps // _SLOT_PS
        whole = [slot for slot in self._slots if present - _SLOTS <= slot[0] < present]
        if not whole:
            return 0.0, 0.0
        spans = present - max(whole[0][0], present - _SLOTS)
        return tuple(sum(slot[at] for slot in whole) * _SLOTS / spans for at in (1, 2))  # type: ignore[return-value]
