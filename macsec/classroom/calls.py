"""Calls of the page, by name: JSON in, JSON out. A fault is `{"error": ...}`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from macsec.errors import MACsecError

from . import building, flipping, reuse
from .replaying import PNState, SentPN, WindowReceiver, WindowSettings

_RECEIVERS: list[WindowReceiver] = []
"""The receiver of station 3, once there is one."""


def _start(choice: WindowSettings) -> PNState:
    made = WindowReceiver(choice)
    for old in _RECEIVERS:
        old.close()
    _RECEIVERS[:] = [made]
    return made.state()


def _send(given: dict[str, str]) -> SentPN:
    return _RECEIVERS[0].send(given["pn"])


_CALLS: dict[str, Callable[[Any], Any]] = {
    "build": building.built,
    "flip": flipping.flipped,
    "start": _start,
    "send": _send,
    "reuse": reuse.reused,
}


def call(name: str, given: str) -> str:
    """Return the answer to one call."""
    try:
        answer = _CALLS[name](json.loads(given))
    except (MACsecError, ValueError, OverflowError) as error:
        answer = {"error": str(error)}
    return json.dumps(answer)
