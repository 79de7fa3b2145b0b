"""The typed model of a configuration: one class a section. Rules between fields are the SecY's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    WithJsonSchema,
    model_validator,
)

from macsec.config import scalars
from macsec.config.field_types import (
    AN_MAP,
    CLASS_MAP,
    An,
    Ciphers,
    Ckn,
    Classes,
    ClearProtocols,
    ConfidentialSuites,
    Destination,
    EtherType,
    Intervals,
    KeyEntry,
    Moment,
    Mtu,
    Name,
    Number,
    PointToPointWord,
    Priorities,
    Salt,
    Sci,
    Secret,
    Server,
    Ssci,
    Suites,
    Switch,
    TrafficClass,
    VlanRanges,
    one_of,
)
from macsec.config.reading import Origin, is_null
from macsec.config.sources import KeySource
from macsec.keys import Uncopyable
from macsec.suites import SUITES
from macsec.terms import (
    EAPOL_ETHERTYPES,
    ETHERTYPE_EAPOL,
    ETHERTYPE_MACSEC,
    ICV_LENGTH,
    sci_of_class,
)

AZURE_CIPHERS = {
    "GcmAes128": "gcm-aes-128",
    "GcmAes256": "gcm-aes-256",
    "GcmAesXpn128": "gcm-aes-xpn-128",
    "GcmAesXpn256": "gcm-aes-xpn-256",
}
"""Cipher suites as `macSecConfig` spells them, to ours."""
_PROFILES = ("ieee", "linux", "cnxk", "sonic")
_VALIDATE = ("strict", "check", "disabled", "null")


class BetweenSections(ValueError):
    """A fault between two sections; `path` is the entry to change."""

    def __init__(self, reason: str, *path: str) -> None:
        super().__init__(reason)
        self.path = path


class Section(BaseModel):
    """A mapping of a configuration: unknown keys are refused, and no input is in any error."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
        defer_build=True,  # most verbs use few sections
    )

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, value: Any) -> Any:
        """An entry that is null is not given; `validate` has null for a word."""
        if not isinstance(value, Mapping) or not any(map(is_null, value.values())):
            return value
        known = {entry.alias or name for name, entry in cls.model_fields.items()} - {"validate"}
        return {
            name: entry for name, entry in value.items() if name not in known or not is_null(entry)
        }


class SecYSection(Section):
    """`secy:`, the controls (10.7). `clear`: protocols that may pass without a SecTAG.

    `clear_tags_vlans`: the VLANs, by the first tag, that `clear_tags` is for; empty: all.
    `traffic_classes`: the class of each user priority, by default the same number.
    `access_priorities`: PCP * 2 + DEI on the Common Port for each PCP * 2 + DEI of a request
    (10.7.17).
    """

    profile: Annotated[
        Literal["ieee", "linux", "cnxk", "sonic"],
        BeforeValidator(scalars.word(*_PROFILES)),
        one_of(*_PROFILES),
    ] = "ieee"
    cipher: Annotated[str, BeforeValidator(scalars.word(*SUITES)), one_of(*SUITES)] = "gcm-aes-128"
    protect: Switch = True
    encrypt: Switch = True
    offset: Number = 0
    validate_frames: Annotated[
        Literal["strict", "check", "disabled", "null"],
        BeforeValidator(scalars.word(*_VALIDATE, none="null")),
        WithJsonSchema({"enum": [*_VALIDATE, None]}),
    ] = Field(default="strict", alias="validate")
    replay: Switch = True
    window: Number = 0
    duplicates: Annotated[
        Literal["accept", "reject"],
        BeforeValidator(scalars.word("accept", "reject")),
        one_of("accept", "reject"),
    ] = "accept"
    send_sci: Switch = True
    end_station: Switch = False
    scb: Switch = False
    encodingsa: Number = 0
    clear_tags: Number = 0
    clear_tags_authenticated: Switch = False
    clear_tags_vlans: VlanRanges = Field(default_factory=list)
    mtu: Mtu = None
    icv_length: Number = ICV_LENGTH
    clear: ClearProtocols = Field(default_factory=list)
    ethertype: EtherType = ETHERTYPE_MACSEC
    traffic_classes: Classes | None = None
    access_priorities: Priorities | None = None
    enable_use: Suites = Field(default_factory=lambda: [*SUITES])
    require_confidentiality: ConfidentialSuites = Field(default_factory=list)
    point_to_point: PointToPointWord = "auto"
    uncontrolled_point_to_point: PointToPointWord = "auto"


class _Keyed(Uncopyable, Section):
    """A section that holds keys."""

    copy = Uncopyable._refuse  # type: ignore[assignment]


