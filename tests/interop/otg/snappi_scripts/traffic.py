"""Frames of fixed number: exact metrics of flow, ports and SecYs; the capture has SecTAGs."""

from two_ports import (
    add_flow,
    capture,
    captured,
    check,
    configuration,
    flow_at_its_end,
    metrics,
    start,
)

config = configuration()
add_flow(config, "f", packets=1000, pps=2000)
config.captures.add(name="c", port_names=["p2"])
start(config)
capture()
row = flow_at_its_end()
check("frames", (row.frames_tx, row.frames_rx, row.loss), (1000, 1000, 0))
check("octets", (row.bytes_tx, row.bytes_rx), (256_000, 256_000))
check(
    "latency",
    (row.latency.minimum_ns, row.latency.maximum_ns, row.latency.average_ns),
    (1e6, 1e6, 1e6),
)
spread = row.timestamps.last_timestamp_ns - row.timestamps.first_timestamp_ns
check("time", round(spread), 999 * 500_000)
sent, received = metrics("macsec")
check(
    "SecYs", (sent.out_pkts_encrypted, received.in_pkts_ok, received.in_pkts_bad), (1000, 1000, 0)
)
check(
    "octets of SecYs", (sent.out_octets_encrypted, received.in_octets_decrypted), (240_000, 240_000)
)
octets = captured("p2")
check("format", octets[:4] in (b"\x4d\x3c\xb2\xa1", b"\xd4\xc3\xb2\xa1"), True)
check("SecTAGs", octets.count(b"\x02\x00\x00\x00\x00\x01\x88\xe5"), 1000)
