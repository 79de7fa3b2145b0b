"""Make the settings of EAP and the NAS of a port from `mka.eap` of a configuration."""

from __future__ import annotations

from typing import NamedTuple

from macsec.config import Configuration, KeyRing
from macsec.config.scalars import RadiusServer
from macsec.errors import ConfigError

from .authenticator import EapTimes
from .logon import EapPolicy
from .radius import Nas

SECONDS = range(1 << 32)


class EapParts(NamedTuple):
    """The parts of a port with EAP that a configuration gives."""

    policy: EapPolicy
    nas: Nas
    server: RadiusServer


def eap_of(config: Configuration) -> EapParts | None:
    """Return the parts of a port with EAP, or None. Raises ConfigError and EnvironmentLacks."""
    section = None if config.mka is None else config.mka.eap
    if section is None:
        return None
    for name in ("reauth_period", "quiet_period", "retry_max", "cache_lifetime"):
        if getattr(section, name) not in SECONDS:
            raise ConfigError(f"{config.origin.where(('mka', 'eap', name))}: too large")
    times = EapTimes(
        reauth_period=section.reauth_period,
        quiet_period=section.quiet_period,
        retry_max=section.retry_max,
    )
    try:
        policy = EapPolicy(
            times=times,
            cak_length=section.cak_length,
            cache_lifetime=section.cache_lifetime,
            retain=section.retain,
        )
    except ConfigError as error:
        where = config.origin.where(("mka", "eap", "cak_length"))
        raise ConfigError(f"{where}: {error}") from None
    with KeyRing(config.origin.folder) as ring:
        secret = ring.text(section.secret)
    return EapParts(policy, Nas(secret, section.nas_identifier), section.radius)
