"""EAP sessions, and the CAK and CKN that each gives (IEEE 802.1X 6.2.2)."""

from __future__ import annotations

from dataclasses import dataclass

from macsec.errors import ConfigError
from macsec.kay.keys import derivation
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.keys import Key, Uncopyable


@dataclass(slots=True, eq=False)
class EapSession(Uncopyable):
    """An authenticated station: the MSK of its method, and the EAP Session-Id (RFC 5247).

    `peer`: its MAC address; `identity`: as it named itself. `lifetime_s`: seconds for which the
    server allows it, None for no limit; with `renews` it is authenticated again by then.
    """

    msk: Key
    session_id: bytes
    peer: bytes
    identity: bytes = b""
    lifetime_s: int | None = None
    renews: bool = True

    def __post_init__(self) -> None:
        if not self.session_id:
            raise ConfigError("EAP session: without a Session-Id it gives no CKN (6.2.2)")

    def cak(self, own: bytes, length: int = 16) -> MemoryHolder:
        """Return the CAK with its CKN, and wipe the MSK. Raises ConfigError for a short MSK.

        `own` is the MAC address of this end; which end was the Authenticator changes nothing.
        """
        try:
            cak = derivation.cak_from_msk(self.msk, own, self.peer, length)
            ckn = derivation.ckn_from_msk(self.msk, self.session_id, own, self.peer, length)
        finally:
            self.msk.wipe()
        return MemoryHolder(cak, ckn)
