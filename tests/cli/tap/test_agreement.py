"""`tap --mka` in virtual time: no root, no interface, a peer that answers."""

from __future__ import annotations

import json
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import CANARY, Desk
from support.mka.kays import CAK, CKN, NS, chain_key, policy_of
from support.real.tap_questions import sockets_below

from macsec.cli.tap import agreement
from macsec.cli.tap.export import export
from macsec.cli.tap.loop import Loop
from macsec.config import Configuration, load
from macsec.config.exchange import FORMATS
from macsec.config.sources import KeyRing
from macsec.custody import InUse
from macsec.errors import CustodyError
from macsec.kay.kay import Kay
from macsec.live.devices import EthernetInterface
from macsec.live.local import tap_sockets
from macsec.live.local.local_socket import Client
from macsec.port.agreement import Agreement
from macsec.secy import SecY

MAC = bytes.fromhex("020000770a01")
OWN_SCI, PEER_SCI = int.from_bytes(MAC) << 16 | 1, 0x0200_0077_0A02_0001
LOWER = EthernetInterface("wire", 7, 1500, MAC, True)
EAPOL_FD, PUMP_FD = 1001, 1002


class Wire:
    """The time, a peer, and the signals: the loop waits here in place of `poll`."""

    def __init__(self, peer: Kay | None, seconds: float) -> None:
        self.now_ns, self.until_ns = 5 * NS, 5 * NS + round(seconds * NS)
        self.inbox: list[bytes] = []
        self.sent: list[bytes] = []
        self.unsent = 0
        self.gate: list[bool] = []
        self.signals: list[tuple[int, signal.Signals]] = []
        self.pump_ended = False
        self.looks = 0
        self.peer: Agreement | None = None
        if peer is not None:
            self.peer = Agreement(peer, SecY(), self.inbox.append, lambda _: None)
            self.peer.start(self.now_ns)

    def fileno(self) -> int:
        """Return the number of the interface's EAPOL socket."""
        return EAPOL_FD

    def frames(self) -> list[bytes]:
        """Return the frames that the peer sent."""
        taken, self.inbox[:] = list(self.inbox), []
        return taken

    def send(self, frame: bytes) -> bool:
        """Give a frame to the peer."""
        self.sent.append(frame)
        if self.peer is not None:
            self.peer.hear(self.now_ns, frame)
        return True

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.sent.append(b"closed")

    def among(
        self, descriptors: Sequence[int], seconds: float | None
    ) -> tuple[set[signal.Signals], set[int]]:
        """Return signals and readable descriptors; here the time passes."""
        self.looks += 1
        assert descriptors[:2] == [PUMP_FD, EAPOL_FD]
        if self.pump_ended:
            return set(), {PUMP_FD}
        if not self.inbox:
            self._wait(self.until_ns if seconds is None else self.now_ns + round(seconds * NS))
        came = {number for at_ns, number in self.signals if at_ns <= self.now_ns}
        self.signals = [(at, number) for at, number in self.signals if number not in came]
        if self.now_ns >= self.until_ns:
            came.add(signal.SIGTERM)
        return came, {EAPOL_FD} if self.inbox else set()

    def _wait(self, until_ns: int) -> None:
        """Let time pass until then, or until the peer's next timeout."""
        peer_ns = None if self.peer is None else self.peer.next_timeout_ns()
        if peer_ns is None or peer_ns > until_ns:
            self.now_ns = max(self.now_ns, until_ns)
            return
        self.now_ns = max(self.now_ns, peer_ns)
        assert self.peer is not None
        self.peer.settle(self.now_ns)


class Pump:
    """The gate of a pump."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def fileno(self) -> int:
        """Return the number that is readable once the pump ended."""
        return PUMP_FD

    def open(self, opened: bool) -> None:
        """Note a call of the gate."""
        self._wire.gate.append(opened)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the sockets in a folder of the test."""
    sockets_below(tmp_path, monkeypatch)


def configuration(**mka: Any) -> Configuration:
    """Return our configuration, of the Key Server."""
    agreed = {"ckn": CKN.hex(), "cak": CAK.hex(), "priority": 1, **mka}
    return load({"secy": {"cipher": mka.pop("cipher", "gcm-aes-128")}, "mka": agreed})


def folder_of_locks() -> Path:
    """Return the folder of the locks of this test."""
    return Path(tap_sockets.PARENT) / "in-use"


