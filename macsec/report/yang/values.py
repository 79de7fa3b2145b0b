"""Values of YANG types in JSON (RFC 7951), and values that a published type cannot hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from macsec.secy.management import Times
from macsec.terms import sci_of

Tree = dict[str, Any]
"""A container or a list entry: names of nodes and their values."""

CKN_CHARACTERS = 32
"""The most that the published type of a CKN holds."""


def count64(value: int) -> str:
    """Return a number of 64 bits, which JSON has as text."""
    return str(value)


def count32(value: int) -> int:
    """Return a counter of 32 bits, which wraps."""
    return value & 0xFFFFFFFF


def sci(value: int | str) -> str:
    """Return an SCI as ieee802-dot1ae-secy has it: aa-bb-cc-dd-ee-ff-0001."""
    octets = sci_of(value).to_bytes(8)
    return octets[:6].hex("-") + f"-{octets[6:].hex()}"


def mac(octets: bytes) -> str:
    """Return a MAC address as ieee802-types has it."""
    return octets.hex("-")


def moment(at: datetime) -> str:
    """Return a time as date-and-time."""
    return at.isoformat(timespec="milliseconds")


def moments(times: Times, epoch: datetime | None) -> Tree:
    """Return the times of an SC or SA that have been, on a clock that was 0 at an epoch."""
    if epoch is None:
        return {}
    given = {
        "created-time": times.created_ns,
        "started-time": times.started_ns,
        "stopped-time": times.stopped_ns,
    }
    return {
        name: moment(epoch + timedelta(microseconds=ns / 1000))
        for name, ns in given.items()
        if ns is not None
    }


def ckn(octets: bytes) -> str | None:
    """Return a CKN: its text if it is one, else in hex; None if the type has no room for that."""
    if octets.isascii() and octets.decode("ascii").isprintable():
        return octets.decode("ascii")
    text = octets.hex()
    return text if len(text) <= CKN_CHARACTERS else None


def present(nodes: Mapping[str, Any]) -> Tree:
    """Return the nodes that have a value."""
    return {name: value for name, value in nodes.items() if value is not None}
