"""Facts about the machine of a measurement, as text."""

from macsec.measure.machine import MachineJson


def others(machine: MachineJson) -> str:
    """Return the work of other programs during the measurement."""
    share = machine["others"]
    return "not known" if share is None else f"{100 * share:.0f} % of the CPUs"
