"""Every frame of a batch as a reader wants to see it: clear if it is valid, else as it was.

A listener, not a receiver: frames of both directions, in any order, without replay protection.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from macsec.config import Configuration, KeyRing
from macsec.frames import FrameBatch
from macsec.offline.passes import Validates
from macsec.secy import SecY, Verdict
from macsec.secy.from_config import located_controls
from macsec.terms import sci_text


class FramesShown(NamedTuple):
    """The frames that a reader sees, with a comment or None for each."""

    batch: FrameBatch
    comments: list[str | None]


SILENT = {Verdict.NO_TAG, Verdict.UNTAGGED, Verdict.BYPASS, Verdict.EXCEPTED}
"""Verdicts of frames that are no MACsec: they get no comment."""


def view(validator: Validates, batch: FrameBatch) -> FramesShown:
    """Return all frames of a batch in order; times and sources stay."""
    outcome = validator.validate(batch)
    frames = batch.frames()
    for row, clear in zip(outcome.delivered.tolist(), outcome.batch, strict=True):
        frames[row] = clear
    comments = [
        _comment(verdict, outcome.sci_an_pn(row)) for row, verdict in enumerate(outcome.verdict)
    ]
    return FramesShown(FrameBatch.from_frames(frames, batch.time_ns, batch.source), comments)


def _comment(verdict: Verdict, place: tuple[int | None, int | None, int | None]) -> str | None:
    if verdict in SILENT:
        return None
    sci, an, pn = place
    known = {
        "SCI": None if sci is None else sci_text(sci),
        "AN": an,
        "PN": pn,
    }
    parts = [f"{name} {value}" for name, value in known.items() if value is not None]
    parts.append("decrypted" if verdict.delivered else "shown as received")
    counter = f", {verdict.counter}" if verdict.counter else ""
    return f"MACsec {verdict.label}{counter} (802.1AE {verdict.clause}): {', '.join(parts)}"


def listener(config: Configuration, backend: str = "auto", kernel: str | None = None) -> SecY:
    """Return a SecY that validates what both ends of a configuration send. Raises ConfigError.

    The SCs of its `tx` are receive SCs too, and nothing is late.
    """
    secy = SecY(located_controls(config, replay=False), backend, kernel)
    with KeyRing(config.origin.folder) as ring:
        for _, sci, sas in config.channels():
            name = sci_text(sci)
            if name in secy.rx:
                continue
            secy.create_rx_sc(name)
            for an, sa in sas.items():
                more: dict[str, Any] = {"ssci": sa.ssci, "salt": sa.salt}
                secy.create_rx_sa(name, an, ring.key(sa.key), next_pn=1, **more)
    return secy
