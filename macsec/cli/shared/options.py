"""Options and arguments that several verbs share."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from macsec.suites import SUITES
from macsec.terms import ETHERTYPE_MACSEC, ethertype_of

from .jobs import usual_jobs


def _ethertype(_: click.Context, __: click.Parameter, text: str) -> int:
    try:
        return ethertype_of(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[[F], F]

FILE = click.Path(path_type=str)


class Reals(click.FloatRange):
    """A range of numbers without NaN, which lies in every range of click."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number."""
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is not a number", param, ctx)
        return number


config: Decorator[Any] = click.option(
    "-c",
    "--config",
    required=True,
    type=FILE,
    metavar="FILE",
    help="The configuration of the SecY, in YAML.",
)
caks: Decorator[Any] = click.option(
    "--cak",
    "caks",
    type=FILE,
    metavar="FILE",
    help="CKN to CAK, in YAML, or to a list of CAKs; each is hex, env:NAME, file:PATH or fd:N.",
)
source: Decorator[Any] = click.argument("source", metavar="IN", type=FILE)
target: Decorator[Any] = click.argument("target", metavar="OUT", type=FILE)
as_json: Decorator[Any] = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object (on stderr if OUT is -)."
)
keep_secrets: Decorator[Any] = click.option(
    "--keep-secrets",
    is_flag=True,
    help="Copy decryption secrets (of TLS and the like) that a pcapng holds.",
)
json_data: Decorator[Any] = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object in place of text."
)
fcs: Decorator[Any] = click.option(
    "--fcs",
    type=click.Choice(["auto", "yes", "no"]),
    default="auto",
    show_default=True,
    help="FCS at the end of each input frame: as the file says, always, or never.",
)
ethertype: Decorator[Any] = click.option(
    "--ethertype",
    metavar="HEX",
    callback=_ethertype,
    default=f"{ETHERTYPE_MACSEC:04x}",
    show_default=True,
    help="The EtherType of SecTAGs, in hex.",
)
cipher: Decorator[Any] = click.option(
    "--cipher",
    type=click.Choice(list(SUITES)),
    default="gcm-aes-128",
    show_default=True,
    help="The cipher suite.",
)
suites: Decorator[Any] = click.option(
    "--suites",
    default="gcm-aes-128",
    show_default=True,
    metavar="NAME,…|all",
    help="The cipher suites.",
)
integrity: Decorator[Any] = click.option(
    "--integrity", is_flag=True, help="Measure integrity only too, beside confidentiality."
)
backend: Decorator[Any] = click.option(
    "--backend",
    type=click.Choice(["auto", "native", "reference"]),
    default="auto",
    show_default=True,
    help="The data plane. MACSEC_KERNEL=NAME forces an AES-GCM kernel of native.",
)
quiet: Decorator[Any] = click.option(
    "-q", "--quiet", is_flag=True, help="Print no summary and no progress bar on stderr."
)
jobs: Decorator[Any] = click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=usual_jobs,
    show_default="2, or 1 on a single core",
    metavar="N",
    help="Cores to use; the results are the same. With a pipe it is always one.",
)


def _span(_: click.Context, parameter: click.Parameter, text: str | None) -> range | None:
    """Return the frames of A-B, A-, -B or A."""
    if text is None:
        return None
    # Digits behind no dash are digits of A: a long number is never cut into two.
    match = re.fullmatch(r"([0-9]{0,15})(?:(-)([0-9]{0,15}))?", text)
    if match is None or not (match[1] or match[3]):
        raise click.BadParameter(f"{text!r}: expected A-B, A-, -B or one number")
    start = int(match[1] or 0)
    if not match[2]:
        return range(start, start + 1)
    stop = int(match[3]) + 1 if match[3] else 1 << 60
    if stop <= start:
        raise click.BadParameter(f"{text!r}: ends before it begins")
    return range(start, stop)


frames: Decorator[Any] = click.option(
    "--frame",
    "span",
    callback=_span,
    metavar="A-B",
    help="Show frames A to B, counted from 0; also A-, -B, or one number.",
)


def _be_verbose(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        ctx.find_root().obj.verbose = True


def verbose(command: click.Command) -> click.Command:
    """Give a command and all below it the option -v, once."""
    if not any("-v" in parameter.opts for parameter in command.params):
        command.params.append(
            click.Option(
                ["-v", "--verbose"],
                is_flag=True,
                expose_value=False,
                callback=_be_verbose,
                help="Print every fault of a configuration, not only the first ten.",
            )
        )
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        verbose(below)
    return command


def number(
    flag: str, kind: Any, default: float, unit: str, text: str, name: str | None = None
) -> Decorator[Any]:
    """Make an option that takes a number of a click range `kind`, and shows its default."""
    names = (flag,) if name is None else (flag, name)
    return click.option(
        *names, type=kind, default=default, show_default=True, metavar=unit, help=text
    )


def frame_options(function: F) -> F:
    """Add the options of every verb that reads a capture through a SecY."""
    for option in (quiet, backend, fcs):
        function = option(function)
    return function
