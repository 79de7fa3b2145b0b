"""The KaY of a port as ieee802-dot1x has it (802.1X 9.16, 12.5)."""

from __future__ import annotations

from collections.abc import Mapping

from macsec.kay.kay import Kay
from macsec.kay.keys.keychain import Activate
from macsec.kay.membership.participant import Participant
from macsec.kay.policy import Security
from macsec.kay.secy_side.cp import Connect

from .ports import ManagedPort
from .secy import secy_tree
from .values import Tree, ckn, count32, mac, present

CONNECT = {
    Connect.PENDING: "pending",
    Connect.UNAUTHENTICATED: "unauthenticated",
    Connect.AUTHENTICATED: "authenticated",
    Connect.SECURE: "secure",
}
ACTIVATE = {Activate.ALWAYS: "always", Activate.ON_OPER_UP: "on-oper-up"}
EAPOL_COUNTS = {
    "invalid-eapol-frame-rx": ("in-not-mka",),
    "eapol-mk-no-cfn": ("rx-unrecognized-ckn",),
    "eapol-mk-invalid-frames-rx": (
        "in-mkpdu-individual-destination",
        "in-mkpdu-validation-errors",
        "in-mkpdu-unknown-agility",
        "in-mkpdu-icv-verification-errors",
    ),
    "eapol-mka-frames-tx": ("out-mkpdu",),
}
"""Leaves of `eapol-statistics`, and the counters of a KaY that they sum."""


def pae_tree(port: ManagedPort) -> Tree:
    """Return the container `pae` of a port, with its SecY in it."""
    return present(
        {
            "port-capabilities": {
                "supp": False,
                "auth": False,
                "mka": port.kay is not None,
                "macsec": True,
                "announcements": port.kay is not None and port.kay.policy.announce_frames,
                "listener": port.kay is not None and port.kay.policy.announce_frames,
                "virtual-ports": False,
                "in-service-upgrades": port.kay is not None,
            },
            "port-type": "real-port",
            "controlled-port-name": port.name,
            "common-port-name": port.common,
            "kay": None if port.kay is None else _kay(port.kay),
            "eapol-statistics": None if port.kay is None else _statistics(port.kay.counters),
            "logon-process": None
            if port.kay is None
            else {"connect": CONNECT[port.kay.cp.connect]},
            "ieee802-dot1x-eapol:eapol-group-address": None
            if port.kay is None
            else mac(port.kay.policy.destination),
            "ieee802-dot1ae-secy:secy": secy_tree(port),
        }
    )


def _statistics(counters: Mapping[str, int]) -> Tree:
    return {
        leaf: count32(sum(counters[name] for name in names)) for leaf, names in EAPOL_COUNTS.items()
    }


def _kay(kay: Kay) -> Tree:
    policy, principal = kay.policy, kay.principal
    server = None if principal is None else principal.server_priority
    protection = kay.cp.protection
    return present(
        {
            "enable": policy.security is not Security.DISABLED,
            "actor": {"priority": policy.key_server_priority},
            "key-server": {} if server is None else {"priority": server},
            "macsec": {
                "capable": policy.capability > 0,
                "desired": policy.desired,
                "protect": protection is not None,
                "validate": protection is not None,
            },
            "group": {"join": policy.join_group, "form": policy.form_group},
            "suspend-on-request": policy.suspension_limit > 0,
            "active": kay.active,
            "authenticated": kay.cp.connect is Connect.AUTHENTICATED,
            "secured": kay.secured,
            "failed": kay.failed,
            "key-number": _in_use(kay, "kn"),
            "association-number": _in_use(kay, "an"),
            "participants": [
                _participant(kay, index, each) for index, each in enumerate(kay.all_participants)
            ],
        }
    )


def _in_use(kay: Kay, what: str) -> Tree:
    """Return KN or AN of the newest SAK that is sent under, and of the newest received."""
    slots = kay.cp.slots()
    uses = {"tx": [s for s in slots if s.transmits], "rx": [s for s in slots if s.receives]}
    return {
        way: found[0].ki.kn if what == "kn" else found[0].an for way, found in uses.items() if found
    }


def _participant(kay: Kay, index: int, participant: Participant) -> Tree:
    return present(
        {
            "participant": index,
            "cached": participant.key.authenticator is not None,
            "active": True,
            "retain": participant.key.retain,
            "activate": ACTIVATE[kay.chain.activation_of(participant.key)],
            "kmd": kay.policy.kmd or None,
            "nid": kay.policy.nid or None,
            "ckn": ckn(participant.key.ckn),
            "principal": participant is kay.principal,
            "dist-ckn": ckn(participant.distributed_ckn) if participant.distributed_ckn else None,
        }
    )
