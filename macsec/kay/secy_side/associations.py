"""The SAs that a KaY has asked for, by key, and the actions not yet polled.

The KI identifies an SA. The AN does not: two keys may have had the same one.
"""

from __future__ import annotations

from collections import deque

from macsec.kay.keys.sak import KI, Sak
from macsec.kay.membership.peers import LIVE_LIMIT, POTENTIAL_LIMIT
from macsec.kay.secy_side import actions
from macsec.kay.secy_side.actions import Action
from macsec.keys import Key

RECEIVERS_LIMIT = LIVE_LIMIT + POTENTIAL_LIMIT
"""Members that a key receives from: as many as both peer lists hold."""


class Associations:
    """Turns decisions of CP into actions. A receive SC lives as long as it has an SA."""

    def __init__(self, sci: int) -> None:
        self._sci = sci
        self._saks: dict[KI, Sak] = {}
        self._receivers: dict[KI, set[int]] = {}
        self._lowest: dict[tuple[KI, int], int] = {}
        self._queue: deque[Action] = deque()
        self._retired: list[Key] = []
        self.asked = 0
        """The number of actions so far."""

    def __contains__(self, ki: object) -> bool:
        return ki in self._saks

    @property
    def waiting(self) -> bool:
        """True if there are actions to poll."""
        return bool(self._queue)

    def poll(self) -> Action | None:
        """Return the next action. When all are done, wipe the keys of deleted SAs."""
        if self._queue:
            return self._queue.popleft()
        for key in self._retired:
            key.wipe()
        self._retired.clear()
        return None

    def find(self, ki: KI) -> Sak | None:
        """Return the SAK that is installed under a KI, or None."""
        return self._saks.get(ki)

    def user_of(self, an: int) -> KI | None:
        """Return the KI whose SAs have an AN, or None."""
        return next((ki for ki, sak in self._saks.items() if sak.an == an), None)

    def ask(self, action: Action) -> None:
        """Queue an action."""
        self._queue.append(action)
        self.asked += 1

    def reset(self) -> None:
        """Delete every SA, also those of an earlier life."""
        self._retired += (sak.key for sak in self._saks.values())
        self._saks.clear()
        self._receivers.clear()
        self._lowest.clear()
        self.ask(actions.Reset(self._sci))

    def create(self, sak: Sak) -> None:
        """Create receive SAs for every other member, in use, and a transmit SA, not yet in use."""
        salt, others = sak.salt, sorted(sak.sscis.keys() - {self._sci})
        for sci in others:
            if not self._receives_from(sci):
                self.ask(actions.CreateReceiveSC(sci))
            self.ask(actions.CreateReceiveSA(sci, sak.an, sak.key, sak.ssci(sci), salt))
        self.ask(actions.CreateTransmitSA(sak.an, sak.key, sak.ssci(self._sci), salt))
        self._saks[sak.ki] = sak
        self._receivers[sak.ki] = set(others)

    def enable_transmit(self, ki: KI) -> None:
        """Transmit with this key from now on."""
        self.ask(actions.EnableTransmitSA(self._saks[ki].an))

    def delete(self, ki: KI) -> None:
        """Delete the SAs of a key, and the receive SCs that have no other SA."""
        sak, receivers = self._saks.pop(ki), self._receivers.pop(ki)
        for sci in sorted(receivers):
            self._lowest.pop((ki, sci), None)
            if self._receives_from(sci):
                self.ask(actions.DeleteReceiveSA(sci, sak.an))
            else:
                self.ask(actions.DeleteReceiveSC(sci))
        self.ask(actions.DeleteTransmitSA(sak.an))
        self._retired.append(sak.key)

    def admit(self, sci: int) -> None:
        """Receive also from a member that was not heard when a key was installed.

        Not under XPN: there its SSCI had to be known from the start. Nor from more members than a
        CA has: each stays as long as the key, or a replay would find PNs that start again.
        """
        for ki, sak in self._saks.items():
            receivers = self._receivers[ki]
            if sci in receivers or sak.protection.suite.xpn:
                continue
            if len(receivers) < RECEIVERS_LIMIT:
                if not self._receives_from(sci):
                    self.ask(actions.CreateReceiveSC(sci))
                self.ask(actions.CreateReceiveSA(sci, sak.an, sak.key, None, None))
                receivers.add(sci)

    def raise_lowest_pn(self, ki: KI, sci: int, pn: int) -> None:
        """Raise the lowest PN of a receive SA: delay protection (9.10.1)."""
        if sci not in self._receivers.get(ki, ()) or pn <= self._lowest.get((ki, sci), 1):
            return
        self._lowest[ki, sci] = pn
        self.ask(actions.RaiseLowestPN(sci, self._saks[ki].an, pn))

    def _receives_from(self, sci: int) -> bool:
        return any(sci in receivers for receivers in self._receivers.values())
