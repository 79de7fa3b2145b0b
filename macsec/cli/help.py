"""`macsec help`: topics that belong to no single verb."""

from __future__ import annotations

from collections.abc import Callable

import click

from macsec.cli.shared.edge import EXIT_CODES


def _exit_codes() -> str:
    rows = [f"  {code:>3}  {meaning}" for code, meaning in EXIT_CODES.items()]
    return "\n".join(
        [
            *rows,
            "",
            "Exit 0 also for an empty capture, for frames that validate refused, and for frames",
            "that were too long: all are counted. --strict makes a refused frame exit 3, which",
            "wins over 4. A closed pipe ends a verb silently.",
        ]
    )


def _environment() -> str:
    from macsec.cli.shared.data_plane import KERNEL_VARIABLE

    rows = {
        KERNEL_VARIABLE: "forces an AES-GCM kernel of the native plane; macsec doctor lists them",
        "MACSEC_DEBUG": "1: show the traceback of an internal error",
        "NO_COLOR": "no colours, whatever its value",
    }
    return "\n".join(f"  {name:<14} {meaning}" for name, meaning in rows.items())


TOPICS: dict[str, Callable[[], str]] = {"exit-codes": _exit_codes, "environment": _environment}


@click.command("help", short_help="More about a topic, or about a verb.")
@click.argument("topic", required=False)
@click.pass_context
def command(ctx: click.Context, topic: str | None) -> None:
    """More about a TOPIC (exit-codes, environment), or the help of a verb."""
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
