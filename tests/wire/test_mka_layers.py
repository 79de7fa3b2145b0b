"""Layers of MKPDUs against our own decoder and encoder, on recorded frames and drawn ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from scapy.layers.eap import EAPOL
from scapy.layers.l2 import Ether

from macsec import captures
from macsec.kay.mkpdu import Mkpdu, decode
from macsec.scapy import mka
from macsec.testing import strategies

CAPTURES = sorted((Path(__file__).parents[2] / "pcaps" / "mka").glob("*.pcap*"))


def again(frame: bytes) -> bytes:
    """Dissect a frame, and build it from its fields alone."""
    packet: Any = Ether(frame)
    layer = packet
    while layer:
        layer.raw_packet_cache = None
        layer = layer.payload
    return bytes(packet)


def check_fields(packet: Any, mkpdu: Mkpdu) -> None:
    """Compare the layers with what our decoder finds."""
    basic = packet[mka.MkaBasicSet]
    assert (mkpdu.basic.sci, mkpdu.basic.mi, mkpdu.basic.mn) == (basic.SCI, basic.MI, basic.MN)
    assert (basic.CKN, basic.priority) == (mkpdu.basic.ckn, mkpdu.basic.priority)
    if mka.MkaLivePeers in packet:
        listed = [(peer.MI, peer.MN) for peer in packet[mka.MkaLivePeers].peers]
        assert listed == [tuple(peer) for peer in mkpdu.live]
    if mka.MkaDistributedSak in packet and mkpdu.distributed is not None:
        sak = packet[mka.MkaDistributedSak]
        assert (sak.KN, sak.wrapped) == (mkpdu.distributed.kn, mkpdu.distributed.wrapped)
    assert mkpdu.icv == packet[mka.MkaIcv].ICV


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_recorded_mkpdus_are_built_again_octet_for_octet(path: Path) -> None:
    """Captures of wpa_supplicant and others, padding included."""
    count = 0
    with captures.read(str(path)) as reader:
        for batch in reader:
            for frame in batch.frames():
                mkpdu = decode(frame)
                if isinstance(mkpdu, Mkpdu) and frame[12:14] == b"\x88\x8e":
                    count += 1
                    assert again(frame) == frame
                    check_fields(Ether(frame), mkpdu)
    assert count > 0


@given(strategies.mkpdu_frames())
def test_drawn_mkpdus_are_built_again_octet_for_octet(frame: bytes) -> None:
    """Any parameter sets, with any values."""
    assert again(frame) == frame
    mkpdu = decode(frame)
    assert isinstance(mkpdu, Mkpdu)
    check_fields(Ether(frame), mkpdu)


def test_built_mkpdu_is_decoded_by_our_decoder() -> None:
    """Lengths and padding are filled in."""
    packet = (
        Ether(dst="01:80:c2:00:00:03", src="52:54:00:13:01:56", type=0x888E)
        / EAPOL(version=3, type=5)
        / mka.MkaBasicSet(SCI=0x5254001301560001, MI=b"m" * 12, CKN=b"abc")
        / mka.MkaLivePeers(peers=[mka.MkaListedPeer(MI=b"p" * 12, MN=7)])
        / mka.MkaDistributedSak(AN=1, KN=3, suite=0x0080C20001000002, wrapped=bytes(40))
        / mka.MkaXpn(latest_upper=1)
        / mka.MkaIcv(ICV=b"i" * 16)
    )
    found = decode(bytes(packet))
    assert isinstance(found, Mkpdu)
    assert found.basic.ckn == b"abc"
    assert found.live[0].mn == 7
    assert found.distributed is not None
    assert (found.distributed.kn, found.distributed.an, found.icv) == (3, 1, b"i" * 16)
