"""Profile linux against what a real kernel did with 896 crafted frames."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.planes import Plane, controls_of

from macsec.keys import Key
from macsec.secy import SecY

RECORDED = next(Path(__file__).parents[3].glob("*/**/rx-vectors-linux-6.1.json"))
VECTORS: list[dict[str, Any]] = json.loads(RECORDED.read_text())["vectors"]

# What the kernel keeps per receive SC although 802.1AE-2018 keeps it for the SecY.
SC_COUNTERS = [
    "InPktsOK",
    "InPktsUnchecked",
    "InPktsDelayed",
    "InPktsInvalid",
    "InPktsLate",
    "InPktsNotValid",
    "InPktsUnusedSA",
    "InPktsNotUsingSA",
    "InOctetsValidated",
    "InOctetsDecrypted",
]
SECY_COUNTERS = ["InPktsUntagged", "InPktsNoTag", "InPktsBadTag", "InPktsUnknownSCI", "InPktsNoSCI"]
SA_COUNTERS = ["InPktsOK", "InPktsInvalid", "InPktsNotValid"]


def build(vector: dict[str, Any], plane: Plane) -> SecY:
    """Return the kernel's device as a SecY."""
    controls = controls_of(
        profile="linux",
        cipher=vector["cipher"],
        validate=vector["validate"],
        replay=bool(vector["replay"]),
        window=vector["window"],
        icv_length=vector["icvlen"],
    )
    secy = SecY(controls, plane.backend, plane.kernel)
    if vector["extra_rx_sc"]:
        secy.create_rx_sc(vector["extra_rx_sc"])
    sc = vector["rx_sc"]
    if sc is None:
        return secy
    secy.create_rx_sc(sc["sci"], sc["on"])
    for sa in vector["rx_sa"]:
        xpn = {}
        if "ssci" in sa:
            xpn = {"ssci": int(sa["ssci"], 16), "salt": bytes.fromhex(sa["salt"])}
        key = Key(bytes.fromhex(sa["key"]))
        secy.create_rx_sa(sc["sci"], sa["an"], key, next_pn=sa["pn"], enabled=sa["on"], **xpn)
    return secy


def reading(vector: dict[str, Any], secy: SecY) -> dict[str, int]:
    """Return counters and PNs under the names of the recording."""
    found = {name: secy.counters[name] for name in SECY_COUNTERS}
    if vector["rx_sc"] is not None:
        # The recording adds up the SCs where there are two.
        found |= {f"sc.{name}": secy.counters[name] for name in SC_COUNTERS}
        sc = secy.rx[vector["rx_sc"]["sci"]]
        for an, sa in sc.sa.items():
            found |= {f"sa{an}.{name}": sa.counters[name] for name in SA_COUNTERS}
            found[f"sa{an}.pn"] = sa.next_pn & 0xFFFFFFFF
    return found


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_recorded_frame_ends_as_in_the_kernel(vector: dict[str, Any], every_plane: Plane) -> None:
    """Each frame is delivered, counted and remembered as the kernel did."""
    secy = build(vector, every_plane)
    before = reading(vector, secy)
    for number, frame in enumerate(vector["frames"]):
        _, clear = secy.validate_frame(bytes.fromhex(frame["in"]))
        delivered = [] if clear is None else [clear.hex()]
        assert delivered == frame["delivered"], f"frame {number}"
        after = reading(vector, secy)
        increments = {name: after[name] - before[name] for name in after}
        increments = {name: step for name, step in increments.items() if step}
        expected = {
            name: step
            for name, step in frame["counters"].items()
            if not name.startswith(("link.", "eth0."))
        }
        assert increments == expected, f"frame {number}"
        before = after


def test_recording_has_all_devices_and_frames() -> None:
    """79 devices, 548 frames: none was lost in copying."""
    assert len(VECTORS) == 79
    assert sum(len(vector["frames"]) for vector in VECTORS) == 548
