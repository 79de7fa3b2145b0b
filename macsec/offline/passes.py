"""The passes over a capture: protect, validate, replay. Each sends a stream through its stages."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from macsec.captures import Beside, Writer
from macsec.captures.output import Sink
from macsec.frames import FrameBatch
from macsec.secy import Outcome, SecY, Verdict

from .frame_stream import FrameStream, Piece, Product, VerdictCount, fitted, transform
from .pipeline import Last
from .replay import ProtectedBatch, ReceivedBatch, Replay


class Reserves(Protocol):
    """The keeper of the PNs of a SecY."""

    def reserve(self, frames: int) -> None:
        """Let the SecY send at least `frames` more."""


class Validates(Protocol):
    """A SecY, or a reader of MKA."""

    def validate(self, batch: FrameBatch) -> Outcome:
        """Validate a batch."""


class Protector(NamedTuple):
    """The SecY that protects, the keeper of its PNs, and the priority of all frames if given."""

    secy: SecY
    keeper: Reserves | None = None
    priority: int | None = None


Seen = Callable[[Outcome, Piece], None]
"""Takes the outcome of each piece, in order."""


def _not_seen(outcome: Outcome, piece: Piece) -> None:
    pass


class VerdictWords(Protocol):
    """The text for verdicts: a comment for each delivered frame, a line for each frame."""

    def comments(self, outcome: Outcome) -> list[str | None] | None:
        """Return a comment for each delivered row; None if there is none at all."""

    def lines(self, outcome: Outcome, first: int) -> str:
        """Return a line for each row; `first` is the number of the first."""


def protect(
    sender: Protector,
    stream: FrameStream,
    sink: Writer,
    count: VerdictCount,
    jobs: int = 1,
    seen: Seen = _not_seen,
) -> None:
    """Protect all frames; the stream ends with the piece in which a transmit SA is exhausted."""

    def sent(piece: Piece, batch: FrameBatch) -> Outcome | Last:
        if sender.keeper is not None:
            sender.keeper.reserve(len(batch))
        out = sender.secy.protect(batch, None, sender.priority)
        count.add(out)
        seen(out, piece)
        return Last(out) if count[Verdict.EXHAUSTED] else out

    def product(piece: Piece, out: Outcome) -> Product:
        return Product(fitted(out.batch), piece.beside.of_rows(out.delivered))

    transform(stream, sink, (sent, product), jobs)


def validate(
    secy: Validates,
    stream: FrameStream,
    sink: Writer,
    count: VerdictCount,
    words: VerdictWords,
    jobs: int = 1,
    lines: Sink | None = None,
    seen: Seen = _not_seen,
) -> None:
    """Validate all frames; `lines` takes a line for each."""

    def received(piece: Piece, batch: FrameBatch) -> Outcome:
        out = secy.validate(batch)
        count.add(out)
        seen(out, piece)
        return out

    def product(piece: Piece, out: Outcome) -> Product:
        comments = words.comments(out) if sink.format == "pcapng" else None
        text = words.lines(out, piece.first).encode() if lines is not None else b""
        return Product(out.batch, piece.beside.of_rows(out.delivered), comments, text)

    transform(stream, sink, (received, product), jobs, lines)


Send = Callable[[FrameBatch], ProtectedBatch]
Receive = Callable[[ProtectedBatch], ReceivedBatch]


def replay(
    link: Replay,
    stream: FrameStream,
    sink: Writer,
    jobs: int = 1,
    *,
    send: Send | None = None,
    receive: Receive | None = None,
    seen: Callable[[ReceivedBatch, Piece], None] = lambda received, piece: None,
) -> None:
    """Send all frames across the link and compare; `send`, `receive`: those of the link, timed."""
    depart, arrive = send or link.send, receive or link.receive

    def departed(piece: Piece, batch: FrameBatch) -> ProtectedBatch:
        return depart(batch)

    def arrived(piece: Piece, sending: ProtectedBatch) -> ProtectedBatch:
        received = arrive(sending)
        link.compare(received)
        seen(received, piece)
        return sending

    def product(piece: Piece, sending: ProtectedBatch) -> Product:
        beside = piece.beside.of_rows(sending.rows()).without_origin()
        return Product(fitted(sending.on_wire()), beside)

    transform(stream, sink, (departed, arrived, product), jobs, behind=Beside.without_origin)
