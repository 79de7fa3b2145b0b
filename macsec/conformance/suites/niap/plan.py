"""The plan of NIAP's PP-Module."""

from __future__ import annotations

from macsec.conformance.suites.case import Suite

SUITE = Suite("niap", "NIAP PP-Module for MACsec 2.0", "commoncriteria/MACsec e32b175")
