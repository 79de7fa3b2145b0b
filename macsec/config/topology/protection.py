"""`macsec:` in a topology: how links between sites are protected, and where their keys come from.

The controls are those of the section `secy`, key agreement is that of the section `mka`, both by
the same names and with the same readers; here they are side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from macsec.config import scalars
from macsec.config.field_types import one_of
from macsec.config.model import (
    CakSection,
    ChainedCakSection,
    Configuration,
    MkaSection,
    SecYSection,
)
from macsec.config.reading import Origin
from macsec.config.sources import KeyRing, KeySource
from macsec.config.topology.names import AnyOf, Name
from macsec.errors import ConfigError

KEYS = ("mka", "static")
WORDS = ("on", "off", *KEYS)
_EXPECTED = "expected on, off, static, or a mapping with entries of secy and mka"
_HOLDERS = frozenset(["cak", "ckn", "pkcs11", "mac_sec_config", "generated", "keychain"])
"""Entries that name CAKs: a link with one of these takes none of the topology's."""


class EndSection(MkaSection):
    """`macsec.ends.SITE`: what differs at one end; any entry of the section `mka`."""

    @model_validator(mode="after")
    def _check_holder(self) -> Self:
        return self  # what it adds to is known later

    @model_validator(mode="after")
    def _check_keys(self) -> Self:
        return self


class ProtectionSection(MkaSection, SecYSection):
    """`macsec`: the controls of both SecYs, and how they get their keys.

    `keys`: `mka`, with CAKs that are generated where none is named; or `static`, generated SAKs.
    `ends`: by site, what is otherwise at one end.
    """

    keys: Annotated[
        Literal["mka", "static"], BeforeValidator(scalars.word(*KEYS)), one_of(*KEYS)
    ] = "mka"
    ends: dict[Name, EndSection] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_keys(self) -> Self:
        """Skip the check for a CAK: one is generated where none is named."""
        return self

    @model_validator(mode="after")
    def _check_static(self) -> Self:
        given = sorted(self.model_fields_set & {*MkaSection.model_fields, "ends"})
        if self.keys == "static" and given:
            raise ValueError(f"keys: static is without key agreement: leave out {given[0]}")
        return self

    def under(self, base: ProtectionSection) -> ProtectionSection:
        """Merge the settings of a link into those of the topology.

        CAKs come from one of the two as a whole; a link that names some uses key agreement.
        """
        given = {name: getattr(self, name) for name in self.model_fields_set}
        agrees = given.keys() & MkaSection.model_fields.keys()
        kept = base.model_fields_set - (_HOLDERS if given.keys() & _HOLDERS else set())
        if agrees:
            given.setdefault("keys", "mka")
        merged = {name: getattr(base, name) for name in kept} | given
        return type(self).model_construct({*merged}, **merged)

    @property
    def secy(self) -> SecYSection:
        """The controls alone."""
        return SecYSection.model_construct(
            **{name: getattr(self, name) for name in SecYSection.model_fields}
        )

    @property
    def has_cak(self) -> bool:
        """True if it names a CAK, so that none is generated."""
        return bool(self.model_fields_set & _HOLDERS)

    def end(
        self, site: str, drawn: Mapping[str, Any], origin: Origin, ring: KeyRing
    ) -> Configuration:
        """The configuration of the end at a site. `drawn`: a generated `cak` and its `ckn`.

        References to CAKs are followed by `ring`, so that ends and links can share one. Raises
        ConfigError, without a place, for what does not go together.
        """
        values = _given(self) if self.has_cak else {**drawn, **_given(self)}
        if site in self.ends:
            own = _given(self.ends[site])
            # Another CAK alone goes by the same name; all else takes the place of what was there.
            if own.keys() & (_HOLDERS - {"cak"}):
                values = {name: values[name] for name in values.keys() - _HOLDERS}
            values |= own
        mka = _agreement(_followed(values, ring))
        result = Configuration.model_construct({"secy", "mka"}, secy=self.secy, mka=mka)
        result._origin = origin
        return result

    def key_sources(self) -> Iterator[KeySource]:
        """The source of every CAK."""
        for section in (self, *self.ends.values()):
            for key in (section, *section.keychain):
                if key.cak is not None:
                    yield key.cak


def _given(section: MkaSection) -> dict[str, Any]:
    """The entries of a section `mka` that are there."""
    names = section.model_fields_set & MkaSection.model_fields.keys()
    return {name: getattr(section, name) for name in names}


def _followed(values: Mapping[str, Any], ring: KeyRing) -> dict[str, Any]:
    """The same with every CAK in place of the reference to it."""
    result = dict(values)
    if result.get("cak") is not None:
        result["cak"] = KeySource.of(ring.key(result["cak"]))
    result["keychain"] = [_followed_entry(entry, ring) for entry in result.get("keychain", ())]
    return result


def _followed_entry(entry: ChainedCakSection, ring: KeyRing) -> ChainedCakSection:
    if entry.cak is None:
        return entry
    values = {name: getattr(entry, name) for name in ChainedCakSection.model_fields}
    values["cak"] = KeySource.of(ring.key(entry.cak))
    return ChainedCakSection.model_construct(set(entry.model_fields_set), **values)


def _agreement(values: Mapping[str, Any]) -> MkaSection:
    """A section `mka`, with the rules that it has in a configuration."""
    aliases = {name: field.alias or name for name, field in CakSection.model_fields.items()}
    given = {aliases.get(name, name): value for name, value in values.items()}
    if given.get("eap") is not None:
        raise ConfigError("eap: a lab has no RADIUS server; `macsec tap --mka` takes it")
    try:
        return MkaSection.model_validate(given)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    raise ConfigError(str(details[0].get("ctx", {}).get("error", "it cannot be used")))


def _protection(value: Any) -> Any:
    """A word, or a mapping."""
    if isinstance(value, Mapping | ProtectionSection):
        return value
    if isinstance(value, str) and value in KEYS:
        return {"keys": str(value)}
    try:
        return {} if scalars.switch(value) else None
    except ValueError:
        raise ValueError(_EXPECTED) from None


Protection: TypeAlias = Annotated[
    ProtectionSection | None,
    BeforeValidator(_protection),
    AnyOf({"enum": [*WORDS, True, False]}),
]
