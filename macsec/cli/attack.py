"""`macsec attack`: an attacker on the wire, checked to the exact counter."""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import get_close_matches
from secrets import randbelow

import click

from macsec.attacks import ATTACKS, Attack, Finding, Setting, own, run
from macsec.cli.shared import completing, options
from macsec.cli.shared.data_plane import chosen_plane
from macsec.cli.shared.edge import GOOD, REFUSED, say, stdout
from macsec.cli.shared.files import page_file
from macsec.cli.shared.progress import steps
from macsec.report.attacks import outcome as report
from macsec.report.attacks.page import to_html
from macsec.report.page import Page
from macsec.secy import SecY

ALL = "all"
SEEDS = 1 << 32


@click.group("attack", short_help="Attacks on the wire, checked to the exact counter.")
def command() -> None:
    """Attack an emulated link, and check every counter, delivered frame and PN that results."""


@command.command("list", short_help="Print the names of all attacks.")
@options.json_data
def list_names(as_json: bool) -> int:
    """Print the names of all attacks, one a line; behind them those of installed packages."""
    names = [*ATTACKS, *(name for name in own.installed() if name not in ATTACKS)]
    if as_json:
        click.echo(json.dumps(report.list_json(names, ATTACKS)))
    else:
        click.echo("\n".join(names))
    return GOOD


@command.command("run", short_help="Run one attack, or all.")
@click.argument(
    "name",
    metavar="NAME|all|FILE.py[:CLASS]",
    shell_complete=completing.names(completing.attacks, files=True),
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    help="Determines every octet, so that a run can be repeated.",
)
@options.cipher
@click.option(
    "--profile",
    type=click.Choice(["ieee", "linux"]),
    default="ieee",
    show_default=True,
    help="The receiver follows the standard, or the Linux kernel where it differs.",
)
@click.option(
    "--frames",
    type=click.IntRange(1, 1 << 32),
    metavar="N",
    help="Frames of a flood.  [default: 1000000; 20000 on the reference data plane]",
)
@page_file.option("Write a page: each attack with its expected and observed counters.", "page")
@options.json_data
@options.backend
def run_named(
    name: str,
    seed: int | None,
    cipher: str,
    profile: str,
    frames: int | None,
    page: str | None,
    as_json: bool,
    backend: str,
) -> int:
    """Run attack NAME, or all, and compare every counter with the standard.

    FILE.py has your own: classes of macsec.attacks.Attack, of which CLASS takes one. A package
    that is installed offers its attacks as entry points of the group macsec.attacks.

    An attack passes if every counter, every delivered frame and every PN is exactly as it must be.
    For a few attacks (a replay inside the window, a repeated nonce) that means that the attacker
    succeeds. Exit 3 if one did not pass. Attacks on XPN take the XPN suite with the same key
    length as --cipher. `macsec attack list` prints all names.
    """
    plane = chosen_plane(backend)
    setting = Setting(cipher, profile, _seed(seed), frames, *plane)
    findings = _run(_chosen(name, setting), setting)
    with SecY(None, *plane) as secy:
        summary = report.AttackRun(setting, secy.backend, secy.kernel, findings)
    if page is not None:
        page_file.save(page, to_html(summary, page_file.origin(setting.seed)))
    if as_json:
        click.echo(json.dumps(report.to_json(summary)))
    else:
        report.to_page(Page(stdout()), summary)
        say(_line(summary.failed, len(findings)))
    return REFUSED if summary.failed else GOOD


def _seed(seed: int | None) -> int:
    """Return the given seed, or a fresh one, which the report shows."""
    return randbelow(SEEDS) if seed is None else seed


def _chosen(name: str, setting: Setting) -> list[Attack]:
    """Return one attack, also where it cannot run; or all attacks that can."""
    if name == ALL:
        return [attack for attack in ATTACKS.values() if attack.lacks(setting) is None]
    if name not in ATTACKS and own.is_file(name):
        return own.of_file(name)
    if name not in ATTACKS and (point := own.installed().get(name)) is not None:
        return [own.of_entry_point(point)]
    if name not in ATTACKS:
        near = get_close_matches(name, ATTACKS, n=1)
        hint = f"did you mean {near[0]}?" if near else "macsec attack list prints all names"
        raise click.UsageError(f"no attack {name!r}; {hint}", click.get_current_context())
    return [ATTACKS[name]]


def _run(attacks: Sequence[Attack], setting: Setting) -> list[Finding]:
    findings = []
    with steps("attack", len(attacks)) as step:
        for attack in attacks:
            findings.append(run(attack, setting))
            step()
    return findings


def _line(failed: int, attacks: int) -> str:
    what = "1 attack" if attacks == 1 else f"{attacks} attacks"
    return f"{what}: {f'{failed} failed' if failed else 'all as expected'}"
