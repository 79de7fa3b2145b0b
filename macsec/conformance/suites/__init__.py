"""Other people's test plans, case by case under their own IDs, in virtual time.

case.py        Suite SuiteCase CaseRun        a plan, a case, one run of it on a data plane
run.py         run_suites CaseResult     every case on every data plane, and its verdict
catalog.py     suites_named              the plans by name
openconfig/                              OpenConfig feature profiles: MSEC-1.1, PF-1.27, PF-1.17
sonic/                                   SONiC: tests/macsec and its plan
niap/                                    NIAP PP-Module for MACsec Ethernet Encryption
dts.py                                   DPDK: its test suite of NICs
dpdk.py                                  DPDK: 24 named cases of inline MACsec
hostap.py                                hostap: sessions by PSK and by EAP
linux.py                                 Linux: selftests of macsec
technica/                                Technica MKAdaemon: the demands of its unit tests
tc17.py                                  MACsec in vehicles
vectors.py                               published vectors, a case a file

The demands are in our own words; the sources of the plans are in `Suite.source`.
"""

from .case import CaseRun, Suite, SuiteCase
from .catalog import NAMES, suites_named
from .run import CaseResult, CaseVerdict, run_case, run_suites

__all__ = [
    "NAMES",
    "CaseResult",
    "CaseRun",
    "CaseVerdict",
    "Suite",
    "SuiteCase",
    "run_case",
    "run_suites",
    "suites_named",
]
