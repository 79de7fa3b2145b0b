"""The timer values of MKA and of the CP machine (IEEE 802.1X 9.4, 12.4), in nanoseconds."""

from __future__ import annotations

from macsec.time_units import NS_PER_S

MKA_HELLO_TIME_NS = 2 * NS_PER_S
MKA_BOUNDED_HELLO_TIME_NS = NS_PER_S // 2
MKA_LIFE_TIME_NS = 6 * NS_PER_S
SAK_RETIRE_TIME_NS = 3 * NS_PER_S
