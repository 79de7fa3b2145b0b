"""The management controls of a SecY (10.7) and the rules between them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import IntEnum

from macsec.errors import ConfigError
from macsec.suites import SUITES, CipherSuite
from macsec.terms import (
    AN_VALUES,
    CLEAR_PROTOCOLS,
    CLEAR_VALUES_MOST,
    ETHERNET_HEADER,
    ETHERTYPE_EAPOL,
    ETHERTYPE_LEAST,
    ETHERTYPE_MAC_CONTROL,
    ETHERTYPE_MACSEC,
    ICV_LENGTH,
    PORT_END_STATION,
    PORT_SCB,
    VLAN_TPIDS,
    clear_rule,
)

from .profiles import PROFILES, Profile

LOG = logging.getLogger("macsec")

DUPLICATES_WINDOW_LIMIT = 1 << 20
"""Every receive SA holds a bitmap of duplicates: 128 KiB at this window."""


OTHER_ETHERTYPES = {
    ETHERTYPE_EAPOL: "EAPOL",
    ETHERTYPE_MAC_CONTROL: "MAC Control",
    **dict.fromkeys(VLAN_TPIDS, "a VLAN tag"),
}
"""EtherTypes that a SecTAG cannot have: a receiver could not keep the two apart."""


class Validate(IntEnum):
    """validateFrames (10.7.8)."""

    NULL = 0
    DISABLED = 1
    CHECK = 2
    STRICT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """All controls of one SecY, named as in a configuration file. Raises ConfigError."""

    profile: Profile = PROFILES["ieee"]
    cipher: CipherSuite = SUITES["gcm-aes-128"]
    protect: bool = True
    encrypt: bool = True
    offset: int = 0
    validate: Validate = Validate.STRICT
    replay: bool = True
    window: int = 0
    duplicates_reject: bool = False
    send_sci: bool = True
    end_station: bool = False
    scb: bool = False
    encodingsa: int = 0
    clear_tags: int = 0
    clear_tags_authenticated: bool = False
    mtu: int | None = None
    icv_length: int = ICV_LENGTH
    clear: tuple[str, ...] = ()
    ethertype: int = ETHERTYPE_MACSEC

    def __post_init__(self) -> None:
        self._check_cipher()
        self._check_replay()
        if self.encodingsa not in AN_VALUES:
            raise ConfigError(f"encodingsa {self.encodingsa} is not an AN: 0 to 3 (9.6)")
        if self.clear_tags not in (0, 1, 2):
            raise ConfigError(f"clear_tags {self.clear_tags}: 0, 1 or 2 VLAN tags can stay clear")
        if self.mtu is not None and self.mtu < 0:
            raise ConfigError(f"mtu {self.mtu} is negative")
        self._check_ethertype()
        for name in self.clear:
            try:
                clear_rule(name)
            except ValueError as error:
                raise ConfigError(f"clear {name}: {error}") from None
        if len(self.clear_values) > CLEAR_VALUES_MOST:
            raise ConfigError(f"clear: more than {CLEAR_VALUES_MOST} EtherTypes and addresses")
        if self.send_sci and (self.end_station or self.scb):
            LOG.warning("send_sci is on: end_station and scb have no effect")

    def _check_ethertype(self) -> None:
        given = f"ethertype {self.ethertype:04x}"
        if not ETHERTYPE_LEAST <= self.ethertype < 1 << 16:
            raise ConfigError(f"{given} is not an EtherType: those are 0600 to ffff")
        if self.ethertype in OTHER_ETHERTYPES:
            raise ConfigError(f"{given} is that of {OTHER_ETHERTYPES[self.ethertype]}")

    def _check_cipher(self) -> None:
        if self.offset not in (0, 30, 50):
            raise ConfigError(f"offset {self.offset}: the offsets are 0, 30 and 50 (10.7.25)")
        if self.offset not in self.cipher.offsets:
            raise ConfigError(f"offset {self.offset} with {self.cipher.name}: XPN has none (14.7)")
        if self.offset and not self.encrypt:
            raise ConfigError(f"offset {self.offset} with encrypt: off has nothing to encrypt")
        if self.icv_length not in self.profile.icv_lengths:
            raise ConfigError(
                f"icv_length {self.icv_length} is not in clause 14; profile linux takes 8 to 16"
            )

    def _check_replay(self) -> None:
        limit = self.cipher.window_limit
        if not 0 <= self.window <= limit:
            raise ConfigError(
                f"window {self.window} is not within 0 to {limit} for {self.cipher.name} (10.7.8)"
            )
        if not self.duplicates_reject:
            return
        if self.profile.window_from_next_pn:
            raise ConfigError(f"duplicates: reject is no part of profile {self.profile.name}")
        if not self.replay:
            raise ConfigError("duplicates: reject needs replay: on")
        if self.window > DUPLICATES_WINDOW_LIMIT:
            raise ConfigError(
                f"duplicates: reject keeps a bitmap: window at most {DUPLICATES_WINDOW_LIMIT}"
            )

    def check_sci(self, sci: int) -> None:
        """Raise ConfigError for an SCI that a receiver cannot infer from the frame (9.9)."""
        port = sci & 0xFFFF
        if self.send_sci:
            return
        scb = self.scb and self.profile.scb_port_zero
        if scb and port != PORT_SCB:
            raise ConfigError(f"scb means port 0, but the transmit SCI has port {port} (9.9)")
        if self.end_station and not scb and port != PORT_END_STATION:
            raise ConfigError(
                f"end_station means port 1, but the transmit SCI has port {port} (9.9)"
            )

    @property
    def clear_values(self) -> list[int]:
        """The EtherTypes and destinations of `clear`, without the protocols that have a name."""
        given = (clear_rule(name) for name in self.clear if name not in CLEAR_PROTOCOLS)
        return [ethertype or to or 0 for ethertype, to in given]

    def lets_pass(self, frame: bytes) -> bool:
        """Return whether `clear` names the protocol of a frame, so that it passes in clear."""
        if not self.clear or len(frame) < ETHERNET_HEADER:
            return False
        destination, ethertype = int.from_bytes(frame[:6]), int.from_bytes(frame[12:14])
        wanted = map(clear_rule, self.clear)
        return ethertype != self.ethertype and any(
            known in (ethertype, None) and to in (destination, None) for known, to in wanted
        )

    @property
    def protects(self) -> bool:
        """protectFrames in effect: False while validateFrames is Null (10.6)."""
        return self.protect and self.validate is not Validate.NULL
