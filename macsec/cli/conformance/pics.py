"""`macsec conformance --pics`: the statement of conformance, checked and measured now."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from macsec.cli.shared.edge import GOOD, REFUSED, say, stdout
from macsec.cli.shared.files import page_file
from macsec.cli.shared.progress import steps
from macsec.conformance import Target
from macsec.conformance.pics import PicsRow, Support, state, statements
from macsec.measure.latency.run import LatencyPlan, measure
from macsec.measure.latency.secy_delay import USUAL_OCTETS, SecyDelay
from macsec.measure.other_work import other_work
from macsec.report.conformance.pics import pics_json, pics_line, pics_page, pics_text
from macsec.report.page import Page
from macsec.suites import SUITES

FRAMES = 20_000
"""Frames that are timed for Table 10-3."""


def run_pics(targets: Sequence[Target], as_json: bool, report: str | None) -> int:
    """Run all checks; print and write the statement."""
    tables = statements()
    with steps("pics", sum(len(table.items) for table in tables)) as step:
        rows = state(tables, targets, step)
    rows.append(performance(targets))
    if as_json:
        click.echo(json.dumps(pics_json(rows), indent=2, ensure_ascii=False))
    else:
        pics_text(Page(stdout()), rows)
        say(pics_line(rows))
    if report is not None:
        page_file.save(report, pics_page(rows, page_file.origin()))
    return REFUSED if any(row.support is Support.FAILED for row in rows) else GOOD


def performance(targets: Sequence[Target]) -> PicsRow:
    """Measure the delays of Table 10-3 on the fastest data plane of the run."""
    target = next((each for each in targets if each.backend == "native"), targets[0])
    native = target.backend == "native"
    plan = LatencyPlan(
        sizes=(USUAL_OCTETS,),
        suites=[SUITES["gcm-aes-128"]],
        frames=FRAMES if native else FRAMES // 100,
        search=False,
        backend=target.backend,
        kernel=target.kernel if native else None,
    )
    with other_work() as others:
        results = measure(plan)
    support, evidence = judged(results.processing[0].secy_delays)
    return PicsRow(
        "802.1AE-2018 Annex A: performance",
        "PERF",
        "M",
        "Table 10-3",
        "Table 10-3: delay and delay variance of the SecY, for each rate of a link",
        Support.NOT_JUDGED if others.busy else support,
        f"{evidence}; {others}",
        (target.label,),
    )


def judged(delays: Sequence[SecyDelay]) -> tuple[Support, str]:
    """Return the support, and the rates of links at which both directions are within the limits."""
    rates: dict[int, bool] = {}
    for each in delays:
        met = each.delay_met and each.variance_met
        rates[each.gbit_per_s] = rates.get(each.gbit_per_s, True) and met
    within = [str(rate) for rate, met in rates.items() if met]
    beyond = [str(rate) for rate, met in rates.items() if not met]
    text = f"within the limits at {', '.join(within) or 'no rate'} Gbit/s"
    if beyond:
        text += f", not at {', '.join(beyond)}"
    return (Support.YES if within else Support.NO), text
