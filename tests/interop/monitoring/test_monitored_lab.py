"""A snapshot of a lab that is up, and its metrics."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from support.real.hosts import until
from support.real.up_lab import CAK, TWO_SITES, UpLab, smallest, started

from macsec.monitoring import PortSource, Snapshot, SourceKind, snapshot
from macsec.monitoring.metrics import MetricsCollector

pytest.importorskip("macsec._native", reason="the native data plane is not built")


def source_of(lab: UpLab) -> PortSource:
    """Return the source of a lab that has no name."""
    return PortSource(SourceKind.LAB, "two", None, str(lab.folder))


def seen(lab: UpLab) -> Snapshot:
    """Return the snapshot of a lab."""
    found = snapshot(source_of(lab))
    assert found.up, found.reason
    return found


def test_a_lab_has_its_links_and_a_port_at_each_end(tmp_path: Path):
    """Frames, peers and SAKs agree with `lab status`; after its end a row has the reason."""
    with started(tmp_path / "state", smallest(tmp_path)) as lab:
        until(lambda: all(port.secured for port in seen(lab).ports), "both ends are secured")
        lab.on("l1", "ping", "-n", "-q", "-c", "5", "-i", "0.01", "-W", "1", "r1")
        found = seen(lab)
        (link,) = found.links
        status = json.loads(lab.macsec("status", "--json"))
        assert (link.name, list(link.sites)) == (
            status["links"][0]["name"],
            status["links"][0]["between"],
        )
        assert (link.status, link.reason) == ("secured", "")
        assert link.ports == tuple(port.name for port in found.ports)
        one, two = found.ports
        assert (one.mka.live, one.mka.peers[0].sci, two.mka.peers[0].sci) == (1, two.sci, one.sci)
        assert one.scs[0].sas[0].ki == two.scs[1].sas[0].ki != ""
        assert one.scs[0].sas[0].age_s > 0
        shown = [end["counters"] for end in status["links"][0]["ends"]]
        assert [port.counters["InPktsOK"] for port in found.ports] >= [5, 5]
        assert all(
            set(port.counters) == set(end) for port, end in zip(found.ports, shown, strict=True)
        )
        assert link.key_server == {one.sci: "left", two.sci: "right"}[one.mka.key_server]
        text = generate_latest(MetricsCollector(lambda: [found]).registry()).decode()
        assert f'macsec_link_secured{{kind="lab",link="{link.name}"' in text
        assert CAK not in text
        source = source_of(lab)
    assert "no lab is up" in snapshot(source).reason


def test_static_plain_and_standby_links_say_so(tmp_path: Path):
    """A link with static SAs is secured without a KaY; one that is off has no port."""
    path = tmp_path / "three.yaml"
    path.write_text(
        TWO_SITES.replace("links:", "  up: {hosts: [u1]}\nlinks:")
        + "  - {between: [left, up], macsec: off}\n  - {between: [right, up], macsec: static}\n"
    )
    with started(tmp_path / "state", str(path)) as lab:
        found = seen(lab)
        status = {link.sites: link.status for link in found.links}
        assert status[("left", "up")] in ("off", "standby")
        assert status[("right", "up")] in ("static", "standby")
        assert sorted(status.values()).count("standby") == 1  # a loop
        static = [port for port in found.ports if port.mka is None]
        assert all(port.secured for port in static)
