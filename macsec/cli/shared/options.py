"""Options and arguments that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[[F], F]

FILE = click.Path(path_type=str)

config: Decorator[Any] = click.option(
    "-c", "--config", required=True, type=FILE, metavar="FILE", help="The SecY, in YAML."
)
caks: Decorator[Any] = click.option(
    "--cak",
    "caks",
    type=FILE,
    metavar="FILE",
    help="CAKs by CKN, in YAML: hex, or env:NAME, file:PATH, fd:N.",
)
source: Decorator[Any] = click.argument("source", metavar="IN", type=FILE)
target: Decorator[Any] = click.argument("target", metavar="OUT", type=FILE)
as_json: Decorator[Any] = click.option(
    "--json", "as_json", is_flag=True, help="One JSON object (on stderr with OUT -)."
)
json_data: Decorator[Any] = click.option(
    "--json", "as_json", is_flag=True, help="One JSON object in place of text."
)
fcs: Decorator[Any] = click.option(
    "--fcs",
    type=click.Choice(["auto", "yes", "no"]),
    default="auto",
    show_default=True,
    help="Whether frames of IN end in an FCS: as the file says, always, never.",
)
backend: Decorator[Any] = click.option(
    "--backend",
    type=click.Choice(["auto", "native", "reference"]),
    default="auto",
    show_default=True,
    help="The data plane. MACSEC_KERNEL=NAME forces one of its AES-GCM kernels.",
)
quiet: Decorator[Any] = click.option(
    "-q", "--quiet", is_flag=True, help="No summary and no progress bar on stderr."
)
jobs: Decorator[Any] = click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Cores to use; the results are the same. At a pipe it is always one.",
)


def frame_options(function: F) -> F:
    """What every verb takes that moves frames of a capture."""
    for option in (quiet, backend, fcs):
        function = option(function)
    return function
