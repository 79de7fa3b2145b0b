"""FIA_PSK_EXT.1, FMT_SMF.1 and FPT_CAK_EXT.1: pre-shared keys and their management."""

from __future__ import annotations

import json
from collections.abc import Sequence

from macsec.conformance.scenes import (
    CAK,
    CKN,
    MkaSegment,
    SegmentMember,
    chain_key,
    check_connectivity,
    secured,
)
from macsec.conformance.scenes.segment import entropy_of
from macsec.conformance.scenes.traffic import check_nothing_lost, send_throughout
from macsec.conformance.suites.case import CaseRun
from macsec.errors import ConfigError
from macsec.kay import status
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.kay.keys.keychain import ChainKey
from macsec.keys import Key

from .plan import SUITE

ONE, TWO = (bytes(16), b"one"), (bytes(15) + b"2", b"two")
MINUTE = 60.0
HIDDEN = b"the hidden CAK.."


def _refused(cak: bytes, ckn: bytes) -> bool:
    """Return whether a CAK and its name are refused."""
    try:
        ChainKey(MemoryHolder(Key(cak), ckn))
    except ConfigError:
        return True
    return False


def _session(run: CaseRun, cak: bytes, ckn: bytes) -> None:
    """Secure two stations with a CAK of their own."""
    segment = MkaSegment(run)
    a, b = (segment.add(name, [chain_key(cak, ckn)]) for name in "ab")
    segment.run(2)
    run.require(f"CAK of {len(cak)}, CKN of {len(ckn)} octets: secured", secured(a, b))


@SUITE.case(
    "FIA_PSK_EXT.1 T1",
    "PSKs of all lengths that are supported succeed; shorter and longer ones are refused",
    clause="802.1X 9.3",
    on_data_plane=False,
)
def psk_lengths(run: CaseRun) -> None:
    """Try CAKs of 16 and 32 octets, the only ones, and all other lengths up to 40."""
    for length in (16, 32):
        _session(run, bytes(range(length)), CKN)
    taken = [octets for octets in range(1, 41) if not _refused(bytes(octets), CKN)]
    run.expect("lengths that are taken", [16, 32], taken)


@SUITE.case(
    "FIA_PSK_EXT.1 T2",
    "a PSK that was entered as bits is used",
    clause="802.1X 9.3",
)
def entered_psk(run: CaseRun) -> None:
    """Enter a CAK in hex at both ends."""
    _session(run, bytes.fromhex("00112233445566778899aabbccddeeff"), b"entered")


@SUITE.case("FIA_PSK_EXT.1 T3", "a PSK that this product made is used", clause="802.1X 9.3")
def made_psk(run: CaseRun) -> None:
    """Make CAKs at random, and use them."""
    draw = entropy_of("a PSK")
    for length in (16, 32):
        _session(run, draw(length), draw(16))


@SUITE.case(
    "FMT_SMF.1 T1",
    "PSKs of 128 and 256 bits and CKNs of 1 to 32 octets succeed; CKNs of 0 and 33 are refused",
    clause="802.1X 9.3.1",
    on_data_plane=False,
)
def ckn_lengths(run: CaseRun) -> None:
    """Secure a pair with each length of CKN."""
    for octets in range(1, 33):
        _session(run, bytes(range(32 if octets % 2 else 16)), bytes(range(octets)))
    run.expect("CKN of no octets", True, _refused(CAK, b""))
    run.expect("CKN of 33 octets", True, _refused(CAK, bytes(33)))


def _three(run: CaseRun) -> tuple[MkaSegment, list[SegmentMember]]:
    segment = MkaSegment(run)
    members = [segment.add(name, key_server_priority=at) for at, name in enumerate("abc")]
    segment.run(3)
    run.require("three are secured", secured(*members))
    return segment, members


@SUITE.case(
    "FMT_SMF.1 T2",
    "a participant is disabled: C does not communicate; it is enabled: C does",
    clause="802.1X 9.16",
)
def participants(run: CaseRun) -> None:
    """Disable and enable the participant of C, as `macsec mka set` does."""
    segment, (a, b, c) = _three(run)
    for enabled in (False, True):
        c.kay.enable_key(segment.engine.now_ns, CKN, enabled)
        c.station.settle()
        segment.run(segment.now + 20)
        before = len(c.received)
        check_connectivity(segment, a, b, *([c] if enabled else []))
        run.expect(f"enabled {enabled}: C hears frames", enabled, len(c.received) > before)


def _chain(*windows: tuple[tuple[bytes, bytes], float, float]) -> list[ChainKey]:
    return [chain_key(cak, ckn, start=start, end=end) for (cak, ckn), start, end in windows]


