"""The settings of a KaY: policy, priority, suite, timers, and all rules between them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import Enum

from macsec.errors import ConfigError
from macsec.kay.mkpdu.frame import PAE_GROUP_ADDRESS
from macsec.suites import SUITES, CipherSuite
from macsec.terms import AN_VALUES, EAPOL_ETHERTYPES, ETHERTYPE_EAPOL, SCI_NONE, sci_text
from macsec.time_units import NS_PER_S

from .sak import OFFSETS, Protection
from .timers import MKA_HELLO_TIME_NS

LOG = logging.getLogger("macsec")

REKEY_INTERVALS_S = range(30, 1 << 32)
PRIORITIES = range(256)
SUSPENSIONS_S = range(121)
HELLO_TIMES_S = range(1, 61)
HELLOS_A_LIFE = 3
LIFE_TIME_MOST_S = 600
ANS = range(2, len(AN_VALUES) + 1)
CODES = {offset: code for code, offset in OFFSETS.items()}


class PolicyError(ConfigError):
    """A setting that a KaY cannot have; `setting` is its name in `KayPolicy`."""

    def __init__(self, setting: str, reason: str) -> None:
        super().__init__(reason)
        self.setting = setting


class Security(Enum):
    """The policy on frames without MACsec."""

    MUST_SECURE = "must-secure"
    """No frame passes before the port is secured, or after the last peer is lost."""
    SHOULD_SECURE = "should-secure"
    """Plain frames pass as long as no SAK is agreed on."""
    DISABLED = "disabled"
    """No key agreement at all: plain frames pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KayPolicy:
    """The settings of a KaY; names as OpenConfig has them. Raises PolicyError.

    `key_server_priority`: the lowest is elected; with `key_server=False` never. `cipher`,
    `encrypt` and `offset` apply on the Key Server; `suites` are accepted from another one.
    `capability` as in 11.11.3: 0 none, 1 integrity, 2 also encryption, 3 also the offsets 30 and
    50. `desired`: MACsec Desired; without it a Key Server orders plain frames.
    `ans`: ANs in use, 0 and up; hardware may have two. `sak_rekey_interval` in seconds, 0 for
    none.
    `suspension_limit`: seconds for which others may suspend key agreement (9.18), 0 to refuse.
    `hello_time`: seconds between our MKPDUs; `life_time`: seconds for which a silent peer stays
    live, by default three Hello Times. Both ends need the same, or the slower one's Life Time.
    `destination` and `eapol_ethertype` of MKPDUs: others than the standard's on a WAN. Any group
    address is received, and, if `destination` is individual, the port's own. The ICV covers the
    header as it is sent, or, without `use_updated_eth_header`, as the standard has it.
    """

    security: Security = Security.MUST_SECURE
    key_server_priority: int = 16
    key_server: bool = True
    cipher: CipherSuite = SUITES["gcm-aes-128"]
    suites: tuple[CipherSuite, ...] = tuple(SUITES.values())
    encrypt: bool = True
    offset: int = 0
    capability: int = 3
    desired: bool = True
    ans: int = len(AN_VALUES)
    delay_protection: bool = False
    sak_rekey_interval: int = 0
    sak_rekey_on_live_peer_loss: bool = True
    include_icv_indicator: bool = False
    suspension_limit: int = SUSPENSIONS_S[-1]
    hello_time: int = MKA_HELLO_TIME_NS // NS_PER_S
    life_time: int | None = None
    destination: bytes = PAE_GROUP_ADDRESS
    eapol_ethertype: int = ETHERTYPE_EAPOL
    use_updated_eth_header: bool = True

    def __post_init__(self) -> None:
        self._check_protection()
        if self.key_server_priority not in PRIORITIES:
            raise PolicyError(
                "key_server_priority",
                f"key server priority {self.key_server_priority} is not 0 to 255",
            )
        if self.ans not in ANS:
            raise PolicyError("ans", f"{self.ans} ANs: expected 2, 3 or 4, used from 0 on")
        if self.sak_rekey_interval and self.sak_rekey_interval not in REKEY_INTERVALS_S:
            raise PolicyError(
                "sak_rekey_interval",
                f"SAK rekey interval {self.sak_rekey_interval}: 0 for none, or "
                f"{REKEY_INTERVALS_S[0]} to {REKEY_INTERVALS_S[-1]} seconds",
            )
        self._check_times()
        if len(self.destination) != 6 or not any(self.destination):
            raise PolicyError(
                "destination", f"MKPDUs to {self.destination.hex()}: expected a MAC address"
            )
        if self.eapol_ethertype not in EAPOL_ETHERTYPES:
            raise PolicyError(
                "eapol_ethertype",
                f"EAPOL has the EtherType 888e, or 876f on a WAN, not {self.eapol_ethertype:04x}",
            )
        if self.security is Security.MUST_SECURE and not self.capability:
            LOG.warning("must-secure with MACsec capability 0: no frame is ever going to pass")

    def _check_times(self) -> None:
        if self.suspension_limit not in SUSPENSIONS_S:
            raise PolicyError(
                "suspension_limit",
                f"suspension limit {self.suspension_limit}: expected 0 to {SUSPENSIONS_S[-1]} s",
            )
        if self.hello_time not in HELLO_TIMES_S:
            raise PolicyError(
                "hello_time", f"Hello Time {self.hello_time}: expected 1 to 60 seconds (9.4)"
            )
        if self.life_time is None:
            return
        if not self.hello_time < self.life_time <= LIFE_TIME_MOST_S:
            raise PolicyError(
                "life_time",
                f"Life Time {self.life_time}: expected more than the Hello Time of "
                f"{self.hello_time}, and at most {LIFE_TIME_MOST_S} seconds",
            )

    def _check_protection(self) -> None:
        if self.capability not in range(4):
            raise PolicyError(
                "capability", f"MACsec capability {self.capability} is not 0 to 3 (11.11.3)"
            )
        if self.offset not in CODES or self.offset not in self.cipher.offsets:
            raise PolicyError(
                "offset",
                f"offset {self.offset}: {self.cipher.name} has the offsets "
                + ", ".join(map(str, self.cipher.offsets)),
            )
        if self.offset and not self.encrypt:
            raise PolicyError(
                "offset", f"offset {self.offset} without encryption has nothing to offset"
            )
        if self.cipher not in self.suites:
            raise PolicyError("suites", f"{self.cipher.name} is not among the accepted suites")
        needed = capability_for(self.wanted.code)
        if self.desired and self.capability and needed > self.capability:
            raise PolicyError(
                "capability",
                f"offset {self.offset} and encryption need capability {needed}, "
                f"not {self.capability}",
            )

    @property
    def hello_ns(self) -> int:
        """The Hello Time."""
        return self.hello_time * NS_PER_S

    @property
    def life_ns(self) -> int:
        """The Life Time."""
        return (self.life_time or HELLOS_A_LIFE * self.hello_time) * NS_PER_S

    @property
    def individual(self) -> bool:
        """True if MKPDUs go to the address of one station."""
        return not self.destination[0] & 1

    @property
    def wanted(self) -> Protection:
        """The protection for our SAKs if every member is capable of it."""
        return Protection(self.cipher, CODES[self.offset] if self.encrypt else 0)


def capability_for(code: int) -> int:
    """Return the capability that a member needs for the code of a confidentiality offset."""
    return min(code, 2) + 1 if code else 1


def check_sci(sci: int) -> int:
    """Return an actor's SCI: 64 bits, with a port from 1 on. Raises ConfigError for others."""
    if not 0 <= sci < SCI_NONE or not sci & 0xFFFF:
        raise ConfigError(f"SCI {sci_text(sci)}: an actor has a MAC address and a port from 1 on")
    return sci
