"""Documents of the API: what is refused, at which place, and with what remedy; no key is shown."""

from __future__ import annotations

from typing import Any

import pytest
from support.services.otg import CAK, Rig, config, entity, flow

from macsec.errors import CustodyError
from macsec.otg import service
from macsec.otg.model import Config, RequestRefused, keys_of, read, warnings_of
from macsec.otg.plan import Plan


def refusal(document: Any) -> tuple[str, ...]:
    """The errors of a configuration."""
    with pytest.raises(RequestRefused) as caught:
        Rig(document)
    assert CAK not in str(caught.value.errors)
    return caught.value.errors


def changed(path: str, value: Any) -> dict[str, Any]:
    """A configuration with one value set; names and indices of the path are parted by dots."""
    document = config(flow())
    target: Any = document
    *parts, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    for part in parts:
        target = target[part] if isinstance(part, int) else target.setdefault(part, {})
    target[last] = value
    return document


SECY = "devices.0.macsec.ethernet_interfaces.0.secure_entity"
MKA = f"{SECY}.key_generation_protocol.mka"
AT = "$.devices[0].macsec.ethernet_interfaces[0].secure_entity"
AT_MKA = f"{AT}.key_generation_protocol.mka"
ENGINE = "data_plane.encapsulation.crypto_engine"


@pytest.mark.parametrize(
    ("path", "value", "error"),
    [
        ("lags", [], "$.lags: not emulated: leave it out"),
        ("ports.0.nam", "x", "$.ports[0].nam: not emulated: leave it out (did you mean name?)"),
        ("ports.0.location", "eth0", "$.ports[0].location: expected an end of a wire"),
        ("ports.1.location", "w/a", "$.ports[1].location: w/a has a port already"),
        ("ports.1.location", "v/a", "$.flows[0].tx_rx: p1 is at w/a and p2 at v/a"),
        ("ports.1.name", "p1", "$.ports[1].name: the name 'p1' is taken by $.ports[0].name"),
        ("devices.0.bgp", {}, "$.devices[0].bgp: not emulated"),
        (
            f"{SECY}.{ENGINE}",
            {"choice": "encrypt_only"},
            f"{AT}.{ENGINE}.choice: expected encrypt_decrypt: packet numbers are never",
        ),
        (f"{SECY}.{ENGINE}", {}, f"{AT}.{ENGINE}.choice: expected encrypt_decrypt"),
        *(
            (
                f"{MKA}.basic.mka_version",
                version,
                f"{AT_MKA}.basic.mka_version: expected 3: the KaY implements version 3 and cannot",
            )
            for version in (1, 2, 4)
        ),
        (f"{MKA}.basic.mka_hello_time", 500, f"{AT_MKA}.basic.mka_hello_time: expected whole"),
        (
            f"{MKA}.basic.key_source.psks.0.cak_value",
            CAK[:30],
            f"{AT_MKA}.basic.key_source.psks[0].cak_value: expected a key of 32 or 64 hex digits",
        ),
        (
            f"{MKA}.basic.key_source.psks.0.cak_value",
            CAK * 2,
            f"{AT_MKA}.basic.key_source.psks[0].cak_value: aes_cmac_128 takes a CAK of 16 octets",
        ),
        (
            f"{MKA}.basic.psk_chain_start_time",
            {},
            f"{AT_MKA}.basic.psk_chain_start_time: not emulated",
        ),
        (f"{MKA}.basic.mka_life_time", 1, f"{AT}.key_generation_protocol: "),
        (
            "flows.0.tx_rx.device.tx_names",
            ["ip9"],
            "$.flows[0].tx_rx.device.tx_names[0]: there is no device",
        ),
        (
            "flows.0.tx_rx.device.tx_names",
            ["ip1", "eth1"],
            "$.flows[0].tx_rx.device.tx_names: a flow has one end point on each side: make a flow",
        ),
        ("flows.0.packet.0.choice", "mpls", "$.flows[0].packet[0].choice: expected 'ethernet'"),
        ("flows.0.size", {"fixed": 80, "random": {}}, "$.flows[0].size: choice is"),
        ("flows.0.size.fixed", 63, "$.flows[0].size.fixed: input should be greater than or equal"),
        ("flows.0.size.fixed", 14_001, "$.flows[0].size.fixed: "),
        ("flows.0.duration", {"fixed_packets": {"packets": 0}}, "$.flows[0].duration.fixed_packe"),
    ],
)
def test_fault_is_refused_at_its_json_path(path: str, value: Any, error: str) -> None:
    """The first error has the path and the reason."""
    document = changed(path, value)
    if error.endswith("fixed: ") and value == 14_001:
        document["layer1"] = [{"name": "l", "port_names": ["p1"], "mtu": 1500}]
        error = "$.flows[0].size: frames of 14001 octets do not fit the mtu of 1500"
    assert refusal(document)[0].startswith(error)


