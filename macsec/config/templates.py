"""New configurations and topologies with comments, to start from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from macsec.suites import SUITES

Draw = Callable[[int], bytes]
"""Random octets."""

_SECY = """\
secy:
  cipher: {cipher:<15} # gcm-aes-128, gcm-aes-256, gcm-aes-xpn-128, gcm-aes-xpn-256
  encrypt: on             # off: integrity only
  offset: 0               # confidentiality offset 0, 30 or 50
  validate: strict        # strict, check, disabled, null
  replay: on
  window: 0               # PNs that a frame may be late
"""
_AGREEMENT = """\
mka:
  ckn: {ckn}
  cak: {cak}
  priority: 16            # the lowest of all stations becomes Key Server
  policy: must-secure     # should-secure: plain frames pass until a peer is there
"""
_OTHER_END = """\
# rx: what the other end sends. Its SCI is printed by `macsec inspect`; its key is yours to get.
# rx:
#   - sci: 02:00:00:00:00:01@1
#     sa:
#       0: {key: env:PEER_SAK, pn: 1}
"""
TOPOLOGY = """\
name: {name}
macsec: {{cipher: gcm-aes-xpn-256, window: 64}}   # of every link; off: unprotected; static: no MKA

sites:
  paris:
    hosts: [web, db]        # or a number, or a mapping with mac, ipv4, ipv6
  lyon:
    hosts: [backup]

links:
  - name: wan
    between: [paris, lyon]
    rate: 10gbit
    delay: 5ms              # in each direction; a2b and b2a are for one
    loss: 0.1%

traffic:
  - {{from: web, to: backup, rate: 100mbit, size: imix, count: 200}}
  - {{from: backup, to: db, pps: 1000, size: 128, duration: 50ms}}
"""


def head(schema: str) -> str:
    """Return the first line of a file: editors check what follows by a schema."""
    return f"# yaml-language-server: $schema={schema}\n"


def channel(cipher: str, end: int, draw: Draw) -> dict[str, Any]:
    """Return the SC of an end of a link, 0 or 1: a random local address, and a random SAK."""
    suite = SUITES[cipher]
    # Locally administered and no group; the last bit keeps the two ends apart.
    address = bytes([0x02, *draw(4), draw(1)[0] & 0xFE | end])
    sa: dict[str, Any] = {"key": draw(suite.key_length).hex()}
    if suite.xpn:
        sa |= {"ssci": f"{end + 1:08x}", "salt": draw(12).hex()}
    return {"sci": f"{address.hex()}0001", "sa": {"0": sa}}


def static(cipher: str, sends: dict[str, Any], receives: dict[str, Any] | None) -> str:
    """Return a configuration with SAKs: of one end, or without an other end yet."""
    tx = f"tx:\n  sci: {sends['sci']}\n  sa:\n    {_sa(sends)}\n"
    rx = _OTHER_END
    if receives is not None:
        rx = f"rx:\n  - sci: {receives['sci']}\n    sa:\n      {_sa(receives)}\n"
    return f"{_SECY.format(cipher=cipher)}{tx}{rx}"


def _sa(sc: dict[str, Any]) -> str:
    return f"0: {{{', '.join(f'{name}: {value}' for name, value in sc['sa']['0'].items())}, pn: 1}}"


def agreement(cipher: str, draw: Draw) -> str:
    """Return a configuration with key agreement, the same for all stations of the link."""
    cak = draw(SUITES[cipher].key_length).hex()
    return _SECY.format(cipher=cipher) + _AGREEMENT.format(ckn=draw(16).hex(), cak=cak)
