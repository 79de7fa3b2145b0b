"""A station on a link: its SecY between the Controlled and the Common Port (10.1, 10.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from macsec.secy import SecY, Verdict
from macsec.wire.link import Port


class Watch(Protocol):
    """Somebody who looks at what a SecY does with single frames."""

    def protected(self, frame: bytes, octets: bytes | None) -> None:
        """A frame of the Controlled Port, and what went on the Common Port, if anything."""

    def validated(self, octets: bytes, verdict: Verdict, frame: bytes | None) -> None:
        """A frame of the Common Port, its verdict, and what came up, if anything."""


class Endpoint:
    """A station: `name`, `secy`. A request goes down a port, an indication comes up.

    `attach` it to one end of a link, its Common Port, and use `controlled` and `uncontrolled` like
    the ports of a link. `watch`, where set, sees each frame and its verdict.
    """

    def __init__(self, name: str, secy: SecY) -> None:
        self.name = name
        self.secy = secy
        self.watch: Watch | None = None
        self.delivered = 0
        """Frames that came up at the Controlled Port in virtual time."""

    def attach(self, common: Port) -> None:
        """Stand between this port and two new ones: `controlled` and `uncontrolled`.

        Their MTU is that of the port; the SecY refuses what protection makes too long, if its
        control `mtu` says so, and the link what is too long for it.
        """
        self.common = common
        self.controlled = Port(f"{self.name}.controlled", common.mtu, self._request)
        self.uncontrolled = Port(f"{self.name}.uncontrolled", common.mtu, common.send)
        common.receiver = self._indicate

    def _request(self, frame: bytes) -> None:
        octets = self.secy.protect_frame(frame)
        if self.watch is not None:
            self.watch.protected(frame, octets)
        if octets is not None:
            self.common.send(octets)

    def _indicate(self, octets: bytes) -> None:
        if self.uncontrolled.receiver is not None:
            self.uncontrolled.receiver(octets)
        verdict, frame = self.secy.validate_frame(octets)
        if self.watch is not None:
            self.watch.validated(octets, verdict, frame)
        if frame is None:
            return
        self.delivered += 1
        if self.controlled.receiver is not None:
            self.controlled.receiver(frame)

    @classmethod
    def from_config(
        cls,
        name: str,
        config: Mapping[str, Any],
        backend: str = "auto",
        kernel: str | None = None,
    ) -> Endpoint:
        """A station whose SecY has this configuration."""
        return cls(name, SecY.from_config(config, backend, kernel))

    def close(self) -> None:
        """Wipe the keys."""
        self.secy.close()

    def __enter__(self) -> Endpoint:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
