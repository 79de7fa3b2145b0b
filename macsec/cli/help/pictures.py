"""Pictures of the guide, drawn by the code of the reports.

`python -m macsec.cli.help.pictures macsec/guide/pictures` writes them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from macsec.cli.help.figures import FIGURES
from macsec.whole_file import write_whole


def two_regions() -> str:
    """Return the topology `two-regions`."""
    from macsec.config import load_topology  # late: it loads the emulator
    from macsec.config.static_keys import seeded
    from macsec.lab import Blueprint, Lab
    from macsec.report.drawing.standalone import alone
    from macsec.report.html import topology
    from macsec.report.lab.picture import drawn_topology

    blueprint = Blueprint.of(load_topology("two-regions"), seeded(1, "keys"))
    lab = Lab(blueprint, 1)
    try:
        return alone(topology.drawing(drawn_topology(lab)))
    finally:
        lab.close()


PICTURES: dict[str, Callable[[], str]] = {"two-regions.svg": two_regions, **FIGURES}
"""All pictures by the names of their files."""


def main(folder: Path) -> None:
    """Write all pictures into a folder."""
    for name, draw in PICTURES.items():
        write_whole(folder / name, draw())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
