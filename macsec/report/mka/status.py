"""The status of key agreement on a port, by the names of wpa_supplicant and OpenConfig."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NotRequired, TypedDict, cast

from rich.text import Text

from macsec.kay import status
from macsec.kay.counters import Reception
from macsec.kay.eap.authenticator import Authenticator
from macsec.kay.kay import Kay
from macsec.report.fields import Counts, Hex
from macsec.report.page import Page
from macsec.report.visible import on_one_line
from macsec.terms import sci_text
from macsec.time_units import NS_PER_S

SCHEMA: Literal["macsec/mka-status/1"] = "macsec/mka-status/1"


class ParticipantJson(TypedDict):
    """A participant by the names of `wpa_cli status`, and its peers by those of `wpa_cli mib`."""

    participant_idx: str
    ckn: Hex
    mi: Hex
    mn: str
    active: str
    participant: str
    retain: str
    live_peers: str
    potential_peers: str
    is_key_server: str
    is_elected: str
    peers: list[dict[str, str]]


class SakJson(TypedDict):
    """A SAK in use."""

    ki: str
    an: int
    transmits: bool
    receives: bool


class KayJson(TypedDict):
    """A KaY: `status` by the names of `wpa_cli status`, `counters` by those of OpenConfig."""

    status: dict[str, str]
    reason: str
    cipher: str | None
    participants: list[ParticipantJson]
    keys: list[SakJson]
    counters: Counts
    announced: NotRequired[dict[str, dict[str, str]]]
    """EAPOL-Announcements of other stations, by MAC address, where they are heard."""


class EapJson(TypedDict):
    """The authentication of a port: its state in words, and the identity of the station.

    `identity`: of the accepted station; while none is, the claim of the last one, which anyone can
    make.
    """

    state: str
    identity: str
    reason: str
    counters: Counts


class PortJson(TypedDict):
    """A port of a running process."""

    upper: str
    lower: str
    pid: int
    mka: KayJson


class TapPortJson(PortJson):
    """The port of a running `tap --mka`, with the counters of its SecY; `eap` if it uses that."""

    counters: Counts
    eap: NotRequired[EapJson]


class MkaStatusJson(TypedDict):
    """`macsec/mka-status/1`: state of the KaYs that run in this network namespace."""

    schema: Literal["macsec/mka-status/1"]
    taps: list[TapPortJson]


BE_SERVER = "give this port the lowest priority, so that it is Key Server"


class MkaSetJson(TypedDict):
    """`macsec/mka-set/1`: the changes that a running port took, and its state after them."""

    schema: Literal["macsec/mka-set/1"]
    upper: str
    changes: list[str]
    reason: str


_REFUSED = ("sak-refused", "sak-cipher-mismatch-errors", "sak-decryption-errors")
WPA_SUITE = "gcm-aes-128"
"""The one Cipher Suite under which wpa_supplicant 2.10 exchanges frames."""

_WHY_NO_PEER = (
    (Reception.BAD_ICV, "{} MKPDUs failed their ICV: the peer has another CAK under this CKN"),
    (Reception.UNKNOWN_CKN, "{} MKPDUs name another CKN"),
    (Reception.REFLECTED, "{} MKPDUs came back: a loop, or a station with this MAC address"),
    (Reception.MALFORMED, "{} MKPDUs are malformed"),
)
"""Reasons for having no live peer, by what was heard in its place, the most specific first."""


def to_json(kay: Kay) -> KayJson:
    """Return the status of a KaY; no key is in it."""
    protection = kay.cp.protection
    announced = {mac.hex(): status.announced_lines(each) for mac, each in kay.announced.items()}
    shown: KayJson = {
        "status": status.status(kay),
        "reason": reason(kay),
        "cipher": None if protection is None else protection.suite.name,
        "participants": [
            cast(ParticipantJson, {**row, "peers": peers})
            for row, (_, peers) in zip(status.participants(kay), status.mib(kay), strict=True)
        ],
        "keys": keys(kay),
        "counters": dict(kay.counters),
    }
    return shown | {"announced": announced} if announced else shown


def port_json(kay: Kay, lower: str, upper: str, pid: int) -> PortJson:
    """Return a port of a running process."""
    return {"upper": upper, "lower": lower, "pid": pid, "mka": to_json(kay)}


def eap_json(pae: Authenticator) -> EapJson:
    """Return the authentication of a port."""
    return {
        "state": pae.state.value,
        "identity": pae.identity.decode("utf-8", "replace"),
        "reason": pae.reason,
        "counters": dict(pae.counters),
    }


def keys(kay: Kay) -> list[SakJson]:
    """Return the SAKs in use by their identifiers, the newest first."""
    return [
        {
            "ki": str(slot.ki),
            "an": slot.an,
            "transmits": slot.transmits,
            "receives": slot.receives,
        }
        for slot in kay.cp.slots()
    ]


def reason(kay: Kay) -> str:
    """Return the state of the port in words, and the obstacle if it is not secured."""
    if kay.secured and (slots := kay.cp.slots()):
        suspended = "; key agreement is suspended" if kay.suspended else ""
        return f"secured, SAK {slots[0].ki}, AN {slots[0].an}{suspended}{_silence(kay)}"
    opened = "plain frames pass, not secured" if kay.cp.controlled else "not secured"
    return f"{opened}: {obstacle(kay)}"


def _silence(kay: Kay) -> str:
    """Return a note on peers that have not reported the newest SAK for a Hello Time or longer."""
    peers, protection = kay.unreported, kay.cp.protection
    if not peers or protection is None or kay.sak_age_ns < kay.policy.hello_ns:
        return ""
    more = f" (and {len(peers) - 1} more)" if len(peers) > 1 else ""
    name = protection.suite.name
    hint = "" if name == WPA_SUITE else f" ({name}; wpa_supplicant 2.10 takes {WPA_SUITE} only)"
    return (
        f"; for {kay.sak_age_ns // NS_PER_S} s peer {sci_text(peers[0].sci or 0)}{more} has not "
        f"reported that it receives under it{hint}"
    )


def obstacle(kay: Kay) -> str:
    """Return the reason why a port is not secured."""
    if not kay.active:
        return "key agreement is off"
    if not kay.participants:
        return kay.awaits or "no CAK is valid now"
    members = kay.all_participants
    if live := [participant for participant in members if participant.peers.live]:
        if all(participant.server is None for participant in live):
            return "no participant offers to be Key Server"
        refused = sum(_lately(kay, name) for name in _REFUSED)
        refusals = f", {refused} distributions refused" if refused else ""
        if beyond := _lately(kay, "sak-an-refused"):
            refusals += f", {beyond} with an AN beyond the {kay.policy.ans} here: {BE_SERVER}"
        if kay.refusal is not None:
            refusals += f"; {kay.refusal}"
        if kay.unable is not None:
            return f"{kay.unable}{refusals}"
        peers = sum(len(one.peers.live) for one in live)
        return f"{peers} live peer{'s' * (peers > 1)} and no SAK yet{refusals}"
    for reception, words in _WHY_NO_PEER:
        if heard := _lately(kay, reception.value):
            hint = _padding(kay) if reception is Reception.UNKNOWN_CKN else ""
            return f"no live peer; {words.format(heard)}{hint}"
    if any(participant.peers.potential for participant in kay.all_participants):
        return "no live peer; a potential peer is heard but does not answer"
    heard = kay.counters[Reception.ACCEPTED.value]
    return "no live peer; " + ("the last one fell silent" if heard else "no MKPDU received")


def _lately(kay: Kay, counter: str) -> int:
    """Return a counter, 0 if it has not risen for a Life Time: its cause is over."""
    return kay.counters[counter] if kay.lately(counter) else 0


def _padding(kay: Kay) -> str:
    """Return a hint at a CKN that one end fills with zeros."""
    if kay.padded_ckn is None:
        return ""
    return f": {kay.padded_ckn.hex()} differs from ours in zeros at its end only; give both one CKN"


def line(kay: Kay) -> str:
    """Return the same as a part of a line."""
    counts = kay.counters
    return (
        f"MKA: {reason(kay)}; {counts['out-mkpdu']:,} MKPDUs sent, "
        f"{counts['in-mkpdu']:,} accepted, "
        f"SAKs: {counts['keys-distributed']} distributed, {counts['keys-received']} received"
    )


def to_page(page: Page, taps: Sequence[TapPortJson]) -> None:
    """Print ports of running processes, name=value as `wpa_cli status` does, and counters."""
    page.lines([Text(line) for tap in taps for line in _lines(tap)])


def _lines(tap: TapPortJson) -> Iterator[str]:
    mka, eap = tap["mka"], tap.get("eap")
    yield f"{tap['upper']} on {tap['lower']}, pid {tap['pid']}: {mka['reason']}"
    yield from _named({**mka["status"], "cipher": mka["cipher"] or ""})
    if eap is not None:
        words = "; ".join(filter(None, (eap["state"], eap["reason"])))
        yield f"   EAP: {on_one_line(eap['identity'])}: {words}"
        yield from _named(eap["counters"])
    for participant in mka["participants"]:
        yield from _named(participant)
        for peer in participant["peers"]:
            yield from _named(peer)
    for key in mka["keys"]:
        yield f"   SAK {key['ki']}, AN {key['an']}: " + ", ".join(
            f"{use} {status.YES_NO[used]}"
            for use, used in (("transmits", key["transmits"]), ("receives", key["receives"]))
        )
    yield from _named({name: count for name, count in mka["counters"].items() if count})


def _named(row: Mapping[str, object]) -> Iterator[str]:
    return (f"   {name}={value}" for name, value in row.items() if not isinstance(value, list))
