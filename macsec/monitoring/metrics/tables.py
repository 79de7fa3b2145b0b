"""The names, labels and values of all metrics: a row each. No label holds a secret.

Counters of the standard are values of the label `counter`, in the standard's spelling: InPktsNoSA
and InPktsNoSAError are sums of two others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

from macsec.monitoring.model import SA, SC, LabLink, Mka, MonitoredPort

T = TypeVar("T")
Rows = Iterable[tuple[tuple[str, ...], float]]

SOURCE_LABELS = ("kind", "source", "namespace")
PORT_LABELS = (*SOURCE_LABELS, "port")
SC_LABELS = (*PORT_LABELS, "direction", "sci")
SA_LABELS = (*SC_LABELS, "an")
LINK_LABELS = (*SOURCE_LABELS, "link")


class Row(NamedTuple, Generic[T]):
    """A metric of a T: its name without `macsec_`, type, help, own labels, and its values."""

    name: str
    kind: str
    text: str
    labels: tuple[str, ...]
    values: Callable[[T], Rows]


def _gauge(name: str, text: str, value: Callable[[T], float | None]) -> Row[T]:
    def values(given: T) -> Rows:
        found = value(given)
        return () if found is None else [((), float(found))]

    return Row(name, "gauge", text, (), values)


def _counter(name: str, text: str, value: Callable[[T], float]) -> Row[T]:
    return Row(name, "counter", text, (), lambda given: [((), float(value(given)))])


def _named(
    name: str, text: str, label: str, counts: Callable[[T], Mapping[str, int]], part: str = ""
) -> Row[T]:
    """Return a counter with one value for each name of a mapping; `part`: of names with that."""

    def values(given: T) -> Rows:
        return [((key,), count) for key, count in counts(given).items() if part in key]

    return Row(name, "counter", text, (label,), values)


def _port_facts(port: MonitoredPort) -> Rows:
    yield (port.lower, port.sci, port.suite, port.validate), 1.0


def _mka_facts(mka: Mka) -> Rows:
    yield (mka.ckn, mka.key_server), 1.0


def _link_status(link: LabLink) -> Rows:
    yield (*link.sites, link.status), 1.0


def _wire(link: LabLink) -> Rows:
    for counts, (source, sink) in zip(link.wire, (link.sites, link.sites[::-1]), strict=False):
        for name, count in counts.items():
            yield (source, sink, name), count


PORTS: tuple[Row[MonitoredPort], ...] = (
    Row(
        "port_info",
        "gauge",
        "A port: its lower interface, SCI, Cipher Suite and validateFrames.",
        ("lower", "sci", "suite", "validate"),
        _port_facts,
    ),
    _gauge("port_secured", "1 if frames pass under a SAK.", lambda port: port.secured),
    _gauge(
        "port_open",
        "1 if the Controlled Port passes frames; absent where unknown.",
        lambda port: port.opened,
    ),
    _named(
        "secy_packets",
        "Frames by the counters of a SecY (802.1AE 10.7), its SCs summed.",
        "counter",
        lambda port: port.counters,
        "Pkts",
    ),
    _named(
        "secy_octets",
        "Octets by the counters of a SecY, its SCs summed.",
        "counter",
        lambda port: port.counters,
        "Octets",
    ),
)
SCS: tuple[Row[SC], ...] = (
    _gauge("sc_in_use", "1 if the SC transmits or receives.", lambda sc: sc.in_use),
    _named(
        "sc_packets", "Frames by the counters of an SC.", "counter", lambda sc: sc.counters, "Pkts"
    ),
    _named(
        "sc_octets",
        "Octets by the counters of an SC.",
        "counter",
        lambda sc: sc.counters,
        "Octets",
    ),
)
SAS: tuple[Row[SA], ...] = (
    _gauge("sa_in_use", "1 if the SA is in use.", lambda sa: sa.in_use),
    _gauge("sa_next_pn", "nextPN.", lambda sa: sa.next_pn),
    _gauge("sa_lowest_pn", "lowestPN of a receive SA.", lambda sa: sa.lowest_pn),
    _gauge("sa_pn_headroom", "PNs that are left.", lambda sa: sa.headroom),
    _gauge("sa_pn_headroom_ratio", "Share of all PNs that is left.", lambda sa: sa.headroom_ratio),
    _gauge(
        "sa_age_seconds",
        "Time since the SA was put into use; absent where unknown.",
        lambda sa: sa.age_s,
    ),
    _named("sa_packets", "Frames by the counters of an SA.", "counter", lambda sa: sa.counters),
)
MKAS: tuple[Row[Mka], ...] = (
    Row(
        "mka_info",
        "gauge",
        "Key agreement: the CKN of the principal and the SCI of the Key Server.",
        ("ckn", "key_server"),
        _mka_facts,
    ),
    _gauge("mka_active", "1 while key agreement runs.", lambda mka: mka.active),
    _gauge("mka_key_server", "1 if this port is the Key Server.", lambda mka: mka.is_key_server),
    _gauge("mka_live_peers", "Live peers.", lambda mka: mka.live),
    _gauge("mka_potential_peers", "Potential peers.", lambda mka: mka.potential),
    _gauge("mka_sak_age_seconds", "Age of the newest SAK.", lambda mka: mka.sak_age_s),
    _gauge(
        "mka_rekey_interval_seconds",
        "Interval at which this port makes a SAK as Key Server; 0 for none.",
        lambda mka: mka.rekey_interval_s,
    ),
    _counter("mka_rekeys", "SAKs after the first.", lambda mka: mka.rekeys),
    _counter("mka_flaps", "Times that the port stopped being secured.", lambda mka: mka.flaps),
    _named(
        "mka_mkpdus_received",
        "Received frames of key agreement by their result.",
        "result",
        lambda mka: mka.mkpdus_received,
    ),
    _counter("mka_mkpdus_sent", "MKPDUs sent.", lambda mka: mka.mkpdus_sent),
    _named(
        "mka_counter",
        "All counters of key agreement, by OpenConfig's names.",
        "counter",
        lambda mka: mka.counters,
    ),
)
LINKS: tuple[Row[LabLink], ...] = (
    Row(
        "link_status",
        "gauge",
        "A link of a lab: its sites and its status.",
        ("a", "b", "status"),
        _link_status,
    ),
    _gauge(
        "link_secured",
        "1 if both ends of a link are secured.",
        lambda link: link.status in ("secured", "static"),
    ),
    _counter("link_rekeys", "SAKs of a link after the first.", lambda link: link.rekeys),
    Row(
        "link_wire",
        "counter",
        "Frames on the wire of a link, by fate.",
        ("from", "to", "fate"),
        _wire,
    ),
)
