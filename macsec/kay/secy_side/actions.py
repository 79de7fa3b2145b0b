"""Actions: the orders of a KaY to a SecY, as data; the driver carries them out (802.1AE 10.7).

The order matters. An action has to be done before the next action or MKPDU is polled. The KaY owns
the keys: a data plane copies the octets into memory of its own, and the KaY wipes the `Key` when
its SAs are deleted.
"""

from __future__ import annotations

from dataclasses import dataclass

from macsec.kay.keys.sak import Protection
from macsec.keys import Key


@dataclass(frozen=True, slots=True)
class Reset:
    """Delete every SC and SA of any origin, and keep one transmit SC, of this SCI."""

    sci: int


@dataclass(frozen=True, slots=True)
class SetControlledPort:
    """Open or close the Controlled Port, for both directions (controlledPortEnabled)."""

    enabled: bool


@dataclass(frozen=True, slots=True)
class Protect:
    """Protect from now on, and validate as configured; another suite deletes the SAs."""

    protection: Protection


@dataclass(frozen=True, slots=True)
class Unprotect:
    """Pass plain frames from now on: protect off, replay protection off, validate check."""


@dataclass(frozen=True, slots=True)
class CreateReceiveSC:
    """Create a receive SC for a peer (10.7.11)."""

    sci: int


@dataclass(frozen=True, slots=True)
class DeleteReceiveSC:
    """Delete the receive SC of a peer that is gone, with all its SAs."""

    sci: int


@dataclass(frozen=True, slots=True)
class CreateReceiveSA:
    """Create a receive SA, in use from PN 1 on (10.7.13); SSCI and Salt under an XPN suite."""

    sci: int
    an: int
    key: Key
    ssci: int | None
    salt: bytes | None


@dataclass(frozen=True, slots=True)
class DeleteReceiveSA:
    """Delete a receive SA: its SAK is retired."""

    sci: int
    an: int


@dataclass(frozen=True, slots=True)
class RaiseLowestPN:
    """Refuse frames below this PN as too old: delay protection (10.7.15)."""

    sci: int
    an: int
    lowest_pn: int


@dataclass(frozen=True, slots=True)
class CreateTransmitSA:
    """Create a transmit SA that starts at PN 1, not in use yet (10.7.22)."""

    an: int
    key: Key
    ssci: int | None
    salt: bytes | None


@dataclass(frozen=True, slots=True)
class EnableTransmitSA:
    """Use this transmit SA from now on: encodingSA (10.7.24)."""

    an: int


@dataclass(frozen=True, slots=True)
class DeleteTransmitSA:
    """Delete a transmit SA: its SAK is retired."""

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
