"""The status of a KaY, by the names of wpa_supplicant's `status` and `mib` commands."""

from __future__ import annotations

from macsec.kay.announcement import Announced
from macsec.kay.membership.participant import Participant
from macsec.kay.membership.peers import Peer
from macsec.kay.secy_side.cp import Connect
from macsec.time_units import NS_PER_MS

from .kay import Kay

YES_NO = {True: "Yes", False: "No"}
LIVE, POTENTIAL = 1, 2

Lines = dict[str, str]


def status(kay: Kay) -> Lines:
    """Return the status of the port, with names and spellings of `wpa_cli status`."""
    principal = kay.principal
    server = None if principal is None else principal.server_sci
    priority = None if principal is None else principal.server_priority
    return {
        "PAE KaY status": "Active" if kay.active else "Not-Active",
        "Authenticated": YES_NO[kay.cp.connect is Connect.AUTHENTICATED],
        "Secured": YES_NO[kay.secured],
        "Failed": YES_NO[kay.cp.connect is Connect.UNAUTHENTICATED],
        "MKA Failed": YES_NO[kay.failed],
        "Actor Priority": str(kay.policy.key_server_priority),
        "Key Server Priority": "" if priority is None else str(priority),
        "Is Key Server": YES_NO[principal is not None and principal.is_server],
        "Number of Keys Distributed": str(kay.counters["keys-distributed"]),
        "Number of Keys Received": str(kay.counters["keys-received"]),
        "MKA Hello Time": str(kay.policy.hello_ns // NS_PER_MS),
        "actor_sci": actor_text(kay.sci),
        "key_server_sci": "" if server is None else actor_text(server),
    }


def participants(kay: Kay) -> list[Lines]:
    """Return the status of the participants: the second half of `wpa_cli status`."""
    return [
        {
            "participant_idx": str(index),
            "ckn": participant.key.name,
            "mi": participant.identity.mi.hex(),
            "mn": str(participant.identity.mn),
            "active": YES_NO[True],
            "participant": YES_NO[bool(participant.peers.live)],
            "retain": YES_NO[participant.key.retain],
            "live_peers": str(len(participant.peers.live)),
            "potential_peers": str(len(participant.peers.potential)),
            "is_key_server": YES_NO[participant.is_server],
            "is_elected": YES_NO[participant.server is not None],
        }
        for index, participant in enumerate(kay.all_participants)
    ]


def mib(kay: Kay) -> list[tuple[Lines, list[Lines]]]:
    """Return each participant's row of ieee8021XKayMkaParticipantTable, and its peers' rows."""
    return [
        (_participant_row(kay, participant), _peer_rows(participant))
        for participant in kay.all_participants
    ]


def _participant_row(kay: Kay, participant: Participant) -> Lines:
    return {
        "ieee8021XKayMkaPartCKN": participant.key.name,
        "ieee8021XKayMkaPartCached": str(participant.key.source == "eap").lower(),
        "ieee8021XKayMkaPartActive": "true",
        "ieee8021XKayMkaPartRetain": str(participant.key.retain).lower(),
        "ieee8021XKayMkaPartActivateControl": kay.chain.activation_of(participant.key).value,
        "ieee8021XKayMkaPartPrincipal": str(participant is kay.principal).lower(),
        "ieee8021XKayMkaPartDistCKN": (participant.distributed_ckn or b"").hex(),
    }


def _peer_rows(participant: Participant) -> list[Lines]:
    peers = participant.peers
    return [
        {
            "ieee8021XKayMkaPeerListMI": peer.mi.hex(),
            "ieee8021XKayMkaPeerListMN": str(peer.mn),
            "ieee8021XKayMkaPeerListType": str(LIVE if peer.live else POTENTIAL),
            "ieee8021XKayMkaPeerListSCI": "" if peer.sci is None else f"{peer.sci:016x}",
            **_announced(peer),
        }
        for peer in (*peers.live, *peers.potential)
    ]


def _announced(peer: Peer) -> Lines:
    """Return rows of what a peer announced; none without an announcement."""
    found = announced_lines(peer.announced)
    return found | ({"kmd": peer.kmd} if peer.kmd else {})


def announced_lines(announced: Announced | None) -> Lines:
    """Return an announcement by name; what it does not say is left out."""
    if announced is None:
        return {}
    suites = ",".join(f"{suite.name}:{able}" for suite, able in announced.suites or ())
    access = "" if announced.access is None else f"{announced.access.capabilities:02x}"
    nids = ",".join(announced.nids)
    rows = {"cipher_suites": suites, "access": access, "kmd": announced.kmd, "nid": nids}
    return {name: value for name, value in rows.items() if value}


def actor_text(sci: int) -> str:
    """Return an SCI as wpa_supplicant writes it: MAC address, @, port."""
    return ":".join(f"{octet:02x}" for octet in sci.to_bytes(8)[:6]) + f"@{sci & 0xFFFF}"


def text(kay: Kay) -> str:
    """Return the whole status, one line `name=value` for each item."""
    lines = [f"{name}={value}" for name, value in status(kay).items()]
    for rows in participants(kay):
        lines += [f"{name}={value}" for name, value in rows.items()]
    return "\n".join(lines) + "\n"
