"""Explanations of frames with VLAN tags before the SecTAG."""

from __future__ import annotations

from typing import Any

import pytest

from macsec import FrameBatch, SecY
from macsec.offline import explain_frame
from macsec.secy import Verdict

SCI = "5254001301560001"
ADDRESSES = bytes.fromhex("020000000009525400130156")


def made(**secy: Any) -> SecY:
    """Return a SecY that receives what it sends."""
    sa = {0: {"key": bytes(range(16)).hex()}}
    given = {"clear_tags": 1, **secy}
    return SecY.from_config(
        {"secy": given, "tx": {"sci": SCI, "sa": sa}, "rx": [{"sci": SCI, "sa": sa}]}
    )


@pytest.mark.parametrize("vlan, ends", [(300, Verdict.OK), (5, Verdict.NO_TAG)])
def test_a_sectag_is_looked_for_where_the_secy_looks(vlan: int, ends: Verdict) -> None:
    """Behind a tag of another VLAN there is none for this SecY."""
    frame = ADDRESSES + b"\x81\x00" + vlan.to_bytes(2) + b"\x08\x00" + bytes(46)
    with made() as peer, made(clear_tags_vlans=[300]) as secy:
        sent = peer.protect_frame(frame)
        batch = FrameBatch.from_frames([sent])
        found = explain_frame(secy, [batch], 0, {}, transmit=False)
    assert found.verdict is ends
    assert (found.sight.tag is not None) is (ends is Verdict.OK)
    assert found.clear == (frame if ends is Verdict.OK else None)
