"""`macsec bench`: throughput and latency of this machine, beside other implementations."""

from __future__ import annotations

import json
from typing import Any

import click

from macsec.cli.shared import options
from macsec.cli.shared.data_plane import chosen_plane
from macsec.cli.shared.edge import GOOD, say, stdout
from macsec.cli.shared.files import page_file
from macsec.cli.shared.lists import among, words
from macsec.cli.shared.progress import steps
from macsec.errors import ConfigError
from macsec.measure.machine import MachineJson, machine
from macsec.measure.other_work import other_work
from macsec.measure.task import STAGES
from macsec.measure.throughput.others import PEERS
from macsec.measure.throughput.ours import REFERENCE
from macsec.measure.throughput.run import ThroughputPlan, measure
from macsec.measure.workload import DEFAULT, parse
from macsec.native import load
from macsec.report.drawing import standalone
from macsec.report.page import Page
from macsec.report.throughput import outcome
from macsec.report.throughput import page as throughput_page
from macsec.report.throughput.charts import picture as drawn_picture
from macsec.suites import SUITES

from .busy import warn
from .latency import command as latency

LARGEST_BATCH = 1 << 16


@click.group("bench", short_help="Measure this machine, beside other implementations.")
def command() -> None:
    """Measure on this machine, in one run with other implementations that are found here."""


@command.command("throughput", short_help="Measure the time that a frame takes.")
@click.option(
    "--sizes",
    metavar="N,…",
    help="Frame sizes in octets, without FCS; also imix and genome:LETTERS.",
)
@click.option(
    "--frame-size",
    "mixes",
    multiple=True,
    metavar="SIZE",
    help="One more size. Genome letters are those of RFC 6985; mixes count the FCS.",
)
@options.suites
@click.option(
    "--kernels",
    default="all",
    show_default=True,
    metavar="all|chosen|NAME,…",
    help="AES-GCM kernels beside the chosen one; `reference` adds the reference data plane.",
)
@click.option(
    "--stages",
    default="protect,validate",
    show_default=True,
    metavar="NAME,…",
    help="Operations on the frames.",
)
@options.integrity
@click.option(
    "--batch", default="256", show_default=True, metavar="N,…", help="Frames of one call."
)
@click.option(
    "--peers",
    default="auto",
    show_default=True,
    metavar="auto|none|NAME,…",
    help="Other implementations found here, and the limit of this CPU.",
)
@options.number(
    "--rounds", click.IntRange(1, 10_000), 15, "N", "Rounds; each contestant runs once a round."
)
@click.option("--picture", type=options.FILE, metavar="OUT", help="Draw a chart, .svg or .png.")
@page_file.option("Write a page with charts and tables.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the tables as Markdown.")
@options.json_data
def throughput(
    as_json: bool, as_markdown: bool, picture: str | None, report: str | None, **given: Any
) -> int:
    """Time whole batches, each in one C call: SecTAG, PN, look-up, replay, cipher and counters.

    The tables also hold the peers that are found here (their AES-GCM alone on the same octets,
    with the same result), our own Python interface, and the ceiling, which is the arithmetic alone.
    Times are medians of rounds that all contestants run in turn: compare ratios. A warning says if
    other programs used the machine meanwhile.
    """
    _check_picture(picture)
    page_file.refuse_double(report, picture)
    plan = _plan(**given)
    facts = machine()
    with steps("bench", plan.races * plan.rounds) as step, other_work() as others:
        results = measure(plan, step)
    facts["others"] = others.rounded
    warn(others)
    for name, why in results.lacking.items():
        say(f"peer {name}: not found: {why} ({PEERS[name].remedy})")
    facts["versions"] |= {
        name: found
        for name in plan.peers
        if name not in results.lacking and (found := PEERS[name].version())
    }
    if report is not None:
        text = throughput_page.to_html(results, facts, page_file.origin())
        page_file.save(report, text)
    if picture is not None:
        _draw(picture, results, facts)
    if as_json:
        click.echo(json.dumps(outcome.to_json(results, facts)))
    elif as_markdown:
        click.echo(outcome.to_markdown(results, facts), nl=False)
    else:
        outcome.to_page(Page(stdout()), results, facts)
    return GOOD


def _plan(
    sizes: str | None,
    mixes: tuple[str, ...],
    suites: str,
    kernels: str,
    stages: str,
    integrity: bool,
    batch: str,
    peers: str,
    rounds: int,
) -> ThroughputPlan:
    sizes_named = [*(words(sizes) if sizes else ()), *mixes] or list(DEFAULT)
    return ThroughputPlan(
        workloads=[parse(word) for word in dict.fromkeys(sizes_named)],
        suites=[SUITES[name] for name in among("suite", suites, list(SUITES))],
        kernels=_kernels(kernels),
        peers=[] if peers == "none" else among("peer", peers, list(PEERS), every="auto"),
        stages=among("stage", stages, list(STAGES)),
        modes=(True, False) if integrity else (True,),
        batches=[_number(word) for word in dict.fromkeys(words(batch))],
        rounds=rounds,
    )


def _number(word: str) -> int:
    if not word.isdecimal() or not 1 <= int(word) <= LARGEST_BATCH:
        raise ConfigError(f"batch {word!r}: not a number from 1 to {LARGEST_BATCH}")
    return int(word)


def _kernels(text: str) -> list[str]:
    """Return the chosen kernel, then the others, and the reference plane if named or alone."""
    wanted = chosen_plane("auto").kernel
    if load("auto") is None:
        say("the native data plane was not built: only the reference data plane is measured")
        return [REFERENCE]
    from macsec.secy.native import check_kernel, usable_kernels  # fails where no C is built

    usable = usable_kernels()
    if wanted is None and not usable:
        return [REFERENCE]
    chosen = wanted or usable[0]
    names = {"all": usable, "chosen": [chosen]}.get(text) or list(words(text))
    for name in names:
        if name != REFERENCE:
            check_kernel(name)
    return list(dict.fromkeys([chosen, *names]))


def _check_picture(path: str | None) -> None:
    if path is None:
        return
    if not path.endswith(standalone.ENDINGS):
        raise ConfigError(f"picture {path}: the name must end in {' or '.join(standalone.ENDINGS)}")
    standalone.check_ending(path)


def _draw(path: str, results: Any, facts: MachineJson) -> None:
    text = drawn_picture(results, facts)
    if text is None:
        say("no picture: a chart needs two sizes")
    else:
        standalone.save(path, text)


command.add_command(latency)
