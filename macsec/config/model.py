"""The typed model of a configuration: one class a section. Rules between fields are the SecY's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    PrivateAttr,
    WithJsonSchema,
)
from pydantic.config import JsonDict

from macsec.config import scalars
from macsec.config.reading import Origin
from macsec.config.sources import FORMS, KeySource
from macsec.keys import Uncopyable
from macsec.suites import SUITES
from macsec.terms import ICV_LENGTH

_NUMBER = {
    "anyOf": [
        {"type": "integer", "minimum": 0},
        {"type": "string", "pattern": "^([0-9]{1,20}|0[xX][0-9A-Fa-f]{1,16})$"},
    ]
}


def _hex(octets: int) -> dict[str, Any]:
    # An editor that follows YAML 1.2 takes hex of digits only for a number.
    return {"type": ["string", "number"], "pattern": f"^([:. -]*[0-9A-Fa-f]{{2}}){{{octets}}}$"}


def _one_of(*words: str) -> WithJsonSchema:
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
Sci: TypeAlias = Annotated[int, PlainValidator(scalars.sci), WithJsonSchema(_hex(8))]
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

_VALIDATE = ("strict", "check", "disabled", "null")


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True
    )


class SecYSection(_Section):
    """`secy:`, the controls (10.7)."""

    profile: Annotated[
        Literal["ieee", "linux"],
        BeforeValidator(scalars.word("ieee", "linux")),
        _one_of("ieee", "linux"),
    ] = "ieee"
    cipher: Annotated[str, BeforeValidator(scalars.word(*SUITES)), _one_of(*SUITES)] = "gcm-aes-128"
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
        _one_of("accept", "reject"),
    ] = "accept"
    send_sci: Switch = True
    end_station: Switch = False
    scb: Switch = False
    encodingsa: Number = 0
    clear_tags: Number = 0
    clear_tags_authenticated: Switch = False
    mtu: Mtu = None
    icv_length: Number = ICV_LENGTH


class _Keyed(Uncopyable, _Section):
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


class Configuration(_Keyed):
    """A whole configuration. It holds keys until a SecY took them: load it once for each SecY."""

    secy: SecYSection = SecYSection()
    tx: TransmitSCSection | None = None
    rx: list[ReceiveSCSection] = Field(default_factory=list)

    _origin: Origin = PrivateAttr(default_factory=Origin)

    @property
    def origin(self) -> Origin:
        """Where it was read from."""
        return self._origin

    def wipe(self) -> None:
        """Overwrite the inline keys; references stay."""
        for source in self.key_sources():
            if source.inline is not None:
                source.inline.wipe()

    def key_sources(self) -> Iterator[KeySource]:
        """The source of every key, in the order of the file."""
        for channel in (self.tx, *self.rx):
            for sa in channel.sa.values() if channel else ():
                yield sa.key

    def __eq__(self, other: object) -> bool:
        # The same configuration, wherever it was read from.
        if not isinstance(other, Configuration):
            return NotImplemented
        return (self.secy, self.tx, self.rx) == (other.secy, other.tx, other.rx)

    __hash__ = None  # type: ignore[assignment]