def test_all_faults_of_a_document_are_in_one_answer() -> None:
    """So that a user corrects a script once."""
    document = changed("lags", [])
    document["ports"][0]["speed"] = 1
    assert [error.partition(":")[0] for error in refusal(document)] == [
        "$.ports[0].speed",
        "$.lags",
    ]


def test_settings_without_effect_give_warnings() -> None:
    """Each with its path; those with an effect give none."""
    layer1 = {"name": "l", "port_names": ["p1"], "speed": "speed_1_gbps", "media": "fiber"}
    document = config() | {"layer1": [layer1]}
    (warning,) = Rig(document).warnings
    assert warning.startswith("$.layer1[0].media: ")
    assert list(warnings_of(read(Config, config(flow())))) == []


def test_small_frames_have_no_room_for_metrics() -> None:
    """64 octets hold Ethernet, IPv4, UDP and the signature; TCP needs more."""
    small = {"size": {"fixed": 64}}
    assert Rig(config(flow(**small))).warnings == []
    tcp = flow(**small, packet=[{"choice": each} for each in ("ethernet", "ipv4", "tcp")])
    assert refusal(config(tcp))[0] == (
        "$.flows[0].size: frames of 64 octets have no room for the headers and the 18 octets that "
        "metrics need: expected 76 or more"
    )


def test_macsec_header_needs_a_sender_that_encapsulates() -> None:
    """A flow between ports has no SecY."""
    raw = flow(
        tx_rx={"port": {"tx_name": "p1"}},
        packet=[{"choice": "ethernet"}, {"choice": "macsec"}],
    )
    (error,) = refusal(config(raw))
    assert error.startswith("$.flows[0].packet[1].macsec: the sender is no device")


def test_port_has_one_secure_entity() -> None:
    """A second one is refused with its path."""
    document = config()
    second = document["devices"][1]
    second["ethernets"][0]["connection"]["port_name"] = "p1"
    (error,) = refusal(document)
    assert error == (
        "$.devices[1].macsec.ethernet_interfaces[0].secure_entity: port 'p1' has the secure entity "
        "'secy1' already: a port has one"
    )


def test_refused_configuration_changes_nothing() -> None:
    """The one before goes on."""
    rig = Rig(config())
    rig.until_secured()
    with pytest.raises(RequestRefused):
        rig.service.set_config(changed("lags", []))
    assert {row["session_state"] for row in rig.rows("mka")} == {"up"}


def test_hex_digits_may_have_a_prefix() -> None:
    """As scripts for other generators write them."""
    document = config()
    for side in (1, 2):
        (psk,) = entity(document, side)["key_generation_protocol"]["mka"]["basic"]["key_source"][
            "psks"
        ]
        psk["cak_value"], psk["cak_name"] = f"0x{CAK.upper()}", "0xABC"
    rig = Rig(document)
    rig.until_secured()
    assert CAK.upper() not in str(rig.service.get_config())


def test_end_points_go_by_every_name_of_a_device() -> None:
    """Device, interface, address and secure entity name the same port."""
    for name in ("d1", "eth1", "ip1", "secy1"):
        pair = {"device": {"tx_names": [name], "rx_names": ["ip2"]}}
        plan = Plan.of(read(Config, config(flow(tx_rx=pair))))
        assert plan.streams[0].tx.port == "p1"


@pytest.mark.parametrize("mtu", [1500, 64])
def test_keys_of_a_document_are_wiped_once_the_stations_have_them(
    monkeypatch: pytest.MonkeyPatch, mtu: int
) -> None:
    """Also the keys of a document that a small MTU refuses."""
    parts: list[Config] = []
    monkeypatch.setattr(service, "read", lambda *given: parts.append(read(*given)) or parts[-1])
    document = config(flow()) | {"layer1": [{"name": "l", "port_names": ["p1"], "mtu": mtu}]}
    if mtu == 64:
        assert refusal(document)
    else:
        Rig(document)
    keys = list(keys_of(parts[0]))
    assert len(keys) == 2
    for key in keys:
        with pytest.raises(CustodyError, match="wiped"):
            key.expose()
