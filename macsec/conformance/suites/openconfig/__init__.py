"""OpenConfig feature profiles, a module for each document.

plan.py      SUITE
msec_1_1.py  MSEC-1.1: key agreement and its counters    telemetry.py  which it reads
pf_1_27.py   PF-1.27: traffic through a MACsec link, keys that break and change
pf_1_17.py   PF-1.17: chains of keys with XPN, bundles, tunnels
"""

from . import msec_1_1, pf_1_17, pf_1_27
from .plan import SUITE

__all__ = ["SUITE", "msec_1_1", "pf_1_17", "pf_1_27"]
