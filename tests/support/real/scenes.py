"""Scenes of the guide: the network around blocks that need root, other machines, or minutes.

A page runs in a network namespace of its own, with a /run of its own: nothing of the machine is
changed, and no other test is seen. What a page takes from elsewhere is made here: a second tap in
the namespace `far`, a folder in place of a bucket, a collector on loopback.
"""

from __future__ import annotations

from typing import NamedTuple

CABLE = """
ip netns add far
ip link add eth0 type veth peer name eth0 netns far
ip link set eth0 up
ip -netns far link set eth0 up
"""
STATIC = "macsec config new link.yaml --pair peer.yaml 2>/dev/null\n"
AGREED = "macsec config new a.yaml --mka --pair b.yaml 2>/dev/null\n"


def far(options: str, address: str) -> str:
    """Return the commands of the other end of the cable: a tap, with an address once it is up."""
    return (
        f"ip netns exec far macsec tap {options} --lower eth0 --upper ms0 -q & far=$!\n"
        f"sudo ip -netns far address add {address} dev ms0\n"
    )


FAR = far("--mka -c b.yaml", "10.60.0.2/24")
NEAR = "macsec tap --mka -c a.yaml --lower eth0 --upper ms0 -q & near=$!\n"
SECURED = "sudo macsec mka status ms0\n"


class Around(NamedTuple):
    """Around a block: commands before and after it, and its texts that get another here.

    `background`: it is left running, and printed this once it is ready. `alike`: numbers of its
    output are not compared.
    """

    before: str = ""
    after: str = ""
    replace: tuple[tuple[str, str], ...] = ()
    background: str = ""
    alike: bool = False


class LeftOut(NamedTuple):
    """A block that does not run here, and where it does."""

    reason: str


PODMAN = LeftOut("needs a container engine; tests/repository/image builds and runs the image")

