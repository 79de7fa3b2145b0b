"""Controls, SCs and SAs of a SecY from a configuration; errors name file and line."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from macsec.clear_rules import vlan_range
from macsec.config import Configuration, KeyRing, Origin, TransmitSASection
from macsec.errors import ConfigError
from macsec.keys import Key
from macsec.suites import SUITES
from macsec.terms import sci_text

from .controls import PRIORITY_TABLES, Controls, Validate
from .management.ports import PointToPoint
from .profiles import PROFILES

LOG = logging.getLogger("macsec")


class Management(Protocol):
    """SecY calls that a configuration needs."""

    @property
    def controls(self) -> Controls:
        """The management controls (10.7)."""

    def create_tx_sc(self, sci: str, enabled: bool) -> None:
        """Create the transmit SC."""

    def create_tx_class(self, traffic_class: int, enabled: bool) -> str:
        """Create the transmit SC of a traffic class."""

    def create_tx_sa(
        self,
        an: int,
        key: Key,
        *,
        next_pn: int,
        ssci: int | None,
        salt: bytes | None,
        enabled: bool,
        traffic_class: int = 0,
    ) -> None:
        """Create a transmit SA."""

    def create_rx_sc(self, sci: str, enabled: bool) -> None:
        """Create a receive SC."""

    def create_rx_sa(
        self,
        sci: str,
        an: int,
        key: Key,
        *,
        next_pn: int,
        lowest_pn: int | None,
        ssci: int | None,
        salt: bytes | None,
        enabled: bool,
    ) -> None:
        """Create a receive SA."""


def located_controls(config: Configuration, **changes: Any) -> Controls:
    """Return the controls of a configuration. Raises ConfigError with file and line.

    `changes`: values of `secy:` that take the place of those in it.
    """
    with _located(config.origin, ("secy",)):
        return controls_of(config, **changes)


def install(secy: Management, config: Configuration) -> None:
    """Create the SCs and SAs of a configuration. Raises ConfigError with file and line."""
    with KeyRing(config.origin.folder) as ring:
        _add_transmit(secy, config, ring)
        _add_receive(secy, config, ring)


def controls_of(config: Configuration, **changes: Any) -> Controls:
    """Return the controls of a configuration, `changes` as above. Raises ConfigError."""
    named = config.secy.model_dump(exclude={"ethertype"}) | changes
    profile, mode = PROFILES[named.pop("profile")], named["validate_frames"]
    if mode not in profile.validate_frames:
        takes = " or ".join(profile.validate_frames)
        raise ConfigError(f"validate {mode}: profile {profile.name} has {takes}")
    tables = {name: named.pop(name) for name in PRIORITY_TABLES}
    named |= {name: tuple(table) for name, table in tables.items() if table is not None}
    return Controls(
        profile=profile,
        cipher=SUITES[named.pop("cipher")],
        validate=Validate[named.pop("validate_frames").upper()],
        duplicates_reject=named.pop("duplicates") == "reject",
        clear=tuple(named.pop("clear")),
        enable_use=tuple(named.pop("enable_use")),
        require_confidentiality=tuple(named.pop("require_confidentiality")),
        point_to_point=PointToPoint(named.pop("point_to_point")),
        uncontrolled_point_to_point=PointToPoint(named.pop("uncontrolled_point_to_point")),
        clear_tags_vlans=tuple(map(vlan_range, named.pop("clear_tags_vlans"))),
        ethertype=config.secy.ethertype,
        **named,
    )


def require_transmit(config: Configuration) -> None:
    """Raise ConfigError, with the reason, for a configuration that cannot protect a frame.

    With `protect: off` or `validate: null` no SA is needed.
    """
    secy, tx, origin = config.secy, config.tx, config.origin
    if not secy.protect or secy.validate_frames == "null":
        return
    if tx is None:
        raise ConfigError(f"{origin.where(('tx',))}: is missing: protecting needs a transmit SC")
    if not tx.enabled:
        raise ConfigError(f"{origin.where(('tx', 'enabled'))}: off: nothing can be protected")
    an = secy.encodingsa
    sa = tx.sa.get(an)
    if sa is None:
        raise ConfigError(f"{origin.where(('tx', 'sa'))}: has no SA {an}, which encodingsa names")
    if not sa.enabled:
        place = origin.where(("tx", "sa", str(an), "enabled"))
        raise ConfigError(f"{place}: off, but encodingsa names this SA")
    for traffic_class in tx.classes:
        if an not in tx.sas_of(traffic_class):
            place = origin.where(("tx", "classes", str(traffic_class), "sa"))
            raise ConfigError(f"{place}: has no SA {an}, which encodingsa names")


def _add_transmit(secy: Management, model: Configuration, ring: KeyRing) -> None:
    tx = model.tx
    if tx is None:
        return
    with _located(model.origin, ("tx",)):
        secy.create_tx_sc(sci_text(tx.sci), tx.enabled)
    for an, sa in tx.sa.items():
        with _located(model.origin, ("tx", "sa", str(an))):
            secy.create_tx_sa(an, **_parameters(sa, ring))
    for traffic_class, section in tx.classes.items():
        path = ("tx", "classes", str(traffic_class))
        with _located(model.origin, path):
            secy.create_tx_class(traffic_class, section.enabled)
        for an, sa in tx.sas_of(traffic_class).items():
            with _located(model.origin, (*path, "sa", str(an))):
                secy.create_tx_sa(an, **_parameters(sa, ring), traffic_class=traffic_class)


def _add_receive(secy: Management, model: Configuration, ring: KeyRing) -> None:
    for at, sc in enumerate(model.rx):
        sci = sci_text(sc.sci)
        with _located(model.origin, ("rx", at)):
            secy.create_rx_sc(sci, sc.enabled)
        for an, sa in sc.sa.items():
            path = ("rx", at, "sa", str(an))
            lowest_pn = sa.lowest_pn
            if lowest_pn is not None and secy.controls.profile.window_from_next_pn:
                place = model.origin.where((*path, "lowest_pn"))
                LOG.warning("%s: ignored: profile linux has no lowest PN of its own", place)
                lowest_pn = None
            with _located(model.origin, path):
                secy.create_rx_sa(sci, an, lowest_pn=lowest_pn, **_parameters(sa, ring))


def _parameters(sa: TransmitSASection, ring: KeyRing) -> dict[str, Any]:
    return {
        "key": ring.key(sa.key),
        "next_pn": sa.pn,
        "ssci": sa.ssci,
        "salt": sa.salt,
        "enabled": sa.enabled,
    }


@contextmanager
def _located(origin: Origin, section: tuple[str | int, ...]) -> Iterator[None]:
    """Put file, line and entry before an error: the first entry of the section that it names."""
    try:
        yield
    except ConfigError as error:
        words = (word.lower() for word in re.findall(r"\w+", str(error)))
        given = ((*section, word) for word in words)
        path = next((path for path in given if path in origin.lines), section)
        raise ConfigError(f"{origin.where(path)}: {error}") from None
