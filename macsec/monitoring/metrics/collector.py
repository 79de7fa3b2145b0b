"""All metrics of this machine: every source is asked anew at each scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from macsec.monitoring import sources
from macsec.monitoring.model import PortSource, Snapshot

from .tables import (
    LINK_LABELS,
    LINKS,
    MKAS,
    PORT_LABELS,
    PORTS,
    SA_LABELS,
    SAS,
    SC_LABELS,
    SCS,
    SOURCE_LABELS,
    Row,
)

T = TypeVar("T")
PREFIX = "macsec_"
AT_ONCE = 16
"""Sources that are asked at the same time: one whose process hangs does not hold up the others."""
FAMILIES = {"gauge": GaugeMetricFamily, "counter": CounterMetricFamily}

Labels = tuple[str, ...]
Subjects = Sequence[tuple[Labels, T]]


class MetricsCollector:
    """A collector of prometheus-client.

    `take` gives the snapshots, by default those of this machine; `report` takes their reasons.
    """

    def __init__(
        self,
        take: Callable[[], Iterable[Snapshot]] | None = None,
        report: Callable[[PortSource, str], object] = lambda *_: None,
    ) -> None:
        self._take, self._report = take or snapshots, report

    def registry(self) -> CollectorRegistry:
        """Return a registry with these metrics and no others."""
        registry = CollectorRegistry()
        registry.register(self)
        return registry

    def describe(self) -> list[Metric]:
        """Return nothing: the metrics are known at a scrape, not before."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics of now."""
        found = list(self._take())
        for each in found:
            self._report(each.source, each.reason)
        up = [(_source(each), each) for each in found]
        ports = [((*labels, port.name), port) for labels, snapshot in up for port in snapshot.ports]
        scs = [
            ((*labels, "transmit" if sc.transmits else "receive", sc.sci), sc)
            for labels, port in ports
            for sc in port.scs
        ]
        sas = [((*labels, str(sa.an)), sa) for labels, sc in scs for sa in sc.sas]
        mkas = [(labels, port.mka) for labels, port in ports if port.mka is not None]
        links = [((*labels, link.name), link) for labels, snapshot in up for link in snapshot.links]
        tables: list[tuple[Sequence[Row[Any]], Labels, Subjects[Any]]] = [
            ((UP,), SOURCE_LABELS, up),
            (PORTS, PORT_LABELS, ports),
            (SCS, SC_LABELS, scs),
            (SAS, SA_LABELS, sas),
            (MKAS, PORT_LABELS, mkas),
            (LINKS, LINK_LABELS, links),
        ]
        for rows, names, subjects in tables:
            families = (_family(row, names, subjects) for row in rows)
            yield from (family for family in families if family.samples)


def snapshots() -> list[Snapshot]:
    """Return the snapshots of all sources, in the order of the sources."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(sources.snapshot, sources.discover()))


UP: Row[Snapshot] = Row(
    "source_up", "gauge", "1 if a tap, a lab or the kernel answered.", (), lambda at: [((), at.up)]
)


def _source(snapshot: Snapshot) -> Labels:
    kind, name, namespace, _ = snapshot.source
    return (kind.value, name, "" if namespace is None else str(namespace))


def _family(row: Row[Any], labels: Labels, subjects: Subjects[Any]) -> Metric:
    """Return a metric with all its values."""
    family: Any = FAMILIES[row.kind](PREFIX + row.name, row.text, labels=(*labels, *row.labels))
    for of, subject in subjects:
        for more, value in row.values(subject):
            family.add_metric((*of, *more), float(value))
    made: Metric = family
    return made
