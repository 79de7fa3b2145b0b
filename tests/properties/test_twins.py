"""The reference and every native kernel are twins: same octets, verdicts, counters and state.

Random configurations, SCs, SAs, traffic and management between the batches; and any split of a
batch gives the same as the whole.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from support.planes import (
    ES,
    PLANES,
    SALT,
    SC,
    SCB,
    SCI_A,
    SUITE_NAMES,
    C,
    Craft,
    E,
    Plane,
    V,
    all_counters,
    controls_of,
    frame_of,
    pn_state,
)

from macsec.clear_rules import CLEAR_PROTOCOLS
from macsec.errors import ConfigError
from macsec.frames import FrameBatch
from macsec.keys import Key
from macsec.secy import Outcome, SecY, Validate

PEERS = (SCI_A, "5254001301560000", "0a0b0c0d0e0f0007", "5254001301570001")
KEYS = [bytes([n]) * 32 for n in range(1, 4)]
LOG = logging.getLogger("macsec")
EXCEPTED = [  # to STP, CDP or a station; LLDP, EAPOL, PTP, MACsec, IPv4, a VLAN, MAC Control
    bytes.fromhex(to) + bytes.fromhex("02000000000a") + bytes.fromhex(ethertype)
    for to in ("0180c2000000", "01000ccccccc", "020000000001")
    for ethertype in (
        "88cc",
        "888e",
        "88f7",
        "88e5",
        "0800",
        "8100e005",
        "88088808",
        "8100e00588e5",
    )
]
VLANS = [
    bytes.fromhex(tag)
    for tag in ("81000064", "88a80fff", "91000001", "81002064", "8100e005", "88a8bfff", "9100c001")
]


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> Iterator[None]:
    """Silence the warning about flags without effect: half of the configurations have some."""
    LOG.setLevel(logging.ERROR)
    yield
    LOG.setLevel(logging.NOTSET)


# ---------------------------------------------------------------- configurations


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """Draw any possible controls."""
    given = {
        "profile": draw(st.sampled_from(["ieee", "linux", "cnxk", "sonic"])),
        "cipher": draw(st.sampled_from(SUITE_NAMES)),
        "protect": draw(st.integers(0, 9)) > 0,
        "encrypt": draw(st.booleans()),
        "offset": draw(st.sampled_from([0, 0, 30, 50])),
        "validate": draw(
            st.sampled_from(["strict"] * 3 + ["check"] * 3 + ["disabled", "disabled", "null"])
        ),
        "replay": draw(st.integers(0, 3)) > 0,
        "window": draw(st.sampled_from([0, 1, 5, 64, 1000, (1 << 30) - 1, (1 << 32) - 1])),
        "duplicates_reject": draw(st.booleans()),
        "send_sci": draw(st.booleans()),
        "end_station": draw(st.booleans()),
        "scb": draw(st.booleans()),
        "encodingsa": draw(st.integers(0, 3)),
        "clear_tags": draw(st.integers(0, 2)),
        "clear_tags_authenticated": draw(st.booleans()),
        "mtu": draw(st.sampled_from([None, None, None, 100, 1500])),
        "clear_tags_vlans": draw(st.sampled_from([(), (), ((0, 4),), ((5, 5), (7, 4094))])),
        "icv_length": draw(st.sampled_from([16, 16, 8, 12, 15])),
        "ethertype": draw(st.sampled_from([0x88E5, 0x88E5, 0x0600, 0x9876])),
        "clear": draw(st.sampled_from([(), ("lldp", "stp"), ("cdp", "eapol", "stp")])),
    }
    return possible(given)


CLEARS = [
    *[(), ("stp",), ("lldp=encrypt", "ptp=strict"), ("88f7", "01000ccccccc", "stp")],
    *[("vlan:5=strict", "vlan:0-4094"), ("vlan:5-6=encrypt",), tuple(CLEAR_PROTOCOLS)],
]


def possible(given: dict[str, Any]) -> dict[str, Any]:
    """Return the nearest possible controls."""
    given = dict(given)
    if "xpn" in given["cipher"]:
        given["offset"] = 0
        given["window"] = min(given["window"], (1 << 30) - 1)
    if not given["encrypt"]:
        given["offset"] = 0
    if given["profile"] != "linux":
        given["icv_length"] = 16
    if given["profile"] == "linux" or not given["replay"] or given["window"] > 1000:
        given["duplicates_reject"] = False
    return given


# ---------------------------------------------------------------- one history, run on many planes


@dataclass
class History:
    """A seeded sequence of batches and management calls, the same for every SecY."""

    controls: dict[str, Any]
    seed: int
    steps: int

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)
        self.xpn = "xpn" in self.controls["cipher"]
        self.limit = 1 << (64 if self.xpn else 32)
        near = [1, 1, 100, 2**31 - 3, self.limit - 6]
        self.start = self.draw.choice(near + ([2**32 - 5, 2**63 - 3] if self.xpn else []))
        port_0 = self.controls["scb"] and not self.controls["send_sci"]
        self.tx_sci = PEERS[1] if port_0 and self.controls["profile"] != "linux" else PEERS[0]
        self.peers = self.draw.sample(PEERS, self.draw.choice([0, 1, 1, 2, 2, 3]))
        self.history: list[bytes] = []

    # -------------------------------------------------------- management

    def sa(self, sci: str, receive: bool) -> dict[str, Any]:
        """Draw the parameters of one SA."""
        draw = self.draw
        more: dict[str, Any] = {"next_pn": draw.choice([1, self.start, self.start + 2])}
        if receive and draw.random() < 0.5:
            more["lowest_pn"] = max(1, more["next_pn"] - draw.choice([0, 1, 10]))
        if self.xpn:
            more |= {"ssci": 1 + PEERS.index(sci), "salt": SALT}
        return more | {"enabled": draw.random() < 0.9}

    def key(self, an: int) -> bytes:
        """Return the SAK of an AN; two ANs share one."""
        return KEYS[an % 3][: 16 if self.controls["cipher"].endswith("128") else 32]

    def setup(self) -> list[tuple[str, tuple[Any, ...], dict[str, Any]]]:
        """Return the calls that create SCs and SAs."""
        calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        calls.append(("create_tx_sc", (self.tx_sci, self.draw.random() < 0.95), {}))
        for an in sorted({self.controls["encodingsa"], self.draw.randrange(4)}):
            if self.draw.random() < 0.95:
                more = self.sa(self.tx_sci, False)
                calls.append(("create_tx_sa", (an, self.key(an)), more))
        if self.draw.random() < 0.5:
            calls += self.classes()
        for sci in self.peers:
            calls.append(("create_rx_sc", (sci, self.draw.random() < 0.9), {}))
            for an in range(4):
                if self.draw.random() < 0.8:
                    more = self.sa(sci, True)
                    calls.append(("create_rx_sa", (sci, an, self.key(an)), more))
        return calls

    def classes(self) -> list[tuple[str, tuple[Any, ...], dict[str, Any]]]:
        """Return the calls that create transmit SCs of other traffic classes, and SAs on them."""
        calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        for tc in self.draw.sample(range(1, 8), self.draw.choice([1, 2, 7])):
            calls.append(("create_tx_class", (tc, self.draw.random() < 0.9), {}))
            calls.append(self.class_sa(self.controls["encodingsa"], tc))
        return calls

    def class_sa(self, an: int, tc: int) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Return a call that creates an SA on the SC of a traffic class."""
        more = self.sa(self.tx_sci, False) | {"traffic_class": tc}
        if self.xpn:
            more["ssci"] = 100 + tc
        return "create_tx_sa", (an, self.key(an)), more

    def priorities(self, frames: int) -> list[int | None] | None:
        """Draw the priorities of a batch of requests."""
        if self.draw.random() < 0.6:
            return None
        return [self.draw.choice([None, *range(8)]) for _ in range(frames)]

    def manage(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Draw one management call, often one that is refused."""
        draw = self.draw
        sci, an, on = draw.choice(PEERS), draw.randrange(4), draw.random() < 0.7
        pn = draw.choice([self.start, self.start + 5, self.limit - 1, self.limit, 3])
        changes: dict[str, Any] = draw.choice([
            {"validate": Validate(draw.randrange(4))}, {"window": draw.choice([0, 2, 70, 900])},
            {"encrypt": on, "offset": 0}, {"offset": 30, "encrypt": True}, {"replay": on},
            {"encodingsa": an}, {"mtu": draw.choice([None, 90])}, {"clear_tags": an % 3},
            {"send_sci": on}, {"protect": on}, {"clear_tags_authenticated": on},
            {"ethertype": draw.choice([0x88E5, 0x9876])},
            {"clear": draw.choice(CLEARS)}, {"clear_tags_vlans": draw.choice([(), ((5, 5),)])},
            {"traffic_classes": tuple(draw.choices(range(8), k=8))},
        ])  # fmt: skip
        tc = draw.randrange(8)
        calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
            ("create_tx_sa", (an, self.key(an)), self.sa(self.tx_sci, False)),
            ("delete_tx_sa", (an,), {}),
            ("enable_tx_sa", (an, on), {}),
            ("raise_tx_pn", (an, pn), {}),
            ("create_tx_class", (tc, on), {}),
            ("delete_tx_class", (tc,), {}),
            self.class_sa(an, tc),
            ("delete_tx_sa", (an, tc), {}),
            ("enable_tx_sa", (an, on, tc), {}),
            ("raise_tx_pn", (an, pn, tc), {}),
            ("limit_tx_pn", (an, draw.choice([pn, self.limit]), tc), {}),
            ("create_rx_sc", (sci, on), {}),
            ("enable_rx_sc", (sci, on), {}),
            ("create_rx_sa", (sci, an, self.key(an)), self.sa(sci, True)),
            ("delete_rx_sa", (sci, an), {}),
            ("enable_rx_sa", (sci, an, on), {}),
            ("raise_rx_pn", (sci, an), {draw.choice(["next_pn", "lowest_pn"]): pn}),
            ("raise_rx_pn", (sci, an), {"next_pn": pn}),
            ("set_controls", (), changes),
            ("set_controls", (), changes),
            ("clear_counters", (), {}),
        ]
        if draw.random() < 0.05:
            return "delete_rx_sc", (sci,), {}
        return draw.choice(calls)

    # -------------------------------------------------------- traffic

    def clear_frames(self) -> list[bytes]:
        """Draw frames to send: all sizes, tagged, runts, random octets."""
        draw = self.draw
        frames = []
        for _ in range(draw.randrange(0, 12)):
            tags = b"".join(draw.choices(VLANS, k=draw.choice([0, 0, 0, 1, 2, 3])))
            user = draw.choice([0, 1, 2, 29, 30, 31, 47, 48, 49, 50, 51, 60, 90, 200, 1500])
            frame = frame_of(user, fill=draw.randrange(256))
            frames.append(frame[:12] + tags + frame[12:])
            if draw.random() < 0.1:
                frames.append(draw.randbytes(draw.randrange(0, 40)))
            if draw.random() < 0.3:
                frames.append(self.excepted())
        return frames

    def excepted(self) -> bytes:
        """Draw a frame that some value of `clear` lets pass, or nearly."""
        return self.draw.choice(EXCEPTED) + self.draw.randbytes(self.draw.choice([0, 1, 46]))

    def received_frames(self) -> list[bytes]:
        """Draw frames to receive: good by the text or by the twin, mutated, replayed, spliced."""
        draw = self.draw
        frames: list[bytes] = []
        for _ in range(draw.randrange(0, 20)):
            replayed = self.history and draw.random() < 0.5
            made = self.excepted if draw.random() < 0.1 else self.crafted
            frame = draw.choice(self.history) if replayed else made()
            if draw.random() < 0.3:
                frame = self.mutated(frame)
            frames.append(frame)
            self.history.append(frame)
        del self.history[:-60]
        return frames

    def crafted(self) -> bytes:
        """Draw a frame by the text: any SCI, AN and flags, a PN near those in use."""
        draw, controls = self.draw, self.controls
        sci, an = draw.choice(self.peers or PEERS), draw.randrange(4)
        tci = draw.choice([E | C, 0] * 4 + [C, E]) | draw.choice([SC] * 6 + [0, ES, SCB])
        if draw.random() < 0.05:
            tci |= draw.choice([V, ES, SCB, SC])
        pn = self.start + draw.choice([-3, -2, -1, 0, 0, 1, 1, 2, 3, 4, 5, 8, 2**31, 2**31 + 4])
        pn = min(max(pn, 0), self.limit - 1)
        craft = Craft(
            cipher=controls["cipher"],
            key=KEYS[an % 3],
            sci=sci,
            ssci=1 + PEERS.index(sci),
            tci=tci,
            an=an,
            pn=pn,
            offset=controls["offset"],
            icv_length=controls["icv_length"],
            ethertype=draw.choice([controls["ethertype"]] * 19 + [0x88E5]),
            addresses=bytes.fromhex("525400130157" + sci[:12]),
            tags=b"".join(draw.choices(VLANS, k=draw.choice([0, 0, controls["clear_tags"]]))),
            tags_authenticated=controls["clear_tags_authenticated"],
            padding=bytes(draw.choice([0, 0, 0, 1, 20])),
        )
        user = draw.choice([1, 2, 16, 29, 30, 31, 46, 47, 48, 49, 50, 51, 60, 63, 64, 300])
        return craft.protect(frame_of(user, fill=draw.randrange(256)))

    def mutated(self, frame: bytes) -> bytes:
        """Return a frame with one fault."""
        draw = self.draw
        octets = bytearray(frame)
        kind = draw.randrange(6)
        if kind == 0 and octets:
            octets[draw.randrange(len(octets))] ^= 1 << draw.randrange(8)
        elif kind == 1:
            del octets[draw.randrange(len(octets) + 1) :]
        elif kind == 2:
            octets += draw.randbytes(draw.randrange(1, 70))
        elif kind == 3 and self.history:
            other, at = draw.choice(self.history), draw.randrange(len(octets) + 1)
            octets[at:] = other[at:]
        elif kind == 4 and len(octets) > 20:
            octets[draw.randrange(12, 20)] = draw.randrange(256)
        else:
            octets[:] = draw.randbytes(draw.randrange(0, 80))
        return bytes(octets)

    def batch(self, frames: list[bytes]) -> FrameBatch:
        """Return frames in one arena, in any order, some cut by the capture, with gaps between."""
        draw = self.draw
        arena = bytearray(draw.randbytes(3))
        order = draw.sample(range(len(frames)), len(frames))
        where = {}
        for row in order:
            where[row] = len(arena)
            arena += frames[row] + draw.randbytes(draw.choice([0, 0, 1, 7]))
        places = [where[row] for row in range(len(frames))]
        lengths = [len(frame) for frame in frames]
        wire = [n + (draw.random() < 0.02) for n in lengths]
        times = [draw.randrange(1 << 60) for _ in frames]
        sources = [draw.randrange(9) for _ in frames]
        return FrameBatch(
            bytes(arena), *(np.array(c, np.int64) for c in (places, lengths, times, sources, wire))
        )


def call(secy: SecY, name: str, arguments: tuple[Any, ...], more: dict[str, Any]) -> str:
    """Do a management call; return the text of a refusal."""
    given = [Key(value) if isinstance(value, bytes) else value for value in arguments]
    try:
        getattr(secy, name)(*given, **more)
    except ConfigError as error:
        return str(error)
    return ""


def facts(outcome: Outcome) -> dict[str, Any]:
    """Return all results of a call."""
    return {
        "frames": outcome.batch.frames(),
        "times": outcome.batch.time_ns.tolist(),
        "sources": outcome.batch.source.tolist(),
        "delivered": outcome.delivered.tolist(),
        "codes": outcome.codes.tolist(),
        "sci": outcome.sci.tolist(),
        "an": outcome.an.tolist(),
        "pn": outcome.pn.tolist(),
    }


def standing(secy: SecY) -> dict[str, Any]:
    """Return the whole observable state of a SecY."""
    state = {"pn": pn_state(secy), "counters": all_counters(secy)}
    return state | {"controls": secy.controls, "operational": secy.mac_operational}


def assert_same(left: Any, right: Any, what: str) -> None:
    """Assert equality and name the first difference."""
    if left == right:
        return
    for name in left:
        assert left[name] == right[name], f"{what}: {name}"


def joined(parts: list[dict[str, Any]], sizes: list[int]) -> dict[str, Any]:
    """Join the facts of the pieces of a batch into those of the whole."""
    whole: dict[str, Any] = {name: [] for name in parts[0]} if parts else {}
    base = 0
    for part, size in zip(parts, sizes, strict=True):
        for name, values in part.items():
            whole[name] += [row + base for row in values] if name == "delivered" else values
        base += size
    return whole


STORIES = {
    "controls": configurations(),
    "seed": st.integers(0, 2**32),
    "steps": st.integers(1, 6),
}


@given(**STORIES)
@settings(deadline=None)
def test_planes_agree_on_octets_counters_and_state(
    controls: dict[str, Any], seed: int, steps: int
) -> None:
    """The reference and each kernel agree on octets, rows, counters at all levels and state."""
    story = History(controls, seed, steps)
    secys = [SecY(controls_of(**controls), p.backend, p.kernel) for p in PLANES]
    first, others = secys[0], secys[1:]
    for step in story.setup():
        said = [call(secy, *step) for secy in secys]
        assert len(set(said)) == 1, said
    for _ in range(steps):
        sent = story.batch(story.clear_frames())
        asked = story.priorities(len(sent))
        expected = first.protect(sent, priority=asked)
        for secy in others:
            found = facts(secy.protect(sent, priority=asked))
            assert_same(facts(expected), found, f"protect, {secy.kernel}")
        story.history += expected.batch.frames()
        arrived = story.batch(story.received_frames())
        validated = first.validate(arrived)
        for secy in others:
            assert_same(facts(validated), facts(secy.validate(arrived)), f"validate, {secy.kernel}")
        for verdict in set(validated.verdict) | set(expected.verdict):
            event(verdict.label)
        for _ in range(story.draw.randrange(3)):
            step = story.manage()
            said = [call(secy, *step) for secy in secys]
            assert len(set(said)) == 1, (step, said)
        for secy in others:
            assert_same(standing(first), standing(secy), f"state, {secy.kernel}")
    for secy in secys:
        secy.close()


@given(**STORIES, plane=st.sampled_from(PLANES), cuts=st.lists(st.integers(0, 40), max_size=6))
@settings(deadline=None)
def test_split_batch_equals_the_whole(
    controls: dict[str, Any], seed: int, steps: int, plane: Plane, cuts: list[int]
) -> None:
    """A batch in pieces, or frame by frame, gives the rows, octets and state of the whole."""
    story = History(controls, seed, steps)
    whole, pieces, single = (
        SecY(controls_of(**controls), plane.backend, plane.kernel) for _ in range(3)
    )
    for step in story.setup():
        for secy in (whole, pieces, single):
            call(secy, *step)
    for _ in range(steps):
        for name, frames in (
            ("protect", story.clear_frames()),
            ("validate", story.received_frames()),
        ):
            batch = story.batch(frames)
            expected = facts(getattr(whole, name)(batch))
            edges = sorted({0, len(batch), *(min(cut, len(batch)) for cut in cuts)})
            parts = [batch[a:b] for a, b in pairwise(edges)]
            found = [facts(getattr(pieces, name)(part)) for part in parts]
            if found:
                assert_same(expected, joined(found, [len(part) for part in parts]), name)
            rows = [facts(getattr(single, name)(batch[row : row + 1])) for row in range(len(batch))]
            if rows:
                assert_same(expected, joined(rows, [1] * len(rows)), f"{name}, one by one")
        step = story.manage()
        for secy in (whole, pieces, single):
            call(secy, *step)
        assert_same(standing(whole), standing(pieces), "pieces")
        assert_same(standing(whole), standing(single), "one by one")


@given(**STORIES, plane=st.sampled_from(PLANES))
@settings(deadline=None)
def test_frame_call_equals_a_batch_of_one(
    controls: dict[str, Any], seed: int, steps: int, plane: Plane
) -> None:
    """`protect_frame` and `validate_frame` do what a batch of that frame does."""
    story = History(controls, seed, steps)
    batches, frames = (SecY(controls_of(**controls), plane.backend, plane.kernel) for _ in range(2))
    for step in story.setup():
        for secy in (batches, frames):
            call(secy, *step)
    for _ in range(steps):
        for octets in story.clear_frames():
            out = batches.protect(FrameBatch.from_frames([octets])).batch.frames()
            assert frames.protect_frame(octets) == (out[0] if out else None)
        for octets in story.received_frames():
            outcome = batches.validate(FrameBatch.from_frames([octets]))
            out = outcome.batch.frames()
            assert frames.validate_frame(octets) == (outcome.verdict[0], out[0] if out else None)
        step = story.manage()
        for secy in (batches, frames):
            call(secy, *step)
        assert_same(standing(batches), standing(frames), "frame by frame")


@given(**STORIES, plane=st.sampled_from(PLANES))
@settings(deadline=None)
def test_peer_with_the_same_controls_delivers_every_frame(
    controls: dict[str, Any], seed: int, steps: int, plane: Plane
) -> None:
    """A peer with the same controls delivers every protected frame unchanged."""
    given = controls | {"validate": "strict", "protect": True, "mtu": None}
    story = History(given, seed, steps)
    sends = SecY(controls_of(**given), plane.backend, plane.kernel)
    receives = SecY(controls_of(**given), plane.backend, plane.kernel)
    an, more = given["encodingsa"], {"ssci": 1, "salt": SALT} if story.xpn else {}
    sends.create_tx_sc(story.tx_sci)
    sends.create_tx_sa(an, Key(story.key(an)), next_pn=min(story.start, 2**31), **more)
    receives.create_rx_sc(story.tx_sci)
    receives.create_rx_sa(
        story.tx_sci, an, Key(story.key(an)), next_pn=min(story.start, 2**31), **more
    )
    source = bytes.fromhex(story.tx_sci[:12])
    frames = [f[:6] + source + f[12:] for f in story.clear_frames() if len(f) > 16]
    sent = sends.protect(FrameBatch.from_frames(frames))
    back = receives.validate(sent.batch)
    assert back.batch.frames() == frames
    assert sends.tx.sa[an].next_pn == receives.rx[story.tx_sci].sa[an].next_pn
