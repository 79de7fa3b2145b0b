"""A socket that an object has open: its descriptor, and its end."""

from __future__ import annotations

import socket
from typing import Self


class OpenSocket:
    """Owner of a socket; a context manager that closes it."""

    _socket: socket.socket

    def fileno(self) -> int:
        """Return its file descriptor."""
        return self._socket.fileno()

    def close(self) -> None:
        """Release the socket, and what it holds of an interface."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
