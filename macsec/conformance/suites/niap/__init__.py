"""NIAP PP-Module for MACsec Ethernet Encryption 2.0, a module for each family of requirements.

plan.py      SUITE
frames.py    FCS_MACSEC_EXT: SecTAGs, integrity, frames that are no MACsec; FPT_RPL: replay
mka.py       FCS_MKA_EXT, FPT_DDP_EXT: MKPDUs, peers, Life Time, capability, delay
groups.py    FCS_MKA_EXT, FMT_SMF: group CAKs
crypto.py    FCS_COP, FCS_MACSEC_EXT.3: algorithms and keys
eap.py       FCS_EAPTLS_EXT, FCS_DEVID_EXT, FCS_MKA_EXT: EAP-TLS
keys.py      FIA_PSK_EXT, FMT_SMF, FPT_CAK_EXT: pre-shared keys and their management
records.py   FAU_GEN, FPT_FLS: audit records, self-tests
devices.py   what only a device can have
"""

from . import crypto, devices, eap, frames, groups, keys, mka, records
from .plan import SUITE

__all__ = ["SUITE", "crypto", "devices", "eap", "frames", "groups", "keys", "mka", "records"]
