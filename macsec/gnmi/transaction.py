"""Changes of several ports as one: all are checked first, and taken back if one fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from macsec.errors import MACsecError

from .device import Adjustment, GnmiDevice, Home
from .paths import element
from .settings import LISTS, RefusedPath, SetLeaf
from .tree import Leaves

Present = dict[tuple[str, str], Any]
"""Values of settings by their part and name."""


def adjust_all(
    device: GnmiDevice,
    wishes: Sequence[Adjustment],
    homes: Mapping[str, Home],
    leaves: Leaves,
) -> None:
    """Make all changes, or none. Raises RefusedPath for a port that is unknown, MACsecError.

    A port is not touched by values that it has already.
    """
    for wish in wishes:
        if wish.port not in homes:
            raise RefusedPath(f"[name={wish.port}]: no such port; it has {', '.join(homes)}")
    changes = [(wish, _present(wish.port, leaves)) for wish in wishes]
    due = [(left, had) for wish, had in changes if (left := _without(wish, had)) is not None]
    for wish, _ in due:
        _adjust(device, wish, homes, check=True)
    done: list[Adjustment] = []
    for wish, had in due:
        try:
            _adjust(device, wish, homes, check=False)
        except MACsecError:
            for former in reversed(done):
                with suppress(MACsecError):  # the first failure is the one to report
                    _adjust(device, former, homes, check=False)
            raise
        done.append(_former(wish, had))


def _adjust(
    device: GnmiDevice, wish: Adjustment, homes: Mapping[str, Home], *, check: bool
) -> None:
    home = homes[wish.port]
    device.adjust(home.source, wish._replace(port=home.name), check=check)


def _present(port: str, leaves: Leaves) -> Present:
    """Return the configured values of a port."""
    had: Present = {}
    for names, settings in LISTS.items():
        entry = (*(element(name) for name in names[:-1]), element(names[-1], {"name": port}))
        for leaf, setting in settings.items():
            value = leaves.get((*entry, element("config"), element(leaf)))
            if value is not None:
                had[setting.part, setting.name] = _read(setting, value)
    return had


def _read(setting: SetLeaf, value: Any) -> Any:
    try:
        return setting.read(value)
    except ValueError:  # a configuration may have more than a Set may ask for
        return None


def _without(wish: Adjustment, had: Present) -> Adjustment | None:
    """Return the change without values that the port has; None if nothing is left."""
    policy = {name: v for name, v in wish.policy.items() if had.get(("policy", name)) != v}
    secy = {name: v for name, v in wish.secy.items() if had.get(("secy", name)) != v}
    if not policy and not secy and wish.macsec is None:
        return None
    return wish._replace(policy=policy, secy=secy)


def _former(wish: Adjustment, had: Present) -> Adjustment:
    """Return the change that takes another one back."""
    policy = {name: had["policy", name] for name in wish.policy if ("policy", name) in had}
    secy = {name: had["secy", name] for name in wish.secy if ("secy", name) in had}
    macsec = None if wish.macsec is None else had.get(("macsec", "macsec"))
    return Adjustment(wish.port, policy, secy, macsec)
