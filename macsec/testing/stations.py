"""Pairs of SecYs, alone, on a wire in virtual time, and with key agreement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from macsec.config.static_keys import Draw, Pair, seeded
from macsec.frames import FrameLike
from macsec.kay import ChainKey, Kay, KayPolicy, MemoryHolder
from macsec.keys import Key
from macsec.lab import Station
from macsec.secy import SecY
from macsec.time_units import NS_PER_S
from macsec.wire import Engine, Link, LinkParams

SYSTEMS = (0x525400130156, 0x525400130157)
"""MAC addresses of the two ends."""
SECURED_S = 3
"""Virtual seconds after which two KaYs on a clean wire are secured."""


class SecYPair(NamedTuple):
    """Two SecYs with one SAK: what `a` protects, `b` validates, and the other way."""

    a: SecY
    b: SecY


def secy_pair(seed: int = 0, backend: str = "auto", **secy: Any) -> SecYPair:
    """Return two SecYs. `secy`: entries as under `secy` in a configuration, such as `cipher`.

    Raises ConfigError for an entry that does not fit. Close both to wipe their keys.
    """
    return SecYPair(*_secys(seeded(seed, "macsec.testing"), backend, secy))


def _secys(draw: Draw, backend: str, secy: Mapping[str, Any]) -> tuple[SecY, SecY]:
    controls = {"cipher": "gcm-aes-128", **secy}
    SecY.from_config({"secy": controls}, backend).close()  # faults are found while no key is there
    pair = Pair(controls, SYSTEMS, draw)
    first = SecY.from_config(pair.station(0), backend)
    try:
        return first, SecY.from_config(pair.station(1), backend)
    except BaseException:
        first.close()
        raise


@dataclass(slots=True, eq=False)
class StationEnd:
    """One end of a link: its station, and the frames that its Controlled Port delivered."""

    station: Station
    received: list[bytes] = field(default_factory=list)

    @property
    def secy(self) -> SecY:
        """Its SecY."""
        return self.station.secy

    @property
    def kay(self) -> Kay:
        """Its KaY. Raises AttributeError for an end with static keys."""
        if self.station.agreement is None:
            raise AttributeError("this end has static keys: use kay_pair for key agreement")
        return self.station.agreement.kay

    @property
    def secured(self) -> bool:
        """True if its Controlled Port is open."""
        return self.station.agreement is None or self.kay.secured

    def send(self, frame: FrameLike) -> None:
        """Send a frame through the Controlled Port now; `StationPair.run` lets it arrive."""
        self.station.controlled.send(frame)  # type: ignore[arg-type]


class StationPair:
    """Two stations on a link in virtual time, `a` and `b`.

    `engine` has the time, `wire` the parameters, statistics and taps of the link.
    """

    def __init__(
        self,
        seed: int = 0,
        backend: str = "auto",
        *,
        mka: bool = False,
        policy: Mapping[str, Any] | None = None,
        wire: Mapping[str, Any] | None = None,
        **secy: Any,
    ) -> None:
        self.engine = Engine(seed)
        params = LinkParams(**(wire or {}))
        self.wire = Link(self.engine, "a-b", params, params)
        draw = seeded(seed, "macsec.testing")
        secys = (SecY(None, backend), SecY(None, backend)) if mka else _secys(draw, backend, secy)
        kays = [_kay(draw, end, policy or {}) if mka else None for end in range(2)]
        ports = (self.wire.a, self.wire.b)
        self.a, self.b = (
            StationEnd(Station(self.engine, port, own, kay, name))
            for port, own, kay, name in zip(ports, secys, kays, "ab", strict=True)
        )
        for end in (self.a, self.b):
            end.station.controlled.receiver = end.received.append
            end.station.start()

    def run(self, seconds: float) -> None:
        """Let virtual seconds pass from now on."""
        self.engine.run(self.engine.now_ns + round(seconds * NS_PER_S))

    @property
    def secured(self) -> bool:
        """True if both ends are."""
        return self.a.secured and self.b.secured

    def close(self) -> None:
        """Wipe all keys."""
        self.a.station.close()
        self.b.station.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def kay_pair(seed: int = 0, backend: str = "auto", **more: Any) -> StationPair:
    """Return two stations that have agreed on a SAK; `a` is the Key Server.

    `policy`: entries of `KayPolicy`. `wire`: those of `LinkParams`; on a bad wire the ends may not
    be secured yet, and need more of `run`.
    """
    pair = StationPair(seed, backend, mka=True, **more)
    pair.run(SECURED_S)
    return pair


def _kay(draw: Draw, end: int, policy: Mapping[str, Any]) -> Kay:
    drawn = iter(range(1 << 62))
    key = ChainKey(MemoryHolder(Key(draw("cak", 16)), draw("ckn", 16)))
    given = KayPolicy(**{"key_server_priority": 16 + end, **policy})
    return Kay(
        SYSTEMS[end] << 16 | 1, [key], lambda octets: draw(f"{end} {next(drawn)}", octets), given
    )