SCENES: dict[str, list[Around | LeftOut]] = {
    "README": [
        Around(
            CABLE + "(until [ -s mka.yaml ]; do sleep 0.1; done; cp mka.yaml b.yaml\n"
            "ip netns exec far macsec tap --mka -c b.yaml --lower eth0 --upper ms0 -q) &\n",
            "sudo ip -netns far address add 10.60.0.2/24 dev ms0\nping -c 3 10.60.0.2\n",
        )
    ],
    "two-hosts": [
        Around(),
        Around(),
        Around(
            after="ip netns exec macsec-a ping -c 3 10.60.0.2\n"
            "for end in macsec-a macsec-b; do ip netns delete $end; done\n"
        ),
        Around(CABLE + FAR, SECURED + "ping -c 3 10.60.0.2\n"),
    ],
    "taps": [
        Around(
            CABLE + STATIC + far("-c peer.yaml", "10.0.0.2/24"),
            "ping -c 3 10.0.0.2\nkill $! $far; wait\n",
        ),
        Around("macsec config new mka.yaml --mka\n" + far("--mka -c mka.yaml", "10.0.0.2/24")),
        LeftOut("alternatives, no sequence; tests/interop/taps and tests/cli/tap run each"),
        LeftOut("needs a kernel with MACsec; tests/interop/peers runs it in one of its own"),
        LeftOut("the stage interop runs these files themselves"),
    ],
    "labs": [Around()],
    "watch": [
        Around(
            replace=(
                ("     # virtual time; by default 1 s a second", " &"),
                ("     # real time", " &"),
            ),
            after="until [ $(grep -c http:// out) = 2 ]; do sleep 0.1; done\n"
            "for url in $(grep -o 'http://[^ ]*' out); do curl -fsSL $url | grep '<html'; done\n",
        )
    ],
    "top": [
        Around(
            CABLE + AGREED + NEAR + FAR + SECURED,
            replace=(
                (
                    'sudo "$(which macsec)" top',
                    "(until grep -q 'tap ms0' out; do sleep 0.2; done; printf q)"
                    " | script -qec 'macsec top' /dev/null",
                ),
            ),
            after="grep -q ms0 out\n",
        ),
        Around(after="grep -q 'secured' out\n"),
    ],
    "monitoring": [
        Around(
            CABLE + AGREED + NEAR + FAR + SECURED,
            "grep -q 'macsec_port_secured.* 1' out\n",
        ),
        Around(
            replace=(
                (
                    "GRAFANA_PASSWORD=... docker compose up -d",
                    "test -s prometheus/rules.yaml; cd ..",
                ),
            ),
            after="curl -fsS --retry 20 --retry-connrefused http://127.0.0.1:9842/metrics"
            " | grep 'macsec_port_secured.* 1'\n",
        ),
        Around(
            "ip address add 192.0.2.1/32 dev lo\n"
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout server.key -out server.pem"
            " -subj /CN=192.0.2.1 -addext subjectAltName=IP:192.0.2.1 2>/dev/null\n"
            "chmod 600 server.key\n"
            "python3 - > web.yaml <<'END'\n"
            "import bcrypt\n"
            "print('tls_server_config: {cert_file: server.pem, key_file: server.key}')\n"
            "hashed = bcrypt.hashpw(b'secret', bcrypt.gensalt(4)).decode()\n"
            "print(f'basic_auth_users: {{prometheus: {hashed}}}')\n"
            "END\nchmod 600 web.yaml\n",
            "curl -fsS --cacert server.pem -u prometheus:secret https://192.0.2.1:9842/metrics"
            " | grep 'macsec_port_secured.* 1'\n",
            background="192.0.2.1:9842",
        ),
        Around(
            "kill $near; wait $near || true\nrm -f link.yaml; cp a.yaml link.yaml\n"
            "ip link set eth0 down; ip link set eth0 name eth1; ip link set eth1 up\n"
            "python3 - > spans <<'END' &\n"
            "from http.server import BaseHTTPRequestHandler, HTTPServer\n"
            "class Collector(BaseHTTPRequestHandler):\n"
            "    def do_POST(self):\n"
            "        self.rfile.read(int(self.headers['Content-Length']))\n"
            "        self.send_response(200)\n"
            "        self.end_headers()\n"
            "        print('spans at', self.path, flush=True)\n"
            "HTTPServer(('127.0.0.1', 4318), Collector).serve_forever()\n"
            "END\nuntil curl -s http://127.0.0.1:4318 >/dev/null; do sleep 0.1; done\n",
            "kill $!; wait $! || true\ngrep 'spans at /v1/traces' spans\n",
            background="secured, SAK",
        ),
    ],
    "gnmi": [
        Around(CABLE + AGREED + NEAR + FAR + SECURED, background="127.0.0.1:9339"),
        Around(
            after="grep -q \"'val': 'ACTIVE'\" out; ! grep Traceback out\n",
            background="tx-untagged-pkts",
        ),
        LeftOut("gnmic is in no package index; the block before it reads the same path"),
    ],
    "asyncio": [
        Around(CABLE + AGREED + FAR.replace("sudo ip -netns far", "true"), "grep InPktsOK out\n"),
        Around(after="grep 'ping ends with 0' out\ngrep 'regions:east-1 .* frames' out\n"),
    ],
    "wireshark": [
        Around(
            CABLE + AGREED + NEAR + FAR + SECURED + "ping -i 0.2 10.60.0.2 > /dev/null &\n"
            "python3 - > caks.yaml <<'END'\n"
            "import yaml\n"
            "mka = yaml.safe_load(open('a.yaml'))['mka']\n"
            "print(f\"{mka['ckn']}: {mka['cak']}\")\n"
            "END\nchmod 600 caks.yaml\nmacsec extcap --install\n",
            "grep -q 'ICMP\\|ping' out\n",
        )
    ],
    "corpus": [
        Around(
            STATIC + "cp link.yaml a.yaml; mkdir -p bucket/wire captures more\n"
            "cp pcaps/tls13.pcap captures; cp pcaps/dns.pcap more\n"
            "for name in arp icmp; do macsec protect -c peer.yaml pcaps/$name.pcap"
            " bucket/wire/$name.pcap; done\n",
            "test -s bucket/clear/icmp.pcap -a -s wire/tls13.pcap\nln -s bucket/clear clear\n",
            replace=(("s3://", ""), ("--state pns", "--state pns --state-init")),
        ),
        Around(
            replace=(
                (
                    "duckdb -c",
                    "python3 -c 'import duckdb, sys; print(duckdb.sql(sys.argv[1]))'",
                ),
            ),
            after="grep -q 'icmp.* ok ' out\n",
        ),
    ],
    "classroom": [
        Around(
            replace=(("npm install pyodide@0.28.3", 'ln -s "$NODE_PATH" node_modules'),),
            background="Serving HTTP",
            after="curl -fsS http://127.0.0.1:8000 | grep -ci '<html'\n",
        )
    ],
    "snappi": [
        Around(
            replace=(("pip install 'macsec[otg]' snappi", "true"),),
            background="127.0.0.1:8443",
        ),
        Around(),
    ],
    "install": [LeftOut("pip fetches the tools of the build; the stages quick and wheels run it")],
    "containers": [PODMAN, PODMAN, PODMAN],
    "latency": [Around(replace=(("--report", "--frames 2000 --loads none --report"),), alike=True)],
}
"""The marked blocks of each page, in their order."""

PRELUDE = """
mount -t tmpfs none /run
mkdir /run/netns
ip link set lo up
export HOME="$PWD/home"
mkdir "$HOME"
"""
SUDO = """#!/bin/sh
# As a reader does: wait until an interface is up, and until it is secured.
case "$*" in
-v) ;; # root has no password
*"address add"*) until "$@" 2>/dev/null; do sleep 0.1; done ;;
*"mka status"*)
    until "$@" 2>/dev/null | grep -q Secured=Yes; do sleep 0.2; done
    exec "$@"
    ;;
*) exec "$@" ;;
esac
"""
