"""A real Prometheus that scrapes a tap by HTTPS with a password, and the devices of a kernel."""

from __future__ import annotations

import json
import sys
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from interop.kernel_peer import our_python
from interop.kernel_peer.bench import Bench
from interop.peers.test_tap_kernel import ECHOES, Secured
from support.real import hosts
from support.services.certificates import self_signed

from macsec.monitoring.shipped import text_of, write_all

pytest.importorskip("macsec._native", reason="the native data plane is not built")

HERE, THERE = "10.6.0.1", "10.6.0.2"
TAP_PORT, KERNEL_PORT, PROMETHEUS_PORT = 9842, 9843, 9090
PASSWORD = "password-of-the-scraper"


class Prometheus:
    """Prometheus on the host of the bench, with our rules, its targets both exporters."""

    def __init__(self, bench: Bench) -> None:
        self._host, folder = bench.host, bench.folder
        write_all(str(folder))
        (folder / "password").write_text(PASSWORD)
        config = {
            "global": {"scrape_interval": "500ms", "evaluation_interval": "500ms"},
            "rule_files": [str(folder / "prometheus/rules.yaml")],
            "scrape_configs": [
                {
                    "job_name": "tap",
                    "scheme": "https",
                    "tls_config": {"ca_file": str(folder / "c.pem")},
                    "basic_auth": {"username": "me", "password_file": str(folder / "password")},
                    "static_configs": [{"targets": [f"127.0.0.1:{TAP_PORT}"]}],
                },
                {
                    "job_name": "kernel",
                    "static_configs": [{"targets": [f"{THERE}:{KERNEL_PORT}"]}],
                },
            ],
        }
        path = folder / "prometheus.json"
        path.write_text(json.dumps(config))
        self.process = bench.host.start(
            "prometheus",
            f"--config.file={path}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{PROMETHEUS_PORT}",
            port=PROMETHEUS_PORT,
        )

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """Return the result of an expression now."""
        given = urllib.parse.urlencode({"query": expression})
        url = f"http://127.0.0.1:{PROMETHEUS_PORT}/api/v1/query?{given}"
        with self._host.inside(), urllib.request.urlopen(url, timeout=30) as answer:
            found = json.load(answer)["data"]["result"]
        return list(found)

    def value(self, expression: str) -> float | None:
        """Return its only value, None if there is none."""
        found = self.ask(expression)
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None


def serve(bench: Bench) -> None:
    """Start both exporters: of the host with TLS and a user, and in the kernel's guest."""
    self_signed(bench.folder)
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    web = {
        "tls_server_config": {"cert_file": "c.pem", "key_file": "k.pem"},
        "basic_auth_users": {"me": hashed},
    }
    (bench.folder / "web.yaml").write_text(json.dumps(web))
    more = ("--listen", f"127.0.0.1:{TAP_PORT}", "--web-config", bench.folder / "web.yaml")
    bench.host.start(sys.executable, "-m", "macsec", "exporter", *more, port=TAP_PORT)
    bench.host.ip("address", "add", f"{HERE}/24", "dev", "kp0")
    our_python.mount(bench.kernel)
    bench.kernel.ok(f"ip address add {THERE}/24 dev eth0")
    words = ("-m", "macsec", "exporter", "--listen", f"0.0.0.0:{KERNEL_PORT}")
    bench.kernel.start(our_python.command(*words))


def test_prometheus_scrapes_a_tap_and_a_kernel_device(bench: Bench):
    """Both ends of one link: each end's sent frames are the other's valid ones; alerts rest."""
    hosts.need("prometheus", "ss", "ping")
    with Secured(bench, "gcm-aes-xpn-128", "encrypt on") as link:
        serve(bench)
        prometheus = Prometheus(bench)
        link.ping_both_ways()
        with bench.host.inside():  # other taps may run on this machine
            own = Path("/proc/thread-self/ns/net").stat().st_ino
        tap = f'{{port="ms0",job="tap",namespace="{own}"}}'
        kernel = '{kind="kernel",port="macsec0"}'

        def both() -> bool:
            assert prometheus.process.poll() is None
            found = [prometheus.value(f"macsec_port_secured{one}") for one in (tap, kernel)]
            return found == [1, 1]

        hosts.until(both, "both are scraped")

        def counted(port: str, counter: str) -> float | None:
            more = port.replace("}", f',counter="{counter}"}}')
            return prometheus.value(f"macsec_secy_packets_total{more}")

        def equal() -> bool:
            ways = [(tap, kernel), (kernel, tap)]
            sent = [counted(source, "OutPktsEncrypted") for source, _ in ways]
            valid = [counted(sink, "InPktsOK") for _, sink in ways]
            return sent == valid and all(each and each >= 2 * ECHOES for each in sent)

        hosts.until(equal, "the counters of both ends are equal")
        at = '{direction="transmit",job="kernel"}'

        def same_pn() -> bool:
            shown = bench.kernel.show()["sa_list"][0]["pn"]
            return prometheus.value(f"macsec_sa_next_pn{at}") == shown

        hosts.until(same_pn, "the next PN of the kernel")
        assert prometheus.value(f"macsec_sa_pn_headroom_ratio{at}") == 1  # of 2^64
        for panel in json.loads(text_of("dashboard-ports.json"))["panels"]:
            for target in panel["targets"]:
                text = target["expr"].replace("$__rate_interval", "5m")
                for name in ("kind", "source", "port"):
                    text = text.replace(f"${name}", ".*")
                rests = "> 0" in text or "Age" in panel["title"]  # static SAs, few frames
                assert rests or prometheus.ask(text), panel["title"]
        for port in (tap, kernel):
            assert prometheus.ask(f"ALERTS{port}") == []
        assert prometheus.ask(f'{{__name__=~".+",x="{link.ours.key}"}}') == []
