"""`macsec help`: topics that concern several verbs, and the help of a verb."""

from __future__ import annotations

import json
from collections.abc import Callable

import click

from macsec.cli.shared import dumps
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
        dumps.VARIABLE: "1 allows debuggers and core dumps to verbs that hold keys",
        "NO_COLOR": "any value: no colours",
    }
    return "\n".join(f"  {name:<15} {meaning}" for name, meaning in rows.items())


def _json() -> str:
    from macsec.report.schemas import OUTPUTS  # late: it loads every report

    return "\n".join([*OUTPUTS, "", "macsec help json NAME prints the JSON Schema of one."])


TOPICS: dict[str, Callable[[], str]] = {
    "exit-codes": _exit_codes,
    "environment": _environment,
    "json": _json,
}


@click.command("help", short_help="Show a topic, or the help of a verb.")
@click.argument("topic", required=False)
@click.argument("name", required=False)
@click.pass_context
def command(ctx: click.Context, topic: str | None, name: str | None) -> None:
    """Show a TOPIC (exit-codes, environment, json), or the help of a verb.

    json NAME prints the JSON Schema of an output of --json; lab NAME shows the help of lab NAME.
    """
    group = ctx.parent
    assert group is not None  # noqa: S101 always run by the group
    if topic is None:
        click.echo(group.get_help())
        click.echo(f"\nTopics: {', '.join(TOPICS)}")
        return
    if topic in TOPICS:
        click.echo(TOPICS[topic]() if name is None else _schema(ctx, topic, name))
        return
    verb = _subcommand(group, topic)
    if verb is None:
        raise click.UsageError(f"no topic or verb {topic!r}; topics: {', '.join(TOPICS)}", ctx)
    if name is not None:
        verb = _subcommand(verb, name)
    if verb is None:
        raise click.UsageError(f"no verb {f'{topic} {name}'!r}", ctx)
    click.echo(verb.get_help())


def _subcommand(parent: click.Context, name: str) -> click.Context | None:
    """Return the context of a verb below a group, or None."""
    group = parent.command
    verb = group.get_command(parent, name) if isinstance(group, click.Group) else None
    return None if verb is None else click.Context(verb, info_name=name, parent=parent)


def _schema(ctx: click.Context, topic: str, name: str) -> str:
    """Return the JSON Schema of an output, by its name with or without `macsec/` and version."""
    from macsec.report.schemas import OUTPUTS, json_schema  # late: it loads every report

    if topic != "json":
        raise click.UsageError(f"topic {topic!r} takes no NAME", ctx)
    full = name if name in OUTPUTS else f"macsec/{name}/1"
    if full not in OUTPUTS:
        raise click.UsageError(f"no output {name!r}; macsec help json lists them", ctx)
    return json.dumps(json_schema(full), indent=2)
