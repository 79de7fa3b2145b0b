"""SONiC: tests/macsec of sonic-mgmt, and its plan.

plan.py      SUITE
control.py   controlplane, deployment, docker_restart, recovery
data.py      dataplane, fault, fips
protocols.py interop, interop_wan_isis, pfc
ports.py     per_interface, and the rest of the plan
"""

from . import control, data, ports, protocols
from .plan import SUITE

__all__ = ["SUITE", "control", "data", "ports", "protocols"]
