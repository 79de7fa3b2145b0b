"""Two CAKs of one name: no session, ICV mismatches at both ends, and no frame passes."""

from two_ports import (
    CAK,
    add_flow,
    api,
    check,
    configuration,
    flow_at_its_end,
    metrics,
    protocols,
    secured,
    wait_for,
)

config = configuration([CAK, CAK[::-1]])
add_flow(config, "f", packets=100, pps=1000)
api.set_config(config)
protocols("start")
wait_for("mismatches", lambda: all(row.icv_mismatch > 2 for row in metrics("mka")))
check("MKA up", secured(), False)
check("peers", [row.live_peer_count for row in metrics("mka")], [0, 0])
row = flow_at_its_end()
check("frames", (row.frames_tx, row.frames_rx, row.loss), (100, 0, 100))
config = api.get_config()
check("keys in the answer", CAK in str(config) or CAK[::-1] in str(config), False)
try:
    api.set_config(config)
except Exception as error:
    (first, _) = api.from_exception(error).errors
    check("refusal", "psks[0].cak_value: GET /config returns no keys" in first, True)
else:
    check("refusal", "none", "one")
