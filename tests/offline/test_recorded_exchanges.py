"""Captures of real key agreement, recorded with their CAKs, are decrypted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from support.mka.members import decoded, holder
from support.planes import PLANES

from macsec import FrameBatch, captures
from macsec.keys import Key
from macsec.offline.decrypt import MkaReader, eapol_rows

PCAPS = Path(__file__).parents[2] / "pcaps" / "mka"
RECORDED = sorted(path.stem for path in PCAPS.glob("*.json"))
NEVER_SECURED = {"v211-v210-gcm256", "wrong-cak"}
BACKENDS = sorted({plane.backend for plane in PLANES})


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Each data plane of this machine."""
    return str(request.param)


def recording(name: str) -> tuple[dict[str, Any], FrameBatch]:
    """Return the facts noted with a recording, and its frames."""
    with captures.read(str(PCAPS / f"{name}.pcap")) as reader:
        batch = FrameBatch.concat(list(reader))
    return json.loads((PCAPS / f"{name}.json").read_text()), batch


def opened(frame: bytes, facts: dict[str, Any]) -> bytes | None:
    """Decrypt a frame with the keys that the recorded programs logged, without this package."""
    if frame[12:14] != b"\x88\xe5":
        return None
    tci, length, pn, sci = frame[14], frame[15], frame[16:20], frame[20:28]
    assert tci & 0x20, "these recordings have the SCI in every tag"
    end = 28 + length if length else len(frame) - 16
    head, data, icv = frame[:28], frame[28:end], frame[end : end + 16]
    encrypted = bool(tci & 0x08)
    for sak, iv in ((sak, iv) for sak in facts["saks_from_log"] for iv in ivs(pn, sci, facts)):
        aad, text = (head, data) if encrypted else (head + data, b"")
        try:
            clear = AESGCM(bytes.fromhex(sak)).decrypt(iv, text + icv, aad)
        except InvalidTag:
            continue
        return frame[:12] + (clear if encrypted else data)
    return None


def ivs(pn: bytes, sci: bytes, facts: dict[str, Any]) -> list[bytes]:
    """Return the possible IVs of a frame: its SCI and PN, or each logged Salt with each SSCI."""
    if not facts["xpn"]:
        return [sci + pn]
    return [
        bytes(a ^ b for a, b in zip(bytes([0, 0, 0, ssci, 0, 0, 0, 0]) + pn, salt, strict=True))
        for ssci in (1, 2)
        for salt in {bytes.fromhex(text) for text in facts["xpn_salt_logged"]}
    ]


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_exchange_opens_with_its_cak(name: str, backend: str) -> None:
    """The reader delivers exactly the clear frames, in order, and finds the logged SAKs."""
    facts, batch = recording(name)
    wanted = [clear for frame in batch if (clear := opened(frame, facts)) is not None]
    assert bool(wanted) == (name not in NEVER_SECURED)
    cak, ckn = bytes.fromhex(facts["cak"]), bytes.fromhex(facts["ckn"])
    with MkaReader([holder(cak, ckn)], backend) as reader:
        out = reader.validate(batch)
        assert out.batch.frames() == wanted
        found = {
            sak.key.check_value
            for association in reader.listener.associations.values()
            for sak in association.saks
        }
    assert found == {Key(bytes.fromhex(sak)).check_value for sak in facts["saks_from_log"]}


@pytest.mark.parametrize("name", RECORDED)
def test_reader_finds_all_frames_that_the_kernel_received(name: str) -> None:
    """No station has a final InPktsOK above that of the reader."""
    facts, batch = recording(name)
    with MkaReader([holder(bytes.fromhex(facts["cak"]), bytes.fromhex(facts["ckn"]))]) as reader:
        reader.validate(batch)
        counters = reader.counters
        for shown in facts["final_macsec_show"].values():
            assert sum(sc["InPktsOK"] for sc in shown[0]["rx_sc"]) <= counters["InPktsOK"]
        assert counters["InPktsOK"] == sum(sc.counters["InPktsOK"] for sc in reader.rx.values())
        assert counters["InPktsNotValid"] == counters["InPktsNoSCI"] == 0


@pytest.mark.parametrize("name", ["sonic-xpn128", "sonic-xpn256-restart"])
def test_first_ssci_by_rank_is_the_recorded_one(name: str) -> None:
    """The ranks of the SCIs give the SSCIs of the recorded programs (10.7.13)."""
    facts, batch = recording(name)
    with MkaReader([holder(bytes.fromhex(facts["cak"]), bytes.fromhex(facts["ckn"]))]) as reader:
        reader.validate(batch)
        (association,) = reader.listener.associations.values()
        first = {
            association.sscis(sak, int(sci, 16))[0] for sak in association.saks for sci in reader.rx
        }
        salts = {sak.salt.hex() for sak in association.saks if sak.salt}
    assert first == {1, 2}
    assert salts == set(facts["xpn_salt_logged"])


@pytest.mark.parametrize("size", [1, 2, 7])
def test_size_of_batches_changes_nothing(size: int) -> None:
    """Frames, verdicts and counters are those of one batch."""
    facts, batch = recording("restart-server-kill")
    caks = bytes.fromhex(facts["cak"]), bytes.fromhex(facts["ckn"])
    with MkaReader([holder(*caks)]) as whole, MkaReader([holder(*caks)]) as pieces:
        at_once = whole.validate(batch)
        parts = [pieces.validate(batch[at : at + size]) for at in range(0, len(batch), size)]
        assert [frame for part in parts for frame in part.batch] == at_once.batch.frames()
        assert [code for part in parts for code in part.codes] == at_once.codes.tolist()
        assert pieces.counters == whole.counters


@pytest.mark.parametrize("name", ["basic", "sonic-xpn128", "restart-server-kill"])
def test_frames_of_a_member_without_mkpdus_open(name: str, backend: str) -> None:
    """A mirror port shows the EAPOL of the Key Servers only: the same frames open."""
    facts, batch = recording(name)
    mkpdus = {row: decoded(batch[row]).basic.sci for row in eapol_rows(batch).tolist()}
    servers = {sci for row, sci in mkpdus.items() if decoded(batch[row]).distributed}
    kept = [row for row in range(len(batch)) if mkpdus.get(row) in servers | {None}]
    keys = bytes.fromhex(facts["cak"]), bytes.fromhex(facts["ckn"])
    with MkaReader([holder(*keys)], backend) as whole, MkaReader([holder(*keys)], backend) as half:
        wanted = whole.validate(batch)
        found = half.validate(batch.take(np.array(kept)))
        assert found.batch.frames() == wanted.batch.frames()
        assert half.unheard == {}
        assert [(sci, sc.counters["InPktsOK"]) for sci, sc in half.rx.items()] == [
            (sci, sc.counters["InPktsOK"]) for sci, sc in whole.rx.items()
        ]
