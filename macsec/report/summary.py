"""What `protect` and `validate` tell at the end: one JSON object, or one line of talk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from macsec.secy import SecY, Verdict

if TYPE_CHECKING:
    from macsec.offline.decrypt import MkaReader


class Count(Protocol):
    """Frames by verdict."""

    def __getitem__(self, verdict: Verdict) -> int: ...
    @property
    def frames(self) -> int:
        """All of them."""

    @property
    def delivered(self) -> int:
        """Those that went on."""

    def labels(self) -> dict[str, int]:
        """Label to frames, for the verdicts that occurred."""


def machine(secy: SecY | MkaReader, seconds: float) -> dict[str, Any]:
    """How long, and on what."""
    return {"seconds": round(seconds, 6), "backend": secy.backend, "kernel": secy.kernel}


def protect_json(secy: SecY, count: Count, seconds: float) -> dict[str, Any]:
    """`macsec/protect/1`."""
    return {
        "schema": "macsec/protect/1",
        "frames": count.frames,
        "sent": count.delivered,
        "verdicts": count.labels(),
        "counters": dict(secy.counters),
        "tx": transmit_sc(secy),
        **machine(secy, seconds),
    }


def validate_json(
    secy: SecY | MkaReader, count: Count, seconds: float, truncated: int
) -> dict[str, Any]:
    """`macsec/validate/1`; with a listener also what it heard."""
    mka = {} if isinstance(secy, SecY) else {"mka": _heard(secy)}
    return {
        "schema": "macsec/validate/1",
        "frames": count.frames,
        "delivered": count.delivered,
        "truncated": truncated,
        "verdicts": count.labels(),
        "counters": dict(secy.counters),
        "rx_sc": receive_scs(secy),
        **mka,
        **machine(secy, seconds),
    }


def transmit_sc(secy: SecY) -> dict[str, Any]:
    """Where the transmit SC stands."""
    next_pn = {str(an): str(sa.next_pn) for an, sa in secy.tx.sa.items()}
    return {"sci": secy.tx.sci, "next_pn": next_pn}


def _heard(reader: MkaReader) -> dict[str, Any]:
    """EAPOL frames by what they were, and how many SAKs they told."""
    return {
        "eapol": {hearing.value: frames for hearing, frames in reader.mkpdus.items()},
        "saks": reader.saks,
    }


def receive_scs(secy: SecY | MkaReader) -> dict[str, Any]:
    """Each receive SC by its SCI: counters, and its SAs."""
    return {sci: _receive_sc(sc) for sci, sc in secy.rx.items()}


def _receive_sc(sc: Any) -> dict[str, Any]:
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
    """One line."""
    return _line(secy, count, seconds, "sent")


def validate_text(secy: SecY | MkaReader, count: Count, seconds: float) -> str:
    """One line; with a listener a second for what it heard."""
    line = _line(secy, count, seconds, "delivered")
    if isinstance(secy, SecY):
        return line
    heard = [f"{frames:,} {hearing.value}" for hearing, frames in secy.mkpdus.items() if frames]
    saks = "1 SAK" if secy.saks == 1 else f"{secy.saks:,} SAKs"
    return f"{line}\nEAPOL: {', '.join(heard) or 'none'}; {saks}"


def _line(secy: SecY | MkaReader, count: Count, seconds: float, went_on: str) -> str:
    endings = ", ".join(f"{frames:,} {label}" for label, frames in count.labels().items())
    return (
        f"{count.delivered:,} of {count.frames:,} frames {went_on}"
        + (f" ({endings})" if endings else "")
        + f" in {seconds:.3f} s, {secy.backend} data plane, {secy.kernel} kernel"
    )
