"""`macsec advise`: the replay window, MTUs, intervals of rekeying, and the other end of a link."""

from __future__ import annotations

import json
from typing import Any

import click

from macsec.advice.mtu import PATHS, overhead
from macsec.advice.peer_systems import SYSTEMS, Response, judge
from macsec.advice.pn_headroom import RATES, SIZES, Headroom, headroom
from macsec.advice.replay_window import Reordering
from macsec.captures import read
from macsec.cli.shared import options
from macsec.cli.shared.edge import GOOD, REFUSED, stdout
from macsec.cli.shared.files.capture_io import open_stream
from macsec.config import load, load_topology
from macsec.config.static_keys import seeded
from macsec.frames import FrameBatch
from macsec.lab import Blueprint, Lab
from macsec.lab.virtual.stations.station import Station
from macsec.report import advice as report
from macsec.report.page import Page
from macsec.secy import Verdict
from macsec.suites import SUITES
from macsec.terms import ICV_LENGTH
from macsec.wire.units import rate_bits

YAML = (".yaml", ".yml")
KEYS = "macsec lab"
"""Name of the random stream for a lab's keys, as that of lab run."""


@click.group("advise", short_help="Advise on window, MTU, rekeying and the other end.")
def command() -> None:
    """Advise on the settings of a link, from measurements, arithmetic and public manuals."""


# ---------------------------------------------------------------- window


@command.command("window", short_help="Find the replay window that loses no frame.")
@click.argument("source", metavar="IN|TOPOLOGY", type=options.FILE)
@click.option("--seed", type=click.IntRange(0, (1 << 64) - 1), default=1, show_default=True)
@options.json_data
@options.ethertype
@options.fcs
def window(source: str, seed: int, as_json: bool, ethertype: int, fcs: str) -> int:
    """Find the replay window that loses no frame, from the order in which frames arrive.

    IN is a capture of MACsec frames, taken where they are received; no key is needed, and no ICV
    is checked. TOPOLOGY, a file that ends in .yaml or a name of macsec lab list, is run in virtual
    time, and the order at each end of its links counts.

    The window that loses no frame and the next power of two are printed, and for how long a
    recorded frame can be replayed within it.
    """
    if source.endswith(YAML) or ("." not in source.rpartition("/")[2] and source != "-"):
        places = _of_lab(source, seed)
    else:
        reordering = Reordering(ethertype)
        with open_stream("advise window", source, fcs, "auto", quiet=True) as stream:
            for batch in stream:
                reordering.hear(batch)
            stream.check()
        places = {"capture": reordering}
    found = report.window_json(
        source, {place: each.channels.values() for place, each in places.items()}
    )
    if as_json:
        click.echo(json.dumps(found))
    else:
        report.window_page(Page(stdout()), found)
    return GOOD


class _Arrivals:
    """The frames with a SecTAG that a station of a lab receives, in their order."""

    def __init__(self, lab: Lab, station: Station) -> None:
        self.order = Reordering(station.secy.controls.ethertype)
        self._lab = lab
        station.watch = self

    def protected(self, frame: bytes, octets: bytes | None) -> None:
        """Pass over a frame that is sent."""

    def validated(self, octets: bytes, verdict: Verdict, frame: bytes | None) -> None:
        """Add a frame that arrives."""
        self.order.hear(FrameBatch.from_frames([octets], [self._lab.engine.now_ns]))


def _of_lab(name: str, seed: int) -> dict[str, Reordering]:
    """Run a topology; return the order of frames at each end of its links."""
    topology = load_topology(name)
    with Lab(Blueprint.of(topology, seeded(seed, KEYS)), seed) as lab:
        arrivals = {
            f"{link.plan.name}:{site}": _Arrivals(lab, end)
            for link in lab.links
            for site, end in zip(link.plan.sites, link.ends or (), strict=False)
        }
        lab.run(None, read)
        return {place: each.order for place, each in arrivals.items()}


# ---------------------------------------------------------------- mtu


