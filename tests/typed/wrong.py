"""Wrong uses of the public names: each is an error of a type checker, and never runs.

An ignore that is not needed is an error too, for mypy and for pyright: so each line must be wrong.
"""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from macsec import Controls, FrameBatch, Key, Outcome, SecY, Verdict
from macsec.kay import Basic, ChainKey, Kay, KeyUse, MemoryHolder, PeerId
from macsec.live import aio
from macsec.wire import Engine, Link, LinkParams


def secys(secy: SecY, batch: FrameBatch, outcome: Outcome) -> None:
    """Frames, batches, and values that cannot be set."""
    secy.protect_frame(60)  # type: ignore[arg-type]
    secy.protect_frame("5254")  # type: ignore[arg-type]
    secy.protect_frame([1, 2])  # type: ignore[arg-type]
    secy.protect_frame(b"").hex()  # type: ignore[union-attr]
    secy.protect([b""])  # type: ignore[arg-type]
    secy.validate(outcome)  # type: ignore[arg-type]
    _ = secy.validate_frame(b"").label  # type: ignore[attr-defined]
    secy.counters["InPktsOK"] = 0  # type: ignore[index]
    secy.controls = Controls()  # type: ignore[misc]
    secy.backend = "native"  # type: ignore[misc]
    secy.from_config(3)  # type: ignore[arg-type]
    secy.create_tx_sa("0", Key(bytes(16)))  # type: ignore[arg-type]
    secy.nothing()  # type: ignore[attr-defined]
    outcome.batch = batch  # type: ignore[misc]
    batch[b"key"]  # type: ignore[call-overload]
    FrameBatch.from_frames([1, 2])  # type: ignore[list-item]
    FrameBatch.from_frames(b"one frame")  # type: ignore[arg-type]


def verdicts(verdict: Verdict) -> None:
    """Names and columns of the table."""
    _ = Verdict.OKAY  # type: ignore[attr-defined]
    verdict.counter.lower()  # type: ignore[union-attr]


def keys(key: Key) -> None:
    """A key is made of octets."""
    Key("00" * 16)  # type: ignore[arg-type]
    Key(16)  # type: ignore[arg-type]
    bytes(key)  # type: ignore[call-overload]


def wires(engine: Engine) -> None:
    """Links, their parameters and receivers."""
    link = Link(engine, 3)  # type: ignore[arg-type]
    link.a.send("text")  # type: ignore[arg-type]
    link.a.receiver = len  # type: ignore[assignment]
    link.taps.append(object())  # type: ignore[arg-type]
    LinkParams(delai="1ms")  # type: ignore[call-arg]
    engine.run("1s")  # type: ignore[arg-type]


def agreements() -> None:
    """Key agreement."""
    Kay("5254", [], bytes)  # type: ignore[arg-type]
    ChainKey(Key(bytes(16)))  # type: ignore[arg-type]
    MemoryHolder(bytes(16), b"name")  # type: ignore[arg-type]
    Basic(1, b"", 1, b"")  # type: ignore[call-arg]
    KeyUse(PeerId(b"", 1), 0, True, True, 1)  # type: ignore[arg-type]


async def live() -> None:
    """Taps and labs in an event loop."""
    with aio.lab("hub"):  # type: ignore[attr-defined]
        pass
    async with aio.tap("a.yaml") as port:  # type: ignore[call-arg]
        await port.change("now")  # type: ignore[call-arg]
