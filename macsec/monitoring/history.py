"""Rekeys and sessions of a KaY, which it does not count itself."""

from __future__ import annotations

from macsec.kay.kay import Kay
from macsec.kay.keys.sak import KI


class History:
    """The past of a KaY, from now on. Have an agreement call `note` (`Agreement.follow`).

    `rekeys`: SAKs after the first; `flaps`: times that the port stopped being secured.
    """

    def __init__(self, kay: Kay) -> None:
        self.rekeys = self.flaps = 0
        self._kay = kay
        self._secured = False
        self._ki: KI | None = None
        self.note()

    def note(self, _: int = 0) -> None:
        """Compare with the state before, after the KaY has settled."""
        slot = next((slot for slot in self._kay.cp.slots() if slot.transmits), None)
        if slot is not None and slot.ki != self._ki:
            self.rekeys += self._ki is not None
            self._ki = slot.ki
        if self._kay.secured != self._secured:
            self.flaps += self._secured
            self._secured = self._kay.secured
