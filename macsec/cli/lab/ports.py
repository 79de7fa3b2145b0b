"""The ports of a lab that is up as instance data of YANG modules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from macsec.lab import RealLab
from macsec.live.local.local_socket import Client
from macsec.report.yang import TREES, ManagedPort


class PortsOfLab:
    """Answers with all ports of the protected links, named LINK:SITE, in each data model."""

    def __init__(self, lab: RealLab) -> None:
        self._lab = lab
        self._since = datetime.now(UTC)
        self._epoch = self._since - timedelta(microseconds=lab.agreements.now_ns() / 1000)

    def answer(self, _: Client, __: bytearray) -> str:
        """Return the trees as JSON."""
        with self._lab.agreements.lock:
            ports = list(self._ports())
            return json.dumps({name: tree(ports) for name, tree in TREES.items()})

    def _ports(self) -> Iterator[ManagedPort]:
        for segment in self._lab.segments.values():
            if not segment.plan.protected:
                continue
            for side, site in enumerate(segment.plan.sites):
                end = segment.ends[side] if segment.ends else None
                name = f"{segment.plan.name}:{site}"
                yield ManagedPort(
                    name,
                    f"{name}.common",
                    segment.secys[side],
                    None if end is None else end.kay,
                    end is None or end.open,
                    self._since,
                    self._epoch,
                )
