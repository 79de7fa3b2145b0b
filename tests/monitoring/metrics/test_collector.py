"""Snapshots as metrics: names, labels and values, in both formats, without a key."""

from __future__ import annotations

from typing import Any, cast

from prometheus_client import generate_latest, parser
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.openmetrics import parser as openmetrics_parser
from support.virtual.monitored import SOURCE, snapshots

from macsec.monitoring import PortSource
from macsec.monitoring.metrics import MetricsCollector, tables
from macsec.monitoring.metrics.tables import Row

TAP = {"kind": "tap", "source": "ms0", "namespace": "77", "port": "ms0"}
FOUND, KEYS = snapshots()


def texts() -> tuple[str, str]:
    """Return the metrics of the snapshots as Prometheus text and as OpenMetrics."""
    registry = MetricsCollector(lambda: FOUND).registry()
    return generate_latest(registry).decode(), openmetrics.generate_latest(registry).decode()


def value(name: str, **labels: str) -> float:
    """Return the only value with these labels."""
    registry = MetricsCollector(lambda: FOUND).registry()
    (found,) = [
        sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return found


def test_both_formats_hold_the_same_values():
    """The parsers of prometheus-client read each; OpenMetrics ends with EOF."""
    plain, open_text = texts()
    of_plain = {
        (each.name, *sorted(each.labels.items())): each.value
        for family in parser.text_string_to_metric_families(plain)
        for each in family.samples
    }
    of_open = {
        (each.name, *sorted(each.labels.items())): each.value
        for family in openmetrics_parser.text_string_to_metric_families(open_text)
        for each in family.samples
    }
    assert of_plain == of_open
    assert len(of_plain) > 200
    assert open_text.endswith("# EOF\n")


def test_values_are_those_of_the_snapshots():
    """Sources, SAs, peers, rekeys, results of MKPDUs and counters by the standard's names."""
    port = FOUND[0].ports[0]
    (transmit, receive), mka = port.scs, port.mka
    assert value("macsec_source_up", kind="tap", source="ms0") == 1
    assert value("macsec_source_up", source="ms1") == 0
    assert value("macsec_port_secured", **TAP) == 1
    sent = {**TAP, "direction": "transmit", "sci": transmit.sci}
    (sa,) = transmit.sas
    assert value("macsec_sa_next_pn", **sent) == sa.next_pn
    assert value("macsec_sa_pn_headroom_ratio", **sent) == sa.headroom_ratio
    assert value("macsec_sa_age_seconds", **sent) == sa.age_s > 0
    assert value("macsec_sa_lowest_pn", **TAP, direction="receive") == receive.sas[0].lowest_pn
    assert value("macsec_mka_live_peers", **TAP) == mka.live == 1
    assert value("macsec_mka_rekeys_total", **TAP) == mka.rekeys == 2
    assert value("macsec_mka_rekey_interval_seconds", **TAP) == 30
    accepted = value("macsec_mka_mkpdus_received_total", **TAP, result="accepted")
    assert accepted == mka.counters["in-mkpdu"] > 0
    assert value("macsec_mka_mkpdus_received_total", **TAP, result="bad_icv") == 0
    assert value("macsec_secy_packets_total", **TAP, counter="InPktsOK") == 0
    assert value("macsec_port_info", **TAP, suite="gcm-aes-128", lower="wire") == 1
    assert value("macsec_mka_info", **TAP, ckn=mka.ckn, key_server=port.sci) == 1
    assert value("macsec_link_secured", source="two", link="l") == 1
    wire = {"from": "east", "to": "west", "fate": "lost"}
    assert value("macsec_link_wire_total", link="l", **wire) == 3


def test_no_key_is_in_any_metric():
    """Neither CAKs nor SAKs; of secrets the snapshots have none."""
    assert KEYS
    assert [key for key in KEYS for text in texts() if key in text.lower()] == []


def test_names_of_metrics_are_unique_and_none_is_without_values():
    """A family without a value is not shown: a machine without labs has no metric of links."""
    own = (tables.PORTS, tables.SCS, tables.SAS, tables.MKAS, tables.LINKS)
    names = [row.name for rows in own for row in cast(tuple[Row[Any], ...], rows)]
    assert len(names) == len(set(names))
    shown = list(MetricsCollector(lambda: FOUND[:1]).registry().collect())
    assert all(family.samples for family in shown)
    assert [family.name for family in shown if family.name.startswith("macsec_link")] == []


def test_reasons_go_to_the_report_and_into_no_label():
    """Labels are few and known; the reason of a source is for people."""
    reported: list[tuple[PortSource, str]] = []
    collector = MetricsCollector(lambda: FOUND, lambda *each: reported.append(each))
    list(collector.collect())
    assert reported[0] == (SOURCE, "")
    assert reported[2][1] == "no process answers"
    assert "no process" not in "".join(texts())
