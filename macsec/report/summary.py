"""The report of `protect` and `validate`: one JSON object, or one line of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NotRequired, Protocol, TypedDict

from macsec.report.fields import Counts, Integer, Sci
from macsec.secy import SecY, Verdict

if TYPE_CHECKING:
    from macsec.offline.decrypt import MkaReader


UNHEARD_SHOWN = 8


class TransmitScJson(TypedDict):
    """The transmit SC: its SCI, and the next PN of each SA by AN."""

    sci: Sci | None
    next_pn: dict[str, Integer]


class ReceiveSaJson(TypedDict):
    """A receive SA."""

    next_pn: Integer
    lowest_pn: Integer
    counters: Counts


class ReceiveScJson(TypedDict):
    """A receive SC: its counters, and its SAs by AN."""

    counters: Counts
    sa: dict[str, ReceiveSaJson]


class HeardJson(TypedDict):
    """EAPOL frames by what they were, and the number of SAKs that they distributed.

    `unheard`: SCIs without an MKPDU, with the number of their frames that no SAK opened.
    """

    eapol: Counts
    saks: int
    unheard: Counts


class ProtectJson(TypedDict):
    """`macsec/protect/1`."""

    schema: Literal["macsec/protect/1"]
    frames: int
    sent: int
    verdicts: Counts
    counters: Counts
    tx: TransmitScJson
    seconds: float
    backend: str
    kernel: str
    warnings: NotRequired[list[str]]


class ValidateExtras(TypedDict, total=False):
    """Members that are not always there: `mka` only with `--cak`, `warnings` with OUT `-`."""

    mka: HeardJson
    warnings: list[str]


class ValidateJson(ValidateExtras):
    """`macsec/validate/1`."""

    schema: Literal["macsec/validate/1"]
    frames: int
    delivered: int
    truncated: int
    verdicts: Counts
    counters: Counts
    rx_sc: dict[str, ReceiveScJson]
    seconds: float
    backend: str
    kernel: str


class Count(Protocol):
    """Frames by verdict."""

    def __getitem__(self, verdict: Verdict) -> int: ...
    @property
    def frames(self) -> int:
        """All frames."""

    @property
    def delivered(self) -> int:
        """Frames that were delivered or sent."""

    def labels(self) -> dict[str, int]:
        """Return the frames of each verdict that occurred, by label."""


def protect_json(secy: SecY, count: Count, seconds: float) -> ProtectJson:
    """Return the JSON of a run of `protect`."""
    return {
        "schema": "macsec/protect/1",
        "frames": count.frames,
        "sent": count.delivered,
        "verdicts": count.labels(),
        "counters": dict(secy.counters),
        "tx": transmit_sc(secy),
        "seconds": round(seconds, 6),
        "backend": secy.backend,
        "kernel": secy.kernel,
    }


def validate_json(
    secy: SecY | MkaReader, count: Count, seconds: float, truncated: int
) -> ValidateJson:
    """Return the JSON of a run of `validate`; with a listener also what it heard."""
    extras: ValidateExtras = {} if isinstance(secy, SecY) else {"mka": _heard(secy)}
    return {
        "schema": "macsec/validate/1",
        "frames": count.frames,
        "delivered": count.delivered,
        "truncated": truncated,
        "verdicts": count.labels(),
        "counters": dict(secy.counters),
        "rx_sc": receive_scs(secy),
        **extras,
        "seconds": round(seconds, 6),
        "backend": secy.backend,
        "kernel": secy.kernel,
    }


def transmit_sc(secy: SecY) -> TransmitScJson:
    """Return the transmit SC with its next PNs."""
    next_pn = {str(an): str(sa.next_pn) for an, sa in secy.tx.sa.items()}
    return {"sci": secy.tx.sci, "next_pn": next_pn}


def _heard(reader: MkaReader) -> HeardJson:
    return {
        "eapol": {hearing.value: frames for hearing, frames in reader.mkpdus.items()},
        "saks": reader.saks,
        "unheard": dict(reader.unheard),
    }


def receive_scs(secy: SecY | MkaReader) -> dict[str, ReceiveScJson]:
    """Return each receive SC by its SCI."""
    return {sci: _receive_sc(sc) for sci, sc in secy.rx.items()}


def _receive_sc(sc: Any) -> ReceiveScJson:
    return {
        "counters": dict(sc.counters),
        "sa": {
            str(an): {
                "next_pn": str(sa.next_pn),
                "lowest_pn": str(sa.lowest_pn),
                "counters": dict(sa.counters),
            }
            for an, sa in sc.sa.items()
        },
    }


def protect_text(secy: SecY, count: Count, seconds: float) -> str:
    """Return one line."""
    return _line(secy, count, seconds, "sent")


def validate_text(secy: SecY | MkaReader, count: Count, seconds: float) -> str:
    """Return one line; with a listener a second for what it heard."""
    line = _line(secy, count, seconds, "delivered")
    if isinstance(secy, SecY):
        return "\n".join([line, *_hints(count)])
    heard = [f"{frames:,} {hearing.value}" for hearing, frames in secy.mkpdus.items() if frames]
    saks = "1 SAK" if secy.saks == 1 else f"{secy.saks:,} SAKs"
    lines = [line, f"EAPOL: {', '.join(heard) or 'none'}; {saks}", *_unheard(secy.unheard)]
    return "\n".join(lines)


_NOTHING_DELIVERED = {
    "no-tag": "no SecTAG in most frames: is this the clear capture, or the other direction?",
    "no-sci": "the SCI of most frames is not that of an rx SC here: macsec inspect shows it",
    "unknown-sci": "the SCI of most frames is not that of an rx SC here: macsec inspect shows it",
    "not-using-sa": "the AN of most frames has no SA here: macsec inspect shows it",
    "not-valid": "no ICV is right: another key, cipher suite or offset than the sender's",
    "late": "the PNs of most frames are below lowest_pn: lower pn of the rx SA",
    "bad-tag": "the SecTAG of most frames is damaged: macsec inspect shows why",
}
"""The likely reason by the most frequent verdict, if nothing was delivered."""


def _hints(count: Count) -> Iterator[str]:
    """Yield a line with the likely reason if no frame of some was delivered."""
    labels = count.labels()
    if not count.frames or count.delivered or not labels:
        return
    most = max(labels, key=lambda label: labels[label])
    if most in _NOTHING_DELIVERED:
        yield f"no frame was delivered: {_NOTHING_DELIVERED[most]}"


def _unheard(unheard: Mapping[str, int]) -> Iterator[str]:
    """Yield a line for each of the first SCIs that were not heard, and one for all others."""
    for sci, frames in islice(unheard.items(), UNHEARD_SHOWN):
        yield f"SCI {sci}: no MKPDU in the capture, and no SAK opens its {frames:,} frames"
    if (more := len(unheard) - UNHEARD_SHOWN) > 0:
        yield f"{more:,} other SCIs without an MKPDU: --json has them all"


def _line(secy: SecY | MkaReader, count: Count, seconds: float, went_on: str) -> str:
    endings = ", ".join(f"{frames:,} {label}" for label, frames in count.labels().items())
    return (
        f"{count.delivered:,} of {count.frames:,} frames {went_on}"
        + (f" ({endings})" if endings else "")
        + f" in {seconds:.3f} s, {secy.backend} data plane, {secy.kernel} kernel"
    )
