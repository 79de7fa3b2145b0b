"""A configuration that is not emulated is refused with JSON paths; settings without effect warn."""

from two_ports import api, check, configuration, entity

config = configuration()
entity(config, 1).data_plane.encapsulation.crypto_engine.choice = "encrypt_only"
config.lags.add(name="lag")
try:
    api.set_config(config)
except Exception as error:
    found = api.from_exception(error)
    check("kind", (found.code, found.kind), (400, "validation"))
    path = "$.devices[0].macsec.ethernet_interfaces[0].secure_entity.data_plane.encapsulation"
    check(
        "paths",
        [each.partition(":")[0] for each in found.errors],
        [f"{path}.crypto_engine.choice", "$.lags"],
    )
else:
    check("refusal", "none", "one")
config = configuration()
layer1 = config.layer1.add(name="l1", port_names=["p1", "p2"])
layer1.speed, layer1.media = "speed_1_gbps", "fiber"
(warning,) = api.set_config(config).warnings
check("warning", warning.startswith("$.layer1[0].media: "), True)
