"""A warning about a machine on which other programs worked during a measurement."""

from macsec.cli.shared.edge import say
from macsec.measure.other_work import BUSY, OtherWork


def warn(others: OtherWork) -> None:
    """Print a warning if the machine was too busy for a verdict."""
    if others.busy:
        say(f"warning: {others}, more than {100 * BUSY:.0f} %: repeat this on an idle machine")
