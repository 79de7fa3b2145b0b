"""Whole runs of the API without HTTP: key agreement, traffic, rekeys, wrong keys, links."""

from __future__ import annotations

from io import BytesIO

import pytest
from support.planes import BOTH_PLANES, Plane
from support.services.otg import CAK, MS, Rig, S, config, entity, flow, mka

from macsec.captures import read
from macsec.otg.model import RequestRefused

ETHERTYPE_MACSEC = b"\x88\xe5"


def test_key_agreement_comes_up_and_its_metrics_say_so(plane: Plane) -> None:
    """Both sessions are down before the start, and up with one live peer after it."""
    rig = Rig(config(), backend=plane.backend)
    assert {row["session_state"] for row in rig.rows("macsec")} == {"down"}
    rig.until_secured()
    rig.run(3 * S)
    for row in rig.rows("mka"):
        assert (row["live_peer_count"], row["potential_peer_count"]) == (1, 0)
        assert (row["latest_key_tx_peer_count"], row["latest_key_rx_peer_count"]) == (1, 1)
        assert row["mkpdu_tx"] > 1
        assert row["mkpdu_rx"] > 1
        assert (row["icv_mismatch"], row["session_flap_count"]) == (0, 0)


def test_flow_of_fixed_packets_has_exact_metrics(plane: Plane) -> None:
    """All frames are encrypted, arrive, and take the delay of the wire."""
    rig = Rig(config(flow()), wires={"w": {"delay": "1ms"}}, backend=plane.backend)
    rig.until_secured()
    rig.transmit()
    rig.run(50 * MS)
    assert rig.row("flow")["transmit"] == "started"
    rig.run(100 * MS)
    row = rig.row("flow")
    assert row["transmit"] == "stopped"
    assert (row["frames_tx"], row["frames_rx"], row["loss"]) == (100, 100, 0)
    assert (row["bytes_tx"], row["bytes_rx"]) == (12_800, 12_800)
    assert row["latency"]["minimum_ns"] == row["latency"]["maximum_ns"] == 1_000_000
    sent, received = rig.rows("macsec")
    assert (sent["out_pkts_encrypted"], received["in_pkts_ok"]) == (100, 100)
    assert sent["out_octets_encrypted"] == received["in_octets_decrypted"] == 100 * (124 - 12)


def test_lost_frames_are_the_loss_of_a_flow() -> None:
    """Frames that the wire drops are sent, not received; the SecY counts what arrived."""
    rig = Rig(config(flow()), wires={"w": {"drop": [1, 5], "match": {"ethertype": 0x88E5}}})
    rig.until_secured()
    rig.transmit()
    rig.run(200 * MS)
    row = rig.row("flow")
    assert (row["frames_tx"], row["frames_rx"], row["loss"]) == (100, 98, 2.0)


def test_frames_before_key_agreement_do_not_pass() -> None:
    """A closed Controlled Port sends nothing."""
    rig = Rig(config(flow()))
    rig.transmit()
    rig.run(200 * MS)
    row = rig.row("flow")
    assert (row["frames_tx"], row["frames_rx"], row["loss"]) == (100, 0, 100.0)
    assert rig.row("port")["frames_tx"] == 0


def test_wrong_cak_is_an_icv_mismatch_and_no_frame_passes(plane: Plane) -> None:
    """One CKN with two CAKs: MKPDUs fail their ICV, no peer lives, no frame arrives."""
    document = config(flow())
    other = mka(2, key_source={"psks": [{"cak_name": "0a", "cak_value": CAK[::-1]}]})
    entity(document, 2)["key_generation_protocol"]["mka"] = other
    rig = Rig(document, backend=plane.backend)
    rig.protocols()
    rig.run(10 * S)
    rig.transmit()
    rig.run(200 * MS)
    for row in rig.rows("mka"):
        assert row["session_state"] == "down"
        assert row["icv_mismatch"] > 1
        assert row["live_peer_count"] == 0
    assert rig.row("flow")["frames_rx"] == 0


def test_rekey_by_packet_numbers_loses_no_frame(plane: Plane) -> None:
    """The first SA starts just before PendingPNExhaustion: another SAK comes under traffic."""
    rate = {"rate": {"pps": 60}, "duration": {"fixed_packets": {"packets": 600}}}
    document = config(flow(**rate))
    engine = entity(document, 1)["data_plane"]["encapsulation"]["crypto_engine"]
    engine["encrypt_decrypt"] = {"tx_pn": {"starting_pn": 0xC0000000 - 100}}
    rig = Rig(document, backend=plane.backend)
    rig.until_secured()
    session = rig.service._bench.ports["p1"].session
    assert session.saks == 1
    rig.transmit()
    rig.run(11 * S)
    assert session.saks == 2
    row = rig.row("flow")
    assert (row["frames_tx"], row["frames_rx"]) == (600, 600)
    assert rig.row("mka")["session_flap_count"] == 0


