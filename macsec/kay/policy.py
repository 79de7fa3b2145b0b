"""The settings of a KaY: policy, priority, suite, timers, and all rules between them."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from macsec.enumerations import WordEnum
from macsec.errors import ConfigError
from macsec.kay.keys.sak import OFFSETS, Protection
from macsec.kay.mkpdu.frame import PAE_GROUP_ADDRESS
from macsec.suites import SUITES, CipherSuite
from macsec.terms import (
    AN_VALUES,
    EAPOL_ETHERTYPES,
    ETHERTYPE_EAPOL,
    SCI_NONE,
    TRAFFIC_CLASSES,
    sci_of_class,
    sci_text,
)
from macsec.time_units import NS_PER_MS, NS_PER_S

from .timers import MKA_HELLO_TIME_NS

LOG = logging.getLogger("macsec")

REKEY_INTERVALS_S = range(30, 1 << 32)
PRIORITIES = range(256)
SUSPENSIONS_S = range(121)
HELLO_TIMES_S = range(1, 61)
HELLOS_A_LIFE = 3
LIFE_TIME_MOST_S = 600
CLASSES = frozenset(range(1, TRAFFIC_CLASSES))
NEVER_SERVER = 255
RAMP_LENGTH = 8
RAMP_MS = range(10, 10_001)
NAME_LIMITS = {"kmd": 253, "nid": 100}
"""Octets of a Key Management Domain and of a Network Identity, at most (11.12)."""

ANS = range(2, len(AN_VALUES) + 1)
CODES = {offset: code for code, offset in OFFSETS.items()}


class PolicyError(ConfigError):
    """A setting that a KaY cannot have; `setting` is its name in `KayPolicy`."""

    def __init__(self, setting: str, reason: str) -> None:
        super().__init__(reason)
        self.setting = setting


class Security(WordEnum):
    """The policy on frames without MACsec."""

    MUST_SECURE = "must-secure"
    """No frame passes before the port is secured, or after the last peer is lost."""
    SHOULD_SECURE = "should-secure"
    """Plain frames pass as long as no SAK is agreed on."""
    DISABLED = "disabled"
    """No key agreement at all: plain frames pass."""


class Unauthenticated(WordEnum):
    """When plain frames pass without an agreement, under should-secure (12.5)."""

    NEVER = "never"
    IMMEDIATE = "immediate"
    """From the start on, and whenever no peer is live."""
    AUTH_FAIL = "authFail"
    """Once key agreement failed: no peer was live for a Life Time."""


class PeerRole(WordEnum):
    """The stations that are accepted as peers, by the Key Server flag of their MKPDUs."""

    ANY = "any"
    SERVER = "server"
    CLIENT = "client"


@dataclass(frozen=True, slots=True, kw_only=True)
class KayPolicy:
    """The settings of a KaY; names as OpenConfig has them. Raises PolicyError.

    `key_server_priority`: the lowest is elected; with `key_server=False` never. `cipher`,
    `encrypt` and `offset` apply on the Key Server; `suites` are accepted from another one.
    `confidential`: suites that are only used with encryption and offset 0 (802.1AE 10.7.26).
    `capability` as in 11.11.3: 0 none, 1 integrity, 2 also encryption, 3 also the offsets 30 and
    50. `desired`: MACsec Desired; without it a Key Server orders plain frames.
    `ans`: ANs in use, 0 and up; hardware may have two. `sak_rekey_interval` in seconds, 0 for
    none.
    `join_group`: take group CAKs that a Key Server distributes. `form_group`: as the Key Server of
    all our pairwise CAs, make a group CAK for their members once there are two (9.16).
    `suspension_limit`: seconds for which others may suspend key agreement (9.18), 0 to refuse.
    `hello_time`: seconds between our MKPDUs; `life_time`: seconds for which a silent peer stays
    live, by default three Hello Times. Both ends need the same, or the slower one's Life Time.
    `destination` and `eapol_ethertype` of MKPDUs: others than the standard's on a WAN. Any group
    address is received, and, if `destination` is individual, the port's own. The ICV covers the
    header as it is sent, or, without `use_updated_eth_header`, as the standard has it.
    `classes`: traffic classes beside 0 with a transmit SC, whose SCIs are actors of their own.
    `ciphers`: as Key Server, use the first of these that all live peers announced, and GCM-AES-128
    if there is none; without them `cipher` is used. `announce`: put our suites, and `nid`, into
    MKPDUs (11.12); `announce_frames`: send EAPOL-Announcements, and learn those of others.
    `kmd`: the Key Management Domain, sent in MKPDUs; with `require_kmd` peers of another are
    ignored. `peer_role`: peers of another role are ignored; both ends need fixed roles then.
    `hello_ramp`: milliseconds between the first hellos of a participant, while no peer is live.
    `send_empty_sak`, `send_empty_sak_use`: the sets of a Key Server that does without MACsec;
    off for a peer that cannot read them. `single_participant`: a second CKN is refused.
    `unauthenticated`: by default as `security` says, `immediate` under should-secure.

    >>> from macsec.kay import KayPolicy
    >>> policy = KayPolicy(key_server_priority=1, hello_time=2)
    >>> policy.encrypt, policy.offset, policy.sak_rekey_interval
    (True, 0, 0)

    See also: `Kay`.
    """

    security: Security = Security.MUST_SECURE
    key_server_priority: int = 16
    key_server: bool = True
    cipher: CipherSuite = SUITES["gcm-aes-128"]
    suites: tuple[CipherSuite, ...] = tuple(SUITES.values())
    confidential: tuple[CipherSuite, ...] = ()
    encrypt: bool = True
    offset: int = 0
    capability: int = 3
    desired: bool = True
    ans: int = len(AN_VALUES)
    delay_protection: bool = False
    sak_rekey_interval: int = 0
    sak_rekey_on_live_peer_loss: bool = True
    include_icv_indicator: bool = False
    join_group: bool = True
    form_group: bool = False
    suspension_limit: int = SUSPENSIONS_S[-1]
    hello_time: int = MKA_HELLO_TIME_NS // NS_PER_S
    life_time: int | None = None
    destination: bytes = PAE_GROUP_ADDRESS
    eapol_ethertype: int = ETHERTYPE_EAPOL
    use_updated_eth_header: bool = True
    classes: tuple[int, ...] = ()
    ciphers: tuple[CipherSuite, ...] = ()
    announce: bool = False
    announce_frames: bool = False
    kmd: str = ""
    nid: str = ""
    require_kmd: bool = False
    peer_role: PeerRole = PeerRole.ANY
    hello_ramp: tuple[int, ...] = ()
    send_empty_sak: bool = True
    send_empty_sak_use: bool = True
    single_participant: bool = False
    unauthenticated: Unauthenticated | None = None

    def __post_init__(self) -> None:
        self._check_protection()
        if len(set(self.classes)) < len(self.classes) or not set(self.classes) <= CLASSES:
            raise PolicyError("classes", f"traffic classes {self.classes}: each of 1 to 7, once")
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
        self._check_access()
        self._check_names()
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

    def of_class(self) -> KayPolicy:
        """Return the policy of the actor of a traffic class other than 0: never Key Server."""
        return replace(
            self,
            key_server=False,
            key_server_priority=NEVER_SERVER,
            join_group=False,
            form_group=False,
            announce_frames=False,
            classes=(),
        )

    def siblings(self, sci: int) -> frozenset[int]:
        """Return the SCIs of the other actors of a port, whose default SCI is given."""
        return frozenset(sci_of_class(sci, each) for each in self.classes)

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
        ramp = self.hello_ramp
        if len(ramp) > RAMP_LENGTH or any(interval not in RAMP_MS for interval in ramp):
            raise PolicyError(
                "hello_ramp",
                f"hello ramp: expected at most {RAMP_LENGTH} intervals of {RAMP_MS[0]} to "
                f"{RAMP_MS[-1]} milliseconds",
            )
        if self.life_time is None:
            return
        if not self.hello_time < self.life_time <= LIFE_TIME_MOST_S:
            raise PolicyError(
                "life_time",
                f"Life Time {self.life_time}: expected more than the Hello Time of "
                f"{self.hello_time}, and at most {LIFE_TIME_MOST_S} seconds",
            )

    def _check_access(self) -> None:
        allowed = self.unauthenticated
        must = self.security is Security.MUST_SECURE
        if must and allowed not in (None, Unauthenticated.NEVER):
            raise PolicyError(
                "unauthenticated", "must-secure admits nothing unauthenticated: expected never"
            )
        if len(set(self.ciphers)) < len(self.ciphers) or not {*self.ciphers} <= {*self.suites}:
            raise PolicyError("ciphers", "ciphers: each once, and among the accepted suites")

    def _check_names(self) -> None:
        for setting, limit in NAME_LIMITS.items():
            if len(getattr(self, setting).encode()) > limit:
                raise PolicyError(setting, f"{setting}: expected at most {limit} octets of UTF-8")
        if self.require_kmd and not self.kmd:
            raise PolicyError("require_kmd", "require_kmd needs a kmd")

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
        if not self.permits(self.wanted):
            raise PolicyError(
                "encrypt", f"{self.cipher.name} is to encrypt all User Data (10.7.26)"
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
    def ramp_ns(self) -> tuple[int, ...]:
        """The hello ramp."""
        return tuple(interval * NS_PER_MS for interval in self.hello_ramp)

    @property
    def access(self) -> Unauthenticated:
        """When plain frames pass without an agreement."""
        must = self.security is Security.MUST_SECURE
        default = Unauthenticated.NEVER if must else Unauthenticated.IMMEDIATE
        return default if self.unauthenticated is None else self.unauthenticated

    @property
    def individual(self) -> bool:
        """True if MKPDUs go to the address of one station."""
        return not self.destination[0] & 1

    def permits(self, protection: Protection) -> bool:
        """Return whether requireConfidentiality allows a protection (802.1AE 10.7.26)."""
        return protection.code == CODES[0] or protection.suite not in self.confidential

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
