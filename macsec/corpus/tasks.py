"""Tasks of workers: one capture, one part of it, its parts joined, its survey.

A task reads, works and writes; its output appears whole with the last call. So it can be run again,
at the same time too, and gives the same octets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from macsec import __version__
from macsec.errors import EnvironmentLacks, MACsecError
from macsec.keys import Key
from macsec.offline.verdict_rows import VerdictRows

from . import store, survey, work
from .order import CaptureJson, CapturePart, Order, ReceiveState
from .store import OWN_FOLDER, Input, Output, StoreFailed
from .verdict_set import part_url
from .work import CALLS, Done, PlanBroken, Work
from .wrapping import unwrap

FindKey = Callable[[str], Key]
"""Returns the key of the run for the reference in an order."""


@dataclass(frozen=True, slots=True)
class PartDone:
    """The result of a part of a capture."""

    span: CapturePart
    done: Done
    sha256: str


def _keys(order: Order, find_key: FindKey) -> tuple[bytes, Key]:
    if order.version != __version__:
        raise EnvironmentLacks(
            f"this worker has macsec {__version__}, the run was started by {order.version}"
        )
    key = find_key(order.run_key)
    return unwrap(order.wrapped, key, order.run), key


def surveyed(order: Order, find_key: FindKey) -> dict[str, Any]:
    """Return the survey of a capture, or `error` where it cannot be read."""
    try:
        return survey.survey(order, _keys(order, find_key)[0])
    except StoreFailed:
        raise
    except MACsecError as error:
        return {"error": str(error), "exit_code": error.exit_code}


def whole(order: Order, find_key: FindKey) -> CaptureJson:
    """Work on a whole capture."""
    name = work.output_name(order.verb, order.name)
    try:
        done, digest = _worked(order, find_key, store.joined(order.dest, name))
    except StoreFailed:
        raise
    except MACsecError as error:
        return failed(order, error)
    return _result(order, [done], digest)


def part(order: Order, find_key: FindKey) -> PartDone:
    """Work on a part of a capture; its output waits beside the manifest."""
    assert order.span is not None  # noqa: S101
    done, digest = _worked(order, find_key, part_output(order, order.span.number))
    return PartDone(order.span, done, digest)


def part_output(order: Order, number: int) -> str:
    """Return where the output of a part waits for the others."""
    return store.joined(order.dest, f"{OWN_FOLDER}/parts/{order.run}/{order.name}.{number:05d}")


def _worked(order: Order, find_key: FindKey, target: str) -> tuple[Done, str]:
    secret, key = _keys(order, find_key)
    if not store.unchanged(order.source, order.stamp):
        raise PlanBroken(f"{order.name} changed since the plan was made: run again")
    span, hashed = order.span or CapturePart(), bool(order.digest) and order.span is None
    skip = work.head_length(order, span.head) if span.number else 0
    with ExitStack() as opened:
        source = opened.enter_context(
            Input(order.source, span.head, span.start, span.end, hashed=hashed)
        )
        output = opened.enter_context(Output(target, skip))
        verdicts = opened.enter_context(Output(part_url(order.dest, order.name, span.number)))
        rows = opened.enter_context(VerdictRows(verdicts, first=span.first))
        done = CALLS[order.verb](Work(order, secret, key, source, output, rows))
        if hashed:
            _check_digest(order, source)
    return done, output.digest


def _check_digest(order: Order, source: Input) -> None:
    """Refuse a capture that is not the one for which PNs were planned."""
    while source.read(store.BLOCK):
        pass
    if source.digest != order.digest:
        raise PlanBroken(f"{order.name} changed since the plan was made: run again")


def joined(order: Order, parts: Sequence[PartDone], find_key: FindKey) -> CaptureJson:
    """Join the parts of a capture, in order.

    A part began at a predicted state of the receive SAs. Where the part before it ended in another
    one, the prediction was wrong, and the part is worked on again from the true state: the result
    is that of one pass.
    """
    try:
        return _joined(order, sorted(parts, key=lambda each: each.span.number), find_key)
    except StoreFailed:
        raise
    except MACsecError as error:
        return failed(order, error)


def _joined(order: Order, parts: list[PartDone], find_key: FindKey) -> CaptureJson:
    again = 0
    for at in range(1, len(parts)):
        true = parts[at - 1].done.receive
        if order.verb == "validate" and not _same_state(parts[at].span.receive, true):
            span = replace(parts[at].span, receive=true)
            parts[at] = part(replace(order, span=span), find_key)
            again += 1
    name = work.output_name(order.verb, order.name)
    with Output(store.joined(order.dest, name)) as output:
        for each in parts:
            with Input(part_output(order, each.span.number)) as source:
                while octets := source.read(store.BLOCK):
                    output.write(octets)
    for each in parts:
        store.removed(part_output(order, each.span.number))
    result = _result(order, [each.done for each in parts], output.digest)
    result["extra"] = result["extra"] | {"parts_again": again}
    return result


def _same_state(one: Sequence[ReceiveState] | None, other: Sequence[ReceiveState]) -> bool:
    return one is not None and set(one) == set(other)


def _result(order: Order, parts: Sequence[Done], digest: str) -> CaptureJson:
    verdicts: Counter[str] = Counter()
    counters: Counter[str] = Counter()
    for each in parts:
        verdicts.update(each.verdicts)
        counters.update(each.counters)
    fault = next((each.fault for each in parts if each.fault), None)
    return {
        "name": order.name,
        "stamp": order.stamp,
        "output": work.output_name(order.verb, order.name),
        "frames": sum(each.frames for each in parts),
        "delivered": sum(each.delivered for each in parts),
        "octets": sum(each.octets for each in parts),
        "verdicts": dict(verdicts),
        "counters": dict(counters),
        "sha256": digest,
        "fault": fault,
        "error": None,
        "exit_code": 4 if fault else 0,
        "parts": len(parts),
        "extra": dict(parts[0].extra),
    }


def failed(order: Order, error: Exception) -> CaptureJson:
    """Return the result of a capture without results."""
    code = error.exit_code if isinstance(error, MACsecError) else 1
    text = str(error) or type(error).__name__
    return {
        "name": order.name, "stamp": order.stamp, "output": None, "frames": 0, "delivered": 0,
        "octets": 0, "verdicts": {}, "counters": {}, "sha256": "", "fault": None, "error": text,
        "exit_code": code, "parts": 0, "extra": {},
    }  # fmt: skip
