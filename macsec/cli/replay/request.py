"""The arguments of `macsec replay` that one link and a topology share."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from macsec.cli.shared.data_plane import Plane
from macsec.cli.shared.edge import Warnings, say, stdout
from macsec.cli.shared.files import capture_io
from macsec.frames.unsent import Unsent
from macsec.report.captures.replay import UNSENT
from macsec.report.page import Page


@dataclass(frozen=True, slots=True)
class Request:
    """A capture to send, the capture of the wire to write, and the form of the summary."""

    source: str
    target: str
    seed: int | None
    fcs: str
    plane: Plane
    quiet: bool
    as_json: bool
    warnings: Warnings
    report: str | None = None

    def open(self) -> AbstractContextManager[capture_io.Stream]:
        """Open the frames of IN."""
        return capture_io.open_stream(
            "replay", self.source, self.fcs, self.plane.captures, self.quiet
        )

    def emit(self, result: Mapping[str, Any]) -> None:
        """Print the JSON object."""
        capture_io.emit_json(result, self.target, self.warnings)

    def page(self) -> Page:
        """Return the page for text: stdout, or stderr if the wire is on stdout."""
        return Page(sys.stderr if self.target == "-" else stdout())


def say_unsent(unsent: Unsent, frames: int) -> None:
    """Say how many of the frames of a capture could not be sent, and why."""
    for name, reason in UNSENT.items():
        if count := getattr(unsent, name):
            say(f"{count} of {frames} frames {name.replace('_', ' ')}: {reason}")
