"""A SecY from a configuration; what the SecY refuses is told with file and line."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from macsec.config import Configuration, KeyRing, Origin, TransmitSASection, load
from macsec.errors import ConfigError
from macsec.secy.controls import Controls, Validate
from macsec.secy.profiles import PROFILES
from macsec.suites import SUITES
from macsec.terms import sci_text

if TYPE_CHECKING:
    from macsec.secy.lmi import SecY

LOG = logging.getLogger("macsec")

S = TypeVar("S", bound="SecY")


def assemble(
    secy_class: type[S],
    config: str | Path | Mapping[str, Any] | Configuration,
    backend: str = "auto",
    kernel: str | None = None,
) -> S:
    """A SecY with the controls, SCs and SAs of a configuration. Raises ConfigError.

    The SecY takes the keys over: those of a loaded configuration are wiped.
    """
    model = load(config)
    try:
        with _told_at(model.origin, ("secy",)):
            controls = controls_of(model)
        secy = secy_class(controls, backend, kernel)
        try:
            with KeyRing(model.origin.folder) as ring:
                _add_transmit(secy, model, ring)
                _add_receive(secy, model, ring)
        except BaseException:
            secy.close()
            raise
        return secy
    finally:
        model.wipe()


def controls_of(config: Configuration) -> Controls:
    """The controls of a configuration. Raises ConfigError."""
    named = config.secy.model_dump()
    return Controls(
        profile=PROFILES[named.pop("profile")],
        cipher=SUITES[named.pop("cipher")],
        validate=Validate[named.pop("validate_frames").upper()],
        duplicates_reject=named.pop("duplicates") == "reject",
        **named,
    )


def require_transmit(config: Configuration) -> None:
    """Refuse a configuration that cannot protect a frame. Raises ConfigError with the reason.

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


def _add_transmit(secy: SecY, model: Configuration, ring: KeyRing) -> None:
    tx = model.tx
    if tx is None:
        return
    with _told_at(model.origin, ("tx",)):
        secy.create_tx_sc(sci_text(tx.sci), tx.enabled)
    for an, sa in tx.sa.items():
        with _told_at(model.origin, ("tx", "sa", str(an))):
            secy.create_tx_sa(an, **_parameters(sa, ring))


def _add_receive(secy: SecY, model: Configuration, ring: KeyRing) -> None:
    for at, sc in enumerate(model.rx):
        sci = sci_text(sc.sci)
        with _told_at(model.origin, ("rx", at)):
            secy.create_rx_sc(sci, sc.enabled)
        for an, sa in sc.sa.items():
            path = ("rx", at, "sa", str(an))
            lowest_pn = sa.lowest_pn
            if lowest_pn is not None and secy.controls.profile.window_from_next_pn:
                place = model.origin.where((*path, "lowest_pn"))
                LOG.warning("%s: ignored: profile linux has no lowest PN of its own", place)
                lowest_pn = None
            with _told_at(model.origin, path):
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
def _told_at(origin: Origin, section: tuple[str | int, ...]) -> Iterator[None]:
    """Put file, line and entry before a refusal: the first entry of the section it speaks of."""
    try:
        yield
    except ConfigError as error:
        words = (word.lower() for word in re.findall(r"\w+", str(error)))
        given = ((*section, word) for word in words)
        path = next((path for path in given if path in origin.lines), section)
        raise ConfigError(f"{origin.where(path)}: {error}") from None
