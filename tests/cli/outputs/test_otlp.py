"""Spans in a collector: a receiver of OTLP over HTTP in this process."""

from __future__ import annotations

import pytest

pytest.importorskip("opentelemetry.sdk", reason="opentelemetry-sdk is not installed")
from support.services.otlp import collecting

pytestmark = pytest.mark.programs
PHASES = ["hello to live peer", "live peer to SAK", "SAK to secured"]


TOPOLOGY = """
sites: {left: {hosts: [l1]}, right: {hosts: [r1]}}
links: [{between: [left, right]}]
macsec: {sak_rekey_interval: 30}
"""


def test_a_lab_in_virtual_time_sends_its_sessions_and_rekeys(desk):
    """Both ends: a session with its phases, and rekeys with a link to it, at virtual times."""
    (desk.folder / "t.yaml").write_text(TOPOLOGY)
    with collecting() as (url, collector):
        desk.run("lab", "run", "t.yaml", "--until", "70s", "--otlp", url, "--json")
    sessions, rekeys = collector.named("hello to secured"), collector.named("rekey")
    assert collector.services == {"macsec"}
    assert (len(sessions), len(rekeys)) == (2, 4)
    for session in sessions:
        inside = [span for span in collector.spans if span.parent_span_id == session.span_id]
        assert sorted(span.name for span in inside) == sorted(PHASES)
        assert {span.trace_id for span in inside} == {session.trace_id}
        assert session.status.code == 0
    began = {session.span_id for session in sessions}
    assert {link.span_id for span in rekeys for link in span.links} == began
    first = min(span.start_time_unix_nano for span in sessions)
    apart = (rekeys[-1].start_time_unix_nano - first) / 1e9
    assert 55 <= apart <= 70


def test_a_collector_that_refuses_or_is_gone_is_one_warning(desk):
    """The run is as without it; the warning counts the lost spans."""
    (desk.folder / "t.yaml").write_text(TOPOLOGY)
    with collecting() as (url, collector):
        collector.status = 400
        result = desk.run("lab", "run", "t.yaml", "--until", "5s", "--otlp", url, "--json")
    assert f"warning: --otlp {url}: the collector did not take 8 spans" in result.stderr
    assert "Traceback" not in result.stderr
    assert (
        "begins with http"
        in desk.run("lab", "run", "t.yaml", "--otlp", "localhost:4318", code=2).stderr
    )
