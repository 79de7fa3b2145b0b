"""Exceptions of attacks that are not built in: one line with its place."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from macsec.errors import ConfigError, MACsecError


def raised(error: BaseException, path: str) -> ConfigError:
    """Return the error for what the file of a caller raised; its exit code is none of ours."""
    return ConfigError(f"{path}{_line(error, path)}: {type(error).__name__}: {error}")


def _file_of(kind: type) -> str | None:
    """Return the file of a class that is not built in."""
    if kind.__module__.split(".", 1)[0] == "macsec":
        return None
    return getattr(sys.modules.get(kind.__module__), "__file__", None) or kind.__module__


@contextmanager
def reporting(kind: type) -> Iterator[None]:
    """Turn what the code of others raises into ConfigError with its place; ours stays."""
    try:
        yield
    except MACsecError:
        raise
    except (Exception, SystemExit) as error:
        path = _file_of(kind)
        if path is None:
            raise
        raise raised(error, path) from error


def _line(error: BaseException, path: str) -> str:
    """Return the line of a file where an exception arose."""
    number = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            number = trace.tb_lineno
        trace = trace.tb_next
    return "" if number is None else f":{number}"
