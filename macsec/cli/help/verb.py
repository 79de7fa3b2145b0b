"""`macsec help`: pages of the guide, the help of a verb, and JSON Schemas."""

from __future__ import annotations

import json

import click

from macsec.cli.help.shown import show
from macsec.cli.help.tables import TABLES
from macsec.cli.shared import completing
from macsec.guide.topics import SECTIONS, topics


@click.command("help", short_help="Show a topic, or the help of a verb.")
@click.argument("topic", required=False, shell_complete=completing.names(completing.topics))
@click.argument("name", required=False)
@click.pass_context
def command(ctx: click.Context, topic: str | None, name: str | None) -> None:
    """Show a topic, or the help of a verb.

    Without TOPIC, list all topics of the guide.

    json NAME prints the JSON Schema of an output of --json; lab NAME shows the help of lab NAME.
    """
    group = ctx.parent
    assert group is not None  # noqa: S101 always run by the group
    if topic is None:
        click.echo(group.get_help())
        click.echo("\n" + listing())
        return
    page = topics().get(topic)
    if page is not None:
        if name is None:
            show(page.filled(TABLES))
        else:
            click.echo(_schema(ctx, topic, name))
        return
    verb = _subcommand(group, topic)
    if verb is None:
        raise click.UsageError(f"no topic or verb {topic!r}; macsec help lists all", ctx)
    if name is not None:
        verb = _subcommand(verb, name)
    if verb is None:
        raise click.UsageError(f"no verb {f'{topic} {name}'!r}", ctx)
    click.echo(verb.get_help())


def listing() -> str:
    """Return the topics by section, a line each."""
    lines = []
    for section, title in SECTIONS.items():
        pages = [page for page in topics().values() if page.section == section]
        if pages:
            lines += [f"{title}:", *(f"  {page.name:<18} {page.summary}" for page in pages), ""]
    return "\n".join(lines).rstrip()


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
