"""Snapshots of real taps in network namespaces."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from support.real import hosts
from support.real.taps import CKN, Tap, mka_configuration

from macsec.monitoring import MonitoredPort, PortSource, SourceKind, discover, snapshot
from macsec.monitoring.tracing.spans import PHASES

pytest.importorskip("macsec._native", reason="the native data plane is not built")

CAK = "5a" * 16
A, B = "10.7.0.1", "10.7.0.2"
ECHOES = 10


@pytest.fixture
def taps(tmp_path: Path) -> Iterator[tuple[Tap, Tap]]:
    """Return two secured taps on a cable, the first the Key Server."""
    hosts.need("ping")
    with ExitStack() as stack:
        both = stack.enter_context(hosts.hosts(tmp_path))
        hosts.cable(*both)
        made = []
        for at, host in enumerate(both):
            config = mka_configuration(tmp_path / f"{at}.yaml", CAK, 10 + at)
            made.append(stack.enter_context(closing(Tap(host, "wire", config, (A, B)[at]))))
        hosts.until(lambda: all(tap.secured for tap in made), "both are secured", made[0].process)
        yield made[0], made[1]


def source_of(tap: Tap) -> PortSource:
    """Return the source of a tap: names of interfaces are not unique, namespaces are."""
    with tap.host.inside():
        namespace = Path("/proc/thread-self/ns/net").stat().st_ino
    (found,) = [one for one in discover() if (one.namespace, one.name) == (namespace, "ms0")]
    return found


def port_of(tap: Tap) -> MonitoredPort:
    """Return the port of a tap."""
    (port,) = snapshot(source_of(tap)).ports
    return port


def test_taps_of_other_namespaces_are_seen_from_outside(taps):
    """Peers, keys, PNs and counters agree with each other and with `mka status`."""
    one, two = taps
    one.host.run("ping", "-n", "-q", "-c", str(ECHOES), "-i", "0.01", "-W", "1", B)
    a, b = port_of(one), port_of(two)
    assert (a.kind, a.name, a.lower, a.pid) == (SourceKind.TAP, "ms0", "wire", one.process.pid)
    assert a.secured
    assert b.secured
    assert (a.mka.ckn, a.mka.live, a.mka.peers[0].sci) == (CKN, 1, b.sci)
    assert (a.mka.is_key_server, b.mka.is_key_server, b.mka.key_server) == (True, False, a.sci)
    transmit, receive = a.scs
    assert transmit.sas[0].ki == receive.sas[0].ki == one.status()["keys"][0]["ki"]
    assert transmit.sas[0].next_pn > ECHOES
    assert receive.counters["InPktsOK"] == receive.sas[0].counters["InPktsOK"] >= ECHOES
    assert transmit.sas[0].age_s >= 0
    assert CAK not in repr(a)


def test_a_tap_that_ends_is_a_row_with_its_reason(taps):
    """One that was killed leaves its socket: its row says that no process answers."""
    one, two = taps
    first, second = source_of(one), source_of(two)
    one.end()
    two.kill()
    assert first not in discover()
    assert second in discover()
    assert "no process answers" in snapshot(second).reason
    assert snapshot(first).ports == ()


def test_a_tap_sends_the_trace_of_its_agreement(tmp_path: Path):
    """Its session has its phases, in real time; the collector is on the tap's host."""
    pytest.importorskip("opentelemetry.sdk", reason="opentelemetry-sdk is not installed")
    from support.services.otlp import collecting

    with ExitStack() as stack:
        both = stack.enter_context(hosts.hosts(tmp_path))
        hosts.cable(*both)
        with both[0].inside():
            url, collector = stack.enter_context(collecting())
        made = []
        for at, host in enumerate(both):
            config = mka_configuration(tmp_path / f"{at}.yaml", CAK, 10 + at)
            options = ("--otlp", url) if at == 0 else ()
            tap = Tap(host, "wire", config, (A, B)[at], options)
            made.append(stack.enter_context(closing(tap)))
        hosts.until(lambda: all(tap.secured for tap in made), "both are secured", made[0].process)
        made[0].end()
        (session,) = collector.named("hello to secured")
        inside = [span for span in collector.spans if span.parent_span_id == session.span_id]
        assert len(inside) == len(PHASES)
        assert session.start_time_unix_nano < session.end_time_unix_nano
        assert abs(session.end_time_unix_nano / 1e9 - tmp_path.stat().st_ctime) < 300
        facts = {one.key: one.value.string_value for one in session.attributes}
        assert (facts["macsec.port"], facts["macsec.ckn"]) == ("ms0", CKN)
        assert CAK not in str(collector.spans)
