"""Errors of the package. A frame never raises: it ends in a verdict and a counter."""

from __future__ import annotations

import errno
from collections.abc import Sequence


class MACsecError(Exception):
    """Base of all errors of this package; `exit_code` is what the command line ends with.

    >>> import macsec
    >>> try:
    ...     macsec.SecY.from_config({"secy": {"window": "wide"}})
    ... except macsec.MACsecError as error:
    ...     print(type(error).__name__, error.exit_code)
    ConfigError 2

    See also: `ConfigError`, `FormatError`.
    """

    exit_code = 1


class ConfigError(MACsecError):
    """A configuration, key or control that cannot be used, with place and reason.

    `others`: the faults behind the first, where a check finds several; its text counts them.

    >>> import macsec
    >>> try:
    ...     macsec.SecY.from_config({"secy": {"window": "wide"}, "tx": {}})
    ... except macsec.ConfigError as error:
    ...     print(error.others)
    ('tx.sci: is missing',)

    See also: `SecY.from_config`, `MACsecError`.
    """

    exit_code = 2

    def __init__(self, reason: str = "", others: Sequence[str] = ()) -> None:
        super().__init__(f"{reason} (and {len(others)} more)" if others else reason)
        self.first = reason
        self.others = tuple(others)


class FormatError(MACsecError):
    """A damaged capture, or no capture at all; `offset` in octets of the stream.

    >>> import io, macsec
    >>> try:
    ...     list(macsec.captures.read(io.BytesIO(b"no capture, but some text")))
    ... except macsec.FormatError as error:
    ...     print(error.offset)
    0

    See also: `captures.read`.
    """

    exit_code = 4

    def __init__(self, reason: str, offset: int | None = None, *, truncated: bool = False) -> None:
        self.reason = reason
        self.offset = offset
        self.truncated = truncated
        super().__init__(reason if offset is None else f"{reason} (at offset {offset})")


class KeyExhausted(MACsecError):
    """The last PN of a transmit SA is used (10.5): it never wraps and nothing leaves in clear."""

    exit_code = 4


class EnvironmentLacks(MACsecError):
    """The machine lacks something: a kernel, a compiler, a privilege, a device."""

    exit_code = 5


class StaleBuild(EnvironmentLacks):
    """The C extension was built from another version of the sources."""


class CustodyError(MACsecError, TypeError):
    """A key would be copied, pickled, or used where its custody does not allow it."""


class FrameError(MACsecError, TypeError):
    """A frame, or a batch of frames, was wanted and something else was given."""


class ArenaError(MACsecError, ValueError):
    """A caller's arena that cannot take the frames: too small, not writable, or theirs already."""


_RUNTIME = {
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.EIO,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EINTR,
}
"""Failures to open a file that are not the caller's mistake."""


def cannot(what: str, name: str, error: OSError | ValueError) -> MACsecError:
    """Return the error for a file that cannot be opened, mostly a ConfigError."""
    reason = error.strerror if isinstance(error, OSError) else error
    kind = MACsecError if isinstance(error, OSError) and error.errno in _RUNTIME else ConfigError
    return kind(f"cannot {what} {name}: {reason}")
