"""New values of single settings of a running port, and the checks of all of them together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from macsec.errors import ConfigError
from macsec.kay.policy import KayPolicy, Security
from macsec.port import Agreement
from macsec.secy import Controls
from macsec.suites import SUITES

_AS_GIVEN = (
    "key_server_priority",
    "offset",
    "delay_protection",
    "include_icv_indicator",
    "sak_rekey_interval",
    "sak_rekey_on_live_peer_loss",
)
_READ: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_AS_GIVEN, lambda value: value),
    "cipher": SUITES.__getitem__,
    "security": Security,
}
"""The settings of a policy that can be changed alone."""
_CONTROLS = ("send_sci", "window")


def adjusted(
    agreement: Agreement, policy: Mapping[str, Any], secy: Mapping[str, Any]
) -> tuple[KayPolicy, Controls]:
    """Return the policy and the controls of a port with other values. Raises ConfigError."""
    for name in {*policy} - {*_READ} | {*secy} - {*_CONTROLS}:
        raise ConfigError(f"{name}: cannot be changed alone on a running port")
    try:
        given = {name: _READ[name](value) for name, value in policy.items()}
    except (KeyError, ValueError) as error:
        raise ConfigError(f"{error}: no such value") from None
    made = replace(agreement.kay.policy, **given)
    changes: dict[str, Any] = {"cipher": made.cipher, "offset": made.offset, **secy}
    controls = replace(agreement.port.wanted, **changes)
    controls.check_sci(agreement.kay.sci)
    return made, controls
