"""Items of Annex A on Cipher Suites."""

from __future__ import annotations

from functools import partial

from macsec.conformance.suites.case import CaseRun
from macsec.suites import SUITES

from .item import Pics
from .links import frame_of, linked

PICS = Pics("ciphers", "802.1AE-2018 Annex A: Cipher Suites", "A.9, A.13")


def suite_crosses(name: str, offset: int, run: CaseRun) -> None:
    """Encrypted frames, and authenticated ones, cross under a suite."""
    pair = linked(run, cipher=name, offset=offset)
    for length in (1, 30, 31, 60, 1500):
        run.require(
            f"{length} octets, offset {offset}", pair.cross(frame_of(length + 2)) is not None
        )
    if not offset:
        pair = linked(run, cipher=name, encrypt=False)
        run.expect("integrity alone", frame_of(), pair.cross(frame_of()))


CLAUSES = {
    "gcm-aes-128": "14.5",
    "gcm-aes-256": "14.6",
    "gcm-aes-xpn-128": "14.7",
    "gcm-aes-xpn-256": "14.8",
}

for _name, _suite in SUITES.items():
    for _offset in _suite.offsets:
        PICS.item(
            f"CS, CSI, CSC: {_name}" + (f", CSO: {_offset}" if _offset else ""),
            "M" if _name == "gcm-aes-128" and not _offset else "O",
            CLAUSES[_name],
            "frames are protected and validated under the suite",
        )(partial(suite_crosses, _name, _offset))
PICS.not_applicable(
    "CSX, CSV, VAR", "O", "14.2, 14.3", "suites of others", "none: the four of clause 14 only"
)
