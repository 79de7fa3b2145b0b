"""Configurations of the OTG API: two ports at one wire, a device with MACsec at each."""

from __future__ import annotations

import copy
from typing import Any

from macsec.config.static_keys import seeded
from macsec.otg.service import TrafficGenerator

MS = 1_000_000
S = 1000 * MS
CAK = "0123456789abcdef0123456789abcdef"


def mka(side: int, **basic: Any) -> dict[str, Any]:
    """The key agreement of a device."""
    return {
        "name": f"kay{side}",
        "basic": {
            "key_source": {"choice": "psk", "psks": [{"cak_name": "0a", "cak_value": CAK}]},
            **basic,
        },
        "tx": {"secure_channels": [{"name": "sc", "system_id": f"02:00:00:00:00:0{side}"}]},
    }


def device(side: int, keying: dict[str, Any] | None = None) -> dict[str, Any]:
    """A device at port pSIDE; `keying`: how its SecY gets its keys, by default `mka`."""
    made: dict[str, Any] = {
        "name": f"d{side}",
        "ethernets": [
            {
                "name": f"eth{side}",
                "mac": f"02:00:00:00:00:0{side}",
                "connection": {"choice": "port_name", "port_name": f"p{side}"},
                "ipv4_addresses": [
                    {
                        "name": f"ip{side}",
                        "address": f"10.0.0.{side}",
                        "gateway": f"10.0.0.{3 - side}",
                    }
                ],
            }
        ],
        "macsec": {
            "ethernet_interfaces": [
                {
                    "eth_name": f"eth{side}",
                    "secure_entity": {
                        "name": f"secy{side}",
                        "data_plane": {
                            "choice": "encapsulation",
                            "encapsulation": {"crypto_engine": {"choice": "encrypt_decrypt"}},
                        },
                        "key_generation_protocol": keying or {"choice": "mka", "mka": mka(side)},
                    },
                }
            ]
        },
    }
    return made


def flow(name: str = "f", **given: Any) -> dict[str, Any]:
    """A flow of 100 frames from the first device to the second."""
    device_pair = {"tx_names": ["ip1"], "rx_names": ["ip2"]}
    return {
        "name": name,
        "tx_rx": {"choice": "device", "device": device_pair},
        "packet": [{"choice": each} for each in ("ethernet", "ipv4", "udp")],
        "size": {"choice": "fixed", "fixed": 128},
        "rate": {"choice": "pps", "pps": 1000},
        "duration": {"choice": "fixed_packets", "fixed_packets": {"packets": 100}},
        "metrics": {"enable": True, "latency": {"enable": True, "mode": "cut_through"}},
        **given,
    }


def config(*flows: dict[str, Any], keying: Any = None) -> dict[str, Any]:
    """Two ports at wire w, with devices; `keying` by side, from 1."""
    keying = keying or {}
    return {
        "ports": [{"name": f"p{n}", "location": f"w/{'ab'[n - 1]}"} for n in (1, 2)],
        "devices": [device(n, keying.get(n)) for n in (1, 2)],
        "flows": [copy.deepcopy(each) for each in flows],
    }


def entity(document: dict[str, Any], side: int) -> Any:
    """The secure entity of a device."""
    macsec = document["devices"][side - 1]["macsec"]
    return macsec["ethernet_interfaces"][0]["secure_entity"]


class Rig:
    """A traffic generator whose time the test advances."""

    def __init__(self, document: Any = None, **given: Any) -> None:
        self.service = TrafficGenerator("0", seeded(1), **given)
        self.warnings: list[str] = []
        if document is not None:
            self.warnings = self.service.set_config(document)["warnings"]

    def protocols(self, state: str = "start") -> None:
        """Start or stop key agreement."""
        self._control("protocol", "all", {"state": state})

    def transmit(self, state: str = "start", *names: str) -> None:
        """Start, stop, pause or resume flows."""
        self._control("traffic", "flow_transmit", {"state": state, "flow_names": list(names)})

    def link(self, state: str, *names: str) -> None:
        """Set the link of ports."""
        self._control("port", "link", {"state": state, "port_names": list(names)})

    def capture(self, state: str, *names: str) -> None:
        """Start or stop captures."""
        self._control("port", "capture", {"state": state, "port_names": list(names)})

    def _control(self, kind: str, choice: str, values: Any) -> None:
        request = {"choice": kind, kind: {"choice": choice, choice: values}}
        self.service.set_control_state(request)

    def run(self, ns: int) -> None:
        """Let virtual time pass."""
        self.service.advance(ns)

    def until_secured(self) -> None:
        """Run until key agreement is up at both ends."""
        self.protocols()
        for _ in range(100):
            if {row["session_state"] for row in self.rows("mka")} == {"up"}:
                return
            self.run(100 * MS)
        raise AssertionError("key agreement does not come up")

    def rows(self, kind: str, **given: Any) -> Any:
        """Metrics of a kind."""
        return self.service.get_metrics({"choice": kind, kind: given})[f"{kind}_metrics"]

    def row(self, kind: str, at: int = 0) -> Any:
        """The metrics of one object."""
        return self.rows(kind)[at]