class TransmitSASection(_Keyed):
    """`tx.sa.AN`. `ssci` and `salt` are for the XPN suites."""

    key: KeyEntry
    pn: Number = 1
    ssci: Ssci | None = None
    salt: Salt | None = None
    enabled: Switch = True


class ReceiveSASection(TransmitSASection):
    """`rx.N.sa.AN`. `pn` is nextPN, and `lowest_pn` unless that is given too."""

    lowest_pn: Number | None = None


class ClassSASection(_Keyed):
    """`tx.classes.C.sa.AN`. `key` and `salt` are those of `tx.sa.AN` unless given."""

    key: KeyEntry | None = None
    pn: Number = 1
    ssci: Ssci | None = None
    salt: Salt | None = None
    enabled: Switch = True

    def beside(self, default: TransmitSASection | None) -> TransmitSASection:
        """The same with the key and the Salt of an SA of the default SC where it has none."""
        key, salt = self.key or (default and default.key), self.salt or (default and default.salt)
        return TransmitSASection.model_construct(
            key=key, pn=self.pn, ssci=self.ssci, salt=salt, enabled=self.enabled
        )


class ClassSection(_Keyed):
    """`tx.classes.C`, the transmit SC of a traffic class. `sa`: by default one for each of `tx`."""

    enabled: Switch = True
    sa: dict[An, ClassSASection] | None = Field(default=None, json_schema_extra=AN_MAP)


class TransmitSCSection(_Keyed):
    """`tx:`, the transmit SC and its SAs. `classes`: the SCs of traffic classes 1 to 7."""

    sci: Sci
    enabled: Switch = True
    sa: dict[An, TransmitSASection] = Field(default_factory=dict, json_schema_extra=AN_MAP)
    classes: dict[TrafficClass, ClassSection] = Field(
        default_factory=dict, json_schema_extra=CLASS_MAP
    )

    def sas_of(self, traffic_class: int) -> dict[int, TransmitSASection]:
        """The SAs of the SC of a class, by AN, each with its key."""
        if not traffic_class:
            return self.sa
        given = self.classes[traffic_class].sa
        if given is None:
            given = {an: ClassSASection(enabled=sa.enabled) for an, sa in self.sa.items()}
        return {an: sa.beside(self.sa.get(an)) for an, sa in given.items()}

    @model_validator(mode="after")
    def _check_keys(self) -> Self:
        for traffic_class, section in self.classes.items():
            for an, sa in (section.sa or {}).items():
                if sa.key is None and an not in self.sa:
                    raise BetweenSections(
                        f"expected a key: tx.sa has no SA {an}",
                        *("classes", str(traffic_class), "sa", str(an)),
                    )
        return self


class ReceiveSCSection(_Keyed):
    """`rx.N`, a receive SC and its SAs."""

    sci: Sci
    enabled: Switch = True
    sa: dict[An, ReceiveSASection] = Field(default_factory=dict, json_schema_extra=AN_MAP)


class TokenSection(_Keyed):
    """`pkcs11:`, a CAK on a token, which it never leaves. `key` is the label of the object."""

    module: str
    token: str
    key: str
    pin: Secret


class MacSecConfigSection(Section):
    """`macSecConfig:` of an ExpressRoute Direct link: a CAK and its CKN as Key Vault secrets."""

    ckn_secret_identifier: str = Field(alias="cknSecretIdentifier")
    cak_secret_identifier: str = Field(alias="cakSecretIdentifier")
    cipher: Annotated[str, BeforeValidator(scalars.word(*AZURE_CIPHERS)), one_of(*AZURE_CIPHERS)]
    sci_state: Annotated[
        Literal["enabled", "disabled"],
        BeforeValidator(scalars.word("enabled", "disabled")),
        one_of("enabled", "disabled", "Enabled", "Disabled"),
    ] = Field(default="disabled", alias="sciState")


class GeneratedSection(_Keyed):
    """`generated:`, a file of CAKs that `macsec keys generate` makes and rotates."""

    store: str
    kek: Secret


class EapSection(_Keyed):
    """`mka.eap:`, CAKs from EAP: the supplicant is authenticated by a RADIUS server.

    `radius`: the server, HOST or HOST:PORT; times in seconds. `cak_length` is the other end's too.
    `cache_lifetime`: for which a CAK is used, and kept while the port is down.
    """

    radius: Server
    secret: Secret
    nas_identifier: str = "macsec"
    reauth_period: Number = 3600
    quiet_period: Number = 60
    retry_max: Number = 2
    cak_length: Number = 16
    cache_lifetime: Number = 28800
    retain: Switch = False


