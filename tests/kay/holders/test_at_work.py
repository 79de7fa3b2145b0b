"""Holders in key agreement, in virtual time: secured, audited, rotated, removed."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from support.mka import tokens
from support.mka.kays import Segment, chain_key, check_connectivity, secured
from support.mka.stores import counting

from macsec.kay.holders import AuditedHolder, AuditLog, Rotation
from macsec.kay.holders.token import TokenHolder, open_session
from macsec.kay.keys.cak_holder import CakHolder
from macsec.kay.keys.keychain import ChainKey

CAK = bytes.fromhex("c0ffee00decafbad0123456789abcdef")
CKN = bytes.fromhex("2211")
S = 10**9


LABELS = (f"work{number}" for number in itertools.count())


@pytest.fixture
def on_token(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a session of the token, and the label of the CAK on it."""
    module = tokens.softhsm(tmp_path_factory.getbasetemp() / "softhsm-kay")
    tokens.put(module, label := next(LABELS), CAK)
    return open_session(module, tokens.TOKEN, tokens.PIN), label


def played(holder: CakHolder, serves: bool) -> Segment:
    """Run five seconds with a station with this holder and one with the CAK in memory."""
    segment = Segment()
    segment.add("a", [ChainKey(holder)], key_server_priority=10 if serves else 30)
    segment.add("b", [chain_key(CAK, CKN)], key_server_priority=20)
    segment.run(5)
    return segment


@pytest.mark.parametrize("serves", [True, False])
def test_token_holder_agrees_with_a_memory_holder(
    on_token: Any, serves: bool, tmp_path: Path
) -> None:
    """As Key Server and as member; the log has each use."""
    session, label = on_token
    path = tmp_path / "audit.jsonl"
    log = AuditLog(path, lambda: 0, "a")
    segment = played(AuditedHolder(TokenHolder(session, label, CKN), log), serves)
    a, b = segment.members["a"], segment.members["b"]
    assert secured(a, b)
    check_connectivity(segment, a, b)
    logged = [json.loads(line) for line in path.read_text().splitlines()]
    done = {line["operation"] for line in logged}
    makes = {"derive-sak", "wrap"} if serves else {"unwrap"}
    assert done == {"derive-kek-ick", "icv", "icv-check", *makes}
    assert {line["result"] for line in logged} == {"ok"}
    sent = sum(name == "a" for _, name, _ in segment.mkpdus)
    assert sum(line["operation"] == "icv" for line in logged) == sent
    assert CAK.hex() not in path.read_text()


def test_removed_token_ends_the_session(on_token: Any) -> None:
    """Nothing raises; the station sends nothing, and both ends close after the Life Time."""
    session, label = on_token
    segment = played(TokenHolder(session, label, CKN), True)
    a, b = segment.members["a"], segment.members["b"]
    assert secured(a, b)
    session.close()
    segment.run(20)
    assert not a.kay.secured
    assert not b.kay.secured
    assert a.kay.counters["out-mkpdu-errors"]


def test_rotation_of_caks_loses_no_frame() -> None:
    """Both ends with the chain of one service: three rotations under traffic."""
    rotation = Rotation(lifetime_ns=60 * S, overlap_ns=20 * S, cak_length=16)
    chain, random = rotation.extend([], 0, counting()), counting()
    while chain[-1].start_ns < 130 * S:
        chain.append(rotation.make(chain[-1].start_ns + 40 * S, random))
    segment = Segment()
    keys: list[dict[str, Any]] = [
        {"cak": key.cak.expose(), "ckn": bytes([number]) + key.ckn, "start": key.start_ns / S}
        | ({} if key.end_ns is None else {"end": key.end_ns / S})
        for number, key in enumerate(chain)
    ]
    for name, priority in (("a", 10), ("b", 20)):
        own = [chain_key(**key) for key in keys]
        segment.add(name, own, key_server_priority=priority)
    a, b = segment.members["a"], segment.members["b"]
    segment.every(0.25, lambda: (a.send(), b.send()), start=5, end=140)
    segment.run(141)
    assert secured(a, b)
    assert b.numbers_from("a") == a.sent
    assert a.numbers_from("b") == b.sent
    assert len(a.sent) == 540
    started = [key["ckn"] for key in keys if key["start"] < 141]
    assert (a.principal.key.ckn, len(started)) == (started[-1], 4)
