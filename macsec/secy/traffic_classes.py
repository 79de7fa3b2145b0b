"""Several transmit SCs: the SCI of a traffic class, and the priorities of requests (10.7.17)."""

from __future__ import annotations

from collections.abc import Sequence

from macsec.errors import ConfigError
from macsec.terms import TRAFFIC_CLASSES, class_of_sci, sci_of, sci_of_class, sci_text

from .plane import PRIORITY_OF_TAG


def class_sci(default: str | None, traffic_class: int) -> int:
    """Return the SCI of a traffic class of a SecY whose default SC has the other. ConfigError."""
    if not 1 <= traffic_class < TRAFFIC_CLASSES:
        raise ConfigError(
            f"traffic class {traffic_class} is not 1 to 7: class 0 has the default SC (10.7.17)"
        )
    if default is None:
        raise ConfigError("no transmit SC: create the default one before those of other classes")
    sci = sci_of(default)
    if class_of_sci(sci):
        raise ConfigError(
            f"SCI {sci_text(sci)}: with several transmit SCs the default one has traffic class 0: "
            "a port of at most 0x0fff (10.7.17)"
        )
    return sci_of_class(sci, traffic_class)


def of_class(traffic_class: int) -> str:
    """Return the words that name a traffic class in a message; none for the default."""
    return f" of traffic class {traffic_class}" if traffic_class else ""


def priorities(frames: int, given: int | Sequence[int | None]) -> bytes:
    """Return the user priority of each request as an octet, PRIORITY_OF_TAG for None.

    Raises ConfigError for a priority that is not 0 to 7, and unless there is one for each frame.
    """
    each = [given] * frames if isinstance(given, int) else list(given)
    if len(each) != frames:
        raise ConfigError(f"{len(each)} priorities for {frames} frames: expected one for each")
    for priority in each:
        if priority is not None and not 0 <= priority < TRAFFIC_CLASSES:
            raise ConfigError(f"priority {priority} is not 0 to 7")
    return bytes(PRIORITY_OF_TAG if priority is None else priority for priority in each)
