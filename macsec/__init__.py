"""IEEE 802.1AE (MACsec) in Python with a C hot path.

terms.py        constants of the standard, SCIs as text
clear_rules.py  rules of frames that may pass without a SecTAG
errors.py       errors of the package
keys.py         keys: short-lived, never shown
suites.py       the four Cipher Suites of clause 14
native.py       loader of the C library
time_units.py   nanoseconds and picoseconds
enumerations.py bases of enumerations whose look-up by value is typed
whole_file.py   the one writer of files: whole, or not at all
trust.py        files and programs that no other user can have changed
notebooks.py    base of results that notebooks show as HTML
extras.py       packages that some uses alone need, and the remedy without them
frames/         batches of frames, the SecTAG, a dissector
secy/           the SecY: one machine, two data planes
kay/            key agreement (IEEE 802.1X)
privacy/        MAC Privacy protection: MPPDUs above a SecY (experimental)
port/           a port where a KaY and a SecY meet
custody/        PNs that survive the end of a process
config/         YAML configurations and their models
captures/       pcap and pcapng
corpus/         captures of a store on the workers of a cluster
wire/           links in virtual time
live/           TAP devices, packet sockets, namespaces
offline/        captures without a wire: replay, explain, compare profiles, decrypt
lab/            emulated datacenters
otg/            the Open Traffic Generator API over virtual test ports
attacks/        attacks and the counters that each must cause
conformance/    test vectors
advice/         rules over data: faults of a key agreement and their remedies
measure/        measurements with a clock
gnmi/           ports as a target of gNMI
monitoring/     snapshots of the ports that run on this machine
scapy/          Security Associations, layers and verdicts for scapy scripts
testing/        fixtures for pytest, strategies for Hypothesis
report/         outcomes as JSON, text and HTML
classroom/      the page for a class: the reference SecY in a browser
guide/          the manual: pages of Markdown
cli/            the command line
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in typing, which takes longer to import than all that is here
if TYPE_CHECKING:
    from typing import Any

    from macsec import captures
    from macsec.errors import ConfigError, FormatError, MACsecError
    from macsec.frames import FrameBatch
    from macsec.keys import Key
    from macsec.lab import Lab
    from macsec.secy import Controls, Outcome, SecY, Validate, Verdict
    from macsec.suites import SUITES, CipherSuite

__version__ = "0.1.0"
__all__ = [
    "SUITES",
    "CipherSuite",
    "ConfigError",
    "Controls",
    "FormatError",
    "FrameBatch",
    "Key",
    "Lab",
    "MACsecError",
    "Outcome",
    "SecY",
    "Validate",
    "Verdict",
    "captures",
]

# Loaded on first use, so that the command line answers at once.
_HOMES = {
    "FrameBatch": "macsec.frames",
    "Key": "macsec.keys",
    "Lab": "macsec.lab",
    **dict.fromkeys(("ConfigError", "FormatError", "MACsecError"), "macsec.errors"),
    **dict.fromkeys(("Controls", "Outcome", "SecY", "Validate", "Verdict"), "macsec.secy"),
    **dict.fromkeys(("CipherSuite", "SUITES"), "macsec.suites"),
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name == "captures":
        return import_module("macsec.captures")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
