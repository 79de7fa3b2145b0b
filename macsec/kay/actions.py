"""What a KaY asks of a SecY, as data: whoever drives the KaY carries it out (802.1AE 10.7).

The order matters; what is asked for is done by the time the next action or MKPDU is polled. Keys
are the KaY's: a data plane takes the octets into memory of its own, and the KaY wipes the `Key`
when its SAs are deleted.
"""

from __future__ import annotations

from dataclasses import dataclass

from macsec.keys import Key

from .sak import Protection


@dataclass(frozen=True, slots=True)
class Reset:
    """Forget every SC and SA, whoever made them; there is one transmit SC, of this SCI."""

    sci: int


@dataclass(frozen=True, slots=True)
class SetControlledPort:
    """Let frames through the Controlled Port, or none, either way (controlledPortEnabled)."""

    enabled: bool


@dataclass(frozen=True, slots=True)
class Protect:
    """From now on the SecY protects, and validates as it is configured; a new suite drops SAs."""

    protection: Protection


@dataclass(frozen=True, slots=True)
class Unprotect:
    """From now on the SecY passes plain frames: protect off, replay off, validate check."""


@dataclass(frozen=True, slots=True)
class CreateReceiveSC:
    """A receive SC for a peer (10.7.11)."""

    sci: int


@dataclass(frozen=True, slots=True)
class DeleteReceiveSC:
    """The receive SC of a peer that is gone, with all its SAs."""

    sci: int


@dataclass(frozen=True, slots=True)
class CreateReceiveSA:
    """A receive SA in use from PN 1 on (10.7.13); SSCI and Salt under an XPN suite."""

    sci: int
    an: int
    key: Key
    ssci: int | None
    salt: bytes | None


@dataclass(frozen=True, slots=True)
class DeleteReceiveSA:
    """A receive SA whose SAK is retired."""

    sci: int
    an: int


@dataclass(frozen=True, slots=True)
class RaiseLowestPN:
    """Frames below this PN are too old: delay protection (10.7.15)."""

    sci: int
    an: int
    lowest_pn: int


@dataclass(frozen=True, slots=True)
class CreateTransmitSA:
    """A transmit SA from PN 1 on, not in use yet (10.7.22)."""

    an: int
    key: Key
    ssci: int | None
    salt: bytes | None


@dataclass(frozen=True, slots=True)
class EnableTransmitSA:
    """The transmit SA that is used from now on: encodingSA (10.7.24)."""

    an: int


@dataclass(frozen=True, slots=True)
class DeleteTransmitSA:
    """A transmit SA whose SAK is retired."""

    an: int


Action = (
    Reset
    | SetControlledPort
    | Protect
    | Unprotect
    | CreateReceiveSC
    | DeleteReceiveSC
    | CreateReceiveSA
    | DeleteReceiveSA
    | RaiseLowestPN
    | CreateTransmitSA
    | EnableTransmitSA
    | DeleteTransmitSA
)
