"""Values of the model: hex digits, addresses, keys, numbers of n bits."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from macsec.keys import Key
from macsec.terms import octets_of

WITHHELD = b"key not returned"
"""In the place of each key in the answer to GET /config; 16 octets, twice in 32."""


def octets(value: Any) -> bytes:
    """Return octets of hex digits, with 0x before them or not; an odd one gets a 0 in front."""
    if not isinstance(value, str):
        raise ValueError("expected hex digits")
    digits = value.removeprefix("0x").removeprefix("0X")
    try:
        return octets_of("0" * (len(digits) % 2) + digits)
    except ValueError:
        raise ValueError("expected hex digits") from None


def parted_octets(value: Any) -> bytes:
    """Return octets of hex digits that spaces or colons may part."""
    parted = isinstance(value, str)
    return octets(value.replace(" ", "").replace(":", "") if parted else value)


def key(value: Any) -> Key:
    """Return a key of hex digits. Raises ValueError, which never repeats it."""
    if isinstance(value, Key):
        return value
    made = octets(value)
    if len(made) not in (16, 32):
        raise ValueError("expected a key of 32 or 64 hex digits")
    if made in (WITHHELD, WITHHELD * 2):
        raise ValueError(
            "GET /config returns no keys, and this one was put in the key's place: "
            "set the key again"
        )
    return Key.taking(made)


def number_of_hex(value: Any) -> int:
    """Return the number that hex digits are."""
    return int.from_bytes(octets(value))


def _mac(value: Any) -> int:
    if isinstance(value, str):
        made = octets(value.replace(":", "").replace("-", ""))
        if len(made) == 6:
            return int.from_bytes(made)
    raise ValueError("expected a MAC address, such as 02:00:00:00:00:01")


def _address(kind: type[IPv4Address] | type[IPv6Address]) -> Callable[[Any], int]:
    def number(value: Any) -> int:
        try:
            return int(kind(value if isinstance(value, str) else ""))
        except ValueError:
            raise ValueError(f"expected an {kind.__name__[:4]} address") from None

    return number


def only(value: Any, remedy: str) -> AfterValidator:
    """Accept one value; `remedy` says why no other one."""

    def check(given: Any) -> Any:
        if given != value:
            raise ValueError(f"expected {value}: {remedy}")
        return given

    return AfterValidator(check)


Hex = Annotated[bytes, BeforeValidator(octets)]
PartedHex = Annotated[bytes, BeforeValidator(parted_octets)]
HexNumber = Annotated[int, BeforeValidator(number_of_hex)]
Secret = Annotated[Key, BeforeValidator(key)]
Mac = Annotated[int, BeforeValidator(_mac)]
Ipv4 = Annotated[int, BeforeValidator(_address(IPv4Address))]
Ipv6 = Annotated[int, BeforeValidator(_address(IPv6Address))]
Count = Annotated[int, Field(ge=0, le=(1 << 64) - 1)]
Positive = Annotated[int, Field(ge=1, le=(1 << 64) - 1)]
Bits1 = Annotated[int, Field(ge=0, lt=1 << 1)]
Bits2 = Annotated[int, Field(ge=0, lt=1 << 2)]
Bits3 = Annotated[int, Field(ge=0, lt=1 << 3)]
Bits4 = Annotated[int, Field(ge=0, lt=1 << 4)]
Bits6 = Annotated[int, Field(ge=0, lt=1 << 6)]
Bits8 = Annotated[int, Field(ge=0, lt=1 << 8)]
Bits12 = Annotated[int, Field(ge=0, lt=1 << 12)]
Bits13 = Annotated[int, Field(ge=0, lt=1 << 13)]
Bits16 = Annotated[int, Field(ge=0, lt=1 << 16)]
Bits20 = Annotated[int, Field(ge=0, lt=1 << 20)]
Bits32 = Annotated[int, Field(ge=0, lt=1 << 32)]
