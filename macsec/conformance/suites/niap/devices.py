"""Requirements on what only a device has: SNMP, log-ins, a channel for administrators."""

from __future__ import annotations

from .plan import SUITE

NO_SNMP = "there is no SNMP agent: management is a command line and local sockets"

for _identity, _demand in (
    ("FCS_SNMP_EXT.1 T1", "SNMPv3 over TLS or DTLS is accepted"),
    ("FCS_SNMP_EXT.1 T2", "SNMP without TLS or DTLS is refused"),
    ("FMT_SNMP_EXT.1 T1", "SNMPv3 reads the values of management"),
    ("FMT_SNMP_EXT.1 T2", "SNMPv1 and v2 are refused"),
):
    SUITE.not_applicable(_identity, _demand, NO_SNMP)

SUITE.not_applicable(
    "FIA_AFL_EXT.1",
    "log-ins of administrators are limited to one attempt a minute",
    "no administrator logs in: the user of the machine runs a program",
)
SUITE.not_applicable(
    "FTP_ITC.1 / FTP_TRP.1",
    "the management channel is protected by MACsec or SSH",
    "there is no management channel: sockets are local, and answer their own user alone",
)
