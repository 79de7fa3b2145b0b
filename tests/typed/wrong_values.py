"""Wrong values of the public enumerations and data: each is an error of a type checker.

An ignore that is not needed is an error too, for mypy and for pyright: so each line must be wrong.
"""

# pyright: strict

from __future__ import annotations

import io

import macsec
from macsec import CipherSuite, Controls, Key, Validate, Verdict
from macsec.advice.key_agreement import Certainty, Effect, Observed
from macsec.advice.peer_systems import PeerSystem, Response
from macsec.attacks import Party, Setting
from macsec.captures import Format, Interface
from macsec.conformance import PassCount, Target
from macsec.conformance.pics import Support
from macsec.conformance.suites import CaseVerdict, SuiteCase
from macsec.frames import TCI, SecTAG, TagRules, frame_octets
from macsec.kay import KI, Basic, ChainKey, DistributedSak, KayPolicy, KeyUse, Mkpdu, PeerId, SakUse
from macsec.kay.announcement import Access, Announced, SuiteAbility
from macsec.kay.holders import Edge, Rotation, StoredCak
from macsec.kay.keys.keychain import Activate
from macsec.kay.policy import Security
from macsec.lab import Blueprint, load_topology
from macsec.monitoring import SA, SC, LabLink, MkaPeer, Monitored, PortSource, Snapshot, SourceKind
from macsec.monitoring.live_view import Presence
from macsec.privacy import ChannelSettings, PrivacyType, PrYSettings
from macsec.secy.management import PointToPoint
from macsec.wire import Fate, LinkParams


def enumerations() -> None:
    """A member is found by a value of its kind, one, and has no other columns."""
    Verdict("ok")  # type: ignore[arg-type]
    Verdict(3, "x")  # type: ignore[call-arg]
    Verdict(None)  # type: ignore[arg-type]
    Verdict(1.5)  # type: ignore[arg-type]
    Verdict(b"ok")  # type: ignore[arg-type]
    Verdict()  # type: ignore[call-arg]
    Validate("strict")  # type: ignore[arg-type]
    Validate(3, 2)  # type: ignore[call-arg]
    _ = Validate.STRICKT  # type: ignore[attr-defined]
    Fate("lost")  # type: ignore[arg-type]
    Fate(1.5)  # type: ignore[arg-type]
    TCI("SC")  # type: ignore[arg-type]
    _ = TCI.SC | "E"  # type: ignore[operator]
    SourceKind(3)  # type: ignore[arg-type]
    SourceKind("tap", "lab")  # type: ignore[call-arg]
    PrivacyType(0)  # type: ignore[arg-type]
    Presence(None)  # type: ignore[arg-type]
    Certainty(1)  # type: ignore[arg-type]
    Effect(b"flaps")  # type: ignore[arg-type]
    Response(1)  # type: ignore[arg-type]
    Support(True)  # type: ignore[arg-type]
    CaseVerdict(3)  # type: ignore[arg-type]
    Security(3)  # type: ignore[arg-type]
    Activate(1)  # type: ignore[arg-type]
    PointToPoint(True)  # type: ignore[arg-type]


def columns(verdict: Verdict) -> None:
    """A row of the table is for all: none of it is set."""
    verdict.label = "fine"  # type: ignore[misc]
    verdict.counter = None  # type: ignore[misc]
    verdict.delivered = True  # type: ignore[misc]
    verdict.clause = "10.6"  # type: ignore[misc]
    _ = verdict.reason  # type: ignore[attr-defined]


def secys() -> None:
    """Data of frames and SecYs."""
    Controls(validate="strict")  # type: ignore[arg-type]
    Controls(window="5")  # type: ignore[arg-type]
    Controls(windows=5)  # type: ignore[call-arg]
    Controls(5)  # type: ignore[arg-type, call-arg]
    Controls().window = 5  # type: ignore[misc]
    CipherSuite("gcm-aes-128")  # type: ignore[call-arg]
    macsec.SUITES["gcm-aes-128"].key_length = 4  # type: ignore[misc]
    macsec.SUITES["mine"] = 3  # type: ignore[assignment]
    SecTAG("SC", 0, 0, 1, None)  # type: ignore[arg-type]
    SecTAG(TCI.SC, an="0", sl=0, pn=1)  # type: ignore[arg-type]
    SecTAG(TCI.SC, an=0, sl=0, pn=1, sci="5254001301560001")  # type: ignore[arg-type]
    TagRules(icv_length="16")  # type: ignore[arg-type]
    frame_octets(60)  # type: ignore[arg-type]
    frame_octets("5254")  # type: ignore[arg-type]


