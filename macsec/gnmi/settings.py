"""The leaves that a Set may change, and their settings of a port."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from macsec.errors import ConfigError
from macsec.suites import SUITES

from .device import Adjustment
from .paths import Path, text_of

SUITE_NAMES = {name.upper().replace("-", "_"): name for name in SUITES}
OFFSETS = {f"{octets}_BYTES": octets for octets in (0, 30, 50)}
SECURITY = {"MUST_SECURE": "must-secure", "SHOULD_SECURE": "should-secure"}
WINDOW_LIMIT = 0xFFFF
REKEY_INTERVALS = range(30, 1 << 16)


class RefusedPath(ConfigError):
    """A path that cannot be set, or a value that it cannot have; the message begins with it."""


class SetLeaf(NamedTuple):
    """A leaf that can be set: the part of a port, its name there, and its default.

    `part`: policy, secy, or macsec for the switch of the port as a whole.
    """

    part: str
    name: str
    read: Callable[[Any], Any]
    default: Any


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("expected true or false")
    return value


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"expected a whole number, {least} to {most}")
        return value

    return read


def _interval(value: Any) -> int:
    if isinstance(value, bool) or (value != 0 and value not in REKEY_INTERVALS):
        raise ValueError("expected seconds: 0 for none, or 30 to 65535")
    return int(value)


def _one_of(names: Mapping[str, Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        bare = value.rpartition(":")[2] if isinstance(value, str) else ""
        if bare not in names:
            raise ValueError(f"expected {', '.join(names)}")
        return names[bare]

    return read


def _suite(value: Any) -> str:
    if isinstance(value, list):
        if len(value) != 1:
            raise ValueError(f"expected one suite, {len(value)} given: a port here has one")
        value = value[0]
    return str(_one_of(SUITE_NAMES)(value))


_POLICY = {
    "key-server-priority": SetLeaf("policy", "key_server_priority", _whole(0, 255), 16),
    "macsec-cipher-suite": SetLeaf("policy", "cipher", _suite, "gcm-aes-128"),
    "confidentiality-offset": SetLeaf("policy", "offset", _one_of(OFFSETS), 0),
    "delay-protection": SetLeaf("policy", "delay_protection", _truth, False),
    "include-icv-indicator": SetLeaf("policy", "include_icv_indicator", _truth, True),
    "include-sci": SetLeaf("secy", "send_sci", _truth, True),
    "sak-rekey-interval": SetLeaf("policy", "sak_rekey_interval", _interval, 0),
    "sak-rekey-on-live-peer-loss": SetLeaf("policy", "sak_rekey_on_live_peer_loss", _truth, False),
    "security-policy": SetLeaf("policy", "security", _one_of(SECURITY), "must-secure"),
}
_INTERFACE = {
    "enable": SetLeaf("macsec", "macsec", _truth, False),
    "replay-protection": SetLeaf("secy", "window", _whole(0, WINDOW_LIMIT), 0),
}
LISTS: dict[tuple[str, ...], dict[str, SetLeaf]] = {
    ("macsec", "mka", "policies", "policy"): _POLICY,
    ("macsec", "interfaces", "interface"): _INTERFACE,
}
"""The lists whose entries can be set, each with the leaves of its container config.

Defaults are those of openconfig-macsec; where it has none, those of a configuration.
"""


class Wishes:
    """Collects the operations of a Set, in their order, as values of leaves of each port.

    `apply` raises RefusedPath, and then nothing of the request is to be done.
    """

    def __init__(self) -> None:
        self._given: dict[str, dict[SetLeaf, Any]] = {}

    def delete(self, path: Path) -> None:
        """Take the default for a leaf."""
        port, setting, leaf = _leaf(path)
        if leaf is None or setting is None:
            raise RefusedPath(f"{text_of(path)}: only a leaf can be deleted")
        self._put(port, setting, setting.default)

    def update(self, path: Path, value: Any) -> None:
        """Take the value of a leaf, or of the leaves of a container."""
        self._assign(path, value, whole=False)

    def replace(self, path: Path, value: Any) -> None:
        """Take the value of a leaf, or of a container, whose other leaves take their defaults."""
        self._assign(path, value, whole=True)

    def adjustments(self) -> list[Adjustment]:
        """Return the changes, one a port."""
        return [_adjustment(port, given) for port, given in self._given.items()]

    def _assign(self, path: Path, value: Any, *, whole: bool) -> None:
        port, setting, leaf = _leaf(path)
        if setting is not None and leaf is not None:
            self._put(port, setting, _read(path, setting, value))
            return
        settings, value = _container_of(path, value)
        self._container(path, port, settings, value, whole=whole)

    def _container(
        self, path: Path, port: str, settings: Mapping[str, SetLeaf], value: Any, *, whole: bool
    ) -> None:
        if not isinstance(value, dict):
            raise RefusedPath(f"{text_of(path)}: expected an object with leaves")
        given = _members(value)
        if given.pop("name", port) != port:
            raise RefusedPath(f"{text_of(path)}: a name cannot be changed")
        for leaf, each in given.items():
            if leaf not in settings:
                raise RefusedPath(f"{text_of(path)}/{leaf}: cannot be set here")
            self._put(port, settings[leaf], _read(path, settings[leaf], each, leaf))
        for leaf in settings if whole else ():
            if leaf not in given:
                self._put(port, settings[leaf], settings[leaf].default)

    def _put(self, port: str, setting: SetLeaf, value: Any) -> None:
        self._given.setdefault(port, {})[setting] = value


def _adjustment(port: str, given: Mapping[SetLeaf, Any]) -> Adjustment:
    parts: dict[str, dict[str, Any]] = {"policy": {}, "secy": {}, "macsec": {}}
    for setting, value in given.items():
        parts[setting.part][setting.name] = value
    return Adjustment(port, parts["policy"], parts["secy"], parts["macsec"].get("macsec"))


def _leaf(path: Path) -> tuple[str, SetLeaf | None, str | None]:
    """Return the port of a path, and its leaf if it names one. Raises RefusedPath."""
    for names, settings in LISTS.items():
        if tuple(each.name for each in path[: len(names)]) != names:
            continue
        keys = dict(path[len(names) - 1].keys)
        rest = [each.name for each in path[len(names) :]]
        if set(keys) != {"name"} or "*" in keys.values():
            raise RefusedPath(f"{text_of(path)}: name one entry: [name=...]")
        if rest in ([], ["config"]):
            return keys["name"], None, None
        if len(rest) == 2 and rest[0] == "config" and rest[1] in settings:
            return keys["name"], settings[rest[1]], rest[1]
    raise RefusedPath(f"{text_of(path)}: cannot be set here")


def _container_of(path: Path, value: Any) -> tuple[Mapping[str, SetLeaf], Any]:
    """Return the settings of a container config or a list entry, and the value of config."""
    if path[-1].name == "config":
        return LISTS[tuple(each.name for each in path[:-1])], value
    given = _members(value) if isinstance(value, dict) else {}
    name = dict(path[-1].keys)["name"]
    if not {"config"} <= {*given} <= {"name", "config"} or given.get("name", name) != name:
        raise RefusedPath(f"{text_of(path)}: expected an object with its name and its config")
    return LISTS[tuple(each.name for each in path)], given["config"]


def _members(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of an object without the names of modules."""
    return {key.rpartition(":")[2]: each for key, each in value.items()}


def _read(path: Path, setting: SetLeaf, value: Any, leaf: str = "") -> Any:
    where = text_of(path) + (f"/{leaf}" if leaf else "")
    try:
        return setting.read(value)
    except ValueError as error:
        raise RefusedPath(f"{where}: {error}") from None
