"""The SecY of a port as ieee802-dot1ae-secy has it (802.1AE 10.7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from macsec.secy import SecY, Validate
from macsec.secy.channels import ReceiveSC, TransmitSC
from macsec.secy.management import PortStatus
from macsec.suites import SUITES

from .ports import ManagedPort
from .values import Tree, count32, count64, moments, present, sci

RECEIVE_CHANNELS = 255
"""The number of receive SCs has no limit; its published type ends here."""

VALIDATE = {
    Validate.NULL: "null",
    Validate.DISABLED: "disabled",
    Validate.CHECK: "check",
    Validate.STRICT: "strict",
}
IN_SECY = {
    "in-pkts-untagged": "InPktsUntagged",
    "in-pkts-no-tag": "InPktsNoTag",
    "in-pkts-bad-tag": "InPktsBadTag",
    "in-pkts-no-sa": "InPktsNoSA",
    "in-pkts-no-sa-error": "InPktsNoSAError",
    "in-pkts-overrun": "InPktsOverrun",
    "in-octets-validated": "InOctetsValidated",
    "in-octets-decrypted": "InOctetsDecrypted",
}
IN_CHANNEL = {
    "in-pkts-ok": "InPktsOK",
    "in-pkts-unchecked": "InPktsUnchecked",
    "in-pkts-delayed": "InPktsDelayed",
    "in-pkts-late": "InPktsLate",
    "in-pkts-invalid": "InPktsInvalid",
    "in-pkts-not-valid": "InPktsNotValid",
}
OUT_SECY = {
    "out-pkts-untagged": "OutPktsUntagged",
    "out-pkts-too-long": "OutPktsTooLong",
    "out-octets-protected": "OutOctetsProtected",
    "out-octets-encrypted": "OutOctetsEncrypted",
}
OUT_CHANNEL = {
    "out-pkts-protected": "OutPktsProtected",
    "out-pkts-encrypted": "OutPktsEncrypted",
}


def secy_tree(port: ManagedPort) -> Tree:
    """Return the container `secy` of a port."""
    secy = port.secy
    return {
        "controlled-port": {
            **_status(secy.controlled_port),
            "controlled-port-enabled": port.opened,
        },
        "uncontrolled-port": _status(secy.uncontrolled_port),
        "verification": _verification(port),
        "generation": _generation(port),
        "current-cipher-suite": _current_suite(port),
        "cipher-suite-control": [
            {
                "implemented-cipher-suite": count64(suite.identifier),
                "enable-use": suite.name in secy.controls.enable_use,
                "require-confidentiality": suite.name in secy.controls.require_confidentiality,
            }
            for suite in SUITES.values()
        ],
    }


def suites_tree() -> Tree:
    """Return the container `secy-system`: the Cipher Suites that are implemented (10.7.25)."""
    return {
        "cipher-suites": [
            {
                "cipher-suite": count64(suite.identifier),
                "name": suite.name.upper(),
                "integrity-protection": True,
                "confidentiality-protection": True,
                "changes-data-length": False,
                "icv-length": 16,
            }
            for suite in SUITES.values()
        ]
    }


def _counted(names: Mapping[str, str], counters: Mapping[str, int]) -> Tree:
    return {node: count64(counters[counter]) for node, counter in names.items()}


def _status(status: PortStatus) -> Tree:
    return {
        "mac-enabled": status.enabled,
        "mac-operational": status.operational,
        "oper-point-to-point-mac": status.oper_point_to_point,
        "admin-point-to-point-mac": status.admin_point_to_point.value,
    }


def _verification(port: ManagedPort) -> Tree:
    secy, controls, maxima = port.secy, port.secy.controls, port.secy.maxima
    return {
        "max-receive-channels": maxima.receive_scs or RECEIVE_CHANNELS,
        "max-receive-keys": maxima.keys_per_receive_sc,
        "validate-frames": VALIDATE[controls.validate],
        "replay-protect": controls.replay,
        "replay-window": controls.window,
        **_counted(IN_SECY, secy.counters),
        "receive-sc": [_receive_sc(port, sc) for sc in secy.rx.values()],
    }


def _receive_sc(port: ManagedPort, sc: ReceiveSC) -> Tree:
    secy = port.secy
    return {
        "sci": sci(sc.sci),
        "receiving": sc.in_use,
        **moments(sc.times, port.epoch),
        **_counted(IN_CHANNEL, sc.counters),
        "receive-sa": [
            {
                "rxa": an,
                "in-use": sc.enabled and sa.enabled,
                "next-pn": count64(_shown_pn(secy, sa.next_pn)),
                "lowest-pn": count64(_shown_pn(secy, sa.lowest_pn)),
                **moments(sa.times, port.epoch),
            }
            for an, sa in sorted(sc.sa.items())
        ],
    }


def _shown_pn(secy: SecY, pn: int) -> int:
    """Return a PN within 64 bits: the one after the last has no place there."""
    return min(pn, secy.controls.cipher.pn_limit - 1) if secy.controls.cipher.xpn else pn


def _generation(port: ManagedPort) -> Tree:
    secy = port.secy
    controls, channels = secy.controls, list(_transmit_scs(secy))
    return present(
        {
            "sci-base": None if secy.tx.sci is None else sci(secy.tx.sci),
            "max-transmit-channels": secy.maxima.transmit_scs,
            "max-transmit-keys": secy.maxima.keys_per_transmit_sc,
            "protect-frames": controls.protects,
            "always-include-sci": controls.send_sci,
            "use-es": controls.end_station,
            "use-scb": controls.scb,
            "including-sci": controls.send_sci,
            **_counted(OUT_SECY, secy.counters),
            "user-priority-tc": _priorities(secy),
            "transmit-sc": [_transmit_sc(port, sc) for sc in channels],
        }
    )


def _transmit_scs(secy: SecY) -> Iterator[TransmitSC]:
    """Yield the transmit SCs that have an SCI."""
    for sc in secy.tx_classes.values():
        if sc.sci is not None:
            yield sc


def _priorities(secy: SecY) -> list[Tree]:
    """Return the Traffic Class Table and the Access Priority Table (10.7.17)."""
    asked = secy.controls.access_priority
    return [
        {
            "user-priority": priority,
            "traffic-class": traffic_class,
            "access-class-de0": asked(priority, False)[0],
            "access-class-de1": asked(priority, True)[0],
        }
        for priority, traffic_class in enumerate(secy.controls.traffic_classes)
    ]


def _transmit_sc(port: ManagedPort, sc: TransmitSC) -> Tree:
    secy, controls = port.secy, port.secy.controls
    return {
        "sci": sci(sc.sci or 0),
        "transmitting": sc.in_use,
        **moments(sc.times, port.epoch),
        "encoding-sa": controls.encodingsa,
        **_counted(OUT_CHANNEL, sc.counters),
        "transmit-sa": [
            {
                "txa": an,
                "in-use": sc.enabled and sa.enabled,
                "next-pn": count64(_shown_pn(secy, sa.next_pn)),
                "confidentiality": controls.encrypt,
                **moments(sa.times, port.epoch),
            }
            for an, sa in sorted(sc.sa.items())
        ],
    }


def _current_suite(port: ManagedPort) -> Tree:
    """Return the suite in use and the keys by Key Identifier, which only MKA gives them."""
    slots = [] if port.kay is None else port.kay.cp.slots()
    keys: list[dict[str, Any]] = [
        {
            "key-index": index,
            "key-identifier": (slot.ki.mi + slot.ki.kn.to_bytes(4)).hex(),
            "transmits": slot.transmits,
            "receives": slot.receives,
        }
        for index, slot in enumerate(slots)
    ]
    suite = count64(port.secy.controls.cipher.identifier)
    return {"cipher-suite-identifier": suite, "data-key": keys}


def interface_counts(secy: SecY) -> Tree:
    """Return the `statistics` of the Controlled Port's interface."""
    counters = secy.interface_counters
    return {
        "in-octets": count64(counters["ifInOctets"]),
        "in-unicast-pkts": count64(counters["ifInUcastPkts"]),
        "in-multicast-pkts": count64(counters["ifInMulticastPkts"]),
        "in-broadcast-pkts": count64(counters["ifInBroadcastPkts"]),
        "in-discards": count32(counters["ifInDiscards"]),
        "in-errors": count32(counters["ifInErrors"]),
        "out-octets": count64(counters["ifOutOctets"]),
        "out-unicast-pkts": count64(counters["ifOutUcastPkts"]),
        "out-multicast-pkts": count64(counters["ifOutMulticastPkts"]),
        "out-broadcast-pkts": count64(counters["ifOutBroadcastPkts"]),
        "out-errors": count32(counters["ifOutErrors"]),
    }
