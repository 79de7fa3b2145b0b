"""The edge of the program: exit codes, signals, warnings, one line on stderr for each error."""

from __future__ import annotations

import contextlib
import errno
import io
import logging
import os
import re
import shlex
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TextIO, TypeAlias

import click

from macsec.errors import ConfigError, EnvironmentLacks, MACsecError
from macsec.report.error import error_json
from macsec.report.visible import on_one_line, visible

from .defaults import path as defaults_path
from .typed_keys import without_typed_keys

GOOD, FAILED, USAGE, REFUSED, PARTLY, LACKING = range(6)

EXIT_CODES = {
    GOOD: "success",
    FAILED: "runtime failure",
    USAGE: "wrong usage or configuration",
    REFUSED: "a negative security verdict where success was asked for",
    PARTLY: "input partly bad, the output holds what was valid; or a transmit SA is exhausted",
    LACKING: "the environment lacks something that is needed",
    130: "ended by SIGINT",
    143: "ended by SIGTERM",
}
"""Every exit code of every verb. A closed pipe (EPIPE) is silent."""

UNSTARTED = (USAGE, LACKING)
"""Exit codes of runs that have written nothing yet: with --json they print one object too."""

FAULTS_SHOWN = 9
"""Faults of a configuration behind the first that are printed without -v."""

FAILURES = range(FAILED, LACKING + 1)
"""The exit codes that come with a line on stderr."""

_NO_ARGUMENTS: Any = getattr(click.exceptions, "NoArgsIsHelpError", ())


ARGUMENTS = "macsec.arguments"
"""The key of the command line in the `meta` of a context."""


class Terminated(BaseException):
    """A signal ends the program; unfinished output is removed on the way out."""

    def __init__(self, number: int, text: str = "") -> None:
        self.exit_code, self.text = 128 + number, text


def _terminate(number: int, _: Any) -> NoReturn:
    raise Terminated(number)


def catch_signals() -> None:
    """Turn signals into exceptions, so that unfinished output is removed. For a whole process."""
    handlers: dict[signal.Signals, Any] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: _terminate,
        signal.SIGHUP: _terminate,
    }
    for number, handler in handlers.items():
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, handler)
    sys.unraisablehook = _raise_again


_AGAIN_S = 0.001
"""Time until the exception of a signal is raised again."""


def _raise_again(ignored: Any) -> None:
    """Raise the exception of a signal again a moment later; report any other one.

    A finaliser or a callback of the interpreter ignores exceptions: the signal would be lost.
    """
    error = ignored.exc_value
    if not isinstance(error, KeyboardInterrupt | Terminated):
        sys.__unraisablehook__(ignored)
        return

    def again(_: int, __: Any) -> NoReturn:
        raise error

    signal.signal(signal.SIGALRM, again)
    signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)


class Warnings(logging.Handler):
    """Warnings of the library: printed on stderr, or held for the JSON object printed there.

    `verbose`: all faults of a configuration are printed, however many.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.hold = False
        self.held: list[str] = []
        self.verbose = False

    def emit(self, record: logging.LogRecord) -> None:
        """Take one warning, and print it unless warnings are held."""
        self.held.append(record.getMessage())
        if not self.hold:
            self.print_held()

    def print_held(self) -> None:
        """Print the held warnings."""
        held, self.held = self.held, []
        for text in held:
            say(f"warning: {text}")


def stdout() -> TextIO:
    """Return the stream for data. Raises MACsecError if the caller closed it."""
    if sys.stdout is None:
        raise MACsecError("standard output is closed")
    return sys.stdout


def say(text: str) -> None:
    """Print one line to stderr."""
    with contextlib.suppress(OSError):
        click.echo(f"macsec: {on_one_line(text)}", err=True)


def run(group: click.Group, args: list[str] | None, name: str, **extra: Any) -> NoReturn:
    """Run a command line of a group and exit with its code."""
    given = sys.argv[1:] if args is None else list(args)
    _take_all_characters()
    group._main_shell_completion(extra, name)
    warnings = Warnings()
    log = logging.getLogger("macsec")
    log.addHandler(warnings)
    try:
        code = _guarded(lambda: _invoke(group, name, given, warnings, extra), warnings, given)
    finally:
        log.removeHandler(warnings)
    _drop_unwritten()
    sys.exit(code)


def _take_all_characters() -> None:
    r"""Let stdout take what its encoding lacks, as stderr does: as \u2026, not as an error."""
    to = sys.stdout
    if isinstance(to, io.TextIOWrapper) and to.errors == "strict":
        to.reconfigure(errors="backslashreplace")


def _invoke(
    group: click.Group, name: str, args: list[str], warnings: Warnings, extra: dict[str, Any]
) -> int:
    arguments = list(args)
    with group.make_context(name, args, obj=warnings, **extra) as ctx:
        ctx.meta[ARGUMENTS] = arguments
        code = group.invoke(ctx)
    if sys.stdout is not None:
        sys.stdout.flush()
    return code or GOOD


def _drop_unwritten() -> None:
    """Drop output that stdout does not take, or the interpreter reports it at exit."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _guarded(call: Callable[[], int], warnings: Warnings, given: Sequence[str]) -> int:
    try:
        return call()
    except (Exception, KeyboardInterrupt, Terminated) as error:
        if not _is_closed_pipe(error):
            warnings.print_held()
        for kind, ending in _ENDINGS:
            if isinstance(error, kind):
                code, text = ending(error)
                if text:
                    say(without_typed_keys(text, given))
                if "--json" in given and code in UNSTARTED:
                    _print_json(error, code, given)
                if isinstance(error, ConfigError):
                    _say_others(error.others, None if warnings.verbose else FAULTS_SHOWN)
                return code
        return _interrupted_within(error) or _unexpected(error)