class Rig:
    """A tap under key agreement beside a peer, from `with` on; `reports`: counters printed."""

    def __init__(self, monkeypatch: Any, wire: Wire, model: Configuration | None = None) -> None:
        self.wire, self.reports = wire, 0
        monkeypatch.setattr(agreement, "now_ns", lambda: wire.now_ns)
        monkeypatch.setattr(agreement, "leave_eapol_out", lambda *_: None)
        monkeypatch.setattr(agreement, "open_eapol", lambda *_: wire)
        self.model = configuration() if model is None else model
        self.kay = agreement.kay_of(self.model, LOWER)
        self.secy = SecY()
        self.pump: Any = Pump(wire)
        self.tap = agreement.AgreedTap(
            self.kay,
            LOWER,
            "ms0",
            wire,  # type: ignore[arg-type]
            self.secy,
            self.pump,
            self.model,
            InUse(folder_of_locks()),
        )

    def __enter__(self) -> Rig:
        self._agreed = agreement.agreed(self.tap, quiet=False)
        self._run = self._agreed.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._agreed.__exit__(*error)

    def _report(self) -> None:
        self.reports += 1

    def run(self, stats: float | None = None) -> None:
        """Run until the end of the time, or of the pump."""
        signals: Any = self.wire
        loop = Loop(self.pump, signals, self._report, lambda: self.wire.now_ns)
        if stats is not None:
            loop.every(stats, self._report)
        self._run(loop)


def peer(cak: bytes = CAK, **policy: Any) -> Kay:
    """Return a member; its MIs count up."""
    return Kay(PEER_SCI, [chain_key(cak)], lambda n: bytes(range(n)), policy_of(**policy))


def test_securing_opens_the_pump_and_is_printed(monkeypatch, capsys):
    """The port opens once, after the SAs exist; the end closes it and wipes all keys."""
    rig = Rig(monkeypatch, Wire(peer(), 10))
    with rig:
        assert rig.wire.gate == [False]
        rig.run()
        assert rig.wire.gate == [False, True]
        assert rig.kay.sci == OWN_SCI
        assert (list(rig.secy.tx.sa), list(rig.secy.rx)) == ([0], [f"{PEER_SCI:016x}"])
        (sak,) = rig.kay.saks()
        assert capsys.readouterr().err == f"macsec: ms0: secured, SAK {sak.ki}, AN 0\n"
    assert rig.wire.gate == [False, True, False]
    assert (len(rig.secy.tx.sa), len(rig.secy.rx)) == (0, 0)
    with pytest.raises(CustodyError):
        sak.key.expose()
    assert rig.wire.sent[-1] == b"closed"


def test_the_loop_sleeps_until_something_is_due(monkeypatch):
    """A minute of key agreement takes one wait for each MKPDU, without polling in between."""
    wire = Wire(peer(), 60)
    rig = Rig(monkeypatch, wire)
    with rig:
        rig.run()
    assert 30 <= wire.looks < 50
    assert 30 <= len(wire.sent) < 45


def test_the_reason_for_not_secured_is_printed_once(monkeypatch, capsys):
    """Once, after a Life Time and a little: here the peer has another CAK."""
    rig = Rig(monkeypatch, Wire(peer(CAK[::-1]), 60))
    with rig:
        rig.run()
    assert True not in rig.wire.gate
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("macsec: ms0: not secured: no live peer; ")
    assert line.endswith("failed their ICV: the peer has another CAK under this CKN")


def test_losing_the_last_peer_is_printed(monkeypatch, capsys):
    """The port closes with the last peer."""
    wire = Wire(peer(), 20)
    rig = Rig(monkeypatch, wire)
    with rig:
        wire.until_ns = 10 * NS
        rig.run()
        wire.until_ns, wire.peer = 30 * NS, None
        rig.run()
        assert wire.gate == [False, True, False]
    secured, lost = capsys.readouterr().err.splitlines()
    assert "secured, SAK" in secured
    assert "not secured: no live peer; the last one fell silent" in lost


def test_counters_are_reported_by_interval_and_signal(monkeypatch):
    """At each interval, and at SIGUSR1 too; the timers of key agreement add no report."""
    wire = Wire(peer(), 61)
    wire.signals = [(30 * NS, signal.SIGUSR1)]
    rig = Rig(monkeypatch, wire)
    with rig:
        rig.run(stats=10)
    assert rig.reports == 6 + 1
    assert not wire.signals


def test_the_end_of_the_pump_ends_the_loop(monkeypatch):
    """A pump that ends by itself ends the loop at once."""
    wire = Wire(peer(), 60)
    wire.pump_ended = True
    rig = Rig(monkeypatch, wire)
    with rig:
        rig.run()
    assert wire.looks == 1


