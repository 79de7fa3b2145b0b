"""Pairs of sockets that keep frames apart, in place of devices."""

from __future__ import annotations

import contextlib
import socket

PATIENCE_S = 20


def frame_pair(
    stack: contextlib.ExitStack, room: int = 1 << 20
) -> tuple[socket.socket, socket.socket]:
    """Return two ends that `stack` closes; `room`: octets sent and not read yet."""
    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for side in pair:
        stack.enter_context(side)
        side.settimeout(PATIENCE_S)
        side.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, room)
    return pair
