"""A request of the page: checked before the lab sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from macsec.errors import ConfigError
from macsec.lab.blueprint import CHANGE_VALUES, Blueprint
from macsec.time_units import NS_PER_S

PACE_MOST = 1000.0
ON_WIRES = ("cut", "drop", "delay")
IN_VIRTUAL_TIME = (*ON_WIRES, "wrong_key", "clock")
IN_REAL_TIME = (*ON_WIRES, "wrong_key")
"""The clock of a KaY is the machine's there."""


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """A fault, or its end, at ends of a link; `text`: its value as a topology writes it."""

    link: str
    sides: tuple[int, ...]
    kind: str
    value: Any
    text: str


@dataclass(frozen=True, slots=True)
class PageCommand:
    """A request: pause, resume, step, pace, end, fault. `amount`: the pace, or a step in ns."""

    act: str
    amount: float = 0.0
    fault: InjectedFault | None = None


def command_of(request: Any, blueprint: Blueprint, offers: tuple[str, ...]) -> PageCommand:
    """Return the command of a request. Raises ConfigError for an impossible one."""
    if not isinstance(request, Mapping):
        raise ConfigError("expected an object")
    act = request.get("act")
    if act in ("pause", "resume", "end"):
        return PageCommand(act)
    if act == "pace":
        return PageCommand(act, checked_pace(request.get("value")))
    if act == "step":
        return PageCommand(act, _number(request.get("value"), 1, 60 * NS_PER_S))
    if act == "fault":
        return PageCommand(act, fault=_fault(request, blueprint, offers))
    raise ConfigError("act: expected pause, resume, step, pace, end or fault")


def checked_pace(value: Any) -> float:
    """Return a pace: virtual seconds a second."""
    return _number(value, 0.001, PACE_MOST)


def _number(value: Any, least: float, most: float) -> float:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    if not known or not least <= value <= most:
        raise ConfigError(f"value: expected a number, {least:g} to {most:g}")
    return float(value)


def _fault(
    request: Mapping[str, Any], blueprint: Blueprint, offers: tuple[str, ...]
) -> InjectedFault:
    kind, text = request.get("kind"), request.get("value")
    plan = next((link for link in blueprint.links if link.name == request.get("link")), None)
    if plan is None:
        raise ConfigError("link: no link has this name")
    if kind not in offers:
        raise ConfigError(f"kind: expected {', '.join(offers)}")
    if kind not in ON_WIRES and plan.keying is None:
        raise ConfigError(f"link {plan.name} is without key agreement")
    if plan.standby:
        raise ConfigError(f"link {plan.name} is standby: it carries nothing")
    site = request.get("site")
    if site is not None and site not in plan.sites:
        raise ConfigError(f"site: this link is between {' and '.join(plan.sites)}")
    if not isinstance(text, str):
        raise ConfigError("value: expected text")
    sides = (0, 1) if site is None else (plan.sites.index(site),)
    return InjectedFault(plan.name, sides, kind, _VALUES[kind](kind, text), text)


def _switch(field: str, text: str) -> bool:
    if text not in ("on", "off"):
        raise ConfigError(f"{field}: expected on or off")
    return text == "on"


def _percent(field: str, text: str) -> Any:
    return CHANGE_VALUES[field](field, int(text) if text.isdecimal() and len(text) < 9 else text)


_VALUES: dict[str, Callable[[str, str], Any]] = {
    "cut": _switch,
    "wrong_key": _switch,
    "clock": _percent,
    "drop": CHANGE_VALUES["drop"],
    "delay": CHANGE_VALUES["delay"],
}
