"""Make the keys and the policy of a KaY from the section `mka` of a configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from macsec.config import (
    CakSection,
    ChainedCakSection,
    Configuration,
    GeneratedSection,
    KeyRing,
    MkaSection,
    Moment,
)
from macsec.config.reading import PathInTree
from macsec.errors import ConfigError, EnvironmentLacks
from macsec.kay.keys.cak_holder import CakHolder, MemoryHolder
from macsec.kay.keys.keychain import Activate, ChainKey
from macsec.kay.policy import KayPolicy, PeerRole, PolicyError, Security, Unauthenticated
from macsec.keys import Key
from macsec.suites import SUITES

from . import key_vault
from .audit import AuditedHolder, AuditLog
from .store import CakStore
from .token import TokenHolder, open_session


def _epoch() -> int:
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """The facts that a configuration cannot hold: the time, the process, access to a vault.

    The KaY's clock showed `start_ns` at `wall_ns`, nanoseconds since 1970. `clock()` returns the
    present time since 1970; it and `who`, the process, go to the audit log. `vaults`: clients of
    Key Vaults.
    """

    start_ns: int = 0
    wall_ns: int = 0
    clock: Callable[[], int] = _epoch
    who: str = ""
    vaults: key_vault.Clients | None = None

    def on(self, moment: Moment) -> int:
        """Return a time of the configuration on the KaY's clock."""
        return moment.on(self.start_ns, self.wall_ns)


_ENTRIES: dict[str, PathInTree] = {
    "security": ("mka", "policy"),
    "key_server_priority": ("mka", "priority"),
    **{name: ("secy", name) for name in ("cipher", "encrypt", "offset")},
}
"""Entries of a configuration with another name than their setting in a policy."""


def entry_of(setting: str) -> PathInTree:
    """Return the place in a configuration of a setting of `KayPolicy`."""
    return _ENTRIES.get(setting, ("mka", setting))


def policy_of(config: Configuration) -> KayPolicy:
    """Return the policy of a KaY. Raises ConfigError with the place of a wrong entry."""
    try:
        return policy_in(config)
    except PolicyError as error:
        place = config.origin.where(entry_of(error.setting))
        raise ConfigError(f"{place}: {error}") from None


def policy_in(config: Configuration) -> KayPolicy:
    """Return the policy of a KaY. Raises PolicyError, without a place."""
    mka, secy = _section(config), config.secy
    return KayPolicy(
        security=Security(mka.policy),
        key_server_priority=mka.priority,
        key_server=mka.key_server,
        cipher=SUITES[secy.cipher],
        encrypt=secy.encrypt,
        offset=secy.offset,
        suites=tuple(SUITES[name] for name in mka.suites if name in secy.enable_use),
        confidential=tuple(SUITES[name] for name in secy.require_confidentiality),
        capability=mka.capability,
        desired=mka.desired,
        ans=mka.ans,
        delay_protection=mka.delay_protection,
        sak_rekey_interval=mka.sak_rekey_interval,
        sak_rekey_on_live_peer_loss=mka.sak_rekey_on_live_peer_loss,
        include_icv_indicator=mka.include_icv_indicator,
        join_group=mka.join_group,
        form_group=mka.form_group,
        suspension_limit=mka.suspension_limit,
        hello_time=mka.hello_time,
        life_time=mka.life_time,
        destination=mka.destination,
        eapol_ethertype=mka.eapol_ethertype,
        use_updated_eth_header=mka.use_updated_eth_header,
        classes=tuple(sorted({*(secy.traffic_classes or ())} - {0})),
        ciphers=tuple(SUITES[name] for name in mka.ciphers),
        announce=mka.announce,
        announce_frames=mka.announce_frames,
        kmd=mka.kmd,
        nid=mka.nid,
        require_kmd=mka.require_kmd,
        peer_role=PeerRole(mka.peer_role),
        hello_ramp=tuple(mka.hello_ramp),
        send_empty_sak=mka.send_empty_sak,
        send_empty_sak_use=mka.send_empty_sak_use,
        single_participant=mka.single_participant,
        unauthenticated=mka.unauthenticated and Unauthenticated(mka.unauthenticated),
    )


def chain_of(config: Configuration, edge: Edge) -> list[ChainKey]:
    """Return every CAK of a configuration behind its holder, with its window on the KaY's clock.

    Raises ConfigError, and the errors of a token or a vault.
    """
    mka = _section(config)
    with KeyRing(config.origin.folder) as ring:
        chain = [_chained(key, _holder(key, config, ring, edge), edge) for key in mka.caks]
        if mka.generated is not None:
            chain += _generated(mka.generated, ring, edge)
        if mka.audit is not None:
            log = AuditLog(ring.path(mka.audit), edge.clock, edge.who)
            chain = [replace(key, holder=AuditedHolder(key.holder, log)) for key in chain]
    return chain


def _section(config: Configuration) -> MkaSection:
    if config.mka is None:
        raise ConfigError(f"{config.origin.where(('mka',))}: is missing: key agreement needs it")
    return config.mka


def _chained(key: CakSection, holder: CakHolder, edge: Edge) -> ChainKey:
    activate = Activate(key.activate)
    if not isinstance(key, ChainedCakSection):
        start_ns = min(0, edge.start_ns)
        return ChainKey(holder, start_ns=start_ns, activate=activate, retain=key.retain)
    return ChainKey(
        holder,
        start_ns=edge.on(key.start),
        end_ns=None if key.end is None else edge.on(key.end),
        fallback=key.fallback,
        activate=activate,
        retain=key.retain,
    )


def _holder(key: CakSection, config: Configuration, ring: KeyRing, edge: Edge) -> CakHolder:
    if key.mac_sec_config is not None:
        if edge.vaults is None:
            raise EnvironmentLacks("no Key Vault can be reached from here")
        return key_vault.fetch(key.mac_sec_config, config.secy.cipher, edge.vaults)
    ckn = key.ckn or b""
    if key.pkcs11 is not None:
        where, pin = key.pkcs11, ring.text(key.pkcs11.pin)
        text = pin.expose().decode("utf-8", "replace")
        pin.wipe()
        # A bare name is for the system's loader; a path is never relative to the current folder.
        module = str(ring.path(where.module)) if "/" in where.module else where.module
        return TokenHolder(open_session(module, where.token, text), where.key, ckn)
    if key.cak is None:
        raise ConfigError(f"CAK {ckn.hex()} has no holder")
    # A copy: the ring wipes the keys that it read.
    return MemoryHolder(Key(ring.key(key.cak).in_place()), ckn)


def _generated(section: GeneratedSection, ring: KeyRing, edge: Edge) -> Iterator[ChainKey]:
    store = CakStore(ring.path(section.store), ring.key(section.kek))
    for stored in store.read():
        end_ns = None if stored.end_ns is None else edge.on(Moment(stored.end_ns, True))
        holder = MemoryHolder(stored.cak, stored.ckn)
        yield ChainKey(holder, edge.on(Moment(stored.start_ns, True)), end_ns)