def test_same_configuration_has_the_same_metrics_on_both_planes() -> None:
    """Random sizes, jitter and loss follow from the seed."""
    mixed = flow(size={"choice": "weight_pairs"}, metrics={"enable": True, "timestamps": True})
    found = []
    for plane in BOTH_PLANES:
        wires = {"w": {"delay": "1ms", "jitter": "100us", "loss": "5%"}}
        rig = Rig(config(mixed), wires=wires, backend=plane.backend)
        rig.until_secured()
        rig.transmit()
        rig.run(200 * MS)
        found.append((rig.rows("flow"), rig.rows("port"), rig.rows("macsec"), rig.rows("mka")))
    assert found[0] == found[-1]
    assert found[0][0][0]["loss"] > 0


def test_rekey_by_timer_comes_at_its_interval() -> None:
    """The Key Server distributes another SAK every 30 seconds."""
    document = config()
    for side in (1, 2):
        mode = {"choice": "timer_based", "timer_based": {"interval": 30}}
        entity(document, side)["key_generation_protocol"]["mka"]["basic"]["rekey_mode"] = mode
    rig = Rig(document)
    rig.until_secured()
    rig.run(65 * S)
    assert rig.service._bench.ports["p1"].session.saks == 3


def test_key_chain_moves_to_its_second_cak() -> None:
    """The first CAK ends after a minute; the session stays up under the second."""
    document = config()
    first = {"cak_name": "01", "cak_value": CAK, "end_offset_time": {"hh": 0, "mm": 1}}
    second = {"cak_name": "02", "cak_value": CAK[::-1], "start_offset_time": {"mm": 0}}
    for side in (1, 2):
        own = entity(document, side)["key_generation_protocol"]
        own["mka"] = mka(side, key_source={"psks": [first, second]})
    rig = Rig(document)
    rig.until_secured()
    rig.run(70 * S)
    assert {row["session_state"] for row in rig.rows("mka")} == {"up"}


def test_link_down_ends_the_session_and_up_begins_another() -> None:
    """Both ports of the wire are down; the session flaps once and comes back."""
    rig = Rig(config())
    rig.until_secured()
    rig.link("down", "p1")
    assert [row["link"] for row in rig.rows("port")] == ["down", "down"]
    assert {row["session_state"] for row in rig.rows("macsec")} == {"down"}
    rig.run(5 * S)
    rig.link("up", "p1")
    rig.run(5 * S)
    assert {row["session_state"] for row in rig.rows("macsec")} == {"up"}
    assert {row["session_flap_count"] for row in rig.rows("mka")} == {1}


def test_stopped_protocols_close_the_ports() -> None:
    """A stop ends both sessions, and a start begins them again."""
    rig = Rig(config())
    rig.until_secured()
    rig.protocols("stop")
    assert {row["session_state"] for row in rig.rows("mka")} == {"down"}
    rig.until_secured()
    assert {row["session_flap_count"] for row in rig.rows("mka")} == {1}


def test_auto_start_starts_key_agreement_with_the_configuration() -> None:
    """As `options.protocol_options.auto_start_all` orders it."""
    rig = Rig(config() | {"options": {"protocol_options": {"auto_start_all": True}}})
    rig.run(5 * S)
    assert {row["session_state"] for row in rig.rows("mka")} == {"up"}


def test_paused_flow_goes_on_where_it_paused() -> None:
    """No frame leaves between pause and resume; all have left in the end."""
    rig = Rig(config(flow()))
    rig.until_secured()
    rig.transmit()
    rig.run(50 * MS)
    rig.transmit("pause")
    paused = rig.row("flow")["frames_tx"]
    rig.run(1 * S)
    assert (rig.row("flow")["frames_tx"], rig.row("flow")["transmit"]) == (paused, "paused")
    rig.transmit("resume")
    rig.run(1 * S)
    assert (rig.row("flow")["frames_tx"], rig.row("flow")["transmit"]) == (100, "stopped")
    rig.transmit("start")
    rig.run(10 * MS)
    assert rig.row("flow")["frames_tx"] < 100


def test_flow_is_stopped_once_its_last_frame_has_arrived() -> None:
    """All frames have left after 99 ms; the last one arrives 50 ms later."""
    rig = Rig(config(flow()), wires={"w": {"delay": "50ms"}})
    rig.until_secured()
    rig.transmit()
    rig.run(120 * MS)
    row = rig.row("flow")
    assert (row["transmit"], row["frames_tx"]) == ("started", 100)
    assert row["frames_rx"] < 100
    rig.run(40 * MS)
    row = rig.row("flow")
    assert (row["transmit"], row["frames_rx"]) == ("stopped", 100)


