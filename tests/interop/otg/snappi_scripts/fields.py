"""Every field of the emulated model is one of snappi's, at the same place."""

import sys

from snappi import snappi

from macsec.otg.model import Config, requests
from macsec.otg.model.base import part_of
from macsec.otg.model.patterns import Pattern

ROOTS = {
    "Config": Config,
    "ControlState": requests.ControlState,
    "MetricsRequest": requests.MetricsRequest,
    "StatesRequest": requests.StatesRequest,
    "CaptureRequest": requests.CaptureRequest,
}
seen = set()


def unknown(part, theirs, path):
    """Yield the places of fields that snappi's class has not."""
    if (part, theirs) in seen:
        return
    seen.add((part, theirs))
    for name, field in part.model_fields.items():
        known = theirs._TYPES.get(name)
        if known is None:
            # Each pattern has all alternatives here; snappi's fields have some of them.
            if not (issubclass(part, Pattern) and name in ("random", "auto")):
                yield f"{path}.{name}"
        elif (inner := part_of(field.annotation)) is not None:
            other = getattr(snappi, known["type"].removesuffix("Iter"))
            yield from unknown(inner, other, f"{path}.{name}")


found = [p for name, root in ROOTS.items() for p in unknown(root, getattr(snappi, name), name)]
if found or len(seen) < 150:
    sys.exit(f"{len(seen)} classes seen; unknown: {found}")
sys.stdout.write("fields\n")