def test_a_key_chain_follows_the_clock_of_the_loop(monkeypatch):
    """A CAK that starts in 20 seconds is used from then on; before, nothing is sent."""
    key = {"ckn": CKN.hex(), "cak": CAK.hex(), "start": "20"}
    model = load({"mka": {"keychain": [key]}})
    wire = Wire(None, 19)
    rig = Rig(monkeypatch, wire, model)
    with rig:
        rig.run()
        assert wire.sent == []
        wire.until_ns += 2 * NS
        rig.run()
        assert len(wire.sent) == 1


@pytest.mark.parametrize("cipher", ["gcm-aes-128", "gcm-aes-xpn-256"])
def test_exported_keys_validate_the_peers_frames(monkeypatch, cipher):
    """The export is a configuration of static SAs, which other formats take too."""
    agreed = {"ckn": CKN.hex(), "cak": CAK.hex(), "priority": 1, "allow_export": "on"}
    model = load({"secy": {"cipher": cipher, "window": 7}, "mka": agreed})
    wire = Wire(peer(), 10)
    rig = Rig(monkeypatch, wire, model)
    with rig:
        rig.run()
        text = export(rig.kay, rig.secy, model)
        assert wire.peer is not None
        sent = wire.peer.port.request(bytes.fromhex("02" * 12 + "0800") + bytes(50))
        with SecY.from_config(json.loads(text)) as reader:
            assert reader.controls.window == 7
            assert reader.controls.cipher.name == cipher
            assert reader.validate_frame(sent)[1] is not None
    with KeyRing(Path()) as ring:
        files = FORMATS["wireshark"].export(load(json.loads(text)), ring, Path()).files
    assert f"tx SCI {OWN_SCI:016x} AN 0" in files[0].text


def test_traffic_classes_of_a_tap_are_exported_with_their_scis(monkeypatch):
    """`secy.traffic_classes` gives an SC for each class; the export has an SA for each."""
    agreed = {"ckn": CKN.hex(), "cak": CAK.hex(), "priority": 1, "allow_export": "on"}
    secy = {"cipher": "gcm-aes-xpn-128", "traffic_classes": [0, 0, 0, 0, 5, 5, 5, 5]}
    model = load({"secy": secy, "mka": agreed})
    wire = Wire(peer(), 10)
    rig = Rig(monkeypatch, wire, model)
    with rig:
        rig.run()
        assert set(rig.secy.tx_classes) == {0, 5}
        text = export(rig.kay, rig.secy, model)
        sas = [sc.sa[0] for sc in rig.secy.tx_classes.values()]
        assert len({sa.iv for sa in sas}) == 2
        with SecY.from_config(json.loads(text)) as twin:
            assert [sc.sci for sc in twin.tx_classes.values()] == [
                sc.sci for sc in rig.secy.tx_classes.values()
            ]
            assert [sc.sa[0].iv for sc in twin.tx_classes.values()] == [sa.iv for sa in sas]
        assert wire.peer is not None
        assert len(wire.peer.port.secy.rx) == 2


@pytest.mark.parametrize("allowed", [True, False])
def test_keys_are_exported_only_if_allowed(monkeypatch, capsys, allowed):
    """Without `allow_export` there is no socket for keys; with it each export is reported."""
    rig = Rig(monkeypatch, Wire(peer(), 10), configuration(allow_export=allowed))
    with rig:
        rig.run()
        assert Path(tap_sockets.path_of("ms0", "status")).is_socket()
        assert Path(tap_sockets.path_of("ms0", "keys")).is_socket() == allowed
        capsys.readouterr()
        answer = json.loads(rig.tap.keys(Client(77, 0)))
        assert capsys.readouterr().err == "macsec: ms0: SAKs exported to pid 77, uid 0\n"
        assert len(answer["tx"]["sa"]["0"]["key"]) == 32
        assert answer["tx"]["sa"]["0"]["key"] not in rig.tap.status(Client(77, 0))
    assert not Path(tap_sockets.path_of("ms0", "status")).exists()


def mka_file(desk: Desk) -> str:
    """Write a configuration with a CAK."""
    path = desk.folder / "mka.yaml"
    path.touch(mode=0o600)
    path.write_text(f"mka: {{ckn: 11, cak: {CANARY}}}\n")
    return str(path)


def test_a_configuration_of_the_other_kind_is_refused(desk):
    """Static SAs with --mka, or a CAK without it: one line with the file, and no interface."""
    pytest.importorskip("macsec._native", reason="the native data plane is not built")
    ends = ("--lower", "none", "--upper", "ms0")
    link, agreed = desk.config(), mka_file(desk)
    result = desk.run("tap", "--mka", "-c", link, *ends, code=2)
    assert "link.yaml" in result.stderr
    assert "--mka needs a CAK" in result.stderr
    result = desk.run("tap", "-c", agreed, *ends, code=2)
    assert f"{agreed}:1: mka: agrees on the SAKs: add --mka" in result.stderr
