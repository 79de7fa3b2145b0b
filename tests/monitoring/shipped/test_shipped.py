"""Dashboards, alert rules and compose file: what they name exists, and Prometheus reads them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.real.hosts import found

from macsec.kay.counters import Reception
from macsec.monitoring.metrics import tables
from macsec.monitoring.metrics.collector import UP
from macsec.monitoring.metrics.tables import Row
from macsec.monitoring.shipped import FILES, text_of, write_all
from macsec.secy import Verdict

DASHBOARDS = ("dashboard-ports.json", "dashboard-mka.json")
ROWS: tuple[Row[Any], ...] = (
    UP,
    *tables.PORTS,
    *tables.SCS,
    *tables.SAS,
    *tables.MKAS,
    *tables.LINKS,
)
TYPES = {"macsec_" + row.name + "_total" * (row.kind == "counter"): row.kind for row in ROWS}
COUNTERS = {each.counter for each in Verdict}
RESULTS = {each.name.lower() for each in Reception}
RANGES = ("$__rate_interval", "5m")


def dashboard(name: str) -> dict[str, Any]:
    """Return a dashboard."""
    return dict(json.loads(text_of(name)))


def rules() -> list[dict[str, Any]]:
    """Return the alert rules."""
    (group,) = yaml.safe_load(text_of("rules.yaml"))["groups"]
    return list(group["rules"])


def expressions() -> Iterator[str]:
    """Yield every expression of the dashboards and of the rules."""
    for name in DASHBOARDS:
        for panel in dashboard(name)["panels"]:
            yield from (target["expr"] for target in panel["targets"])
    yield from (rule["expr"] for rule in rules())


def test_every_metric_counter_and_result_that_is_used_exists():
    """Expressions name metrics of the tables, counters of the standard, results of MKPDUs."""
    for text in expressions():
        assert set(re.findall(r"macsec_\w+", text)) <= set(TYPES), text
        for given in re.findall(r'counter=~?"([^"]+)"', text):
            known = [one for one in COUNTERS if one and re.fullmatch(given, one)]
            assert len(known) == len(re.sub(r"[^|]", "", given)) + 1, given
        for given in re.findall(r'result=~"([^"]+)"', text):
            assert set(given.split("|")) <= RESULTS


def test_counters_are_used_as_rates_and_gauges_are_not():
    """rate and increase are used on counters alone."""
    for text in expressions():
        for name in re.findall(r"macsec_\w+", text):
            rated = re.search(rf"(rate|increase)\(\s*{name}\b", text) is not None
            assert rated == (TYPES[name] == "counter"), text


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_have_own_places_and_numbers(name):
    """No panel covers another, and all are within the 24 columns of Grafana."""
    panels = dashboard(name)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 8
    places = [panel["gridPos"] for panel in panels]
    assert all(at["x"] + at["w"] <= 24 for at in places)
    for one, two in combinations(places, 2):
        beside = one["x"] + one["w"] <= two["x"] or two["x"] + two["w"] <= one["x"]
        below = one["y"] + one["h"] <= two["y"] or two["y"] + two["h"] <= one["y"]
        assert beside or below
    assert len({dashboard(each)["uid"] for each in DASHBOARDS}) == len(DASHBOARDS)
    assert all(panel["title"] and panel["targets"] for panel in panels)


def test_rules_have_a_severity_and_words():
    """Every alert names itself once, and says what it means."""
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names) >= 8
    for rule in rules():
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert set(rule["annotations"]) == {"summary", "description"}


def test_the_compose_file_binds_loopback_and_has_no_password():
    """Its folders have the written files."""
    compose = yaml.safe_load(text_of("compose.yaml"))
    services = compose["services"]
    assert "--web.listen-address=127.0.0.1:9090" in services["prometheus"]["command"]
    grafana = services["grafana"]["environment"]
    assert grafana["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
    assert grafana["GF_SECURITY_ADMIN_PASSWORD"].startswith("${GRAFANA_PASSWORD:?")
    mounted = [v for one in services.values() for v in one["volumes"] if v.startswith("./")]
    folders = {at.split(":")[0].removeprefix("./") for at in mounted}
    assert all(any(place.startswith(folder) for place in FILES.values()) for folder in folders)


def test_all_files_are_written(tmp_path):
    """Each at its place, with its text; a second time too."""
    for _ in range(2):
        paths = write_all(str(tmp_path / "out"))
    assert [Path(path).read_text() for path in paths] == [text_of(name) for name in FILES]
    assert {str(Path(path).relative_to(tmp_path / "out")) for path in paths} == set(FILES.values())


@pytest.mark.programs
def test_promtool_reads_the_rules_and_all_expressions_of_the_dashboards(tmp_path):
    """Expressions become recording rules, with values in place of Grafana's variables."""
    if found("promtool") is None:
        pytest.skip("promtool is not installed")
    write_all(str(tmp_path))
    texts = [text.replace(*RANGES).replace("$kind", ".*") for text in expressions()]
    recorded = [{"record": f"x:{at}", "expr": text} for at, text in enumerate(texts)]
    more = tmp_path / "more.yaml"
    more.write_text(json.dumps({"groups": [{"name": "x", "rules": recorded}]}))
    for check, path in (
        ("rules", tmp_path / "prometheus/rules.yaml"),
        ("rules", more),
        ("config", tmp_path / "prometheus/prometheus.yaml"),
    ):
        done = subprocess.run(["promtool", "check", check, path], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.programs
def test_alerts_fire_where_they_should_and_nowhere_else(tmp_path):
    """promtool's own tests of rules: series of values, and the alerts at a time."""
    if found("promtool") is None:
        pytest.skip("promtool is not installed")
    write_all(str(tmp_path))
    cases = yaml.safe_load((Path(__file__).parent / "alerts.yaml").read_text())
    cases["rule_files"] = [str(tmp_path / "prometheus/rules.yaml")]
    path = tmp_path / "test.yaml"
    path.write_text(json.dumps(cases))
    done = subprocess.run(["promtool", "test", "rules", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {one["alertname"] for case in cases["tests"] for one in case["alert_rule_test"]} == {
        rule["alert"] for rule in rules()
    }
