"""The management controls of a SecY (10.7) and the rules between them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import SupportsIndex

from macsec.clear_rules import (
    CLEAR_PROTOCOLS,
    CLEAR_VALUES_MOST,
    VLAN_IDS,
    ClearMode,
    ClearRule,
    clear_rule,
    vlan_of,
)
from macsec.enumerations import NumberEnum
from macsec.errors import ConfigError
from macsec.frames.dissect import vlan_tags_end
from macsec.frames.sectag import TagRules
from macsec.suites import SUITES, CipherSuite
from macsec.terms import (
    ADDRESSES_LENGTH,
    AN_VALUES,
    ETHERNET_HEADER,
    ETHERTYPE_EAPOL,
    ETHERTYPE_LEAST,
    ETHERTYPE_MAC_CONTROL,
    ETHERTYPE_MACSEC,
    ICV_LENGTH,
    PORT_END_STATION,
    PORT_SCB,
    TRAFFIC_CLASSES,
    VLAN_TPIDS,
)

from .management.ports import PointToPoint
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


PRIORITY_TABLES = {
    "traffic_classes": TRAFFIC_CLASSES,
    "access_priorities": 2 * TRAFFIC_CLASSES,
}
"""Controls that are tables (10.7.17), with the number of their rows, all below it."""


_NUMBERS = ("offset", "window", "encodingsa", "clear_tags", "icv_length", "ethertype")
"""Controls that are whole numbers; a bool, which Python takes for one, is a mistake."""

_SWITCHES = ("protect", "encrypt", "replay", "duplicates_reject", "send_sci", "end_station", "scb")
"""Controls that are on or off; any text would be on."""


class Validate(NumberEnum):
    """validateFrames (10.7.8): frames that are not valid are ignored, counted or refused.

    >>> import macsec
    >>> macsec.Validate.STRICT > macsec.Validate.CHECK
    True

    See also: `Controls`, `Verdict`.
    """

    NULL = 0
    DISABLED = 1
    CHECK = 2
    STRICT = 3


_KINDS = {
    "profile": (Profile, 'macsec.secy.PROFILES["ieee"]'),
    "cipher": (CipherSuite, 'macsec.SUITES["gcm-aes-128"]'),
    "validate": (Validate, "macsec.Validate.STRICT"),
    "point_to_point": (PointToPoint, "PointToPoint.AUTO of macsec.secy.management.ports"),
    "uncontrolled_point_to_point": (
        PointToPoint,
        "PointToPoint.AUTO of macsec.secy.management.ports",
    ),
}
"""Controls that are no text and no number, with an example of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """All controls of one SecY, named as in a configuration file. Raises ConfigError.

    >>> import macsec
    >>> secy = macsec.SecY(macsec.Controls(window=64))
    >>> secy.controls.window
    64

    See also: `SecY.set_controls`, which changes them.
    """

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
    clear_tags_vlans: tuple[tuple[int, int], ...] = ()
    mtu: int | None = None
    icv_length: int = ICV_LENGTH
    clear: tuple[str, ...] = ()
    ethertype: int = ETHERTYPE_MACSEC
    traffic_classes: tuple[int, ...] = tuple(range(TRAFFIC_CLASSES))
    access_priorities: tuple[int, ...] = tuple(range(2 * TRAFFIC_CLASSES))
    enable_use: tuple[str, ...] = tuple(SUITES)
    require_confidentiality: tuple[str, ...] = ()
    point_to_point: PointToPoint = PointToPoint.AUTO
    uncontrolled_point_to_point: PointToPoint = PointToPoint.AUTO

    def __post_init__(self) -> None:
        self._check_kinds()
        self._check_cipher()
        self._check_replay()
        if self.encodingsa not in AN_VALUES:
            raise ConfigError(f"encodingsa {self.encodingsa} is not an AN: 0 to 3 (9.6)")
        if self.clear_tags not in (0, 1, 2):
            raise ConfigError(f"clear_tags {self.clear_tags}: 0, 1 or 2 VLAN tags can stay clear")
        if self.mtu is not None and self.mtu < 0:
            raise ConfigError(f"mtu {self.mtu} is negative")
        self._check_ethertype()
        self._check_clear()
        self._check_priorities()
        if self.send_sci and (self.end_station or self.scb):
            LOG.warning("send_sci is on: end_station and scb have no effect")

    def _check_kinds(self) -> None:
        for name, (kind, example) in _KINDS.items():
            value = getattr(self, name)
            number = kind is Validate and isinstance(value, int) and value in range(len(Validate))
            if not (number or isinstance(value, kind)):
                raise ConfigError(f"{name} {value!r}: expected {example}")
        for name in _NUMBERS:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, SupportsIndex):
                raise ConfigError(f"{name} {value!r}: expected a whole number")
        for name in _SWITCHES:
            if not isinstance(value := getattr(self, name), bool):
                raise ConfigError(f"{name} {value!r}: expected True or False")

    def _check_ethertype(self) -> None:
        given = f"ethertype {self.ethertype:04x}"
        if not ETHERTYPE_LEAST <= self.ethertype < 1 << 16:
            raise ConfigError(f"{given} is not an EtherType: those are 0600 to ffff")
        if self.ethertype in OTHER_ETHERTYPES:
            raise ConfigError(f"{given} is that of {OTHER_ETHERTYPES[self.ethertype]}")

    def _check_clear(self) -> None:
        names = []
        for text in self.clear:
            try:
                names.append(clear_rule(text).name)
            except ValueError as error:
                raise ConfigError(f"clear {text}: {error}") from None
        if len(set(names)) < len(names):
            raise ConfigError("clear: each protocol or value at most once")
        if sum(name not in CLEAR_PROTOCOLS for name in names) > CLEAR_VALUES_MOST:
            raise ConfigError(
                f"clear: more than {CLEAR_VALUES_MOST} EtherTypes, addresses and ranges of VLANs"
            )
        for first, last in self.clear_tags_vlans:
            if not 0 <= first <= last < VLAN_IDS:
                raise ConfigError(f"clear_tags_vlans {first}-{last}: VLANs are 0 to {VLAN_IDS - 1}")

    def _check_priorities(self) -> None:
        for name, rows in PRIORITY_TABLES.items():
            table = getattr(self, name)
            if len(table) != rows or not all(0 <= value < rows for value in table):
                raise ConfigError(
                    f"{name}: {rows} numbers of 0 to {rows - 1} are wanted (10.7.17), "
                    f"not {', '.join(map(str, table)) or 'none'}"
                )

    def _check_use(self) -> None:
        name = self.cipher.name
        for suite in (*self.enable_use, *self.require_confidentiality):
            if suite not in SUITES:
                raise ConfigError(f"suite {suite!r}: one of {', '.join(SUITES)}")
        if name not in self.enable_use:
            raise ConfigError(f"cipher {name} cannot be used: enable_use has not got it (10.7.25)")
        if name in self.require_confidentiality and self.protect and not self.confidential:
            raise ConfigError(
                f"require_confidentiality: {name} needs encrypt: on and offset: 0 (10.7.26)"
            )

    @property
    def confidential(self) -> bool:
        """True if all User Data of our frames is encrypted."""
        return self.encrypt and not self.offset

    def _check_cipher(self) -> None:
        self._check_use()
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

    def access_priority(self, priority: int, drop_eligible: bool = False) -> tuple[int, bool]:
        """Return priority and drop eligibility asked of the Common Port for those of a request."""
        row = self.access_priorities[priority << 1 | drop_eligible]
        return row >> 1, bool(row & 1)

    @property
    def clear_rules(self) -> tuple[ClearRule, ...]:
        """The rules of `clear`, in order."""
        return tuple(map(clear_rule, self.clear))

    def clear_rule_of(self, frame: bytes) -> ClearRule | None:
        """Return the first rule of `clear` that knows a frame without a SecTAG, or None."""
        if not self.clear or len(frame) < ETHERNET_HEADER:
            return None
        at = self.sectag_at(frame)
        if int.from_bytes(frame[at : at + 2]) == self.ethertype:
            return None
        return next((rule for rule in self.clear_rules if rule.knows(frame)), None)

    def lets_pass(self, frame: bytes, sending: bool) -> bool:
        """Return whether a frame, sent or received, passes in clear, even past a closed port."""
        rule = self.clear_rule_of(frame)
        if rule is None:
            return False
        return rule.mode is ClearMode.BYPASS or not (sending or rule.mode is ClearMode.STRICT)

    def sectag_at(self, frame: bytes) -> int:
        """Return where the SecTAG is, or is to go: behind at most `clear_tags` VLAN tags (11.4).

        `clear_tags_vlans`: only behind tags of which the first is of these VLANs; empty: of any.
        """
        at = vlan_tags_end(frame, self.clear_tags)
        vlan = vlan_of(frame) if self.clear_tags_vlans and at > ADDRESSES_LENGTH else None
        if vlan is None or any(first <= vlan <= last for first, last in self.clear_tags_vlans):
            return at
        return ADDRESSES_LENGTH

    @property
    def tag_rules(self) -> TagRules:
        """The rules by which a received SecTAG is valid (9.12)."""
        return TagRules(
            self.cipher.xpn,
            self.icv_length,
            self.profile.exact_length,
            self.profile.refuse_sl_48,
            self.ethertype,
            self.profile.refuse_e0_c1,
        )

    @property
    def protects(self) -> bool:
        """protectFrames in effect: False while validateFrames is Null (10.6)."""
        return self.protect and self.validate is not Validate.NULL
