"""A SecY and a KaY for each VLAN of one port: tagged MKPDUs, CAs of their own, no way across."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.mka.kays import NS, chain_key, policy_of, sci_of_name
from support.planes import PLANES, Plane

from macsec import lab
from macsec.conformance.scenes.segment import entropy_of
from macsec.errors import ConfigError
from macsec.kay.kay import Kay
from macsec.lab.virtual.lab import parts_of
from macsec.lab.virtual.stations.station import Station
from macsec.lab.virtual.stations.vlan_trunk import VlanTrunk
from macsec.secy import Controls, SecY
from macsec.wire.params import LinkParams

VIDS = (1, 7, 4094)
FRAME = bytes.fromhex("025200000062 025200000061 88b5") + bytes(range(60))
DELAY = LinkParams(delay="1ms")


class Trunks:
    """Two trunks on one link; `other` names a VLAN at whose far end the CAK is another one."""

    def __init__(
        self,
        plane: Plane,
        other: int | None = None,
        priority: int = 0,
        parts: str = "reference",
        params: LinkParams = DELAY,
    ) -> None:
        made = parts_of(parts, 3)
        self.engine, self.link = made.engine, made.link("trunk", (params, params), keyed=True)
        self.trunks = {"a": VlanTrunk(self.link.a), "b": VlanTrunk(self.link.b)}
        self.wire: list[bytes] = []
        self.link.a.watch = self.link.b.watch = self.wire.append
        self.stations: dict[tuple[str, int], Station] = {}
        self.delivered: list[tuple[str, int, bytes]] = []
        for name, trunk in self.trunks.items():
            for vid in VIDS:
                cak = (vid + 1000 * (name == "b" and vid == other)).to_bytes(16)
                self._add(plane, name, vid, cak, trunk, priority)

    def _add(
        self, plane: Plane, name: str, vid: int, cak: bytes, trunk: VlanTrunk, priority: int
    ) -> None:
        key = chain_key(cak, f"VLAN {vid}".encode())
        kay = Kay(sci_of_name(name), [key], entropy_of(f"{name}{vid}"), policy_of())
        secy = SecY(Controls(), plane.backend, plane.kernel)
        common = trunk.vlan(vid, priority)
        station = self.stations[name, vid] = Station(self.engine, common, secy, kay)
        station.controlled.receiver = lambda frame: self.delivered.append((name, vid, frame))
        station.start()

    def secured(self) -> list[tuple[str, int]]:
        """Return the ends that are secured."""
        return [end for end, station in self.stations.items() if station.port.enabled]

    def close(self) -> None:
        """Wipe all keys."""
        for station in self.stations.values():
            station.close()


@pytest.fixture
def trunks(plane: Plane) -> Iterator[Trunks]:
    """Return two trunks, secured in every VLAN."""
    made = Trunks(plane, priority=5)
    made.engine.run(5 * NS)
    yield made
    made.close()


def tag_of(frame: bytes) -> int:
    """Return the first tag of a frame, EtherType and TCI."""
    return int.from_bytes(frame[12:16])


def test_each_vlan_is_a_ca_of_its_own(trunks: Trunks) -> None:
    """All are secured with the same SCI at an end, each under its CKN and SAK."""
    assert len(trunks.secured()) == 2 * len(VIDS)
    agreements = [trunks.stations["a", vid].agreement for vid in VIDS]
    kis = {slot.ki for one in agreements if one is not None for slot in one.kay.cp.slots()}
    assert len(kis) == len(VIDS)


def test_every_mkpdu_and_every_protected_frame_has_the_tag_outside(trunks: Trunks) -> None:
    """Tag with VID and priority, then the EtherType of EAPOL, or the SecTAG."""
    for vid in VIDS:
        trunks.stations["a", vid].request(FRAME)
    trunks.engine.run(6 * NS)
    tags = {0x8100 << 16 | 5 << 13 | vid for vid in VIDS}
    assert {tag_of(frame) for frame in trunks.wire} == tags
    kinds = {int.from_bytes(frame[16:18]) for frame in trunks.wire}
    assert kinds == {0x888E, 0x88E5}
    assert trunks.delivered == [("b", vid, FRAME) for vid in VIDS]


def test_a_frame_moved_to_another_vlan_is_not_delivered(trunks: Trunks) -> None:
    """The tag is not authenticated, the SAK of the VLAN is another one."""
    trunks.stations["a", 7].request(FRAME)
    protected = trunks.wire[-1]
    moved = protected[:14] + (1).to_bytes(2) + protected[16:]
    trunks.link.a.send(moved)
    trunks.engine.run(6 * NS)
    assert trunks.delivered == [("b", 7, FRAME)]
    assert trunks.stations["b", 1].secy.counters["InPktsNotValid"] == 1


def test_an_mkpdu_moved_to_another_vlan_is_of_no_ca_there(trunks: Trunks) -> None:
    """Its CKN is unknown there; in a VLAN with the same CKN its ICV would be wrong."""
    agreement = trunks.stations["b", 7].agreement
    assert agreement is not None
    mkpdu = next(frame for frame in trunks.wire if tag_of(frame) & 0xFFF == 1)
    trunks.link.a.send(mkpdu[:14] + (7).to_bytes(2) + mkpdu[16:])
    trunks.engine.run(6 * NS)
    assert agreement.kay.counters["rx-unrecognized-ckn"] == 1


def test_frames_without_a_tag_and_of_other_vlans_reach_no_secy(trunks: Trunks) -> None:
    """They are counted at the trunk; a short one too."""
    trunks.link.a.send(FRAME)
    trunks.link.a.send(FRAME[:13])
    trunks.link.a.send(FRAME[:12] + bytes.fromhex("8100 0002") + FRAME[12:])
    trunks.engine.run(6 * NS)
    counts = trunks.trunks["b"].counts
    assert (counts.untagged, counts.other_vlan) == (2, 1)
    assert trunks.delivered == []


def test_another_cak_in_one_vlan_closes_that_one_alone(plane: Plane) -> None:
    """The others are secured."""
    made = Trunks(plane, other=7)
    made.engine.run(5 * NS)
    assert {vid for _, vid in made.secured()} == {1, 4094}
    made.close()


@pytest.mark.skipif(PLANES[-1].backend != "native", reason="the C library was not built")
@pytest.mark.parametrize(
    "params",
    [
        DELAY,
        LinkParams(delay="1ms", jitter="3ms", loss="20%", duplicate="10%", corrupt="5%"),
        LinkParams(delay="1ms", rate="1mbit", limit=4, mtu=300),
    ],
    ids=["delay", "impaired", "narrow"],
)
def test_a_trunk_on_a_wire_in_c_is_that_of_the_reference(params: LinkParams) -> None:
    """Octets, times, ends of all frames, counters and deliveries, under all impairments."""

    def history(parts: str) -> dict[str, Any]:
        made = Trunks(PLANES[-1], priority=5, parts=parts, params=params)
        for second in range(5, 25):
            made.engine.run(second * NS)
            for vid in (*VIDS, *VIDS):
                made.stations["a", vid].request(FRAME)
                made.stations["b", vid].request(FRAME + bytes(12 * second))
            for frame in (FRAME, FRAME[:13], FRAME[:12] + bytes.fromhex("8100 0002") + FRAME[12:]):
                made.link.a.send(frame)
        made.engine.run(30 * NS)
        found = {
            "digest": made.engine.trace.digest,
            "wire": made.wire,
            "delivered": made.delivered,
            "secured": made.secured(),
            "counts": {name: trunk.counts for name, trunk in made.trunks.items()},
            "counters": {end: dict(each.secy.counters) for end, each in made.stations.items()},
            "link": [way.as_dict() for way in made.link.stats],
        }
        made.close()
        return found

    reference, native = history("reference"), history("native")
    assert reference["delivered"]
    for name, wanted in reference.items():
        assert native[name] == wanted, name


@pytest.mark.parametrize(("vid", "priority"), [(0, 0), (4095, 0), (5, 8), (1, 0)])
def test_a_vlan_that_cannot_be_is_refused(trunks: Trunks, vid: int, priority: int) -> None:
    """Also one that has a SecY already."""
    with pytest.raises(ConfigError, match=f"VLAN {vid}"):
        trunks.trunks["a"].vlan(vid, priority)


def test_the_example_of_the_guide_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """With fewer VLANs; it prints how many ends are secured."""
    page = (Path(lab.__file__).parents[1] / "guide/how-to/keys/many-cas.md").read_text()
    code = page.split("```python\n")[1].split("```")[0].replace("257", "4")
    exec(compile(code, "many-cas.md", "exec"), {})
    assert capsys.readouterr().out == "6 ends are secured\n"
