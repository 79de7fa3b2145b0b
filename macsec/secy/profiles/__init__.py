"""Behaviour profiles: named switches where implementations disagree about the same octets.

`ieee` follows the text of the standard, `linux` the observed behaviour of the kernel. `cnxk` and
`sonic` are what their drivers and test plans document; a switch that they leave open is that of
`ieee`. Both data planes read the same switches; switches.py says where each reading comes from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

ALL_MODES = ("strict", "check", "disabled", "null")
"""The values of validateFrames (10.7.8), as in a configuration."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One row of switches, named like the fields of `macsec_controls` in C."""

    name: str
    exact_length: bool
    """Padding behind the ICV of a frame with SL is a bad tag (9.12 f: exact, or at least)."""
    refuse_sl_48: bool
    """An SL of 48 to 63 is a bad tag (9.7)."""
    refuse_e0_c1: bool
    """C without E is a bad tag (9.5 has it for integrity with another ICV)."""
    lookup_before_tag: bool
    """The SC is looked up before 9.12 is checked, so an unknown SC hides a bad tag."""
    short_header_silent: bool
    """A frame too short for its SecTAG and an EtherType is dropped without a counter."""
    scb_port_zero: bool
    """SCB means port 0 and wins over ES (9.9); otherwise ES means port 1 and SCB is ignored."""
    no_peer_silent: bool
    """A frame without SC, ES and SCB, with no single peer, is dropped without a counter."""
    window_from_next_pn: bool
    """Lowest PN and XPN upper half follow nextPN in 32-bit halves, not lowestPN (10.6.2)."""
    disabled_decrypts: bool
    """validateFrames Disabled still runs the cipher on C=1 (10.6.3 discards them)."""
    sc_off_receives: bool
    """A receive SC that is off still receives frames with an explicit SCI."""
    too_long_counts_octets: bool
    """A frame that is too long counts in OutOctets (10.5.4 comes before 10.5.5)."""
    replaces_sa: bool
    """Creating an SA replaces one with the same AN (10.7.13); otherwise delete that one first."""
    icv_lengths: range
    """ICV lengths that can be set; clause 14 has 16 only."""
    validate_frames: tuple[str, ...] = ALL_MODES
    """Values of validateFrames that can be set, the usual one first."""
    documented: frozenset[str] | None = None
    """The switches that are known of it, None for all; others are those of `ieee`."""


_IEEE = Profile(
    name="ieee",
    exact_length=False,
    refuse_sl_48=True,
    refuse_e0_c1=False,
    lookup_before_tag=False,
    short_header_silent=False,
    scb_port_zero=True,
    no_peer_silent=False,
    window_from_next_pn=False,
    disabled_decrypts=False,
    sc_off_receives=False,
    too_long_counts_octets=True,
    replaces_sa=True,
    icv_lengths=range(16, 17),
)

PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        _IEEE,
        Profile(
            name="linux",
            exact_length=True,
            refuse_sl_48=False,
            refuse_e0_c1=False,
            lookup_before_tag=True,
            short_header_silent=True,
            scb_port_zero=False,
            no_peer_silent=True,
            window_from_next_pn=True,
            disabled_decrypts=True,
            sc_off_receives=True,
            too_long_counts_octets=False,
            replaces_sa=False,
            icv_lengths=range(8, 17),
        ),
        replace(
            _IEEE,
            name="cnxk",
            refuse_e0_c1=True,
            documented=frozenset({"refuse_sl_48", "refuse_e0_c1", "icv_lengths"}),
        ),
        replace(
            _IEEE,
            name="sonic",
            validate_frames=("strict", "disabled"),
            documented=frozenset({"icv_lengths", "validate_frames"}),
        ),
    )
}