def _print_json(error: BaseException, code: int, given: Sequence[str]) -> None:
    """Print an error as `macsec/error/1` in place of the object of the verb."""
    text = error.format_message() if isinstance(error, click.ClickException) else _line(error)
    others = error.others if isinstance(error, ConfigError) else ()
    with contextlib.suppress(OSError, ValueError):
        shown = error_json(without_typed_keys(text, given), others, code)
        click.echo(shown, err="-" in given)


def _say_others(others: Sequence[str], most: int | None) -> None:
    for other in others[:most]:
        say(other)
    if most is not None and len(others) > most:
        say(f"and {len(others) - most} more faults: -v prints them all")


def _is_closed_pipe(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno == errno.EPIPE


def _usage(error: click.ClickException) -> Ending:
    if isinstance(error, _NO_ARGUMENTS):
        click.echo(visible(error.message), err=True)
        return USAGE, ""
    hint = ""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        hint = f"{_origin(error)} (see {error.ctx.command_path} --help)"
    text = " ".join(error.format_message().split()).rstrip(".")
    name = text[1:2].isupper()  # FILE and CKN stay
    return error.exit_code, (text if name else text[:1].lower() + text[1:]) + hint


def _origin(error: click.UsageError) -> str:
    """Return where a bad value comes from, unless that is the command line."""
    parameter = getattr(error, "param", None)
    if error.ctx is None or parameter is None:
        return ""
    source = error.ctx.get_parameter_source(parameter.name)
    if source is click.core.ParameterSource.DEFAULT_MAP:
        return f", from {defaults_path()}"
    if source is click.core.ParameterSource.ENVIRONMENT:
        prefix = error.ctx.auto_envvar_prefix
        return f", from {parameter.envvar or f'{prefix}_{parameter.name.upper()}'}"
    return ""


def _known(error: MACsecError) -> Ending:
    return error.exit_code, _line(error)


def _line(error: BaseException) -> str:
    """Return the line of a known error; where root is needed, with the command to run."""
    text = error.first if isinstance(error, ConfigError) else str(error)
    lacks_root = isinstance(error, EnvironmentLacks) and re.search("needs? root", text)
    if lacks_root and os.geteuid():
        return f'{text}: sudo env "PATH=$PATH" macsec {shlex.join(sys.argv[1:])}'
    return text


def _system(error: OSError) -> Ending:
    if _is_closed_pipe(error):
        return GOOD, ""
    where = f": {os.fsdecode(error.filename)}" if error.filename else ""
    return FAILED, f"{error.strerror or 'input or output failed'}{where}"


def _no_memory(_: MemoryError) -> Ending:
    return FAILED, "out of memory"


def _interrupted(_: BaseException) -> Ending:
    return 128 + signal.SIGINT, "interrupted"


def _terminated(error: Terminated) -> Ending:
    return error.exit_code, error.text


Ending: TypeAlias = tuple[int, str]
"""An exit code and the line of the error, or no line."""

_ENDINGS: tuple[tuple[Any, Callable[[Any], Ending]], ...] = (
    (click.exceptions.Exit, lambda error: (int(error.exit_code), "")),
    (click.ClickException, _usage),
    (MACsecError, _known),
    (OSError, _system),
    (MemoryError, _no_memory),
    ((KeyboardInterrupt, click.Abort), _interrupted),
    (Terminated, _terminated),
)


def _interrupted_within(error: BaseException | None) -> int | None:
    """Return the exit code of a signal that an exception hides: Python wraps some in others."""
    while error is not None:
        error = error.__cause__ or error.__context__
        if isinstance(error, KeyboardInterrupt):
            code, text = _interrupted(error)
            say(text)
            return code
        if isinstance(error, Terminated):
            return error.exit_code
    return None


def _unexpected(error: BaseException) -> int:
    # The text of an unexpected exception could hold a key: it is not shown.
    if os.environ.get("MACSEC_DEBUG") == "1":
        click.echo(visible("".join(traceback.format_exception(error))), err=True, nl=False)
        return FAILED
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    say(f"internal error: {type(error).__name__}{place} (MACSEC_DEBUG=1 shows the traceback)")
    return FAILED