class CakSection(_Keyed):
    """A CAK by one of its holders: here by value or reference, on a token, in a vault.

    `activate`: when it has a participant. `retain`: keep it once its time is over.
    """

    cak: KeyEntry | None = None
    ckn: Ckn | None = None
    pkcs11: TokenSection | None = None
    mac_sec_config: MacSecConfigSection | None = Field(default=None, alias="macSecConfig")
    activate: Annotated[
        Literal["always", "onOperUp"],
        BeforeValidator(scalars.word("always", "onOperUp")),
        one_of("always", "onOperUp"),
    ] = "always"
    retain: Switch = True

    @property
    def holders(self) -> list[str]:
        """The keys of the section that say where the CAK is: one, or none."""
        named = {"cak": self.cak, "pkcs11": self.pkcs11, "macSecConfig": self.mac_sec_config}
        return [name for name, value in named.items() if value is not None]

    @model_validator(mode="after")
    def _check_holder(self) -> Self:
        if len(self.holders) > 1:
            raise ValueError(f"{' and '.join(self.holders)}: a CAK has one holder")
        named = self.holders in (["cak"], ["pkcs11"])
        if named != (self.ckn is not None):
            raise ValueError(
                "a CAK needs its ckn" if named else "a ckn goes with cak or pkcs11 beside it"
            )
        return self


class ChainedCakSection(CakSection):
    """`mka.keychain.N`. Used from `start` on, before `end`; a `fallback` only if no other can."""

    start: Moment = scalars.Moment(0)
    end: Moment | None = None
    fallback: Switch = False

    @model_validator(mode="after")
    def _check_key(self) -> Self:
        if not self.holders:
            raise ValueError("expected a CAK: cak, pkcs11 or macSecConfig")
        return self


class MkaSection(CakSection):
    """`mka:`, key agreement in place of `tx` and `rx`. Suite, encryption, offset are the SecY's."""

    generated: GeneratedSection | None = None
    eap: EapSection | None = None
    audit: str | None = None
    keychain: list[ChainedCakSection] = Field(default_factory=list)
    priority: Number = 16
    key_server: Switch = True
    policy: Annotated[
        Literal["must-secure", "should-secure"],
        BeforeValidator(scalars.word("must-secure", "should-secure")),
        one_of("must-secure", "should-secure"),
    ] = "must-secure"
    suites: Suites = Field(default_factory=lambda: list(SUITES))
    capability: Number = 3
    desired: Switch = True
    ans: Number = 4
    delay_protection: Switch = False
    sak_rekey_interval: Number = 0
    sak_rekey_on_live_peer_loss: Switch = True
    include_icv_indicator: Switch = False
    join_group: Switch = True
    form_group: Switch = False
    suspension_limit: Number = 120
    hello_time: Number = 2
    life_time: Number | None = None
    destination: Destination = Field(default_factory=lambda: scalars.DESTINATIONS["pae"])
    eapol_ethertype: EtherType = ETHERTYPE_EAPOL
    use_updated_eth_header: Switch = True
    ciphers: Ciphers = Field(default_factory=list)
    announce: Switch = False
    announce_frames: Switch = False
    kmd: Name = ""
    nid: Name = ""
    require_kmd: Switch = False
    peer_role: Annotated[
        Literal["any", "server", "client"],
        BeforeValidator(scalars.word("any", "server", "client")),
        one_of("any", "server", "client"),
    ] = "any"
    hello_ramp: Intervals = Field(default_factory=list)
    send_empty_sak: Switch = True
    send_empty_sak_use: Switch = True
    single_participant: Switch = False
    unauthenticated: (
        Annotated[
            Literal["never", "immediate", "authFail"],
            BeforeValidator(scalars.word("never", "immediate", "authFail")),
            one_of("never", "immediate", "authFail"),
        ]
        | None
    ) = None
    port: Number = 1
    allow_export: Switch = False

    @property
    def caks(self) -> list[CakSection]:
        """All of its CAKs, the one beside `keychain` first."""
        return [*([self] if self.holders else []), *self.keychain]

    @model_validator(mode="after")
    def _check_keys(self) -> Self:
        if not self.caks and self.generated is None and self.eap is None:
            raise ValueError(
                "expected a CAK: cak and ckn, pkcs11, macSecConfig, keychain, generated or eap"
            )
        if self.eap is not None and not self.key_server:
            raise ValueError("key_server: off, but the Authenticator of eap is Key Server")
        named = [(key.ckn, key.cak or key.pkcs11) for key in self.caks if key.ckn is not None]
        if any(one in named[:at] for at, one in enumerate(named)):
            raise ValueError("a CAK is given twice with one ckn")
        names = [name for name, _ in named]
        if any(key.fallback and key.ckn and names.count(key.ckn) > 1 for key in self.keychain):
            raise ValueError("a fallback needs a ckn of its own")
        if sum(key.fallback for key in self.keychain) > 1:
            raise ValueError("there is one fallback at most")
        return self


