"""Published vectors: Annex C, NIST CAVP, Wycheproof, RFCs and derived ones, a case a file."""

from __future__ import annotations

from functools import partial

from macsec.conformance.outcome import Mismatch
from macsec.conformance.runner import TYPES
from macsec.conformance.schema import VectorFile, builtin
from macsec.conformance.targets import KEY_AGREEMENT

from .case import CaseRun, Suite

SUITE = Suite("vectors", "Published test vectors", "macsec/conformance/vectors/README.md")


def run_file(file: VectorFile, run: CaseRun) -> None:
    """Run every vector of a file."""
    kind = TYPES[file.type]
    target = run.target if kind.on_data_plane else KEY_AGREEMENT
    for vector in file.vectors:
        try:
            kind.check(vector, target)
        except Mismatch as found:
            raise Mismatch(f"{vector.id}: {found.field}", str(found)) from None
    run.expect(f"vectors of {file.name}", len(file.vectors), len(file.vectors))


for _file in builtin():
    SUITE.case(
        _file.name,
        f"{len(_file.vectors)} vectors of type {_file.type}",
        clause=TYPES[_file.type].clause,
        on_data_plane=TYPES[_file.type].on_data_plane,
    )(partial(run_file, _file))
