"""Answers to Wireshark's questions: interfaces, link types, options, the toolbar."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import NamedTuple

from macsec.errors import MACsecError
from macsec.live.devices import interface
from macsec.monitoring.model import SourceKind
from macsec.monitoring.sources import discover, snapshot

ETHERNET = 1
"""LINKTYPE_ETHERNET"""
KEYS_CONTROL, LOG_CONTROL = 0, 1
WIRE, LAB = "macsec-", "macsec-lab-"
HELP = "https://wiki.wireshark.org/Extcap"


class Offer(NamedTuple):
    """An interface that Wireshark lists: its value, and its text."""

    value: str
    display: str


def offers() -> Iterator[Offer]:
    """Yield an offer for each Ethernet interface here, and for each link of a lab that is up."""
    for _, name in socket.if_nameindex():
        try:
            interface(name)
        except (MACsecError, OSError):
            continue
        yield Offer(WIRE + name, f"MACsec, decrypted: {name}")
    for source in discover():
        if source.kind is SourceKind.LAB and source.name:
            for link in snapshot(source).links:
                yield Offer(
                    f"{LAB}{source.name}:{link.name}", f"MACsec lab link: {source.name} {link.name}"
                )


def interfaces(version: str) -> str:
    """Return the sentences of all interfaces and of the toolbar."""
    found = [f"extcap {{version={version}}}{{help={HELP}}}"]
    found += [f"interface {{value={one.value}}}{{display={one.display}}}" for one in offers()]
    found += [
        f"control {{number={KEYS_CONTROL}}}{{type=string}}{{display=Keys}}"
        "{tooltip=Path of a CAK file or a configuration; keys themselves are never typed here}",
        f"control {{number={LOG_CONTROL}}}{{type=button}}{{role=logger}}{{display=Log}}"
        "{tooltip=Messages of the decryption}",
    ]
    return "\n".join(found)


def link_types() -> str:
    """Return the sentence of the only link type."""
    return f"dlt {{number={ETHERNET}}}{{name=EN10MB}}{{display=Ethernet}}"


def options() -> str:
    """Return the sentences of the options: references to keys, never keys."""
    return "\n".join(
        [
            "arg {number=0}{call=--keys}{display=Keys}{type=fileselect}{mustexist=true}"
            "{tooltip=CAK file as of validate --cak, or a configuration of a SecY}",
            "arg {number=1}{call=--ethertype}{display=EtherType of SecTAGs}{type=string}"
            "{default=88e5}{tooltip=4 hex digits}",
        ]
    )
