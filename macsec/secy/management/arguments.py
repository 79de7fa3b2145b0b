"""Arguments of management calls and of batches: what cannot be used is refused by name."""

from __future__ import annotations

from typing import NoReturn

from macsec.errors import ConfigError, FrameError
from macsec.terms import sci_of


def no_batch(batch: object) -> NoReturn:
    """Refuse an argument that is no FrameBatch, with the calls that take something else."""
    raise FrameError(
        f"expected a FrameBatch, not {type(batch).__name__}: FrameBatch.from_frames([...]), "
        "or protect_frame and validate_frame for one frame"
    )


def sci_number(sci: str | int) -> int:
    """Return an SCI as a number. Raises ConfigError for a text or number that is none."""
    try:
        return sci_of(sci)
    except ValueError as error:
        raise ConfigError(f"SCI {sci!r}: {error}") from None


def missing(what: str) -> NoReturn:
    """Refuse a call for an SC or SA that the SecY has not."""
    raise ConfigError(f"there is no {what}")
