"""The requests of the API on one bench: JSON documents in, JSON documents out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from macsec.config.static_keys import Draw

from . import metrics
from .bench import TestBench, Wires
from .model import Config, Path, RequestRefused, keys_of, read, refuse, warnings_of
from .model.requests import (
    CaptureRequest,
    ControlState,
    FlowTransmit,
    LinkRequest,
    MetricsRequest,
    StatesRequest,
)
from .plan import SPEED, Plan
from .secrets import without_keys
from .traffic.pacing import most_pps

API_VERSION = "1.62.0"
"""Of the OTG model that the classes in `model/` follow."""
Answer = dict[str, Any]
_NO_CONFIG = "there is no configuration: POST /config first"
_USUAL_PPS = 20_000
"""Frames a second up to which virtual time usually keeps up with the clock."""


class TrafficGenerator:
    """One traffic generator. Its requests and `advance` may come from several threads."""

    def __init__(
        self,
        version: str,
        draw: Draw,
        wires: Wires | None = None,
        seed: int = 1,
        backend: str = "auto",
    ) -> None:
        self._version = version
        self._draw = draw
        self._wires = wires or {}
        self._seed, self._backend = seed, backend
        self._free = threading.Condition()
        self._counting = threading.Lock()
        self._waiting = 0
        self.changes = 0
        """Rises with each request that may change how much there is to do."""
        self._document: Any = {}
        self._bench: TestBench | None = None
        self._configs = 0

    # ------------------------------------------------------------ configuration

    def set_config(self, document: Any) -> Answer:
        """Take a configuration in place of the one before.

        Raises RequestRefused, and then changes nothing.
        """
        config = read(Config, document)
        try:
            plan = Plan.of(config)
            self._begin(plan, document)
        finally:
            for key in keys_of(config):  # the stations have copies
                key.wipe()
        return {"warnings": [*warnings_of(config), *plan.warnings, *_load_warnings(plan)]}

    def _begin(self, plan: Plan, document: Any) -> None:
        with self._request():
            bench = TestBench(plan, self._wires, self._own_draw(), self._seed, self._backend)
            self._end()
            self.changes += 1
            self._bench, self._document = bench, without_keys(document)
            if plan.auto_start:
                bench.set_protocols(True)

    def _own_draw(self) -> Draw:
        """Return the entropy of a configuration: no key is drawn twice."""
        self._configs += 1
        prefix = f"config {self._configs}"
        return lambda purpose, octets: self._draw(f"{prefix} {purpose}", octets)

    def get_config(self) -> Answer:
        """Return the configuration, without its keys."""
        with self._request():
            found: Answer = self._document
            return found

    def get_version(self) -> Answer:
        """Return the versions of the API and of this program."""
        return {"api_spec_version": API_VERSION, "sdk_version": "", "app_version": self._version}

    def close(self) -> None:
        """Wipe all keys."""
        with self._request():
            self._end()

    def _end(self) -> None:
        if self._bench is not None:
            self._bench.close()
            self._bench = None

    # ------------------------------------------------------------ time

    def advance(self, ns: int) -> bool:
        """Let virtual time pass; return False without a configuration."""
        with self._free:
            while self._waiting:
                self._free.wait()
            if self._bench is None:
                return False
            self._bench.advance(ns)
            return True

    @contextmanager
    def _request(self) -> Iterator[None]:
        """Hold the bench for a request, which goes before `advance`."""
        with self._counting:
            self._waiting += 1
        with self._free:
            with self._counting:
                self._waiting -= 1
            try:
                yield
            finally:
                self._free.notify()

    @property
    def now_ns(self) -> int:
        """The virtual time of the present configuration."""
        with self._request():
            return 0 if self._bench is None else self._bench.now_ns

    # ------------------------------------------------------------ control

    def set_control_state(self, document: Any) -> Answer:
        """Start and stop protocols, traffic, captures and links."""
        given = read(ControlState, document)
        with self._request():
            self.changes += 1
            bench = self._present()
            if given.protocol is not None:
                bench.set_protocols(given.protocol.all.state == "start")
            elif given.traffic is not None:
                _transmit(bench, given.traffic.flow_transmit)
            elif given.port is not None and given.port.link is not None:
                _set_link(bench, given.port.link)
            elif given.port is not None and given.port.capture is not None:
                capture = given.port.capture
                _capture(bench, capture.port_names, capture.state == "start")
            else:
                raise refuse((), f"choice is {given.choice}, and there is no {given.choice}")
        return {"warnings": []}

    def _present(self) -> TestBench:
        if self._bench is None:
            raise RequestRefused(_NO_CONFIG)
        return self._bench

    # ------------------------------------------------------------ monitoring

    def get_metrics(self, document: Any) -> Answer:
        """Return metrics of ports, flows, SecYs or KaYs."""
        given = read(MetricsRequest, document)
        kind = given.choice
        rows, names_field, columns_field, keys = _METRICS[kind]
        part = getattr(given, kind)
        with self._request():
            found = metrics.chosen(
                rows(self._present()), getattr(part, names_field), (kind, names_field)
            )
        wanted: Sequence[str] = getattr(part, columns_field)
        found = metrics.columns(found, wanted, keys, (kind, columns_field))
        return {"choice": f"{kind}_metrics", f"{kind}_metrics": found}

    def get_states(self, document: Any) -> Answer:
        """Return the neighbours of interfaces."""
        given = read(StatesRequest, document)
        part = getattr(given, given.choice)
        path: Path = (given.choice, "ethernet_names")
        with self._request():
            rows = metrics.neighbor_rows(self._present(), 6 if "6" in given.choice else 4)
            found = metrics.chosen(rows, part.ethernet_names, path)
        return {"choice": given.choice, given.choice: found}

    def get_capture(self, document: Any) -> bytes:
        """Return the capture file of a port; its capture ends."""
        given = read(CaptureRequest, document)
        with self._request():
            _capture(self._present(), [given.port_name], False, ("port_name",))
            capture = self._present().ports[given.port_name].capture
            return b"" if capture is None else capture.octets()


_METRICS: dict[str, tuple[metrics.Rows, str, str, Sequence[str]]] = {
    "port": (metrics.port_rows, "port_names", "column_names", ("name",)),
    "flow": (metrics.flow_rows, "flow_names", "metric_names", ("name", "port_tx", "port_rx")),
    "macsec": (metrics.macsec_rows, "secure_entity_names", "column_names", ("name",)),
    "mka": (metrics.mka_rows, "peer_names", "column_names", ("name",)),
}


def _transmit(bench: TestBench, given: FlowTransmit) -> None:
    names = given.flow_names or []
    flows = {each.stream.flow.name for each in bench.streams}
    for at, name in enumerate(names):
        if name not in flows:
            raise refuse(("traffic", "flow_transmit", "flow_names", at), f"no flow is {name!r}")
    for each in bench.streams:
        if not names or each.stream.flow.name in names:
            getattr(each.run, given.state)()


def _set_link(bench: TestBench, given: LinkRequest) -> None:
    bench.set_link(
        _ports(bench, given.port_names, ("port", "link", "port_names")), given.state == "up"
    )


def _ports(bench: TestBench, names: list[str] | None, path: Path) -> list[str]:
    for at, name in enumerate(names or ()):
        if name not in bench.ports:
            raise refuse((*path, at), f"there is no port {name!r}")
    return names or list(bench.ports)


def _capture(
    bench: TestBench,
    names: list[str] | None,
    on: bool,
    path: Path = ("port", "capture", "port_names"),
) -> None:
    for name in _ports(bench, names, path):
        capture = bench.ports[name].capture
        if capture is None:
            if names:
                raise refuse(path, f"port {name!r} is in no entry of captures")
            continue
        action: Callable[[], None] = capture.start if on else capture.stop
        action()


def _load_warnings(plan: Plan) -> list[str]:
    total = sum(
        most_pps(each.flow, plan.ports[each.tx.port].speed or SPEED) for each in plan.streams
    )
    if total <= _USUAL_PPS:
        return []
    return [
        f"{total:,.0f} frames a second in all: virtual time will pass more slowly than the clock; "
        "counts, rates and latencies stay exact"
    ]
