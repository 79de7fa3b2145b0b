"""A capture for Wireshark: frames of an interface, decrypted, into a pipe until it is closed."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import IO

import numpy as np

from macsec import captures
from macsec.cli.extcap.answers import KEYS_CONTROL, LAB, LOG_CONTROL, WIRE
from macsec.cli.extcap.controls import INITIALISED, SET, Toolbar
from macsec.cli.shared.data_plane import Plane
from macsec.cli.shared.keys.cak_files import holders_in
from macsec.cli.shared.signals import ENDING, Signals
from macsec.config import KeyRing, load
from macsec.config.reading import read_file
from macsec.errors import ConfigError, MACsecError
from macsec.frames import FrameBatch
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.live.local import lab_state
from macsec.live.namespace import enter
from macsec.live.sniffer import Sniffed, Sniffer
from macsec.offline.decrypt import MkaReader
from macsec.offline.decrypted_view import listener, view
from macsec.secy import SecY

MOST = 512
"""Frames of one turn."""
WAIT_S = 1.0
SECTIONS = {"secy", "tx", "rx", "mka"}
"""Entries of a configuration, by which it is known from a file of CAKs."""

Validator = SecY | MkaReader


def validator_of(path: str | None, ethertype: int, plane: Plane) -> Validator:
    """Return what opens frames: the CAKs or the SAs of a file, nothing without one.

    Raises ConfigError. A configuration with key agreement is read for its CAKs.
    """
    if path is None:
        return MkaReader((), *plane, ethertype=ethertype)
    tree, _ = read_file(Path(path), "keys")
    if not SECTIONS & set(tree):
        return MkaReader(holders_in(path), *plane, ethertype=ethertype)
    config = load(path)
    if config.mka is None:
        return listener(config, *plane)
    with KeyRing(config.origin.folder) as ring:
        holders = [
            MemoryHolder(ring.key(entry.cak), entry.ckn)
            for entry in config.mka.caks
            if entry.cak is not None and entry.ckn is not None
        ]
    if not holders:
        raise ConfigError(f"{path}: mka has no CAK that can be read here")
    return MkaReader(holders, *plane, ethertype=config.secy.ethertype)


def open_interface(value: str, folder_of: dict[str, str]) -> Sniffer:
    """Return the frames of an interface that `answers.offers` named. Raises MACsecError."""
    if value.startswith(LAB):
        lab, _, link = value.removeprefix(LAB).partition(":")
        if lab not in folder_of:
            raise ConfigError(f"no lab {lab!r} is up")
        enter(lab_state.found(folder_of[lab]).place(f"link:{link}"))
        return Sniffer("a")  # one end of the wire: frames of both directions pass it
    return Sniffer(value.removeprefix(WIRE))


class LiveCapture:
    """Frames from a sniffer, decrypted, to a file object as pcapng."""

    def __init__(self, name: str, validator: Validator, target: IO[bytes], tools: Toolbar) -> None:
        self._validator, self._tools = validator, tools
        self._sink = captures.write(target, format="pcapng", interfaces=[name])

    def take(self, frames: list[Sniffed]) -> None:
        """Decrypt frames and write them. Raises BrokenPipeError once the reader is gone."""
        batch = FrameBatch.from_frames(
            [frame.octets for frame in frames], [frame.time_ns for frame in frames]
        )
        shown = view(self._validator, batch)
        directions = np.array([2 if frame.outgoing else 1 for frame in frames])
        self._sink.write(shown.batch, shown.comments, directions)

    def change(self, validator: Validator) -> None:
        """Use other keys from the next frame on."""
        self._validator.close()
        self._validator = validator

    def close(self) -> None:
        """Wipe the keys."""
        self._validator.close()


def run(
    value: str, target: IO[bytes], keys: str | None, ethertype: int, plane: Plane, tools: Toolbar
) -> None:
    """Capture until a signal, or until the reader is gone. Raises MACsecError."""
    folders = lab_state.folders() if value.startswith(LAB) else {}
    with ExitStack() as stack:
        capture = LiveCapture(value, validator_of(keys, ethertype, plane), target, tools)
        stack.callback(capture.close)
        sniffer = stack.enter_context(open_interface(value, folders))
        signals = stack.enter_context(Signals(*ENDING))
        while True:
            arrived, _ = signals.among([sniffer.fileno(), *tools.descriptors], WAIT_S)
            if arrived:
                return
            for message in tools.messages():
                if message.control == KEYS_CONTROL and message.command in (INITIALISED, SET):
                    _load(capture, message.text, ethertype, plane, tools)
            frames = sniffer.frames(MOST)
            if frames:
                try:
                    capture.take(frames)
                except BrokenPipeError:
                    return


def _load(capture: LiveCapture, path: str, ethertype: int, plane: Plane, tools: Toolbar) -> None:
    """Take other keys, or say in the log why not."""
    if not path:
        return
    try:
        capture.change(validator_of(path, ethertype, plane))
    except MACsecError as error:
        tools.say(LOG_CONTROL, str(error))
    else:
        tools.say(LOG_CONTROL, f"keys of {path}")
