"""`macsec completion`: the script by which a shell completes verbs, options and names."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

SHELLS: dict[str, type[ShellComplete]] = {
    "bash": BashComplete,
    "fish": FishComplete,
    "zsh": ZshComplete,
}
VARIABLE = "_MACSEC_COMPLETE"
PLACES = {
    "bash": "~/.local/share/bash-completion/completions/macsec",
    "fish": "~/.config/fish/completions/macsec.fish",
    "zsh": "a file _macsec in a folder of $fpath",
}


@click.command("completion", short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that completes verbs, options and names in SHELL.

    Names are those of attacks, suites, topologies, kernels and topics, and of the taps and labs
    that run. For this shell alone: eval "$(macsec completion bash)". For all later ones, write
    the output to the file that the first line of the script names.
    """
    group = ctx.find_root().command
    script = SHELLS[shell](group, {}, "macsec", VARIABLE).source()
    click.echo(f"# macsec completion {shell} > {PLACES[shell]}\n{script}")
