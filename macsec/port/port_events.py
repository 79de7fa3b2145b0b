"""Records of the events of a port: sessions, SAKs, peers, refused MKPDUs, dropped frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from macsec.kay.counters import Reception
from macsec.kay.eap.authenticator import Authenticator
from macsec.kay.kay import Kay
from macsec.kay.keys.keychain import CONFIGURED
from macsec.secy import Verdict
from macsec.terms import sci_text

Counts = Mapping[str, int]
Facts = dict[str, Any]
Write = Callable[..., None]

ENDS = ("eap-accepted", "eap-refused", "radius-timeouts")
"""Counters of the ends of an authentication."""

_DROPS = {each.counter for each in Verdict if each.counter is not None and not each.delivered}
_NO_REFUSALS = {
    Reception.ACCEPTED.value,
    Reception.ANNOUNCEMENT.value,
    "in-sak-mkpdu",
    "in-cak-mkpdu",
    "mi-renewed",
}


class PortEvents:
    """The events of one port, by comparing its state with that of the call before.

    `write(port, event, **facts)` takes each record. `drops()` returns counters of dropped frames
    that are not the SecY's or the KaY's; `reason(kay)` the state of the port in words.
    """

    def __init__(
        self,
        write: Write,
        port: str,
        kay: Kay | None,
        secy_counters: Callable[[], Counts],
        drops: Callable[[], Counts] = dict,
        reason: Callable[[Kay], str] = lambda _: "",
    ) -> None:
        self._record, self._port, self._kay, self._reason = write, port, kay, reason
        self._secy_counters, self._drops = secy_counters, drops
        self._secured = self._suspended = self._failed = False
        self._saks: dict[str, tuple[int, bool]] = {}
        self._caks: dict[str, str] = {}
        self._ended = dict.fromkeys(ENDS, 0)
        self._peers: dict[tuple[str, str], str | None] = {}
        self._counted: dict[str, int] = {}

    def note(self) -> None:
        """Record changes of the session, of a suspension, of SAKs and of peers."""
        if self._kay is None:
            return
        self._note_caks(self._kay)
        self._note_peers(self._kay)
        self._note_saks(self._kay)
        if self._kay.secured != self._secured:
            self._secured = self._kay.secured
            principal = self._kay.principal
            ckn = None if principal is None else principal.key.name
            self._write("session", secured=self._secured, reason=self._reason(self._kay), ckn=ckn)
        if self._kay.suspended != self._suspended:
            self._suspended = self._kay.suspended
            self._write("suspension", suspended=self._suspended)
        if self._kay.failed != self._failed:
            self._failed = self._kay.failed
            self._write("mka-failed", failed=self._failed)

    def _note_caks(self, kay: Kay) -> None:
        keys = (each.key for each in kay.all_participants)
        caks = {key.name: key.source for key in keys if key.source != CONFIGURED}
        for ckn, source in self._caks.items() - caks.items():
            self._write("cak", ckn=ckn, source=source, change="removed")
        for ckn, source in caks.items() - self._caks.items():
            self._write("cak", ckn=ckn, source=source, change="added")
        self._caks = caks

    def note_eap(self, pae: Authenticator) -> None:
        """Record authentications that ended since the last call."""
        ended = {name: pae.counters[name] for name in ENDS}
        if ended == self._ended:
            return
        accepted = ended["eap-accepted"] > self._ended["eap-accepted"]
        self._ended = ended
        identity = (pae.identity if accepted else pae.claimed).decode("utf-8", "replace")
        self._write("eap", accepted=accepted, identity=identity, reason=pae.reason)

    def _note_peers(self, kay: Kay) -> None:
        peers = {
            (each.key.name, peer.mi.hex()): None if peer.sci is None else sci_text(peer.sci)
            for each in kay.all_participants
            for peer in each.peers.live
        }
        for (ckn, mi), sci in self._peers.items() - peers.items():
            if (ckn, mi) not in peers:
                self._write("peer-lost", ckn=ckn, mi=mi, sci=sci)
        for (ckn, mi), sci in peers.items():
            if (ckn, mi) not in self._peers:
                self._write("peer-live", ckn=ckn, mi=mi, sci=sci)
        self._peers = peers

    def _note_saks(self, kay: Kay) -> None:
        saks = {str(slot.ki): (slot.an, slot.transmits) for slot in kay.cp.slots()}
        for ki, (an, _) in self._saks.items():
            if ki not in saks:
                self._write("sak", ki=ki, an=an, change="deleted")
        for ki, (an, transmits) in saks.items():
            if ki not in self._saks:
                self._write("sak", ki=ki, an=an, change="installed")
            if transmits and not self._saks.get(ki, (an, False))[1]:
                self._write("sak", ki=ki, an=an, change="transmits")
        self._saks = saks

    def count(self) -> None:
        """Record what was refused and dropped since the last call: a record for each counter."""
        if self._kay is not None:
            self._count("mkpdu-refused", _refusals(self._kay.counters))
        counters = self._secy_counters()
        dropped = {name: counters[name] for name in sorted(_DROPS)}
        self._count("frames-dropped", {**dropped, **self._drops()})

    def forget_counts(self) -> None:
        """Begin at zero: the counters were cleared."""
        self._counted.clear()

    def changed(self, changes: Iterable[str], pid: int) -> None:
        """Record changes that a user made."""
        self._write("changed", changes=list(changes), pid=pid)

    def _count(self, event: str, counters: Counts) -> None:
        for name, total in counters.items():
            count = total - self._counted.get(name, 0)
            if count > 0:
                self._write(event, counter=name, count=count, total=total)
            self._counted[name] = total

    def _write(self, event: str, **facts: Any) -> None:
        self._record(self._port, event, **facts)


def _refusals(counters: Counts) -> Facts:
    """Return the counters of received MKPDUs that were refused, in whole or in part."""
    return {
        name: count
        for name, count in counters.items()
        if name not in _NO_REFUSALS and not name.startswith(("out-", "keys-"))
    }
