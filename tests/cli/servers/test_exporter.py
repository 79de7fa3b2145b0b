"""`macsec exporter`: one print, files, addresses, and the extra that it needs."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import urllib.request

import pytest
from support.virtual.monitored import snapshots

from macsec.monitoring.metrics import collector


@pytest.fixture
def _found(monkeypatch):
    monkeypatch.setattr(collector, "snapshots", lambda: snapshots()[0])


@pytest.mark.usefixtures("_found")
def test_once_prints_the_metrics_of_now(desk):
    """Text or OpenMetrics to stdout, the reason of a source that is gone to stderr."""
    result = desk.run("exporter", "--once")
    assert 'macsec_source_up{kind="tap",namespace="77",source="ms0"} 1.0' in result.stdout
    assert "warning: tap ms1: no process answers" in result.stderr
    assert desk.run("exporter", "--once", "--openmetrics").stdout.endswith("# EOF\n")


def test_write_config_lists_the_files_that_it_wrote(desk):
    """They are below the folder."""
    result = desk.run("exporter", "--write-config", "out")
    assert (desk.folder / "out/prometheus/rules.yaml").is_file()
    assert "out/compose.yaml" in result.stderr


@pytest.mark.parametrize("listen", ["9842", "host:1", "127.0.0.1:x", "1.2.3.4:70000", "::1"])
def test_an_address_needs_an_ip_address_and_a_port(desk, listen):
    """Names but localhost are not looked up."""
    assert "--listen" in desk.run("exporter", "--listen", listen, code=2).stderr


def test_a_fault_of_the_web_configuration_is_one_line(desk):
    """With its exit code."""
    (desk.folder / "web.yaml").write_text("basic_auth_users: {me: word}")
    result = desk.run("exporter", "--web-config", "web.yaml", code=2)
    assert "not hashed by bcrypt" in result.stderr
    assert "word}" not in result.stderr


def test_a_process_serves_until_a_signal_ends_it():
    """It prints its address, answers, and ends with exit code 0."""
    command = (sys.executable, "-m", "macsec", "exporter", "--listen", "127.0.0.1:0")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        watch = threading.Timer(60, process.kill)
        watch.start()
        assert process.stderr is not None
        url = process.stderr.readline().split()[-1]
        with urllib.request.urlopen(url) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
        watch.cancel()
