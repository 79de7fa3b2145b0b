"""IEEE 802.1AE (MACsec) in Python with a C hot path.

terms.py        constants of the standard, SCIs as text
errors.py       errors of the package
keys.py         keys: short-lived, never shown
suites.py       the four Cipher Suites of clause 14
native.py       loader of the C library
time_units.py   nanoseconds and picoseconds
whole_file.py   the one writer of files: whole, or not at all
trust.py        files and programs that no other user can have changed
extras.py       packages that some uses alone need, and the remedy without them
frames/         batches of frames, the SecTAG, a dissector
secy/           the SecY: one machine, two data planes
kay/            key agreement (IEEE 802.1X)
port/           a port where a KaY and a SecY meet
custody/        PNs that survive the end of a process
config/         YAML configurations and their models
captures/       pcap and pcapng
wire/           links in virtual time
live/           TAP devices, packet sockets, namespaces
offline/        captures without a wire: replay, explain, decrypt
lab/            emulated datacenters
attacks/        attacks and the counters that each must cause
conformance/    test vectors
measure/        measurements with a clock
report/         outcomes as JSON, text and HTML
cli/            the command line
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in typing, which takes longer to import than all that is here
if TYPE_CHECKING:
    from typing import Any

    from macsec import captures
    from macsec.frames import FrameBatch
    from macsec.secy import SecY, Verdict

__version__ = "0.1.0"
__all__ = ["FrameBatch", "SecY", "Verdict", "captures"]

# Loaded on first use, so that the command line answers at once.
_HOMES = {"FrameBatch": "macsec.frames", "SecY": "macsec.secy", "Verdict": "macsec.secy"}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name == "captures":
        return import_module("macsec.captures")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
