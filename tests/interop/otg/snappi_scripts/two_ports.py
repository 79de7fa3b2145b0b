"""A bench of two ports at one wire, with a MACsec device at each, for the scripts beside it."""

import sys
import time

import snappi

api = snappi.api(location=sys.argv[1], verify=False)
CAK = "0123456789abcdef0123456789abcdef"


def configuration(caks=(CAK, CAK)):
    """Return the configuration: device n has the interface ethN, the SecY secyN, the KaY kayN."""
    config = snappi.Config()
    for n, cak in enumerate(caks, 1):
        port = config.ports.add(name=f"p{n}", location=f"w/{'ab'[n - 1]}")
        device = config.devices.add(name=f"d{n}")
        eth = device.ethernets.add(name=f"eth{n}", mac=f"02:00:00:00:00:0{n}")
        eth.connection.port_name = port.name
        eth.ipv4_addresses.add(name=f"ip{n}", address=f"10.0.0.{n}", gateway=f"10.0.0.{3 - n}")
        secy = device.macsec.ethernet_interfaces.add(eth_name=eth.name).secure_entity
        secy.name = f"secy{n}"
        secy.data_plane.encapsulation.crypto_engine.choice = "encrypt_decrypt"
        kay = secy.key_generation_protocol.mka
        kay.name = f"kay{n}"
        kay.basic.key_source.psks.add(cak_name="0a", cak_value=cak)
        kay.tx.secure_channels.add(name=f"sc{n}", system_id=eth.mac)
    return config


def entity(config, n):
    """Return the secure entity of device n."""
    return config.devices[n - 1].macsec.ethernet_interfaces[0].secure_entity


def add_flow(config, name, packets, pps):
    """Add a flow of UDP frames from the first device to the second."""
    flow = config.flows.add(name=name)
    flow.tx_rx.device.tx_names, flow.tx_rx.device.rx_names = ["ip1"], ["ip2"]
    flow.packet.ethernet().macsec().ipv4().udp()
    flow.packet[-1].src_port.increment.start = 5000
    flow.packet[-1].src_port.increment.count = 16
    flow.size.fixed, flow.rate.pps = 256, pps
    flow.duration.fixed_packets.packets = packets
    flow.metrics.enable = flow.metrics.loss = flow.metrics.timestamps = True
    flow.metrics.latency.enable = True
    flow.metrics.latency.mode = "cut_through"
    return flow


def protocols(state):
    """Start or stop all protocols."""
    control = snappi.ControlState()
    control.protocol.all.state = state
    api.set_control_state(control)


def transmit(state):
    """Start or stop all flows."""
    control = snappi.ControlState()
    control.traffic.flow_transmit.state = state
    api.set_control_state(control)


def start(config):
    """Configure the API, start the protocols and wait for MKA."""
    api.set_config(config)
    protocols("start")
    wait_for("MKA up", secured)


def capture():
    """Start the captures of all ports that have one."""
    control = snappi.ControlState()
    control.port.capture.state = "start"
    api.set_control_state(control)


def captured(port):
    """Return the octets of the capture of a port."""
    return api.get_capture(snappi.CaptureRequest(port_name=port)).read()


def flow_at_its_end():
    """Transmit the one flow to its end; return its metrics."""
    transmit("start")
    wait_for("end of traffic", lambda: metrics("flow")[0].transmit == "stopped")
    (row,) = metrics("flow")
    return row


def metrics(kind):
    """Return all rows of a kind."""
    request = snappi.MetricsRequest()
    request.choice = kind
    getattr(request, kind)
    return list(getattr(api.get_metrics(request), f"{kind}_metrics"))


def wait_for(what, condition):
    """Wait until a condition holds; exit with 1 after half a minute."""
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    sys.exit(f"{what}: not within half a minute")


def secured():
    """Return whether both KaYs are up."""
    return all(row.session_state == "up" for row in metrics("mka"))


def check(what, found, wanted):
    """Print the name of what was checked; exit with 1 unless two values are equal."""
    if found != wanted:
        sys.exit(f"{what}: {found}, not {wanted}")
    sys.stdout.write(f"{what}\n")
