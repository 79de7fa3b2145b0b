"""FCS_COP.1 and FCS_MACSEC_EXT.3: known answers, CMAC, key wrap, the origin of SAKs."""

from __future__ import annotations

from cryptography.hazmat.primitives import keywrap
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC

from macsec.conformance.runner import TYPES
from macsec.conformance.scenes import CKN, MkaSegment, chain_key, secured
from macsec.conformance.scenes.segment import entropy_of
from macsec.conformance.schema import builtin
from macsec.conformance.suites.case import CaseRun
from macsec.kay.keys import derivation
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.keys import Key

from .plan import SUITE

LENGTHS = (0, 1, 15, 16, 17, 64, 255, 1024)
WRAP_LENGTHS = (16, 24, 32)
TUPLES = 8
SPOILED = 20
WRAPPED = 100
SAKS = 200
DRAW = entropy_of("niap")


@SUITE.case("FCS_COP.1 (GCM)", "AES-GCM gives its known answers", clause="14.5")
def known_answers(run: CaseRun) -> None:
    """Run the vectors of NIST's CAVP."""
    for file in builtin():
        if file.type == "aes-gcm":
            for vector in file.vectors:
                TYPES[file.type].check(vector, run.target)
            run.require(f"{len(file.vectors)} vectors of {file.name}", len(file.vectors) > 100)


def _ick(octets: int, seed: int) -> Key:
    return Key(bytes((seed + at) % 256 for at in range(octets)))


def _cmac(key: bytes, message: bytes) -> bytes:
    cmac = CMAC(algorithms.AES(key))
    cmac.update(message)
    return cmac.finalize()


@SUITE.case(
    "FCS_COP.1 (CMAC gen)",
    "CMAC of keys of 16 and 32 octets over messages of several lengths is right",
    clause="802.1X 9.4.1",
    part="tags are as long as an ICV, 16 octets: this product makes no shorter ones",
    on_data_plane=False,
)
def cmac_made(run: CaseRun) -> None:
    """Compare ICVs with another implementation of CMAC."""
    for octets in (16, 32):
        for length in LENGTHS:
            for seed in range(TUPLES):
                key, message = _ick(octets, seed), DRAW(length)
                got = derivation.icv(key, message)
                if got != _cmac(key.expose(), message):
                    run.expect(f"CMAC of {length} octets", "the other one's", "another")
        run.require(f"{len(LENGTHS) * TUPLES} CMACs with keys of {octets} octets agree", True)


@SUITE.case(
    "FCS_COP.1 (CMAC ver)",
    "of 20 messages with their CMACs the right ones are accepted, wrong ones are not",
    clause="802.1X 9.4.1",
    on_data_plane=False,
)
def cmac_checked(run: CaseRun) -> None:
    """Spoil every second CMAC by a bit."""
    for octets in (16, 32):
        accepted = []
        for at in range(SPOILED):
            key, message = _ick(octets, at), DRAW(64)
            tag = bytearray(derivation.icv(key, message))
            tag[at % 16] ^= at % 2
            accepted.append(derivation.icv_valid(key, message, bytes(tag)))
        run.expect(f"accepted with {octets} octets", [True, False] * (SPOILED // 2), accepted)


@SUITE.case(
    "FCS_COP.1 (KW-AE)",
    "key wrap of keys of five lengths gives what another implementation gives",
    clause="802.1X 9.8",
    part="keys of 16, 24 and 32 octets: this product wraps SAKs and CAKs, none of 40 or 512",
    on_data_plane=False,
)
def wrapped(run: CaseRun) -> None:
    """Wrap 100 keys of each length with KEKs of both lengths."""
    for octets in (16, 32):
        for length in WRAP_LENGTHS:
            for _ in range(WRAPPED):
                kek, key = DRAW(octets), DRAW(length)
                got = derivation.wrap(Key(kek), Key(key))
                if got != keywrap.aes_key_wrap(kek, key):
                    run.expect(f"wrapped key of {length} octets", "the other one's", "another")
            run.require(f"KEK of {octets}: {WRAPPED} keys of {length} octets agree", True)


@SUITE.case(
    "FCS_COP.1 (KW-AD)",
    "wrapped keys of five lengths are unwrapped, and spoiled ones are found",
    clause="802.1X 9.8",
    part="keys of 16, 24 and 32 octets, as for wrapping",
    on_data_plane=False,
)
def unwrapped(run: CaseRun) -> None:
    """Unwrap what another implementation wrapped; spoil 20 of each length."""
    for octets in (16, 32):
        for length in WRAP_LENGTHS:
            kek = DRAW(octets)
            keys = [DRAW(length) for _ in range(WRAPPED)]
            texts = [keywrap.aes_key_wrap(kek, key) for key in keys]
            got = [derivation.unwrap(Key(kek), text) for text in texts]
            right = sum(g is not None and g.expose() == k for g, k in zip(got, keys, strict=True))
            run.expect(f"KEK of {octets}: unwrapped keys of {length}", WRAPPED, right)
            spoiled = [bytes([text[0] ^ 1]) + text[1:] for text in texts[:SPOILED]]
            found = [derivation.unwrap(Key(kek), text) for text in spoiled]
            run.expect("spoiled ones that were taken", [None] * SPOILED, found)


@SUITE.case(
    "FCS_MACSEC_EXT.3",
    "SAKs come from an approved generator through the KDF, and each is another one",
    clause="802.1X 9.8.1",
    part="that the random generator of the kernel is an approved one is an argument on paper",
    on_data_plane=False,
)
def unique_saks(run: CaseRun) -> None:
    """Derive SAKs from other nonces, then let a Key Server make them."""
    holder = MemoryHolder(Key(bytes(range(16))), CKN)
    members = [b"member A....", b"member B...."]
    saks = {holder.sak(DRAW(16), members, kn, 16).expose() for kn in range(1, SAKS + 1)}
    run.expect("different SAKs", SAKS, len(saks))
    segment = MkaSegment(run)
    a = segment.add("a", [chain_key()], sak_rekey_interval=30)
    b = segment.add("b", [chain_key()], sak_rekey_interval=30)
    kis = set()
    for at in range(10):
        segment.run(2 + 31 * at)
        run.require(f"secured after {segment.now:.0f} s", secured(a, b))
        kis.add(a.kay.cp.slots()[0].ki)
    run.expect("SAKs in five minutes", 10, len(kis))
