"""`macsec help`: topics that concern several verbs, and the help of a verb."""

from __future__ import annotations

from collections.abc import Callable

import click

from macsec.cli.shared.data_plane import KERNEL_VARIABLE
from macsec.cli.shared.edge import EXIT_CODES


def _exit_codes() -> str:
    rows = [f"  {code:>3}  {meaning}" for code, meaning in EXIT_CODES.items()]
    return "\n".join(
        [
            *rows,
            "",
            "The code is 0 also for an empty capture, for frames that validate refused and for",
            "frames that were too long: they are counted. With --strict a refused frame gives 3,",
            "which wins over 4. A closed pipe (EPIPE) ends a verb without a message.",
        ]
    )


def _environment() -> str:
    rows = {
        KERNEL_VARIABLE: "forces an AES-GCM kernel of native; macsec doctor lists them",
        "MACSEC_DEBUG": "1 shows the traceback of an internal error",
        "NO_COLOR": "any value: no colours",
    }
    return "\n".join(f"  {name:<14} {meaning}" for name, meaning in rows.items())


TOPICS: dict[str, Callable[[], str]] = {"exit-codes": _exit_codes, "environment": _environment}


@click.command("help", short_help="Show a topic, or the help of a verb.")
@click.argument("topic", required=False)
@click.pass_context
def command(ctx: click.Context, topic: str | None) -> None:
    """Show a TOPIC (exit-codes, environment), or the help of a verb."""
    group = ctx.parent
    assert group is not None  # noqa: S101 always run by the group
    if topic is None:
        click.echo(group.get_help())
        click.echo(f"\nTopics: {', '.join(TOPICS)}")
        return
    if topic in TOPICS:
        click.echo(TOPICS[topic]())
        return
    verbs = group.command
    verb = verbs.get_command(group, topic) if isinstance(verbs, click.Group) else None
    if verb is None:
        raise click.UsageError(f"no topic or verb {topic!r}; topics: {', '.join(TOPICS)}", ctx)
    with click.Context(verb, info_name=topic, parent=group) as inner:
        click.echo(verb.get_help(inner))
