"""The report of `protect` and `validate`: one JSON object, or one line of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Literal, NotRequired, Protocol, TypedDict

from macsec.report.channels import ReceiveScJson, TransmitScJson, next_pns, receive_scs, transmit_sc
from macsec.report.fields import Counts, Hex
from macsec.secy import SecY, Verdict

if TYPE_CHECKING:
    from macsec.kay.listening.listener import Hearing
    from macsec.offline.decrypt import MkaReader


UNHEARD_SHOWN = 8


class HeardJson(TypedDict):
    """EAPOL frames by what they were, and the number of SAKs that they distributed.

    `ckns`: the MKPDUs of each CKN in the capture, by the same words. `unheard`: SCIs without an
    MKPDU, with the number of their frames that no SAK opened.
    """

    eapol: Counts
    ckns: dict[Hex, Counts]
    saks: int
    unheard: Counts


class ProtectJson(TypedDict):
    """`macsec/protect/1`: frames sent and refused, counters, and the next PN of each SA."""

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
    """`macsec/validate/1`: frames delivered and refused, counters, and the PNs of each SA."""

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


def _heard(reader: MkaReader) -> HeardJson:
    return {
        "eapol": _by_name(reader.mkpdus),
        "ckns": {ckn.hex(): _by_name(counts) for ckn, counts in reader.ckns.items()},
        "saks": reader.saks,
        "unheard": dict(reader.unheard),
    }


def _by_name(counts: Mapping[Hearing, int]) -> Counts:
    return {hearing.value: frames for hearing, frames in counts.items()}


def protect_text(secy: SecY, count: Count, seconds: float) -> str:
    """Return one line; with several transmit SCs one more for each."""
    return "\n".join([_line(secy, count, seconds, "sent"), *_classes(secy)])


def _classes(secy: SecY) -> Iterator[str]:
    for traffic_class, sc in sorted(secy.tx_classes.items() if len(secy.tx_classes) > 1 else ()):
        sent = sc.counters["OutPktsEncrypted"] + sc.counters["OutPktsProtected"]
        pns = ", ".join(f"{pn} of SA {an}" for an, pn in next_pns(sc).items())
        yield f"traffic class {traffic_class}, SCI {sc.sci}: {sent:,} sent, next PN {pns or 'none'}"


def validate_text(secy: SecY | MkaReader, count: Count, seconds: float) -> str:
    """Return one line; with a listener a second for what it heard."""
    line = _line(secy, count, seconds, "delivered")
    if isinstance(secy, SecY):
        return "\n".join([line, *_hints(count)])
    heard = [f"{frames:,} {hearing.value}" for hearing, frames in secy.mkpdus.items() if frames]
    saks = "1 SAK" if secy.saks == 1 else f"{secy.saks:,} SAKs"
    return "\n".join(
        [
            line,
            f"EAPOL: {', '.join(heard) or 'none'}; {saks}",
            *_ckns(secy),
            *(_unheard(secy.unheard) if _authentic(secy.mkpdus) else ()),
            *_nothing_opened(secy, count),
        ]
    )


def _authentic(counts: Mapping[Hearing, int]) -> int:
    return _by_name(counts).get("authentic", 0)


def _ckns(reader: MkaReader) -> Iterator[str]:
    """Yield a line for each of the first CKNs whose MKPDUs are not authentic."""
    bad = {
        ckn: frames
        for ckn, counts in reader.ckns.items()
        if (frames := sum(counts.values()) - _authentic(counts))
    }
    for ckn, frames in islice(bad.items(), UNHEARD_SHOWN):
        if ckn in reader.known:
            yield f"CKN {ckn.hex()}: the ICV of {frames:,} MKPDUs does not match: wrong CAK"
        else:
            yield f"CKN {ckn.hex()}: {frames:,} MKPDUs, and no CAK for it"
    if (more := len(bad) - UNHEARD_SHOWN) > 0:
        yield f"{more:,} other CKNs without their CAK: --json has them all"


def _nothing_opened(reader: MkaReader, count: Count) -> Iterator[str]:
    if not count.frames or count.delivered:
        return
    if not reader.ckns:
        yield "no frame was delivered: no MKPDU in the capture, so no SAK to open frames with"
    elif not _authentic(reader.mkpdus):
        given = ", ".join(ckn.hex() for ckn in reader.known[:UNHEARD_SHOWN])
        yield f"no frame was delivered: no MKPDU is authentic under the CAKs of CKN {given}"


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
