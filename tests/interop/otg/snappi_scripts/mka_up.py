"""MKA comes up, each KaY has one live peer, the neighbours are found, and a stop ends it."""

import snappi
from two_ports import api, check, configuration, metrics, protocols, secured, wait_for

check("warnings", list(api.set_config(configuration()).warnings), [])
check("before", {row.session_state for row in metrics("mka")}, {"down"})
protocols("start")
wait_for("MKA up", secured)
wait_for("keys in use", lambda: all(row.latest_key_tx_peer_count for row in metrics("mka")))
for row in metrics("mka"):
    check("peers", (row.live_peer_count, row.potential_peer_count), (1, 0))
    check("faults", (row.malformed_mkpdu, row.icv_mismatch, row.session_flap_count), (0, 0, 0))
check(
    "SecYs",
    {(row.name, row.session_state) for row in metrics("macsec")},
    {("secy1", "up"), ("secy2", "up")},
)
request = snappi.StatesRequest()
request.ipv4_neighbors.ethernet_names = ["eth1"]
(neighbour,) = api.get_states(request).ipv4_neighbors
check(
    "neighbour",
    (neighbour.ipv4_address, neighbour.link_layer_address),
    ("10.0.0.2", "02:00:00:00:00:02"),
)
protocols("stop")
check("after", {row.session_state for row in metrics("mka")}, {"down"})