def _chained(
    run: CaseRun, first: Sequence[ChainKey], second: Sequence[ChainKey]
) -> tuple[MkaSegment, SegmentMember, SegmentMember]:
    segment = MkaSegment(run)
    a = segment.add("a", first, key_server_priority=1)
    b = segment.add("b", second, key_server_priority=2)
    segment.run(3)
    run.require("secured under the first key", secured(a, b))
    return segment, a, b


@SUITE.case(
    "FMT_SMF.1 T3",
    "at the end of the first key the next one takes over: at once if the two overlap, or when it "
    "begins",
    clause="802.1X 9.3",
)
def next_key(run: CaseRun) -> None:
    """End the first of two keys after ten minutes, with and without an overlap."""
    for overlap, begins in ((True, 9 * MINUTE), (False, 11 * MINUTE)):
        windows = (ONE, 0, 10 * MINUTE), (TWO, begins, 30 * MINUTE)
        segment, a, b = _chained(run, _chain(*windows), _chain(*windows))
        before = a.kay.cp.slots()[0].ki
        if overlap:
            send_throughout(segment, a, b, start=8 * MINUTE, end=12 * MINUTE, period=1)
        segment.run(10 * MINUTE + 1)
        run.expect(f"overlap {overlap}: secured", overlap, a.kay.secured and b.kay.secured)
        segment.run(12 * MINUTE)
        run.require(f"overlap {overlap}: secured under the second key", secured(a, b))
        run.expect("CKN in use", TWO[1], a.principal.key.ckn)
        run.require("with another SAK", a.kay.cp.slots()[0].ki != before)
        if overlap:
            check_nothing_lost(a, b)


@SUITE.case(
    "FMT_SMF.1 T3b",
    "of two CKNs that both have begun one carries the traffic, the same at both ends",
    clause="802.1X 9.3",
)
def overlapping_keys(run: CaseRun) -> None:
    """Let both keys hold; the newest start wins, as on other vendors' devices."""
    windows = (ONE, 0, 10 * MINUTE), (TWO, 5 * MINUTE, 30 * MINUTE)
    segment, a, b = _chained(run, _chain(*windows), _chain(*windows))
    run.expect("CKN before the second begins", ONE[1], a.principal.key.ckn)
    segment.run(6 * MINUTE)
    names = {a.principal.key.ckn, b.principal.key.ckn}
    run.expect("CKN while both hold", {TWO[1]}, names)
    run.require("secured", secured(a, b))


@SUITE.case(
    "FMT_SMF.1 T4",
    "a CKN that expires at this end after ten minutes is not used any more, though the peer has it "
    "for twenty",
    clause="802.1X 9.3",
)
def expired_here(run: CaseRun) -> None:
    """Let the key expire at one end; the other goes on with it."""
    here, there = _chain((ONE, 0, 10 * MINUTE)), _chain((ONE, 0, 20 * MINUTE))
    segment, a, b = _chained(run, here, there)
    taken = a.kay.counters["in-mkpdu"]
    segment.run(10 * MINUTE)
    at_end = a.kay.counters["in-mkpdu"]
    segment.run(11 * MINUTE)
    run.expect("secured at this end", False, a.kay.secured)
    run.require("MKPDUs were taken before", at_end > taken)
    run.require("and not after", a.kay.counters["in-mkpdu"] <= at_end + 1)
    run.expect("SAKs in use", [], a.kay.cp.slots())
    run.require("the peer loses it too", not b.kay.secured)


@SUITE.case(
    "FPT_CAK_EXT.1",
    "no interface shows a CAK in plain text",
    clause="",
    on_data_plane=False,
)
def hidden_cak(run: CaseRun) -> None:
    """Look for the CAK in texts, states and errors of a running session."""
    segment = MkaSegment(run)
    a, b = (segment.add(name, [chain_key(HIDDEN, CKN)]) for name in "ab")
    segment.run(2)
    run.require("a session runs", secured(a, b))
    key = Key(HIDDEN)
    holder = MemoryHolder(key, CKN)
    shown = [
        *(f(each) for f in (repr, str) for each in (a.kay, a.kay.chain, a.principal, key, holder)),
        *(f(each) for f in (repr, str) for each in (a.secy, a.secy.tx, a.secy.tx.sa, a.secy.rx)),
        status.text(a.kay),
        json.dumps(status.mib(a.kay)),
        json.dumps(dict(a.kay.counters)),
    ]
    found = [text for text in shown if HIDDEN.hex() in text or repr(HIDDEN)[2:-1] in text]
    run.expect(f"CAKs in {len(shown)} texts", 0, len(found))
    try:
        MemoryHolder(Key(HIDDEN + b"x"), CKN)
        text = "it was taken"
    except ConfigError as error:
        text = str(error)
    run.require("an error about a CAK does not show it", HIDDEN.hex() not in text)
