"""Running vectors: each one on every target of its type, one result each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from macsec.conformance import agreement, ciphers, dpdk, frames, numbers, targets
from macsec.conformance.outcome import Mismatch, Report, Result
from macsec.conformance.schema import (
    AESCMAC,
    AESGCM,
    AESKeyWrap,
    ReplaySequence,
    SecYFrame,
    Vector,
    VectorFile,
    builtin,
)
from macsec.conformance.targets import KEY_AGREEMENT, NotRun, Target
from macsec.errors import MACsecError


@dataclass(frozen=True, slots=True)
class Type:
    """The check of one type of vectors. `check` raises Mismatch; `clause` is cited when it passes.

    `label` gives suite and kind, under which results are counted.
    """

    check: Callable[[Any, Target], None]
    label: Callable[[Any], tuple[str, str]]
    clause: str
    on_data_plane: bool = True


def _frame_label(vector: SecYFrame) -> tuple[str, str]:
    kind: str = vector.protection
    if vector.verdict != "valid":
        kind = "refused"
    elif vector.conf_offset:
        kind = f"offset {vector.conf_offset}"
    return vector.suite.lower(), kind


def _replay_label(vector: ReplaySequence) -> tuple[str, str]:
    suite = numbers.SUITE_BY_PN_BITS.get(vector.pn_bits)
    return ("unknown" if suite is None else suite.name), "replay"


def _key_label(kind: str) -> Callable[[AESGCM | AESCMAC | AESKeyWrap], tuple[str, str]]:
    return lambda vector: (f"aes-{8 * len(vector.key)}", kind)


def _fixed(suite: str, kind: str) -> Callable[[Vector], tuple[str, str]]:
    return lambda vector: (suite, kind)


TYPES: dict[str, Type] = {
    "secy-frame": Type(frames.check, _frame_label, "10.5, 10.6"),
    "pn-recovery": Type(numbers.check_recovery, _fixed("gcm-aes-xpn-128", "pn-recovery"), "10.6.2"),
    "replay": Type(numbers.check_replay, _replay_label, "10.6.2, 10.6.4, 10.6.5"),
    "aes-gcm": Type(ciphers.check, _key_label("gcm"), "14.5"),
    "aes-cmac": Type(agreement.check_cmac, _key_label("cmac"), "802.1X 9.4.1", False),
    "aes-keywrap": Type(agreement.check_keywrap, _key_label("key wrap"), "802.1X 9.8", False),
    "mka-kdf": Type(agreement.check_derivation, _fixed("mka", "kdf"), "802.1X 6.2.1", False),
    "mkpdu": Type(agreement.check_mkpdu, _fixed("mka", "mkpdu"), "802.1X 9.4.1", False),
    "xpn-salt": Type(agreement.check_salt, _fixed("mka", "xpn salt"), "10.7.28", False),
}


def run(
    files: Iterable[VectorFile] | None = None,
    planes: Sequence[Target] | None = None,
    not_run: Sequence[NotRun] = (),
    step: Callable[[], object] = lambda: None,
) -> Report:
    """Run the vectors of `files` on `planes`; by default all built-in ones on all there are.

    Without `files`, the named cases run too. Vectors of key agreement always run. `step` is called
    after each file.

    >>> from macsec import conformance
    >>> planes, _ = conformance.available(["reference"])
    >>> report = conformance.run([conformance.builtin()[0]], planes)
    >>> report.good
    True

    See also: `load`, `builtin`, `available`.
    """
    if planes is None:
        planes, not_run = targets.available()
    chosen = builtin() if files is None else tuple(files)
    results: list[Result] = []
    for file in chosen:
        on = planes if TYPES[file.type].on_data_plane else (KEY_AGREEMENT,)
        results += (_run_vector(file, vector, target) for vector in file.vectors for target in on)
        step()
    named = dpdk.CASES if files is None else ()
    cases = [_run_case(case, target) for case in named for target in planes]
    return Report(tuple(results), tuple(cases), tuple(planes), tuple(not_run))


def _run_vector(file: VectorFile, vector: Vector, target: Target) -> Result:
    kind = TYPES[file.type]
    suite, label = kind.label(vector)
    clause = getattr(vector, "clause", "") or kind.clause
    why, clause = _attempt(lambda: kind.check(vector, target), clause)
    return Result(file.name, vector.id, suite, label, target, not why, why, clause)


def _run_case(case: dpdk.Case, target: Target) -> Result:
    why, clause = _attempt(lambda: case.check(target), case.clause)
    name = f"{case.number:02d} {case.name}"
    return Result("dpdk", name, "dpdk", "named case", target, not why, why, clause)


def _attempt(check: Callable[[], None], clause: str) -> tuple[str, str]:
    """Return the reason of a failure ("" if there is none), and the clause."""
    try:
        check()
    except Mismatch as found:
        return str(found), found.clause or clause
    except (MACsecError, ValueError, OverflowError) as error:
        # The vector asks for what no SecY can be set to.
        return f"cannot be run: {error}", clause
    return "", clause