def key_agreement() -> None:
    """Data of MKPDUs and policies."""
    KI("m" * 12, 1)  # type: ignore[arg-type]
    KI(b"m" * 12, "1")  # type: ignore[arg-type]
    PeerId(b"m" * 12, "1")  # type: ignore[arg-type]
    Basic(sci="5254001301560001", mi=b"", mn=1, ckn=b"")  # type: ignore[arg-type]
    DistributedSak(an=0, code=1, kn=1, suite="gcm-aes-128", wrapped=bytes(24))  # type: ignore[arg-type]
    SakUse(latest=KI(b"m" * 12, 1))  # type: ignore[arg-type]
    KeyUse(KI(b"m" * 12, 1), "0", transmits=True, receives=True, lowest_pn=1)  # type: ignore[arg-type]
    Mkpdu()  # type: ignore[call-arg]
    KayPolicy(key_server_priority="16")  # type: ignore[arg-type]
    KayPolicy(cipher="gcm-aes-128")  # type: ignore[arg-type]
    KayPolicy(security="must-secure")  # type: ignore[arg-type]
    KayPolicy().key_server = False  # type: ignore[misc]
    ChainKey("cak")  # type: ignore[arg-type]
    Access("access", 1)  # type: ignore[arg-type]
    Announced(kmd=b"domain")  # type: ignore[arg-type]
    SuiteAbility("gcm-aes-128", 3)  # type: ignore[arg-type]
    Edge(who=1)  # type: ignore[arg-type]
    Rotation(lifetime_ns="1d", overlap_ns=0)  # type: ignore[arg-type]
    StoredCak(b"name", bytes(16), 0)  # type: ignore[arg-type]


def labs() -> None:
    """Data of wires, labs and privacy."""
    LinkParams(delay=[1])  # type: ignore[arg-type]
    LinkParams(loss=b"1%")  # type: ignore[arg-type]
    LinkParams(drop="2")  # type: ignore[arg-type]
    LinkParams().delay = 3  # type: ignore[misc]
    Blueprint.of("two-regions", lambda name, octets: bytes(octets))  # type: ignore[arg-type]
    load_topology(3)  # type: ignore[arg-type]
    macsec.Lab("two-regions")  # type: ignore[arg-type]
    ChannelSettings(requested_kbit_rate="10")  # type: ignore[arg-type]
    PrYSettings(pry_address="52:54:00:13:01:56")  # type: ignore[arg-type]


def results() -> None:
    """Data of captures, suites, monitoring and advice."""
    macsec.captures.read(3)  # type: ignore[arg-type]
    macsec.captures.read(io.StringIO())  # type: ignore[arg-type]
    macsec.captures.write(3)  # type: ignore[arg-type]
    Format("pcap")  # type: ignore[call-arg]
    Interface("eth0", "eth0", 1)  # type: ignore[arg-type]
    Party("a", Key(bytes(16)))  # type: ignore[arg-type]
    Setting(cipher=Key(bytes(16)))  # type: ignore[arg-type]
    Target(1)  # type: ignore[arg-type]
    PassCount(passed="1")  # type: ignore[arg-type]
    SuiteCase(1, "demand")  # type: ignore[arg-type]
    Observed(frame="1", time_ns=0, octets=b"", heard=None)  # type: ignore[arg-type]
    PeerSystem(1, "title", "source")  # type: ignore[arg-type]
    SA("0", True, 1, 1)  # type: ignore[arg-type]
    SC(1, True, True, {}, ())  # type: ignore[arg-type]
    LabLink("a-b", ("a",), (), "secured")  # type: ignore[arg-type]
    MkaPeer(b"01", "", 1, "", True)  # type: ignore[arg-type]
    Monitored(ports=3)  # type: ignore[arg-type]
    PortSource("tap", "ms0", None, "")  # type: ignore[arg-type]
    Snapshot("ms0")  # type: ignore[arg-type]
    macsec.ConfigError(3)  # type: ignore[arg-type]
    macsec.FormatError()  # type: ignore[call-arg]
    macsec.FormatError("damaged", "60")  # type: ignore[arg-type]
