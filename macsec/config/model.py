"""The typed model of a configuration: one class a section. Rules between fields are the SecY's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self, TypeAlias, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    PrivateAttr,
    WithJsonSchema,
    model_validator,
)
from pydantic.config import JsonDict

from macsec.config import scalars
from macsec.config.reading import Origin
from macsec.config.sources import FORMS, KeySource
from macsec.keys import Uncopyable
from macsec.suites import SUITES
from macsec.terms import (
    CLEAR_PROTOCOLS,
    EAPOL_ETHERTYPES,
    ETHERTYPE_EAPOL,
    ETHERTYPE_MACSEC,
    ICV_LENGTH,
)

_NUMBER = {
    "anyOf": [
        {"type": "integer", "minimum": 0},
        {"type": "string", "pattern": "^([0-9]{1,20}|0[xX][0-9A-Fa-f]{1,16})$"},
    ]
}


def _hex(octets: int) -> dict[str, Any]:
    # An editor that follows YAML 1.2 takes hex of digits only for a number.
    return _text(f"(0[xX])?{_octets(octets)}")


def _octets(count: int) -> str:
    return f"([:. -]*[0-9A-Fa-f]{{2}}){{{count}}}"


def _text(pattern: str) -> dict[str, Any]:
    return {"type": ["string", "number"], "pattern": f"^({pattern})$"}


_MAC = f"(0[xX])?{_octets(6)}|[0-9A-Fa-f]{{1,2}}([:-][0-9A-Fa-f]{{1,2}}){{5}}"
MAC_SCHEMA = _text(_MAC)
_PORT = "(@|/|::)(0[xX])?[0-9A-Fa-f]{1,5}"
_SCI = _text(f"(0[xX])?{_octets(8)}|0[xX][0-9A-Fa-f]{{1,15}}|({_MAC}){_PORT}")


def one_of(*words: str) -> WithJsonSchema:
    """The schema of some words in lower or upper case."""
    return WithJsonSchema({"enum": [*words, *(word.upper() for word in words)]})


_ON_OFF = WithJsonSchema({"enum": ["on", "off", True, False]})
_AN_MAP: JsonDict = {
    "type": "object",
    "description": "SAs by AN, 0 to 3",
    "propertyNames": {"pattern": "^[0-3]$"},
}

Switch: TypeAlias = Annotated[bool, PlainValidator(scalars.switch), _ON_OFF]
Number: TypeAlias = Annotated[int, PlainValidator(scalars.number), WithJsonSchema(_NUMBER)]
Mtu: TypeAlias = Annotated[
    int | None,
    PlainValidator(scalars.mtu),
    WithJsonSchema({"anyOf": [{"enum": ["off", False]}, *_NUMBER["anyOf"]]}),
]
Sci: TypeAlias = Annotated[int, PlainValidator(scalars.sci), WithJsonSchema(_SCI)]
Ssci: TypeAlias = Annotated[
    int,
    PlainValidator(scalars.ssci),
    WithJsonSchema({"anyOf": [_hex(4), {"type": "string", "pattern": "^(0x[0-9A-Fa-f]+|[0-9])$"}]}),
]
Salt: TypeAlias = Annotated[bytes, PlainValidator(scalars.salt), WithJsonSchema(_hex(12))]
KeyEntry: TypeAlias = Annotated[
    KeySource,
    PlainValidator(KeySource.of),
    PlainSerializer(lambda source: source.reference or repr(source), return_type=str),
    WithJsonSchema({"type": ["string", "number"], "description": FORMS}),
]
An: TypeAlias = Annotated[int, BeforeValidator(scalars.an)]
Ckn: TypeAlias = Annotated[
    bytes,
    PlainValidator(scalars.ckn),
    WithJsonSchema(_text("(0[xX])?([0-9A-Fa-f]{2}){1,32}")),
]
Moment: TypeAlias = Annotated[
    scalars.Moment,
    PlainValidator(scalars.moment),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": ["string", "number"], "description": scalars.MOMENTS}),
]
Destination: TypeAlias = Annotated[
    bytes,
    PlainValidator(scalars.destination),
    WithJsonSchema({"anyOf": [{"enum": [*scalars.DESTINATIONS]}, MAC_SCHEMA]}),
]
ETHERTYPE_SCHEMA: dict[str, Any] = {
    "type": ["string", "number"],
    "pattern": "^(0[xX])?[0-9A-Fa-f]{4}$",
}
EtherType: TypeAlias = Annotated[
    int,
    PlainValidator(scalars.ethertype),
    PlainSerializer(lambda value: f"{value:04x}", return_type=str),
    WithJsonSchema(ETHERTYPE_SCHEMA),
]
ClearProtocols: TypeAlias = Annotated[
    list[str],
    PlainValidator(scalars.clear_rules),
    WithJsonSchema(
        {
            "type": "array",
            "items": {"anyOf": [{"enum": [*CLEAR_PROTOCOLS]}, ETHERTYPE_SCHEMA, MAC_SCHEMA]},
        }
    ),
]
Suites: TypeAlias = Annotated[
    list[str],
    PlainValidator(scalars.words(*SUITES)),
    WithJsonSchema({"type": "array", "items": {"enum": [*SUITES]}, "minItems": 1}),
]
Secret: TypeAlias = Annotated[
    KeySource,
    PlainValidator(KeySource.reference_of),
    PlainSerializer(lambda source: source.reference, return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^(file|env|fd):"}),
]

AZURE_CIPHERS = {
    "GcmAes128": "gcm-aes-128",
    "GcmAes256": "gcm-aes-256",
    "GcmAesXpn128": "gcm-aes-xpn-128",
    "GcmAesXpn256": "gcm-aes-xpn-256",
}
"""Cipher suites as `macSecConfig` spells them, to ours."""
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


class SecYSection(Section):
    """`secy:`, the controls (10.7). `clear`: protocols that pass without a SecTAG, both ways."""

    profile: Annotated[
        Literal["ieee", "linux"],
        BeforeValidator(scalars.word("ieee", "linux")),
        one_of("ieee", "linux"),
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
    mtu: Mtu = None
    icv_length: Number = ICV_LENGTH
    clear: ClearProtocols = Field(default_factory=list)
    ethertype: EtherType = ETHERTYPE_MACSEC


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


class TransmitSCSection(_Keyed):
    """`tx:`, the transmit SC and its SAs."""

    sci: Sci
    enabled: Switch = True
    sa: dict[An, TransmitSASection] = Field(default_factory=dict, json_schema_extra=_AN_MAP)


class ReceiveSCSection(_Keyed):
    """`rx.N`, a receive SC and its SAs."""

    sci: Sci
    enabled: Switch = True
    sa: dict[An, ReceiveSASection] = Field(default_factory=dict, json_schema_extra=_AN_MAP)


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


class CakSection(_Keyed):
    """A CAK by one of its holders: here by value or reference, on a token, in a vault."""

    cak: KeyEntry | None = None
    ckn: Ckn | None = None
    pkcs11: TokenSection | None = None
    mac_sec_config: MacSecConfigSection | None = Field(default=None, alias="macSecConfig")

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
    suspension_limit: Number = 120
    hello_time: Number = 2
    life_time: Number | None = None
    destination: Destination = Field(default_factory=lambda: scalars.DESTINATIONS["pae"])
    eapol_ethertype: EtherType = ETHERTYPE_EAPOL
    use_updated_eth_header: Switch = True
    port: Number = 1
    allow_export: Switch = False

    @property
    def caks(self) -> list[CakSection]:
        """All of its CAKs, the one beside `keychain` first."""
        return [*([self] if self.holders else []), *self.keychain]

    @model_validator(mode="after")
    def _check_keys(self) -> Self:
        if not self.caks and self.generated is None:
            raise ValueError(
                "expected a CAK: cak and ckn, pkcs11, macSecConfig, keychain or generated"
            )
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
    """The SC with those of its SAs whose keys are in the file."""
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

    def key_sources(self) -> Iterator[KeySource]:
        """The source of every key, in the order of the file."""
        for channel in (self.tx, *self.rx):
            for sa in channel.sa.values() if channel else ():
                yield sa.key
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
