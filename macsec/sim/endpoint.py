"""A station on a link: its SecY between the Controlled and the Common Port (10.1, 10.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from macsec.frames import FrameBatch
from macsec.secy import Outcome, SecY


@dataclass(frozen=True, slots=True, eq=False)
class Indication:
    """What frames of the Common Port gave: at the Controlled Port, and at the Uncontrolled one."""

    controlled: Outcome
    uncontrolled: FrameBatch


class Endpoint:
    """A station: `name`, `secy`. A request goes down a port, an indication comes up."""

    def __init__(self, name: str, secy: SecY) -> None:
        self.name = name
        self.secy = secy

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

    def controlled_request(self, batch: FrameBatch) -> Outcome:
        """Frames to be sent protected: `batch` of the outcome goes on the Common Port."""
        return self.secy.protect(batch)

    def uncontrolled_request(self, batch: FrameBatch) -> FrameBatch:
        """Frames to be sent as they are, EAPOL for one: what goes on the Common Port."""
        return batch

    def common_indication(self, batch: FrameBatch) -> Indication:
        """Frames from the wire. The Uncontrolled Port sees every one, as it came."""
        return Indication(self.secy.validate(batch), batch)

    def close(self) -> None:
        """Wipe the keys."""
        self.secy.close()

    def __enter__(self) -> Endpoint:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
