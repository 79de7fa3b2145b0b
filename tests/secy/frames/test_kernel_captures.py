"""Captures of a real Linux kernel: every direction validates to its clear twin, and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.planes import Plane, controls_of

from macsec import captures
from macsec.keys import Key
from macsec.secy import SecY

FOLDER = Path(__file__).parents[3] / "pcaps" / "linux"
# An 8-octet ICV is not in clause 14; the keys of rekey-* change in mid-file.
LEFT_OUT = ("icv8-", "rekey-")
NETEM = ("corrupt-", "replay-")
# SCB with a port other than 0: only Linux sends and reads it.
LINUX_ONLY = ("scb-",)

NAMES = sorted(
    path.name.removesuffix(".json")
    for path in FOLDER.glob("*.json")
    if not path.name.startswith((*LEFT_OUT, "rx-vectors"))
)
CASES = [
    (name, peer, profile)
    for name in NAMES
    for peer in json.loads((FOLDER / f"{name}.json").read_text())["peers"]
    for profile in ("ieee", "linux")
    if not (profile == "ieee" and name.startswith(LINUX_ONLY))
]


class Recording:
    """A capture with its keys."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.about: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
        self.wire = self._frames(f"{name}.wire.pcap")
        self.plain = {
            peer: self._frames(f"{name}.plain{peer}.pcap") for peer in self.about["peers"]
        }

    @staticmethod
    def _frames(name: str) -> list[bytes]:
        with captures.read(FOLDER / name, backend="reference") as reader:
            return [frame for batch in reader for frame in batch]

    def source(self, peer: str) -> bytes:
        """Return the MAC address of a peer."""
        return bytes.fromhex(self.about["peers"][peer]["mac"].replace(":", ""))

    def sent_by(self, peer: str, frames: list[bytes]) -> list[bytes]:
        """Return the frames that one peer sent."""
        return [frame for frame in frames if frame[6:12] == self.source(peer)]

    def secy(self, plane: Plane, profile: str, peer: str, other: str) -> SecY:
        """Return a SecY that receives as `other` and transmits as `peer`."""
        sender = self.about["peers"][peer]
        settings = self.about["peers"][other]["settings"]
        controls = controls_of(
            profile=profile,
            cipher=self.about["cipher"],
            encrypt=sender["settings"]["encrypt"],
            send_sci=sender["settings"]["send_sci"],
            end_station=sender["settings"]["end_station"],
            scb=sender["settings"]["scb"],
            replay=settings["replay"],
            window=settings["window"],
            encodingsa=sender["encodingsa"],
            clear_tags=int(self.about["outer_vlan"] is not None),
        )
        secy = SecY(controls, plane.backend, plane.kernel)
        secy.create_tx_sc(sender["sci"])
        secy.create_rx_sc(sender["sci"])
        for sa in sender["tx_sa"]:
            xpn: dict[str, Any] = {}
            if "ssci" in sa:
                xpn = {"ssci": int(sa["ssci"], 16), "salt": bytes.fromhex(sa["salt"])}
            key = Key(bytes.fromhex(sa["key"]))
            secy.create_tx_sa(sa["an"], key, next_pn=sa["pn"], **xpn)
            secy.create_rx_sa(sender["sci"], sa["an"], key, next_pn=sa["pn"], **xpn)
        return secy

    def without_outer_tag(self, frames: list[bytes]) -> list[bytes]:
        """Return frames as the MACsec device saw them: the VLAN device below removed the tag."""
        if self.about["outer_vlan"] is None:
            return frames
        return [frame[:12] + frame[16:] for frame in frames]

    def outer_tag(self) -> bytes:
        """Return the tag that the VLAN device below adds."""
        vlan = self.about["outer_vlan"]
        return b"" if vlan is None else b"\x81\x00" + vlan.to_bytes(2)


@pytest.fixture(scope="module")
def recordings() -> dict[str, Recording]:
    """All captures, read once."""
    return {name: Recording(name) for name in NAMES}


@pytest.mark.parametrize("name, peer, profile", CASES, ids=lambda v: v)
def test_recorded_frames_are_delivered_as_the_kernel_did(
    recordings: dict[str, Recording], name: str, peer: str, profile: str, every_plane: Plane
) -> None:
    """Frames of a peer are delivered as the other peer's kernel delivered them."""
    recording = recordings[name]
    other = next(p for p in recording.about["peers"] if p != peer)
    secy = recording.secy(every_plane, profile, peer, other)
    clear = [
        frame
        for octets in recording.sent_by(peer, recording.wire)
        if (frame := secy.validate_frame(octets)[1]) is not None
    ]
    expected = recording.sent_by(peer, recording.plain[other])
    assert recording.without_outer_tag(clear) == expected
    assert expected


@pytest.mark.parametrize(
    "name, peer, profile",
    [case for case in CASES if not case[0].startswith(NETEM)],
    ids=lambda v: v,
)
def test_protected_frames_equal_those_of_the_kernel(
    recordings: dict[str, Recording], name: str, peer: str, profile: str, every_plane: Plane
) -> None:
    """Protecting the clear frames with the same keys and PNs gives what the kernel sent."""
    recording = recordings[name]
    other = next(p for p in recording.about["peers"] if p != peer)
    secy = recording.secy(every_plane, profile, peer, other)
    wire = recording.sent_by(peer, recording.wire)
    tag_at = 12 + len(recording.outer_tag())
    protected = []
    for number, clear in enumerate(recording.sent_by(peer, recording.plain[peer])):
        if number < len(wire):
            secy.set_controls(encodingsa=wire[number][tag_at + 2] & 3)
        octets = secy.protect_frame(clear[:12] + recording.outer_tag() + clear[12:])
        if octets is not None:
            protected.append(octets)
    assert protected == wire
    assert wire


def test_all_usable_recordings_are_in_the_tree() -> None:
    """All recordings whose keys and ICV length are the standard's are in the tree."""
    assert len(NAMES) == 32