@command.command("mtu", short_help="Show the MTU of each layer, for each kind of hop.")
@click.argument("paths", metavar="[PATH]...", type=click.Choice([*PATHS]), nargs=-1)
@click.option(
    "--wire",
    type=click.IntRange(256, 65535),
    default=1500,
    show_default=True,
    metavar="OCTETS",
    help="The MTU of the wire: data of a frame without its header.",
)
@click.option(
    "--sci",
    type=click.Choice(["on", "off"]),
    default="on",
    show_default=True,
    help="Whether SecTAGs have an SCI.",
)
@click.option(
    "--icv",
    type=click.IntRange(8, 16),
    default=ICV_LENGTH,
    show_default=True,
    metavar="OCTETS",
    help="The length of the ICV.",
)
@click.option(
    "-c",
    "--config",
    type=options.FILE,
    metavar="FILE",
    help="Take SCI and ICV from a configuration.",
)
@options.json_data
def mtu(
    paths: tuple[str, ...], wire: int, sci: str, icv: int, config: str | None, as_json: bool
) -> int:
    """Show the MTU inside each layer of each PATH, by default of all kinds.

    A path is a hop: its layers are listed from the wire to IP. MPLS, VXLAN and tags outside
    MACsec are those of a network that carries it; IPsec, GRE and labels inside are beside it.
    """
    with_sci = sci == "on"
    if config is not None:
        model = load(config)
        with_sci, icv = model.secy.send_sci, model.secy.icv_length
        model.wipe()
    chosen = [PATHS[name] for name in dict.fromkeys(paths or PATHS)]
    found = report.mtu_json(wire, with_sci, overhead(with_sci, icv), chosen)
    if as_json:
        click.echo(json.dumps(found))
    else:
        report.mtu_page(Page(stdout()), found)
    return GOOD


# ---------------------------------------------------------------- link


@command.command("link", short_help="Show what the system at the other end refuses.")
@click.argument("config", metavar="CONFIG", type=options.FILE)
@click.option("--against", required=True, type=click.Choice([*SYSTEMS]), help="The other end.")
@click.option("--strict", is_flag=True, help="Exit 3 if the other end refuses a setting.")
@options.json_data
def link(config: str, against: str, strict: bool, as_json: bool) -> int:
    """Show what of CONFIG the system at the other end refuses, or what makes the link flap.

    Each remark names its source: a public manual, the source of a program, or a report. Behaviour
    of data planes is that of macsec profiles.
    """
    model, system = load(config), SYSTEMS[against]
    try:
        remarks = judge(model, system)
    finally:
        model.wipe()
    if as_json:
        click.echo(json.dumps(report.link_json(system, remarks)))
    else:
        report.link_page(Page(stdout()), system, remarks)
    refused = any(each.response is Response.REFUSES for each in remarks)
    return REFUSED if strict and refused else GOOD


# ---------------------------------------------------------------- rekey


def _rate(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> list[int]:
    try:
        return [rate_bits("--rate", text) for text in texts]
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@command.command("rekey", short_help="Show PN headroom, and the interval of rekeying.")
@click.option(
    "--rate",
    "rates",
    multiple=True,
    callback=_rate,
    metavar="RATE",
    help="A rate such as 10gbit; more than once.  [default: 1 to 800 Gbit/s]",
)
@click.option(
    "--frame",
    "sizes",
    multiple=True,
    type=click.IntRange(64, 65_000),
    metavar="OCTETS",
    help="Octets of frames in clear with FCS.  [default: 64 354 1518 9018]",
)
@click.option(
    "--suite",
    "suites",
    multiple=True,
    type=click.Choice([*SUITES]),
    help="A cipher suite.  [default: gcm-aes-128 and gcm-aes-xpn-128]",
)
@click.option(
    "-c",
    "--config",
    type=options.FILE,
    metavar="FILE",
    help="Take suite, SCI, ICV, PN and interval from a configuration.",
)
@options.json_data
def rekey(
    rates: list[int],
    sizes: tuple[int, ...],
    suites: tuple[str, ...],
    config: str | None,
    as_json: bool,
) -> int:
    """Show how long PNs last at full rate, and the interval of rekeying that follows.

    The Key Server replaces a SAK once three quarters of its PNs are used (802.1X 9.8). The advised
    interval is half of that time, at most a day; where that is too short, an XPN suite is needed.
    """
    chosen, octets, used, configured = [*suites], overhead(True), 0, None
    if config is not None:
        model = load(config)
        secy, mka = model.secy, model.mka
        chosen, octets = [secy.cipher], overhead(secy.send_sci, secy.icv_length)
        used = max((sa.pn - 1 for sa in model.tx.sa.values()), default=0) if model.tx else 0
        configured = mka.sak_rekey_interval if mka else None
        model.wipe()
    lines: list[Headroom] = [
        headroom(rate, size, SUITES[suite], octets, used)
        for suite in chosen or ["gcm-aes-128", "gcm-aes-xpn-128"]
        for rate in rates or RATES
        for size in sizes or SIZES
    ]
    found: Any = report.rekey_json(lines, configured)
    if as_json:
        click.echo(json.dumps(found))
    else:
        report.rekey_page(Page(stdout()), found)
    return GOOD
