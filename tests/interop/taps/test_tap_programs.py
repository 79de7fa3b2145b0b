"""Unmodified programs across two `macsec tap`: they work, and the cable carries MACsec only."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.real import hosts
from support.real.hosts import Capture, Host

pytest.importorskip("macsec._native", reason="the native data plane is not built")

CANARY = b"the canary sings on a clear wire only"
SERVER, SERVER6 = "10.77.0.2", "fd77::2"
SCI = ("5254001301560001", "5254001301570001")
WORD = "correct-horse"


@dataclass
class Link:
    """Client `a`, server `b`; `wire` sees the cable, `above` the frames delivered to `b`."""

    a: Host
    b: Host
    wire: Capture
    above: Capture
    folder: Path

    @contextlib.contextmanager
    def carries(self, canary: bool) -> Iterator[None]:
        """Check that the block's traffic is MACsec on the cable; `canary`: in clear above it."""
        self.wire.frames()
        self.above.frames()
        yield
        wire, above = self.wire.frames(), self.above.frames()
        assert above
        assert {frame[12:14] for frame in wire} == {hosts.MACSEC}
        assert not any(CANARY in frame for frame in wire)
        assert any(CANARY in frame for frame in above) == canary

    def document(self, name: str, size: int = 200_000) -> Path:
        """Return a file of about `size` octets, full of the canary."""
        path = self.folder / name
        path.write_bytes((CANARY + b"\n") * (size // (len(CANARY) + 1)))
        return path

    def certificate(self) -> tuple[Path, Path]:
        """Return a certificate of the server, and its key."""
        cert, key = self.folder / "server.crt", self.folder / "server.key"
        if not cert.exists():
            self.b.run(
                *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"),
                *("ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=server"),
                *("-addext", f"subjectAltName=IP:{SERVER}", "-keyout", key, "-out", cert),
            )
        return cert, key


def configuration(folder: Path, side: int, keys: list[str]) -> Path:
    """Return one side's file: it sends with its own key and receives with the other's."""
    path = folder / f"side-{side}.yaml"
    path.touch(mode=0o600)
    sent, received = ({"0": {"key": keys[at]}} for at in (side, 1 - side))
    tree = {"tx": {"sci": SCI[side], "sa": sent}, "rx": [{"sci": SCI[1 - side], "sa": received}]}
    path.write_text(json.dumps(tree))
    return path


def tap(host: Host, config: Path) -> Any:
    """Start a MACsec interface on a host, and wait until it is up."""
    command = (sys.executable, "-m", "macsec", "tap", "-c", config, "--json")
    pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    process = host.start(*command, "--lower", "wire", "--upper", "ms0", **pipes)
    assert b"ms0 is up" in process.stderr.readline()
    return process


@pytest.fixture(scope="module")
def link(tmp_path_factory) -> Iterator[Link]:
    """Return two hosts with addresses on MACsec interfaces only; check counters at the end."""
    hosts.need()
    folder = tmp_path_factory.mktemp("link")
    keys = [os.urandom(16).hex(), os.urandom(16).hex()]
    with hosts.hosts(folder) as (a, b):
        hosts.cable(a, b)
        taps = [tap(host, configuration(folder, at, keys)) for at, host in enumerate((a, b))]
        for at, host in enumerate((a, b), 1):
            host.sysctl("net/ipv6/conf/ms0/disable_ipv6", 0)
            host.ip("address", "add", f"10.77.0.{at}/24", "dev", "ms0")
            host.ip("address", "add", f"fd77::{at}/64", "dev", "ms0", "nodad")
        yield Link(a, b, a.listen("wire"), b.listen("ms0"), folder)
        for process in taps:
            process.send_signal(signal.SIGTERM)
        reports = [json.loads(process.communicate(timeout=60)[0]) for process in taps]
    check_counters(reports)


def check_counters(reports: list[dict[str, Any]]) -> None:
    """Check that each side validated every frame of the other."""
    for one, other in (reports, reports[::-1]):
        assert one["counters"]["OutPktsEncrypted"] == one["to_wire"]["frames_out"] > 0
        lost = other["from_wire"]["lost"] + other["from_wire"]["dropped"]
        assert one["to_wire"]["too_long"] == lost == 0
        assert other["counters"]["InPktsOK"] == one["counters"]["OutPktsEncrypted"]
        good = {"InPktsOK", "OutPktsEncrypted", "InOctetsDecrypted", "OutOctetsEncrypted"}
        assert not any(count for name, count in one["counters"].items() if name not in good)


# ---------------------------------------------------------------- ping


@pytest.mark.parametrize("address", [SERVER, SERVER6])
def test_ping_over_ipv4_and_ipv6(link, address):
    """IPv6 finds its neighbours by multicast."""
    hosts.need("ping")
    with link.carries(canary=False):
        output = link.a.run("ping", "-c", "10", "-i", "0.1", "-W", "5", address)
    assert hosts.missed(output) <= 1


def test_the_longest_packet_passes_unfragmented(link):
    """The sender refuses one octet more."""
    hosts.need("ping")
    whole = ("ping", "-c", "3", "-i", "0.2", "-W", "5", "-M", "do")
    with link.carries(canary=False):
        assert hosts.missed(link.a.run(*whole, "-s", str(1468 - 28), SERVER)) <= 1
    assert "mtu=1468" in link.a.run(*whole, "-s", str(1469 - 28), SERVER, code=1)
    assert hosts.missed(link.a.run(*whole[:-2], "-s", "8000", SERVER)) <= 1  # in fragments


# ---------------------------------------------------------------- iperf3


@pytest.mark.parametrize("way", [(), ("--reverse",), ("--bidir",)], ids=["to", "from", "both"])
def test_tcp_streams_in_each_direction_and_both(link, way):
    """By iperf3."""
    hosts.need("iperf3")
    link.b.start("iperf3", "-s", "-1", port=5201)
    with link.carries(canary=False):
        report = json.loads(link.a.run("iperf3", "-c", SERVER, "-n", "20M", "--json", *way))
    end = report["end"]
    both = end.get("sum_received_bidir_reverse", {"bytes": 0})["bytes"]
    assert end["sum_sent"]["bytes"] >= (1 if both else 20) << 20
    assert end["sum_received"]["bytes"] > 1 << 20
    assert (both > 0) == (way == ("--bidir",))


def test_udp_at_a_steady_rate(link):
    """A busy receiver may lose some datagrams, the taps do not."""
    hosts.need("iperf3")
    link.b.start("iperf3", "-s", "-1", port=5201)
    steady = ("-u", "-b", "50M", "-l", "1400", "-n", "4M")
    with link.carries(canary=False):
        report = json.loads(link.a.run("iperf3", "-c", SERVER, *steady, "--json"))
    total = report["end"]["sum"]
    assert total["packets"] > 2900
    assert total["lost_percent"] < 20


# ---------------------------------------------------------------- web servers

SERVE = """
import functools, http.server, ssl, sys
folder, address, port, *tls = sys.argv[1:]
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
server = http.server.ThreadingHTTPServer((address, int(port)), handler)
if tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(*tls)
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


def serve(link: Link, port: int, *tls: Path) -> None:
    """Start a web server on host b."""
    program = (sys.executable, "-c", SERVE, link.folder, SERVER, str(port))
    link.b.start(*program, *tls, port=port)


def fetch(link: Link, url: str, *more: str | Path) -> bytes:
    """Return the file that curl fetches on host a."""
    to = link.folder / "fetched"
    link.a.run("curl", "-sSf", "--max-time", "60", "-o", to, *more, url)
    return to.read_bytes()


def test_http_is_in_clear_above_the_cable_only(link):
    """A page of two million octets by curl."""
    hosts.need("curl")
    document = link.document("page.txt", 2_000_000)
    serve(link, 8080)
    with link.carries(canary=True):
        assert fetch(link, f"http://{SERVER}:8080/page.txt") == document.read_bytes()


def test_https_by_tls13(link):
    """curl checks the certificate of the server."""
    hosts.need("curl", "openssl")
    document = link.document("page.txt", 2_000_000)
    cert, key = link.certificate()
    serve(link, 8443, cert, key)
    with link.carries(canary=False):
        url = f"https://{SERVER}:8443/page.txt"
        found = fetch(link, url, "--tlsv1.3", "--cacert", cert)
    assert found == document.read_bytes()


# ---------------------------------------------------------------- ssh


def test_ssh_runs_a_command_and_copies_files(link):
    """A file in each direction by scp."""
    hosts.need("ssh", "scp", "sshd", "ssh-keygen")
    host_key, user_key = link.folder / "host_key", link.folder / "user_key"
    for key in (host_key, user_key):
        link.a.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key)
    settings = {
        "ListenAddress": SERVER,
        "HostKey": host_key,
        "AuthorizedKeysFile": f"{user_key}.pub",
        "PidFile": "none",
        "UsePAM": "no",
        "StrictModes": "no",
        "PermitRootLogin": "prohibit-password",
        "Subsystem": "sftp internal-sftp",
    }
    config = link.folder / "sshd_config"
    config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    Path("/run/sshd").mkdir(exist_ok=True)
    link.b.start("sshd", "-D", "-e", "-f", config, port=22)
    known = link.folder / "known_hosts"
    known.write_text(f"{SERVER} {host_key.with_suffix('.pub').read_text()}")
    chosen = ("-F", "none", "-i", user_key, "-o", f"UserKnownHostsFile={known}")
    sent, back = link.document("sent.txt", 1_000_000), link.folder / "back.txt"
    with link.carries(canary=False):
        output = link.a.run("ssh", *chosen, f"root@{SERVER}", f"echo {CANARY.decode()}")
        link.a.run("scp", "-q", *chosen, sent, f"root@{SERVER}:{link.folder}/there.txt")
        link.a.run("scp", "-q", *chosen, f"root@{SERVER}:{link.folder}/there.txt", back)
    assert CANARY.decode() in output
    assert back.read_bytes() == sent.read_bytes()


# ---------------------------------------------------------------- SMB


def samba(link: Link) -> tuple[Path, Path]:
    """Start an SMB server that requires encryption; return a client's files for it."""
    home, share = link.folder / "samba", link.folder / "share"
    for folder in (home, home / "rpc", share):
        folder.mkdir()
    folders = ("private dir", "lock directory", "state directory", "cache directory")
    settings = dict.fromkeys(folders, home) | {
        "server role": "standalone server",
        "interfaces": SERVER,
        "bind interfaces only": "yes",
        "disable netbios": "yes",
        "smb ports": "445",
        "server min protocol": "SMB3_11",
        "server smb encrypt": "required",
        "passdb backend": f"tdbsam:{home}/passdb.tdb",
        "pid directory": home,
        "ncalrpc dir": home / "rpc",
        "log file": home / "log",
        "load printers": "no",
        "printcap name": "/dev/null",
    }
    lines = [f"{name} = {value}" for name, value in settings.items()]
    server, client, password = home / "smb.conf", home / "client.conf", home / "password"
    server.write_text("\n".join(["[global]", *lines, "[share]", f"path = {share}", "read only=no"]))
    client.write_text("[global]\n")
    password.write_text(f"username = root\npassword = {WORD}\n")
    link.b.run("smbpasswd", "-c", server, "-s", "-a", "root", input=f"{WORD}\n{WORD}\n")
    link.b.start("smbd", "--foreground", "--no-process-group", "-s", server, port=445)
    return client, password


def test_smb3_copies_a_file_to_a_share_and_back(link):
    """SMB 3.1.1, encryption required by both sides."""
    hosts.need("smbclient", "smbd", "smbpasswd")
    client, password = samba(link)
    sent, back = link.document("report.txt", 1_000_000), link.folder / "report-back.txt"
    connect = ("smbclient", f"//{SERVER}/share", "-s", client, "-A", password, "-m", "SMB3_11")
    work = f"put {sent} report.txt; get report.txt {back}; del report.txt; ls"
    with link.carries(canary=False):
        link.a.run(*connect, "--client-protection=encrypt", "-c", work)
    assert back.read_bytes() == sent.read_bytes()


# ---------------------------------------------------------------- an object store

OBJECTS = """
import sys, boto3
address, cert, sent = sys.argv[1:]
octets = open(sent, "rb").read()
store = boto3.client("s3", endpoint_url=address, verify=cert, region_name="us-east-1",
                     aws_access_key_id="test", aws_secret_access_key="test")
store.create_bucket(Bucket="shelf")
store.put_object(Bucket="shelf", Key="2024/object", Body=octets)
print([each["Key"] for each in store.list_objects_v2(Bucket="shelf")["Contents"]])
assert store.get_object(Bucket="shelf", Key="2024/object")["Body"].read() == octets
store.delete_object(Bucket="shelf", Key="2024/object")
print(store.list_objects_v2(Bucket="shelf")["KeyCount"])
"""


def test_an_object_store_keeps_an_object(link):
    """S3 over HTTPS: an object is put, listed, read and deleted."""
    hosts.need("moto_server", "openssl")
    cert, key = link.certificate()
    link.b.start("moto_server", "-H", SERVER, "-p", "5000", "-s", "-c", cert, "-k", key, port=5000)
    sent = link.document("object", 1_000_000)
    python = Path(hosts.found("moto_server") or "").with_name("python")
    with link.carries(canary=False):
        output = link.a.run(python, "-c", OBJECTS, f"https://{SERVER}:5000", cert, sent)
    assert output.splitlines()[-2:] == ["['2024/object']", "0"]


# ---------------------------------------------------------------- tcpdump


def test_tcpdump_sees_macsec_alone(link):
    """On the cable every frame is MACsec, with the SCI of one side."""
    hosts.need("tcpdump", "ping")
    capture = link.folder / "cable.pcap"
    watch = ("tcpdump", "-Z", "root", "-n", "-U", "--immediate-mode", "-i", "wire", "-w", capture)
    tcpdump = link.a.start(*watch, stderr=subprocess.PIPE)
    while b"listening on" not in tcpdump.stderr.readline():
        assert tcpdump.poll() is None
    pattern = CANARY[:16].hex()
    link.a.run("ping", "-c", "10", "-i", "0.01", "-p", pattern, "-s", "400", SERVER)
    hosts.until(lambda: len(read(link.a, capture)) >= 20, "20 frames", tcpdump)
    lines = read(link.a, capture)
    assert all("MACsec (0x88e5)" in line for line in lines)
    for sci in SCI:
        assert any(f"sci {sci}" in line for line in lines)
    assert CANARY[:16] not in capture.read_bytes()


def read(host: Host, capture: Path) -> list[str]:
    """Return a capture as tcpdump prints it, a line a frame."""
    printed = host.run("tcpdump", "-nn", "-e", "-r", capture, code=None)
    return [line for line in printed.splitlines() if " > " in line]