def test_flow_ends_while_another_goes_on() -> None:
    """A wire that always has frames of another flow does not keep it from its end."""
    other = flow("other", rate={"pps": 5000}, duration={"choice": "continuous"})
    rig = Rig(config(flow(), other), wires={"w": {"delay": "5ms", "loss": "10%"}})
    rig.until_secured()
    rig.transmit()
    rig.run(150 * MS)
    first, second = rig.rows("flow")
    assert (first["transmit"], second["transmit"]) == ("stopped", "started")
    assert 70 < first["frames_rx"] < 100
    rig.transmit("stop", "other")
    assert rig.row("flow", 1)["transmit"] == "stopped"
    assert 3500 < rig.row("flow", 1)["frames_rx_rate"] < 5000


def test_capture_has_secured_frames_of_the_wire() -> None:
    """Frames at a port are as they are on the wire: MKPDUs and frames with a SecTAG."""
    document = config(flow()) | {"captures": [{"name": "c", "port_names": ["p2"]}]}
    rig = Rig(document)
    rig.until_secured()
    rig.capture("start", "p2")
    rig.transmit()
    rig.run(200 * MS)
    octets = rig.service.get_capture({"port_name": "p2"})
    frames = [frame for batch in read(BytesIO(octets)) for frame in batch.frames()]
    assert sum(bytes(frame[12:14]) == ETHERTYPE_MACSEC for frame in frames) == 100


def test_port_flow_is_sent_as_it_is_and_the_secy_discards_it() -> None:
    """A flow between ports passes no SecY; that of the receiver counts frames without a tag."""
    raw = flow(tx_rx={"choice": "port", "port": {"tx_name": "p1", "rx_names": ["p2"]}})
    rig = Rig(config(raw))
    rig.until_secured()
    rig.transmit()
    rig.run(200 * MS)
    assert rig.row("flow")["frames_rx"] == 100
    assert rig.row("macsec", 1)["in_pkts_ok"] == 0


def test_static_keys_need_no_key_agreement() -> None:
    """Two SecYs with one SAK; the session is up at once."""
    sak = [{"sak": CAK}]

    def keys(own: int, other: int) -> dict[str, object]:
        return {
            "tx": {"secure_channels": [{"system_id": f"02:00:00:00:00:0{own}", "saks": sak}]},
            "rx": {
                "secure_channels": [{"dut_sci_system_id": f"02:00:00:00:00:0{other}", "saks": sak}]
            },
        }

    keying = {side: {"choice": "static_key", "static_key": keys(side, 3 - side)} for side in (1, 2)}
    rig = Rig(config(flow(), keying=keying))
    rig.transmit()
    rig.run(200 * MS)
    assert rig.row("flow")["frames_rx"] == 100
    assert rig.row("macsec", 1)["in_pkts_ok"] == 100


def test_no_key_is_in_an_answer_and_its_mark_is_refused() -> None:
    """GET /config has a mark in the place of each CAK, which no configuration may have."""
    rig = Rig(config())
    found = rig.service.get_config()
    assert CAK not in str(found)
    with pytest.raises(RequestRefused, match=r"psks\[0\].cak_value: GET /config returns no keys"):
        rig.service.set_config(found)


def test_neighbours_are_found_once_frames_pass() -> None:
    """The gateway of each interface has a MAC address after key agreement, not before."""
    rig = Rig(config())
    states = rig.service.get_states({"choice": "ipv4_neighbors"})["ipv4_neighbors"]
    assert ["link_layer_address" in row for row in states] == [False, False]
    rig.until_secured()
    states = rig.service.get_states({"choice": "ipv4_neighbors"})["ipv4_neighbors"]
    assert [row["link_layer_address"] for row in states] == [
        "02:00:00:00:00:02",
        "02:00:00:00:00:01",
    ]


def test_metrics_of_unknown_names_and_columns_are_refused() -> None:
    """The refusal lists what there is."""
    rig = Rig(config(flow()))
    with pytest.raises(RequestRefused, match=r"peer_names\[0\].*'x'.*kay1, kay2"):
        rig.rows("mka", peer_names=["x"])
    with pytest.raises(RequestRefused, match=r"column_names\[0\].*no column 'x'"):
        rig.rows("port", column_names=["x"])
    assert rig.rows("mka", column_names=["session_state"])[0] == {
        "name": "kay1",
        "session_state": "down",
    }


def test_requests_without_a_configuration_are_refused() -> None:
    """The refusal names the request that comes first."""
    with pytest.raises(RequestRefused, match="POST /config first"):
        Rig().rows("port")
