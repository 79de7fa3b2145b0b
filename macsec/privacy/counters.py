"""Counters of a PrY, by the names of ieee802-dot1ae-pry (20.14.1, 20.14.2)."""

from __future__ import annotations

from dataclasses import asdict, dataclass


class _Named:
    def named(self) -> dict[str, int]:
        """Return the counters by the names of the YANG module."""
        fields: dict[str, int] = asdict(self)  # type: ignore[call-overload]
        return {name.replace("_", "-"): count for name, count in fields.items()}


@dataclass(slots=True)
class ReceiveCounters(_Named):
    """Reception. Padding includes the headers of components and the addresses of MPPDUs."""

    in_user_frames: int = 0
    in_user_octets: int = 0
    in_pad_octets: int = 0
    in_mppdus: int = 0
    in_encapsulated_frames: int = 0
    in_user_express_fragments: int = 0
    in_user_preemptable_fragments: int = 0
    in_express_discard_fragments: int = 0
    in_preemptable_discard_fragments: int = 0
    in_unknown_mppcis: int = 0
    in_errored_mppdus: int = 0
    in_user_unprotected_frames: int = 0
    in_user_unprotected_octets: int = 0


@dataclass(slots=True)
class ChannelCounters(_Named):
    """Transmission in one privacy channel."""

    out_ch_user_frames: int = 0
    out_ch_user_octets: int = 0
    out_ch_pad_octets: int = 0
    out_mppdus: int = 0
    out_encapsulated_frames: int = 0
    out_express_fragments: int = 0
    out_preempt_fragments: int = 0


@dataclass(slots=True)
class FrameCounters(_Named):
    """Transmission in privacy frames, and without privacy protection."""

    out_pf_user_frames: int = 0
    out_pf_user_octets: int = 0
    out_pf_pad_octets: int = 0
    out_unprotected_frames: int = 0
    out_unprotected_octets: int = 0
