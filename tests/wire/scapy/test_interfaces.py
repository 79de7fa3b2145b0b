"""Ports by interface name; scapy's configuration is restored afterwards."""

from __future__ import annotations

import pytest
from scapy.config import conf
from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import Ether
from scapy.sendrecv import AsyncSniffer, sendp, sniff, srp, srp1
from scapy.utils import EDecimal

from macsec.errors import ConfigError
from macsec.wire.engine import Engine
from macsec.wire.link import Link
from macsec.wire.params import LinkParams
from macsec.wire.scapy.interfaces import interfaces

PING = Ether(dst="02:00:00:00:00:02", src="02:00:00:00:00:01") / IP(dst="10.0.0.2") / ICMP()


@pytest.fixture
def link(monkeypatch):
    """A link of 1 ms with the ports wa and wb."""
    monkeypatch.setattr(conf, "verb", 0)
    made = Link(Engine(), "wire", LinkParams(delay="1ms"), LinkParams(delay="1ms"))
    with interfaces(made.engine, {"wa": made.a, "wb": made.b}):
        yield made


def test_sendp_and_sniff_reach_ports_by_name(link):
    """Each packet has the name at which it was sniffed."""
    sniffer = AsyncSniffer(iface="wb", count=2)
    sniffer.start()
    sendp([PING, PING], iface="wa")
    sniffer.join(60)
    assert [packet.sniffed_on for packet in sniffer.results] == ["wb"] * 2
    assert sniffer.results[0].time == EDecimal("0.001")


def test_srp_by_name_gets_the_answers(link):
    """`srp1` too."""

    def answer(frame):
        reply = Ether(frame)
        reply[ICMP].type = 0
        reply[IP].src, reply[IP].dst = reply[IP].dst, reply[IP].src
        link.b.send(bytes(reply))

    link.b.receiver = answer
    assert srp1(PING, iface="wa", timeout=5, threaded=False)[ICMP].type == 0
    answered, _ = srp([PING] * 3, iface="wa", timeout=5)
    assert len(answered) == 3


def test_timeout_by_name_is_virtual(link):
    """The wait is over at once, and nothing stays open."""
    assert len(sniff(iface="wb", timeout=7)) == 0
    assert link.engine.now_ps == 7 * 10**12
    assert link.b.receiver is None


def test_bpf_filter_is_refused(link):
    """The error names lfilter instead."""
    with pytest.raises(ConfigError, match="lfilter"):
        sniff(iface="wb", filter="udp", timeout=1)


def test_name_that_scapy_has_is_refused(link):
    """Nothing is changed before."""
    with pytest.raises(ConfigError, match="'wa'"), interfaces(link.engine, {"wa": link.a}):
        pass
    assert "wa" in conf.ifaces.data


def test_scapy_configuration_is_restored():
    """Providers, interfaces and the default interface are as before."""
    conf.ifaces.reload()
    before = dict(conf.ifaces.providers), dict(conf.ifaces.data), conf.iface
    made = Link(Engine(), "wire")
    with interfaces(made.engine, {"wa": made.a}):
        assert conf.ifaces.dev_from_name("wa").mac == "02:00:00:00:00:00"
    assert (dict(conf.ifaces.providers), dict(conf.ifaces.data), conf.iface) == before
