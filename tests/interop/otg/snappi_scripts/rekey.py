"""The first SA starts just before its last PNs: another SAK comes under traffic, without loss."""

from two_ports import (
    add_flow,
    capture,
    captured,
    check,
    configuration,
    entity,
    flow_at_its_end,
    metrics,
    start,
)

config = configuration()
engine = entity(config, 1).data_plane.encapsulation.crypto_engine
engine.encrypt_decrypt.tx_pn.starting_pn = 0xC0000000 - 100
add_flow(config, "f", packets=2500, pps=250)
config.captures.add(name="c", port_names=["p2"])
start(config)
capture()
row = flow_at_its_end()
check("frames", (row.frames_tx, row.frames_rx), (2500, 2500))
check("flaps", [each.session_flap_count for each in metrics("mka")], [0, 0])
octets = captured("p2")
tag = b"\x02\x00\x00\x00\x00\x01\x88\xe5"
counts = [octets.count(tag + bytes([0x2C | an])) for an in range(4)]
check("association numbers", sorted(counts)[:2], [0, 0])
check("all frames", sum(counts), 2500)
check("first SA", counts[0] > 100, True)