SC = TypeVar("SC", TransmitSCSection, ReceiveSCSection)


def _with_inline_keys(channel: SC) -> SC:
    """The SC with those of its SAs whose keys are in the file, and no SC of another class."""
    kept = {an: sa for an, sa in channel.sa.items() if sa.key.inline is not None}
    return type(channel).model_construct(
        set(channel.model_fields_set), sci=channel.sci, enabled=channel.enabled, sa=kept
    )


class Configuration(_Keyed):
    """A whole configuration. It holds keys until a SecY takes them: load it once for each SecY."""

    secy: SecYSection = SecYSection()
    mka: MkaSection | None = None
    tx: TransmitSCSection | None = None
    rx: list[ReceiveSCSection] = Field(default_factory=list)

    _origin: Origin = PrivateAttr(default_factory=Origin)

    @property
    def origin(self) -> Origin:
        """Name, folder and lines of its file."""
        return self._origin

    def wipe(self) -> None:
        """Overwrite the inline keys; references stay."""
        for source in self.key_sources():
            if source.inline is not None:
                source.inline.wipe()

    def to_send(self) -> Configuration:
        """The same without receive SAs whose keys are elsewhere: their keys are not needed."""
        return self._with(self.tx, [_with_inline_keys(channel) for channel in self.rx])

    def to_receive(self) -> Configuration:
        """The same without transmit SAs whose keys are elsewhere: their keys are not needed."""
        return self._with(None if self.tx is None else _with_inline_keys(self.tx), self.rx)

    def _with(self, tx: TransmitSCSection | None, rx: list[ReceiveSCSection]) -> Configuration:
        result = Configuration.model_construct(
            set(self.model_fields_set), secy=self.secy, mka=self.mka, tx=tx, rx=rx
        )
        result._origin = self._origin
        return result

    def channels(self) -> Iterator[tuple[str, int, Mapping[int, TransmitSASection]]]:
        """`tx` or `rx`, SCI and SAs by AN of every SC, those of all traffic classes included."""
        if self.tx is not None:
            for traffic_class in (0, *self.tx.classes):
                sci = sci_of_class(self.tx.sci, traffic_class) if traffic_class else self.tx.sci
                yield "tx", sci, self.tx.sas_of(traffic_class)
        for channel in self.rx:
            yield "rx", channel.sci, channel.sa

    def key_sources(self) -> Iterator[KeySource]:
        """The source of every key, in the order of the file."""
        for channel in (self.tx, *self.rx):
            for sa in channel.sa.values() if channel else ():
                yield sa.key
        for section in self.tx.classes.values() if self.tx else ():
            for given in (section.sa or {}).values():
                if given.key is not None:
                    yield given.key
        for key in self.mka.caks if self.mka else ():
            if key.cak is not None:
                yield key.cak

    @model_validator(mode="after")
    def _check_mka(self) -> Self:
        if self.mka is None:
            return self
        taken = self.secy.ethertype
        if taken == self.mka.eapol_ethertype and taken in EAPOL_ETHERTYPES:
            raise BetweenSections(
                f"{taken:04x} is the EtherType of SecTAGs too, by secy.ethertype",
                *("mka", "eapol_ethertype"),
            )
        if self.tx is not None or self.rx:
            raise ValueError("it agrees on the SAKs: tx and rx are left out")
        for key in self.mka.caks:
            if key.mac_sec_config is not None:
                self._check_like_azure(key.mac_sec_config)
        return self

    def _check_like_azure(self, given: MacSecConfigSection) -> None:
        if AZURE_CIPHERS[given.cipher] != self.secy.cipher:
            raise ValueError(
                f"macSecConfig has {given.cipher}: secy needs cipher: {AZURE_CIPHERS[given.cipher]}"
            )
        if (given.sci_state == "enabled") != self.secy.send_sci:
            wanted = "on" if given.sci_state == "enabled" else "off"
            raise ValueError(
                f"macSecConfig has {given.sci_state} SCIs: secy needs send_sci: {wanted}"
            )

    def __eq__(self, other: object) -> bool:
        # The same configuration, wherever it was read from.
        if not isinstance(other, Configuration):
            return NotImplemented
        mine = (self.secy, self.mka, self.tx, self.rx)
        return mine == (other.secy, other.mka, other.tx, other.rx)

    __hash__ = None  # type: ignore[assignment]
