"""Messages that a Linux 6.1 sent about its MACsec devices, beside what iproute2 showed of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.real.ip_macsec import facts_of, facts_shown

from macsec.errors import EnvironmentLacks
from macsec.monitoring import MonitoredPort, Snapshot, SourceKind, discover, snapshot
from macsec.monitoring.kernel import devices, messages

RECORDED = json.loads((Path(__file__).parent / "linux-6.1.json").read_text())
LINKS = {6: ("macsec0", "eth0"), 7: ("macsec1", "eth0")}


def decoded() -> list[Any]:
    """Return the recorded messages as pyroute2 decodes them."""
    from macsec.monitoring.kernel.messages import MacsecMessage

    messages = [MacsecMessage(bytes.fromhex(octets)) for octets in RECORDED["messages"]]
    for message in messages:
        message.decode()
    return messages


def ports() -> list[MonitoredPort]:
    """Return the ports of the recorded messages."""
    return [devices.port_of_message(message, LINKS) for message in decoded()]


def test_recorded_devices_are_what_iproute2_showed():
    """Controls, SCs, SAs and every counter, of GCM-AES-128 and of an extended PN."""
    assert [facts_of(port) for port in ports()] == [facts_shown(each) for each in RECORDED["shown"]]


def test_an_extended_pn_has_all_its_64_bits():
    """The kernel was given 2^33 and sent three frames; iproute2 6.1 shows 3."""
    _, extended = ports()
    sa = extended.scs[0].sas[0]
    assert sa.next_pn == (1 << 33) + 3
    assert sa.pn_limit == 1 << 64
    assert (sa.ssci, sa.ki) == (0x123, "")


def test_a_device_has_its_lower_interface_and_its_key_identifier():
    """lowestPN follows from nextPN and the window; keys are not in any answer."""
    port, extended = ports()
    assert (port.kind, port.name, port.lower) == (SourceKind.KERNEL, "macsec0", "eth0")
    assert (port.secured, port.mka, port.opened) == (True, None, True)
    (receive,) = port.scs[1].sas
    assert (receive.next_pn, receive.lowest_pn) == (7, 1)
    assert port.scs[0].sas[0].ki == "01" + "00" * 15
    assert (extended.scs[1].in_use, extended.scs[1].sas[0].in_use) == (False, False)
    assert "1234567890123456" not in repr(ports())


HEADER = Path("/usr/include/linux/if_macsec.h")
ENUMS = {
    "MACSEC_ATTR": "MacsecMessage",
    "MACSEC_SECY_ATTR": "SecyMessage",
    "MACSEC_RXSC_ATTR": "RxscMessage",
    "MACSEC_SA_ATTR": "SaMessage",
    "MACSEC_SECY_STATS_ATTR": "SecyStats",
    "MACSEC_TXSC_STATS_ATTR": "TxscStats",
    "MACSEC_RXSC_STATS_ATTR": "RxscStats",
    "MACSEC_SA_STATS_ATTR": "SaStats",
}


@pytest.mark.skipif(not HEADER.exists(), reason="the kernel's headers are not installed")
@pytest.mark.parametrize("enum, name", ENUMS.items())
def test_tables_have_the_order_of_the_kernels_header(enum, name):
    """The recorded counters are mostly zero: their places are those of if_macsec.h."""
    table = [row[0] for row in getattr(messages, name).nla_map]
    listed = re.findall(rf"^\t{enum}_([A-Z_]+),", HEADER.read_text(), re.M)
    assert listed[: len(table)] == table
    assert [each for each in listed[len(table) :] if each != "PAD"] == []


def test_sums_of_the_2018_edition_come_from_their_parts():
    """A port has all counters of a SecY, the merged ones too."""
    (port, _) = ports()
    assert port.counters["InPktsNoSA"] == port.counters["InPktsNoSAError"] == 0
    summed = devices._summed([{"InPktsUnknownSCI": 2}, {"InPktsUnusedSA": 3}])
    assert (summed["InPktsNoSA"], summed["InPktsNoSAError"]) == (5, 0)


def test_the_kernel_is_one_source_with_all_its_devices(monkeypatch):
    """A kernel without MACsec is none; one that refuses is a row with its reason."""

    def kernels() -> list[Any]:
        return [source for source in discover() if source.kind is SourceKind.KERNEL]

    monkeypatch.setattr(devices, "_dumped", lambda only_ask=False: [])
    assert kernels() == []
    monkeypatch.setattr(devices, "_dumped", lambda only_ask=False: [1] if only_ask else decoded())
    monkeypatch.setattr(devices, "_links", lambda: LINKS)
    (source,) = kernels()
    assert [port.name for port in snapshot(source).ports] == ["macsec0", "macsec1"]

    def refuse(only_ask: bool = False) -> list[Any]:
        raise EnvironmentLacks("the kernel refuses: no")

    monkeypatch.setattr(devices, "_dumped", refuse)
    (source,) = kernels()
    assert snapshot(source) == Snapshot(source, reason="the kernel refuses: no")
