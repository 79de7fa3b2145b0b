"""Records of the events of a station, as `--events` writes them."""

from __future__ import annotations

from typing import Any

from macsec.port import PortEvents

from .segment import SegmentMember


class Records:
    """The events of a member from now on: `of(event)` returns those of one kind."""

    def __init__(self, member: SegmentMember) -> None:
        self._records: list[dict[str, Any]] = []
        secy = member.secy
        self._events = PortEvents(self._write, member.name, member.kay, lambda: secy.counters)
        agreement = member.station.agreement
        if agreement is not None:
            agreement.follow(lambda _: self._events.note())
        self._events.note()
        self._events.count()
        self._records.clear()

    def _write(self, port: str, event: str, **facts: Any) -> None:
        self._records.append({"port": port, "event": event, **facts})

    def of(self, event: str, **facts: Any) -> list[dict[str, Any]]:
        """Return the records of a kind that have some facts, with all that happened up to now."""
        self._events.note()
        self._events.count()
        return [
            each
            for each in self._records
            if each["event"] == event and facts.items() <= each.items()
        ]
