"""Record the captures of this folder: real programs that communicate across a veth cable.

    sudo python3 pcaps/record.py --install        # Debian packages and the object store
    sudo python3 pcaps/record.py                  # everything
    sudo python3 pcaps/record.py --only dns.pcap arp.pcap
    sudo python3 pcaps/record.py --uml --only vlan.pcap   # a kernel without 802.1Q: Debian's UML

Keys, certificates and passwords are made for one recording and thrown away with its scratch
folder. Every file sent repeats ``CANARY``, so that a capture that claims to be encrypted can be
searched for it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import manifest
from lab import ADDRESS, ADDRESS6, MAC, Lab, RecordingError, wait_until

HERE = Path(__file__).resolve().parent
CANARY = "the quick canary sings in the clear"
ZONE = "lab.example"
STORE = Path("/var/tmp/macsec-pcaps-store")  # where --install puts the object store
MOTO = "moto[server,s3]==5.2.5"
TOOLS = ["ethtool", "iproute2", "kmod", "openssl", "tcpdump", "user-mode-linux"]
TOOLS += ["wireshark-common"]


def document(lab: Lab, name: str, size: int) -> Path:
    """Write a file of `size` octets for the programs to carry."""
    file = lab.scratch / name
    lines = "".join(f"{number:06d} {CANARY}\n" for number in range(size // 40 + 1))
    file.write_text(lines[:size])
    return file


def certificate(lab: Lab, name: str) -> tuple[Path, Path]:
    """Make a self-signed certificate for host b and its key."""
    cert, key = lab.scratch / f"{name}.crt", lab.scratch / f"{name}.key"
    names = f"subjectAltName=DNS:{name}.{ZONE},IP:{ADDRESS['b']}"
    lab.run(
        *("b", "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-nodes", "-days", "30", "-subj", f"/CN={name}.{ZONE}", "-addext", names),
        *("-keyout", key, "-out", cert),
    )
    return cert, key


def nginx(lab: Lab, name: str, port: int, server: str) -> None:
    """Start nginx on host b with the given body of a server block."""
    home = lab.scratch / f"nginx-{name}"
    home.mkdir()
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {home}/{kind};" for kind in kinds)
    (home / "nginx.conf").write_text(
        f"daemon off; user root; worker_processes 1; pid {home}/pid; error_log stderr;"
        f"events {{}} http {{ access_log off; {temporary} server {{ {server} }} }}"
    )
    command = ("nginx", "-p", home, "-e", "stderr", "-c", home / "nginx.conf")
    lab.start("b", *command, port=f"tcp/{port}")


def https(lab: Lab, name: str, port: int, location: str) -> Path:
    """Start nginx with TLS 1.3 on host b; its certificate."""
    cert, key = certificate(lab, name)
    tls = f"ssl_certificate {cert}; ssl_certificate_key {key}; ssl_protocols TLSv1.3;"
    curves = "ssl_ecdh_curve X25519:prime256v1;"
    nginx(lab, name, port, f"listen {ADDRESS['b']}:{port} ssl; {tls} {curves} {location}")
    return cert


# The recordings


def tls13(lab: Lab) -> None:
    """HTTPS: three downloads over X25519, one over P-256."""
    sizes = {"page": 2_000, "small": 12_000, "large": 60_000}
    for name, size in sizes.items():
        document(lab, f"{name}.txt", size)
    cert = https(lab, "web", 443, f"root {lab.scratch};")
    site = f"web.{ZONE}"
    fetch = ["curl", "-sSf", "--tlsv1.3", "--cacert", str(cert), "-o", "/dev/null"]
    fetch += ["--resolve", f"{site}:443:{ADDRESS['b']}"]
    for name in sizes:
        lab.run("a", *fetch, f"https://{site}/{name}.txt")
    lab.run("a", *fetch, "--curves", "P-256", f"https://{site}/page.txt")


def ssh(lab: Lab) -> None:
    """SSH: three commands and a file each way."""
    host_key, user_key = lab.scratch / "host_key", lab.scratch / "user_key"
    for key in (host_key, user_key):
        lab.run("b", "ssh-keygen -q -t ed25519 -N", "", "-C", "", "-f", key)
    settings = {
        "ListenAddress": ADDRESS["b"],
        "HostKey": host_key,
        "AuthorizedKeysFile": f"{user_key}.pub",
        "PidFile": "none",
        "UsePAM": "no",
        "StrictModes": "no",
        "PermitRootLogin": "prohibit-password",
        "Subsystem": "sftp internal-sftp",
    }
    configuration = lab.scratch / "sshd_config"
    configuration.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
    Path("/run/sshd").mkdir(exist_ok=True)
    lab.start("b", "/usr/sbin/sshd", "-D", "-e", "-f", configuration, port="tcp/22")
    known = lab.scratch / "known_hosts"
    known.write_text(f"{ADDRESS['b']} {host_key.with_suffix('.pub').read_text()}")
    choices = ["-F", "none", "-i", str(user_key), "-o", f"UserKnownHostsFile={known}"]
    there = f"root@{ADDRESS['b']}"
    for command in (f"echo {CANARY}", "seq 1 2000", "exit 0"):
        lab.run("a", "ssh", *choices, there, command)
    sent = document(lab, "sent.txt", 40_000)
    copy = lab.scratch / "copy.txt"
    lab.run("a", "scp", "-q", *choices, sent, f"{there}:{copy}")
    lab.run("a", "scp", "-q", *choices, f"{there}:{copy}", lab.scratch / "back.txt")


def smb3(lab: Lab) -> None:
    """SMB 3.1.1 with encryption required: list, put, get, rename, delete."""
    home, share = lab.scratch / "samba", lab.scratch / "share"
    for folder in (home, share):
        folder.mkdir()
    (home / "rpc").mkdir(mode=0o755)
    folders = ("private dir", "lock directory", "state directory", "cache directory")
    settings = {
        "workgroup": "LAB",
        "netbios name": "FILES",
        "server role": "standalone server",
        "interfaces": ADDRESS["b"],
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
    } | dict.fromkeys(folders, home)
    lines = [f"{key} = {value}" for key, value in settings.items()]
    lines += ["[share]", f"path = {share}", "read only = no"]
    server, client = home / "smb.conf", home / "client.conf"
    server.write_text("\n".join(["[global]", *lines, ""]))
    client.write_text("[global]\nworkgroup = LAB\nnetbios name = DESK\n")
    password = os.urandom(12).hex()
    lab.run("b", "smbpasswd", "-c", server, "-s", "-a", "root", text=f"{password}\n" * 2)
    lab.start("b", "smbd", "--foreground", "--no-process-group", "-s", server, port="tcp/445")
    sent, back = document(lab, "report.txt", 48_000), lab.scratch / "report-back.txt"
    work = f"ls; put {sent} report.txt; ls; get report.txt {back}; rename report.txt old.txt"
    password_file = home / "password"
    password_file.write_text(f"username = root\npassword = {password}\n")
    connection = ["smbclient", f"//{ADDRESS['b']}/share", "-s", str(client), "-m", "SMB3_11"]
    connection += ["--client-protection=encrypt", "-A", str(password_file)]
    lab.run("a", *connection, "-c", f"{work}; del old.txt; ls")
    if back.read_bytes() != sent.read_bytes():
        raise RecordingError("SMB: the file came back changed")


def objects_https(lab: Lab) -> None:
    """S3 over TLS: make a bucket, PUT, LIST, GET and DELETE objects."""
    local = "127.0.0.1:5000"
    lab.start("b", STORE / "bin/moto_server", "-H", "127.0.0.1", "-p", "5000", port="tcp/5000")
    cert = https(lab, "objects", 9000, f"location / {{ proxy_pass http://{local}; }}")
    remote = {
        "TYPE": "s3",
        "PROVIDER": "Other",
        "ENDPOINT": f"https://{ADDRESS['b']}:9000",
        "ACCESS_KEY_ID": "record",
        "SECRET_ACCESS_KEY": os.urandom(12).hex(),
        "REGION": "us-east-1",
        "FORCE_PATH_STYLE": "true",
    }
    env = {f"RCLONE_CONFIG_STORE_{key}": value for key, value in remote.items()}
    rclone = ["rclone", "--config", str(lab.scratch / "rclone.conf"), "--ca-cert", str(cert)]
    sent = document(lab, "object.txt", 40_000)
    small = document(lab, "note.txt", 700)
    for command in (
        "mkdir store:shelf",
        f"copyto {sent} store:shelf/2024/object.txt",
        f"copyto {small} store:shelf/2024/note.txt",
        "lsl store:shelf",
        f"copyto store:shelf/2024/object.txt {lab.scratch}/fetched.txt",
        "deletefile store:shelf/2024/note.txt",
        "ls store:shelf",
    ):
        lab.run("a", *rclone, *command.split(), env=env)
    if (lab.scratch / "fetched.txt").read_bytes() != sent.read_bytes():
        raise RecordingError("S3: the object came back changed")


def dns(lab: Lab) -> None:
    """DNS: A, AAAA, TXT, MX, SRV, PTR, NXDOMAIN, NODATA; truncation and the retry over TCP."""
    long_text = ",".join([f"{CANARY} ".ljust(200, ".")] * 9)
    records = (
        f"--host-record=web.{ZONE},{ADDRESS['b']},{ADDRESS6['b']}",
        f"--host-record=only4.{ZONE},10.77.0.44",
        f"--txt-record={ZONE},v=spf1 -all",
        f"--txt-record=long.{ZONE},{long_text}",
        f"--mx-host={ZONE},web.{ZONE},10",
        f"--srv-host=_https._tcp.{ZONE},web.{ZONE},443",
        f"--cname=www.{ZONE},web.{ZONE}",
    )
    lab.start(
        *("b", "dnsmasq", "-k", "-C", "/dev/null", "--user=root", "--pid-file=", "-R", "-h"),
        *("--bind-interfaces", f"--listen-address={ADDRESS['b']},{ADDRESS6['b']}"),
        *("--edns-packet-max=1232", f"--local=/{ZONE}/", *records),
        port="udp/53",
    )
    questions = (
        f"web.{ZONE} A",
        f"web.{ZONE} AAAA",
        f"www.{ZONE} A",
        f"{ZONE} TXT",
        f"{ZONE} MX",
        f"_https._tcp.{ZONE} SRV",
        f"-x {ADDRESS['b']}",
        f"missing.{ZONE} A",
        f"only4.{ZONE} AAAA",
        f"web.{ZONE} A +noedns +nocookie",
        f"web.{ZONE} A +tcp",
        f"long.{ZONE} TXT +bufsize=1232",
        f"long.{ZONE} TXT +noedns",
    )
    for question in questions:
        lab.run("a", f"dig @{ADDRESS['b']} +tries=1 {question}")
    if lab.ipv6:
        lab.run("a", f"dig @{ADDRESS6['b']} +tries=1 web.{ZONE} AAAA")


def arp(lab: Lab) -> None:
    """ARP: resolution by ping, unicast and broadcast probes, announcements, a silent address."""
    lab.run("a", f"ping -c 1 {ADDRESS['b']}")
    for host, command in (
        ("a", f"arping -c 2 -I eth0 {ADDRESS['b']}"),
        ("b", f"arping -c 2 -b -I eth0 {ADDRESS['a']}"),
        ("b", f"arping -c 2 -U -I eth0 {ADDRESS['b']}"),
        ("b", f"arping -c 2 -A -I eth0 {ADDRESS['b']}"),
        ("a", f"arping -c 2 -D -w 2 -I eth0 {ADDRESS['b']}"),
        ("a", "arping -c 2 -w 2 -I eth0 10.77.0.99"),
        ("a", "ping -c 1 -W 4 10.77.0.98"),
    ):
        lab.run(host, command, check=False)
    for host, other in (("a", "b"), ("b", "a")):
        lab.run(host, "ip neighbour flush all")
        lab.run(host, f"ping -c 2 -i 0.2 {ADDRESS[other]}")


def icmp(lab: Lab) -> None:
    """ICMP and ICMPv6: echoes of many sizes, fragments, neighbour discovery, errors."""
    if lab.ipv6 and not lab.switched:
        lab.run("b", "ip link set eth0 down")
        lab.run("b", "ip link set eth0 up")
        lab.run("b", f"ip address replace {ADDRESS6['b']}/64 dev eth0")
        lab.run("a", "ip -6 neighbour flush dev eth0")
        wait_until("IPv6 address", lambda: "tentative" not in lab.run("b", "ip -6 a"))
    lab.run("b", "ip route add unreachable 10.88.0.0/24")
    lab.run("b", f"ip route add 10.88.1.0/24 via {ADDRESS['a']}")
    lab.run("a", f"ip route add 10.88.0.0/23 via {ADDRESS['b']}")
    lab.sysctl("b", "net/ipv4/ip_forward", 1)
    families: list[tuple[str, tuple[int, ...]]] = [(ADDRESS["b"], (0, 1, 18, 56, 512, 1472, 3000))]
    if lab.ipv6:
        families.append((ADDRESS6["b"], (0, 56, 512, 1452, 3000)))
    for address, sizes in families:
        for size in sizes:
            lab.run("a", f"ping -c 2 -i 0.2 -s {size} {address}")
        lab.run("a", f"dig +tries=1 +time=1 -p 9 @{address} {ZONE}", check=False)
    lab.run("a", "ping -c 1 -W 1 10.88.0.1", check=False)
    lab.run("a", "ping -c 1 -W 1 -t 1 10.88.1.1", check=False)
    if lab.ipv6:
        lab.run("a", "ping -c 2 -i 0.2 ff02::1%eth0", check=False)


def vlan(lab: Lab) -> None:
    """802.1Q VLANs 10 and 20 (priority 5), and C-VLAN 30 inside S-VLAN 100 (802.1ad)."""
    devices = (
        ("eth0", "eth0.10", "id 10", 1500, 10),
        ("eth0", "eth0.20", "id 20 egress-qos-map 0:5", 1500, 20),
        ("eth0", "eth0.100", "proto 802.1ad id 100", 1500, None),
        ("eth0.100", "eth0.100.30", "id 30", 1496, 30),
    )
    for last, host in enumerate(("a", "b"), 1):
        for parent, device, tag, mtu, network in devices:
            lab.run(host, f"ip link add link {parent} {device} type vlan {tag}")
            lab.run(host, f"ip link set {device} mtu {mtu} up")
            lab.offloads_off(host, device)
            if network:
                lab.run(host, f"ip address add 10.77.{network}.{last}/24 dev {device}")
    document(lab, "page.txt", 12_000)
    nginx(lab, "vlan", 80, f"listen 80; root {lab.scratch};")
    for network, largest in ((10, 1472), (20, 1472), (30, 1468)):
        address = f"10.77.{network}.2"
        for size in (0, 56, largest):
            lab.run("a", f"ping -c 2 -i 0.2 -s {size} {address}")
        lab.run("a", f"curl -sSf -o /dev/null http://{address}/page.txt")
    lab.run("a", f"ping -c 1 {ADDRESS['b']}")


def jumbo(lab: Lab) -> None:
    """Frames of up to 9014 octets: echoes and a download."""
    document(lab, "page.txt", 100_000)
    nginx(lab, "jumbo", 80, f"listen 80; root {lab.scratch};")
    for size in (56, 4000, 8972):
        lab.run("a", f"ping -c 2 -i 0.2 -s {size} {ADDRESS['b']}")
    lab.run("a", f"curl -sSf -o /dev/null http://{ADDRESS['b']}/page.txt")


def minimum(lab: Lab) -> None:
    """UDP payloads of 0 to 20 octets, unpadded as veth has them and padded as a card does."""
    sender = HERE / "send_minimum.py"
    lab.start("b", sys.executable, sender, "echo", ADDRESS["b"], "7", port="udp/7")
    lab.run("a", sys.executable, sender, "send", "eth0", MAC["b"], ADDRESS["b"], "7")


def datacenter(lab: Lab) -> None:
    """Everything two servers of a datacenter say to each other, at the same time."""
    programs = (arp, icmp, dns, tls13, ssh, smb3, objects_https)
    with ThreadPoolExecutor(len(programs)) as pool:
        for running in [pool.submit(program, lab) for program in programs]:
            running.result()


class Recording(NamedTuple):
    """One capture: its program, and what the recorder needs for it."""

    file: str
    program: Callable[[Lab], None]
    packages: tuple[str, ...]
    how: str
    mtu: int = 1500
    nano: bool = False
    ipv6: bool = False


WEB = ("nginx-light", "curl")
PING = ("iputils-ping",)
OBJECTS = ("nginx-light", "rclone")
EVERYTHING = (
    *("bind9-dnsutils", "curl", "dnsmasq-base", "iputils-arping", "iputils-ping", "nginx-light"),
    *("openssh-client", "openssh-server", "rclone", "samba", "smbclient"),
)

RECORDINGS = (
    Recording("arp.pcap", arp, ("iputils-arping", *PING), "arping and ping between two hosts"),
    Recording(
        "datacenter.pcapng",
        datacenter,
        EVERYTHING,
        "all of it at once across a bridge; one interface a host, each with what that host sends",
        nano=True,
        ipv6=True,
    ),
    Recording(
        "dns.pcap",
        dns,
        ("dnsmasq-base", "bind9-dnsutils"),
        "dig asks dnsmasq over UDP and TCP, IPv4 and IPv6; long answers are truncated and retried",
        ipv6=True,
    ),
    Recording(
        "icmp.pcap",
        icmp,
        ("iputils-ping", "bind9-dnsutils"),
        "ping over IPv4 and IPv6 up to fragments, neighbour discovery, errors",
        ipv6=True,
    ),
    Recording(
        "jumbo.pcap",
        jumbo,
        (*WEB, *PING),
        "ping and an HTTP download at MTU 9000",
        mtu=9000,
        nano=True,
    ),
    Recording(
        "minimum.pcap",
        minimum,
        (),
        "send_minimum.py: UDP sockets unpadded, as veth carries them; the 60-octet frames are"
        " padded by its packet socket, as a network card would",
    ),
    Recording(
        "objects-https.pcap",
        objects_https,
        OBJECTS,
        "rclone with the S3 API of moto server, nginx in front of it for TLS 1.3",
        nano=True,
    ),
    Recording(
        "smb3.pcap",
        smb3,
        ("samba", "smbclient"),
        "smbclient with smbd, SMB 3.1.1, encryption required by both",
        nano=True,
    ),
    Recording("ssh.pcap", ssh, ("openssh-server", "openssh-client"), "ssh commands and scp"),
    Recording("tls13.pcap", tls13, WEB, "curl with nginx, TLS 1.3, X25519 and P-256", nano=True),
    Recording(
        "vlan.pcap",
        vlan,
        (*WEB, *PING),
        "ping and HTTP between VLAN devices of Linux: 802.1Q, with priority, and 802.1ad",
        nano=True,
    ),
)


# Making them


def install() -> None:
    """Install what the recordings need: Debian packages, and the object store from PyPI."""
    wanted = {package for recording in RECORDINGS for package in recording.packages}
    apt = ["apt-get", "-y", "--no-install-recommends", "install"]
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update"], check=True)
    subprocess.run([*apt, *TOOLS, *sorted(wanted)], check=True, env=env)
    subprocess.run([sys.executable, "-m", "venv", STORE], check=True)
    subprocess.run([STORE / "bin/pip", "install", MOTO], check=True)


def versions(packages: tuple[str, ...]) -> list[str]:
    """Name the programs with their versions."""
    shown = ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *packages]
    found = subprocess.run(shown, check=True, capture_output=True, text=True) if packages else None
    lines = found.stdout.splitlines() if found else []
    return lines + ([MOTO.replace("==", " ")] if "rclone" in packages else [])


def capture_cable(lab: Lab, recording: Recording, file: Path) -> None:
    """Capture what goes over the cable, as host a sees it."""
    with lab.captured(file, nano=recording.nano):
        recording.program(lab)


def capture_ports(lab: Lab, recording: Recording, file: Path) -> None:
    """Capture what comes in at each port of the switch, and merge it: an interface a port."""
    ports = ("port-a", "port-b")
    halves = [lab.scratch / f"{port}.pcap" for port in ports]
    with contextlib.ExitStack() as captures:
        for port, half in zip(ports, halves, strict=True):
            captures.enter_context(
                lab.captured(half, "switch", port, inbound=True, nano=recording.nano)
            )
        recording.program(lab)
    lab.run("switch", "mergecap", "-F", "pcapng", "-I", "none", "-w", file, *halves)
    file.write_bytes(manifest.named(file.read_bytes(), ports))


def record(recording: Recording) -> None:
    """Make one capture, and check that every frame fits its cable."""
    target = HERE / recording.file
    switched = target.suffix == ".pcapng"
    with Lab(mtu=recording.mtu, ipv6=recording.ipv6, switched=switched) as lab:
        fresh = lab.scratch / recording.file
        (capture_ports if switched else capture_cable)(lab, recording, fresh)
        target.write_bytes(fresh.read_bytes())
    contents = manifest.read(target)
    tags = 8 if recording.program is vlan else 0
    if max(contents.lengths) > recording.mtu + 14 + tags:
        raise RecordingError(f"{recording.file}: a frame of {max(contents.lengths)} octets")


GUEST = """\
    #!/bin/sh
    export PATH=/usr/sbin:/usr/bin:/sbin:/bin
    mount -t proc proc /proc
    mount -t sysfs sysfs /sys
    for folder in /run /tmp /var/tmp; do mount -t tmpfs tmpfs $folder; done
    mkdir -p /run/root/lib /run/lock
    ln -s /usr/lib/uml/modules /run/root/lib/modules
    for module in veth 8021q bridge; do modprobe -d /run/root $module; done
    {command} 2>&1
    echo "exit status $?"
    {python} -c 'import ctypes; ctypes.CDLL(None).reboot(0x4321FEDC)'
