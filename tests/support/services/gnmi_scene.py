"""Members of a scene in virtual time as a target of gNMI, and their telemetry read by pygnmi."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from macsec.conformance.scenes import SegmentMember
from macsec.conformance.suites.openconfig.telemetry import Fetch, PortTelemetry
from macsec.errors import MACsecError
from macsec.gnmi import Adjustment, PortTree
from macsec.report.yang import ManagedPort, telemetry_tree

SINCE = datetime(2026, 1, 2, tzinfo=UTC)


class SceneDevice:
    """The member that a case reads, as a device."""

    def __init__(self) -> None:
        self.member: SegmentMember | None = None

    def sources(self) -> Sequence[PortTree]:
        """Return the tree of the member."""
        member = self.member
        if member is None:
            return []
        port = ManagedPort(
            member.name,
            f"{member.name}.common",
            member.secy,
            member.kay,
            True,
            SINCE,
            blocked=member.station.blocked,
        )
        return [PortTree(member.name, "scene", telemetry_tree([port]))]

    def adjust(self, source: PortTree, wish: Adjustment, *, check: bool) -> None:
        """Refuse."""
        raise MACsecError("a scene takes no changes")


@contextlib.contextmanager
def fetching() -> Iterator[Fetch]:
    """Yield a function that reads the telemetry of a member over a connection of gNMI."""
    from pygnmi.client import gNMIclient

    from macsec.gnmi.server import GnmiServer
    from macsec.gnmi.service import Clocks, GnmiService
    from macsec.monitoring.serving import WebConfig
    from macsec.monitoring.serving.access import UserAccess

    device = SceneDevice()
    service = GnmiService(device, Clocks(lambda: 0, lambda: 0), may_set=False)
    access = UserAccess({}, bytes(32))
    with (
        GnmiServer("127.0.0.1:0", service, WebConfig(), Path(), access) as server,
        gNMIclient(target=("127.0.0.1", server.port), insecure=True) as client,
    ):

        def fetch(member: SegmentMember) -> PortTelemetry:
            device.member = member
            return _read(client, member.name)

        yield fetch


def _read(client: Any, name: str) -> PortTelemetry:
    state = f"/macsec/interfaces/interface[name={name}]/state"
    suite = f"/macsec/mka/policies/policy[name={name}]/state/macsec-cipher-suite"
    answer = client.get(path=[state, suite], encoding="json")
    found, suites = (each["update"][0]["val"] for each in answer["notification"])
    return PortTelemetry(
        found["status"] == "ACTIVE",
        bytes.fromhex(found["ckn"]) if "ckn" in found else None,
        suites[0].lower().replace("_", "-"),
        {leaf: count for leaf, count in found["counters"].items() if leaf in PLAN},
    )


PLAN = {f"{way}-pkts-{what}" for way in ("tx", "rx") for what in ("ctrl", "err-in", "dropped")} | {
    "rx-unrecognized-ckn",
    "rx-badicv-pkts",
}
