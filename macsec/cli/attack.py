"""`macsec attack`: an attacker on the wire, and the exact counters of what it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from macsec.cli.shared import options
from macsec.cli.shared.edge import GOOD, REFUSED, say, stdout
from macsec.suites import SUITES

if TYPE_CHECKING:
    from macsec.attacks import Attack, Finding, Setting

ALL = "all"
SEEDS = 1 << 32


@click.group("attack", short_help="Attacks on the wire, checked to the exact counter.")
def command() -> None:
    """Attack an emulated link, and check every counter, delivered frame and PN that comes of it."""


@command.command("list", short_help="The names of all attacks.")
def list_names() -> int:
    """Print the names of all attacks, one a line."""
    from macsec.attacks import ATTACKS

    click.echo("\n".join(ATTACKS))
    return GOOD


@command.command("run", short_help="Run one attack, or all.")
@click.argument("name", metavar="NAME|all")
@click.option("--seed", type=click.IntRange(min=0), help="Decides every octet: repeatable.")
@click.option(
    "--cipher",
    type=click.Choice(list(SUITES)),
    default="gcm-aes-128",
    show_default=True,
    help="The cipher suite; attacks on XPN take the XPN suite with keys as long.",
)
@click.option(
    "--profile",
    type=click.Choice(["ieee", "linux"]),
    default="ieee",
    show_default=True,
    help="The receiver reads frames as the standard says, or as the Linux kernel does.",
)
@click.option(
    "--frames",
    type=click.IntRange(1, 1 << 32),
    metavar="N",
    help="Frames of a flood.  [default: 1000000; 20000 on the reference data plane]",
)
@options.json_data
@options.backend
def run_named(
    name: str,
    seed: int | None,
    cipher: str,
    profile: str,
    frames: int | None,
    as_json: bool,
    backend: str,
) -> int:
    """Run attack NAME, or all, and compare what was counted with what the standard says.

    An attack passes if every counter that moved, every frame that was delivered and every PN is
    exactly as it must be. For a few (a replay inside the window, a repeated nonce) that means that
    the attacker gets through. Exit 3 if one did not pass. `macsec attack list` names them all.
    """
    import json

    from macsec.attacks import Setting
    from macsec.cli.shared.data_plane import chosen_plane
    from macsec.report import attack as report
    from macsec.report.page import Page
    from macsec.secy import SecY

    plane = chosen_plane(backend)
    setting = Setting(cipher, profile, _seed(seed), frames, *plane)
    findings = _run(_chosen(name, setting), setting)
    with SecY(None, *plane) as secy:
        run = report.AttackRun(setting, secy.backend, secy.kernel, findings)
    if as_json:
        click.echo(json.dumps(report.to_json(run)))
    else:
        report.to_page(Page(stdout()), run)
        say(_line(run.failed, len(findings)))
    return REFUSED if run.failed else GOOD


def _seed(seed: int | None) -> int:
    """The seed that was given, or a fresh one: the report tells it."""
    from secrets import randbelow

    return randbelow(SEEDS) if seed is None else seed


def _chosen(name: str, setting: Setting) -> list[Attack]:
    """One attack, whether it can run or not; or all that can."""
    from macsec.attacks import ATTACKS

    if name == ALL:
        return [attack for attack in ATTACKS.values() if attack.lacks(setting) is None]
    if name not in ATTACKS:
        from difflib import get_close_matches

        near = get_close_matches(name, ATTACKS, n=1)
        hint = f"did you mean {near[0]}?" if near else "macsec attack list names them"
        raise click.UsageError(f"no attack {name!r}; {hint}", click.get_current_context())
    return [ATTACKS[name]]


def _run(attacks: Sequence[Attack], setting: Setting) -> list[Finding]:
    from macsec.attacks import run
    from macsec.cli.shared.progress import steps

    findings = []
    with steps("attack", len(attacks)) as step:
        for attack in attacks:
            findings.append(run(attack, setting))
            step()
    return findings


def _line(failed: int, attacks: int) -> str:
    what = "1 attack" if attacks == 1 else f"{attacks} attacks"
    return f"{what}: {f'{failed} failed' if failed else 'all as expected'}"
