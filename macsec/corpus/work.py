"""The work on one capture, or a part of one, by each verb: octets in, octets and verdicts out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np

from macsec import captures, conformance
from macsec.config.static_keys import seeded
from macsec.conformance.schema import parse
from macsec.errors import KeyExhausted, MACsecError
from macsec.frames import FrameBatch
from macsec.frames.sectag import TagRules
from macsec.offline import passes
from macsec.offline.decrypt import MkaReader
from macsec.offline.frame_stream import FrameStream, VerdictCount
from macsec.offline.replay import WAYS, LinkConfigs, ReceivedBatch, Replay
from macsec.offline.verdict_rows import VerdictRows
from macsec.report.captures import inspect as report
from macsec.report.captures import verdicts as words
from macsec.secy import Outcome, SecY, Verdict
from macsec.secy.tables.verdicts import LABELS
from macsec.terms import sci_text

from .order import Order, ReceiveState
from .sealed_config import configuration_in, holders_in
from .store import Input, Output, without_compression
from .wrapping import derived


class PlanBroken(MACsecError):
    """A capture that is not the one for which PNs were planned: nothing of it appears."""


@dataclass(slots=True)
class Work:
    """Order, keys, input, output and file of verdicts of a task."""

    order: Order
    secret: bytes
    run_key: Any
    source: Input
    target: Output
    rows: VerdictRows


@dataclass(slots=True)
class Done:
    """Result of a task. `receive`: the state of all receive SAs at its end."""

    frames: int = 0
    delivered: int = 0
    octets: int = 0
    verdicts: dict[str, int] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    fault: str | None = None
    extra: dict[str, int] = field(default_factory=dict)
    receive: tuple[ReceiveState, ...] = ()


def output_name(verb: str, name: str) -> str:
    """Return the name of the result of a capture, relative to DEST."""
    bare = without_compression(name)
    if verb == "replay":
        stem = next(
            (bare[: -len(e)] for e in (".pcapng", ".pcap", ".cap") if bare.endswith(e)), bare
        )
        return f"{stem}.macsec.pcapng"
    return f"{bare}.json" if verb in ("inspect", "conformance") else bare


def _plane(order: Order) -> tuple[str, str | None]:
    return order.settings["backend"], order.settings["kernel"]


def _captures_backend(order: Order) -> str:
    return "reference" if order.settings["backend"] == "reference" else "auto"


def _reader(order: Order, source: Any) -> captures.Reader:
    return captures.read(source, fcs=order.settings["fcs"], backend=_captures_backend(order))


def _writer(order: Order, target: Any, form: str) -> captures.Writer:
    keep = order.settings.get("keep_secrets", False)
    return captures.write(
        target, format=form, backend=_captures_backend(order), copying=True, keep_secrets=keep
    )


def head_length(order: Order, head: bytes) -> int:
    """Return how many octets a writer makes of the head of a part."""
    made = BytesIO()
    with _reader(order, BytesIO(head)) as reader:
        for _ in reader:
            raise AssertionError("a head has no frames")
        with _writer(order, made, reader.format) as sink:
            sink.write(FrameBatch.from_frames([]), beside=reader.behind())
    return len(made.getvalue())


def protect(work: Work) -> Done:
    """Protect with the PNs of the plan, and with no other."""
    order, count = work.order, VerdictCount()
    with (
        SecY.from_config(configuration_in(work.secret), *_plane(order)) as secy,
        _reader(order, work.source) as reader,
    ):
        an = secy.controls.encodingsa
        for traffic_class, (first, end) in order.pns.items():
            secy.raise_tx_pn(an, first, traffic_class)
            secy.limit_tx_pn(an, end, traffic_class)
        stream = FrameStream(reader)
        with _writer(order, work.target, stream.format) as sink:
            sender = passes.Protector(secy, None, order.settings.get("priority"))
            passes.protect(
                sender, stream, sink, count, seen=lambda out, piece: work.rows.add(out, piece.batch)
            )
        _check_pns(secy, order, an)
        if count[Verdict.EXHAUSTED]:
            raise KeyExhausted("the transmit SA is exhausted")
        return _done(stream, reader, count, dict(secy.counters))


def _check_pns(secy: SecY, order: Order, an: int) -> None:
    for traffic_class, (first, end) in order.pns.items():
        used = secy.tx_classes[traffic_class].sa[an].next_pn
        if used != end:
            raise PlanBroken(
                f"{order.name} used {used - first} PNs, and {end - first} were planned: "
                "it changed since the plan was made; run again"
            )


def validate(work: Work) -> Done:
    """Validate as `macsec validate -c` does."""
    model = configuration_in(work.secret)
    with SecY.from_config(model, *_plane(work.order)) as secy:
        span = work.order.span
        if span is not None and span.receive is not None:
            set_receive(secy, span.receive)
        done = _validated(work, secy)
        done.receive = receive_state(secy)
        return done


def decrypt(work: Work) -> Done:
    """Validate as `macsec validate --cak` does."""
    ethertype = work.order.settings["ethertype"]
    with MkaReader(holders_in(work.secret), *_plane(work.order), ethertype=ethertype) as reader:
        done = _validated(work, reader)
        done.extra = {"saks": reader.saks, "mkpdus": sum(reader.mkpdus.values())}
        return done


def _validated(work: Work, secy: SecY | MkaReader) -> Done:
    count = VerdictCount()

    def seen(out: Outcome, piece: Any) -> None:
        work.rows.add(out, piece.batch)

    with _reader(work.order, work.source) as reader:
        stream = FrameStream(reader)
        with _writer(work.order, work.target, stream.format) as sink:
            passes.validate(secy, stream, sink, count, words, seen=seen)
        return _done(stream, reader, count, dict(secy.counters))


def receive_state(secy: SecY) -> tuple[ReceiveState, ...]:
    """Return the state of all receive SAs."""
    return tuple(
        ReceiveState(sc.sci, an, sa.next_pn, sa.lowest_pn)
        for sc in secy.rx.values()
        for an, sa in sorted(sc.sa.items())
    )


def set_receive(secy: SecY, states: tuple[ReceiveState, ...]) -> None:
    """Set the receive SAs of a new SecY to the state at the start of a part."""
    halves = secy.controls.profile.window_from_next_pn  # no lowest PN of its own
    for each in states:
        lowest = None if halves else each.lowest_pn
        secy.raise_rx_pn(each.sci, each.an, next_pn=each.next_pn, lowest_pn=lowest)


def _done(
    stream: FrameStream, reader: captures.Reader, count: VerdictCount, counters: dict[str, int]
) -> Done:
    return Done(
        reader.frames,
        count.delivered,
        reader.octets,
        count.labels(),
        counters,
        None if stream.fault is None else str(stream.fault),
    )


def replay(work: Work) -> Done:
    """Send across an emulated link with keys of this capture alone."""
    order, seed = work.order, work.order.settings.get("seed")
    identity = f"{order.name} {order.stamp}"

    def drawn(purpose: str, octets: int) -> bytes:
        return derived(work.run_key, f"replay {identity} {purpose}", octets)

    draw = drawn if seed is None else seeded(seed, f"macsec corpus replay {identity}")
    codes: dict[str, int] = {}

    def seen(received: ReceivedBatch, piece: Any) -> None:
        out = _arrived(received)
        work.rows.add(out, piece.batch)
        for code, frames in zip(*np.unique(out.codes, return_counts=True), strict=True):
            label = LABELS[int(code)]
            codes[label] = codes.get(label, 0) + int(frames)

    with (
        Replay(LinkConfigs(order.settings["cipher"], draw), *_plane(order)) as link,
        _reader(order, work.source) as reader,
    ):
        stream = FrameStream(reader)
        backend = _captures_backend(order)
        keep = order.settings.get("keep_secrets", False)
        with captures.write(
            work.target, format="pcapng", interfaces=WAYS, backend=backend, keep_secrets=keep
        ) as sink:
            passes.replay(link, stream, sink, seen=seen)
        score = link.score
        ways = [link.counters(side) for side in range(2)]
        counters = {name: ways[0][name] + ways[1][name] for name in ways[0]}
        fault = None if stream.fault is None else str(stream.fault)
        extra = {"equal": score.equal, "missing": score.missing, "unsent": score.unsent.frames}
        return Done(score.frames, score.delivered, score.octets, codes, counters, fault, extra)


def _arrived(received: ReceivedBatch) -> Outcome:
    """Return one outcome for all frames: that of the receiver, for unsent ones of the sender."""
    count = len(received.clear)
    codes = np.zeros(count, np.uint8)
    sci, pn = np.zeros(count, np.uint64), np.zeros(count, np.uint64)
    an = np.zeros(count, np.uint8)
    for part in received.parts:
        for rows, out in ((part.rows, part.protected), (part.sent, part.validated)):
            codes[rows], sci[rows], an[rows], pn[rows] = out.codes, out.sci, out.an, out.pn
    return Outcome(received.clear, np.arange(count), codes, sci, an, pn, received.clear)


def inspect(work: Work) -> Done:
    """Show the SecTAG of every frame, as `macsec inspect --json` does."""
    order = work.order
    rules = TagRules(xpn=order.settings["xpn"], ethertype=order.settings["ethertype"])
    verdicts: dict[str, int] = {}
    frames: list[report.Seen] = []

    def noted(seen: report.Seen) -> report.Seen:
        frames.append(seen)
        if len(frames) == _INSPECTED:
            _inspected(work.rows, frames, verdicts)
        return seen

    with _reader(order, work.source) as reader:
        stream = FrameStream(reader)
        for text in report.json_pieces(map(noted, report.seen_frames(stream, rules))):
            work.target.write(text.encode())
        _inspected(work.rows, frames, verdicts)
        fault = None if stream.fault is None else str(stream.fault)
        return Done(reader.frames, 0, reader.octets, verdicts, {}, fault)


_INSPECTED = 4096


def _inspected(rows: VerdictRows, frames: list[report.Seen], verdicts: dict[str, int]) -> None:
    sights = [seen.sight for seen in frames]
    labels = [_kind(sight) for sight in sights]
    for label in labels:
        verdicts[label] = verdicts.get(label, 0) + 1
    rows.add_rows(
        len(frames),
        time=np.array([seen.time_ns for seen in frames], np.int64),
        length=[len(seen.octets) for seen in frames],
        sci=[None if sight.sci is None else sci_text(sight.sci) for sight in sights],
        an=[None if sight.tag is None else sight.tag.an for sight in sights],
        pn=[None if sight.tag is None else sight.tag.pn for sight in sights],
        verdict=labels,
    )
    frames.clear()


def _kind(sight: Any) -> str:
    if sight.fault is not None:
        return "bad-tag"
    return "tagged" if sight.is_macsec else "untagged"


def check_vectors(work: Work) -> Done:
    """Run a file of test vectors, as `macsec conformance FILE` does."""
    backend, kernel = _plane(work.order)
    planes = () if backend == "auto" else (backend,)
    targets, _ = conformance.available(planes, () if kernel is None else (kernel,))
    octets = work.source.read()
    result = conformance.run([parse(work.order.name, octets)], targets, [])
    report_json: Any = result.as_json()
    work.target.write(json.dumps(report_json, indent=2, ensure_ascii=False).encode())
    passed, failed = (
        sum(getattr(count, name) for count in (result.vectors, result.named_cases))
        for name in ("passed", "failed")
    )
    verdicts = {name: n for name, n in (("passed", passed), ("failed", failed)) if n}
    work.rows.add_rows(
        passed + failed,
        verdict=["passed"] * passed + ["failed"] * failed,
        delivered=[True] * passed + [False] * failed,
    )
    return Done(passed + failed, passed, len(octets), verdicts)


CALLS: dict[str, Callable[[Work], Done]] = {
    "protect": protect,
    "validate": validate,
    "decrypt": decrypt,
    "replay": replay,
    "inspect": inspect,
    "conformance": check_vectors,
}