"""


def record_in_uml(recording: Recording) -> None:
    """Make one capture inside Debian's user-mode kernel, which runs as a program on this one."""
    python = str(Path(sys.executable).resolve())
    script = str(Path(__file__).resolve())
    command = shlex.join([python, script, "--capture-only", "--only", recording.file])
    with tempfile.TemporaryDirectory(prefix="pcaps-", dir=HERE) as folder:
        init = Path(folder) / "init"
        init.write_text(textwrap.dedent(GUEST).format(command=command, python=shlex.quote(python)))
        init.chmod(0o755)
        kernel = ["linux.uml", "mem=512M", "rootfstype=hostfs", "rootflags=/", "rw", "quiet"]
        kernel += ["con=null", "con0=null,fd:1", "random.trust_cpu=on", f"init={init}"]
        done = subprocess.run(
            kernel,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=300,
        )
        if "exit status 0" not in done.stdout:
            raise RecordingError(f"in the user-mode kernel:\n{done.stdout}")


def main() -> None:
    """Record what was asked for and write the manifest."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [recording.file for recording in RECORDINGS]
    parser.add_argument("--install", action="store_true", help="install the programs, then stop")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="FILE")
    parser.add_argument("--uml", action="store_true", help="record in Debian's user-mode kernel")
    parser.add_argument("--manifest", action="store_true", help="only write the manifest again")
    parser.add_argument("--capture-only", action="store_true", help="leave the manifest as it is")
    chosen = parser.parse_args()
    if os.geteuid() and not chosen.manifest:
        parser.error("network namespaces and captures need root")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if chosen.install:
        return install()
    described = manifest.load()
    for recording in RECORDINGS:
        if recording.file not in chosen.only or chosen.manifest:
            continue
        print(recording.file, flush=True)
        before = described.get(recording.file, {}).get("sha256")
        (record_in_uml if chosen.uml else record)(recording)
        target = HERE / recording.file
        if manifest.sha256(target) == before:
            raise RecordingError(f"{recording.file} was not recorded")
        kernel = "; recorded in Debian's user-mode kernel" if chosen.uml else ""
        described[recording.file] = manifest.entry(
            target,
            mtu=recording.mtu,
            programs=versions(recording.packages),
            how=recording.how + kernel,
        )
    if not chosen.capture_only:
        manifest.write(described)
    return None


if __name__ == "__main__":
    main()
