"""Meaning of each switch of a profile, on and off, and where that is written or was observed."""

from __future__ import annotations

from typing import NamedTuple

from . import Profile

_VECTORS = "Linux 6.1, 6.12"
"""As recorded; the names that follow are those of pcaps/linux/rx-vectors-linux-6.1.json."""
_DPDK = "DPDK, test_security_inline_macsec"


class Reading(NamedTuple):
    """One of the two ways to read the same octets. `source`: a clause, or where it was observed."""

    text: str
    source: str


class Switch(NamedTuple):
    """Both readings of a switch. `receives`: it acts on received frames."""

    on: Reading
    off: Reading
    receives: bool = True


SWITCHES: dict[str, Switch] = {
    "exact_length": Switch(
        Reading("octets behind the ICV make a bad tag", f"{_VECTORS}: padding, sl"),
        Reading("octets behind the ICV are padding", "9.10, 9.12"),
    ),
    "refuse_sl_48": Switch(
        Reading("an SL of 48 to 63 is a bad tag", f"9.7; {_DPDK}: event SL_GTE48"),
        Reading("an SL of 48 to 63 is taken if the length fits", f"{_VECTORS}: sl"),
    ),
    "refuse_e0_c1": Switch(
        Reading("C without E is a bad tag", f"{_DPDK}: bad tags, event E_EQ0_C_EQ1"),
        Reading("C without E is integrity alone", f"9.5; {_VECTORS}: c-without-e"),
    ),
    "lookup_before_tag": Switch(
        Reading(
            "the SC is looked up before the tag is checked; without one the last 16 octets go",
            f"{_VECTORS}: unknown-sci",
        ),
        Reading("the tag is checked before the SC is looked up", "10.6, 10.6.1"),
    ),
    "short_header_silent": Switch(
        Reading("a frame too short for its SecTAG is counted nowhere", f"{_VECTORS}: sl"),
        Reading("a frame too short for its SecTAG is a bad tag", "9.12"),
    ),
    "scb_port_zero": Switch(
        Reading("SCB means port 0", "9.9"),
        Reading("SCB is ignored: ES means port 1", f"{_VECTORS}: scb-frames"),
    ),
    "no_peer_silent": Switch(
        Reading(
            "a frame without an SCI, and with no single peer, is counted nowhere",
            f"{_VECTORS}: nosci-two-scs, no-rx-sc",
        ),
        Reading("a frame without an SCI, and with no single peer, has no SCI", "10.6.1"),
    ),
    "window_from_next_pn": Switch(
        Reading(
            "lowest PN and XPN follow nextPN, in 32-bit halves",
            f"{_VECTORS}: xpn-cross, xpn-jump, pn-max",
        ),
        Reading("lowest PN and XPN follow lowestPN", "10.6.2"),
    ),
    "disabled_decrypts": Switch(
        Reading(
            "validate: disabled still decrypts and verifies C=1", f"{_VECTORS}: badicv-128-disabled"
        ),
        Reading("validate: disabled discards C=1", "10.6.3"),
    ),
    "sc_off_receives": Switch(
        Reading("a receive SC that is off still receives", f"{_VECTORS}: sc-off"),
        Reading("a receive SC that is off does not receive", "10.7.11"),
    ),
    "too_long_counts_octets": Switch(
        Reading("a frame that is too long counts in OutOctets", "10.5.4, 10.5.5"),
        Reading("a frame that is too long counts in no OutOctets", "Linux 6.1, by reading"),
        receives=False,
    ),
    "replaces_sa": Switch(
        Reading("a new SA replaces one with its AN", "10.7.13"),
        Reading("an SA is deleted before another takes its AN", "Linux 6.1: EBUSY"),
        receives=False,
    ),
}
"""Every switch of a profile that is on or off, in the order of its fields."""

LIMITS = {
    "icv_lengths": "octets of the ICV that can be set (14)",
    "validate_frames": "values of validateFrames that can be set (10.7.8)",
}
"""Fields of a profile that limit what can be set."""

STRICT_ALONE = Reading(
    "validate is strict whenever MACsec is in use", "wpa_supplicant, as SONiC runs it"
)


def reading(profile: Profile, name: str) -> Reading:
    """Return how a profile reads one switch."""
    switch = SWITCHES[name]
    return switch.on if getattr(profile, name) else switch.off


def is_documented(profile: Profile, name: str) -> bool:
    """Return whether a field is known of a profile, and not taken from `ieee`."""
    return profile.documented is None or name in profile.documented
