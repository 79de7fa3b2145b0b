"""The orders that workers get, as plain data: no key is in them but wrapped."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypedDict

VERBS = ("protect", "validate", "decrypt", "replay", "inspect", "conformance")


class SettingsJson(TypedDict, total=False):
    """The options of a run that its results depend on."""

    fcs: str
    backend: str
    kernel: str | None
    priority: int | None
    ethertype: int
    xpn: bool
    keep_secrets: bool
    cipher: str
    seed: int | None


@dataclass(frozen=True, slots=True)
class ReceiveState:
    """nextPN and lowestPN of one receive SA."""

    sci: str
    an: int
    next_pn: int
    lowest_pn: int


@dataclass(frozen=True, slots=True)
class CapturePart:
    """A part of a capture, at frame boundaries.

    Its octets are from `start` to `end` of the file; `head` makes a capture of them. `first`: the
    number of its first frame. `pns`: PNs used before it, by traffic class. `receive`: the state of
    the receive SAs at its start, as predicted; None for that of the configuration.
    """

    number: int = 0
    start: int = 0
    end: int | None = None
    head: bytes = b""
    first: int = 0
    pns: dict[int, int] = field(default_factory=dict)
    receive: tuple[ReceiveState, ...] | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One task: a capture, or a part of it, and where its results go.

    `wrapped`: the keys, under the key of the run that `run_key` names. `pns`: by traffic class the
    first PN that the task may use and the first that it may not. `digest`: SHA-256 of the source
    when PNs were planned for it.
    """

    verb: str
    run: str
    version: str
    name: str
    source: str
    stamp: str
    dest: str
    settings: SettingsJson
    run_key: str
    wrapped: bytes = b""
    pns: dict[int, tuple[int, int]] = field(default_factory=dict)
    digest: str = ""
    span: CapturePart | None = None
    spans: int = 1
    split: int = 0

    def __repr__(self) -> str:
        part = "" if self.span is None else f", part {self.span.number + 1} of {self.spans}"
        return f"<Order {self.verb} {self.name}{part}>"


class CaptureJson(TypedDict, total=False):
    """The result of one capture.

    `fault`: why the results hold only the frames before it; `error`: why there are no results.
    `sha256`: of the output. `stamp`: of the source. `extra`: what only this verb counts.
    """

    name: str
    stamp: str
    output: str | None
    frames: int
    delivered: int
    octets: int
    verdicts: dict[str, int]
    counters: dict[str, int]
    sha256: str
    fault: str | None
    error: str | None
    exit_code: int
    parts: int
    extra: dict[str, int]


Surveyed = dict[str, Any]
