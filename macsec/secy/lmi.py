"""The Layer Management Interface (10.7): a SecY with its controls, SCs, SAs and counters.

Every argument is checked here; a data plane only holds state and moves frames.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from macsec.errors import ConfigError
from macsec.frames import FrameBatch, FrameLike, frame_octets
from macsec.keys import Key, Uncopyable, WrongKind, only_key
from macsec.notebooks import Displayed
from macsec.suites import CipherSuite
from macsec.terms import AN_VALUES, sci_of, sci_text

from . import counters as names
from .backends import make_plane
from .channels import ReceiveSA, ReceiveSC, ReceiveSCs, TransmitSA, TransmitSC
from .controls import Controls
from .counters import ClearCounts, Counters, Excepted
from .management.arguments import missing, no_batch, sci_number
from .management.port_states import PortStates
from .management.uncontrolled import PacketCount
from .own_arena import Arena
from .plane import Loan, Outcome, SAParameters
from .ssci_registry import SAPlace, SSCIRegistry, SSCIUse
from .traffic_classes import class_sci, of_class, priorities
from .verdict import Verdict

if TYPE_CHECKING:
    from macsec.config import Configuration


class SecY(PortStates, Uncopyable, Displayed):
    """A MAC Security Entity on a data plane.

    `protect` and `validate` move batches, `protect_frame` and `validate_frame` one frame. The
    management calls raise ConfigError; frames never raise. Not copyable: it holds keys. Use it
    as a context manager, or `close()` it, to wipe the keys at once.

    >>> import macsec
    >>> key = {0: {"key": "000102030405060708090a0b0c0d0e0f"}}
    >>> a = macsec.SecY.from_config({"tx": {"sci": "02:00:00:00:00:01@1", "sa": key}})
    >>> b = macsec.SecY.from_config({"rx": [{"sci": "02:00:00:00:00:01@1", "sa": key}]})
    >>> wire = a.protect_frame(bytes(12) + bytes.fromhex("0800") + b"any payload")
    >>> b.validate_frame(wire)[0].label
    'ok'

    See also: `from_config`, `counters`, `Outcome`, `Verdict`.
    """

    def __init__(
        self,
        controls: Controls | None = None,
        backend: str = "auto",
        kernel: str | None = None,
    ) -> None:
        self._controls = controls or Controls()
        self._plane = make_plane(self._controls, backend, kernel)
        self._tx = TransmitSC(self._plane)
        self._classes = {0: self._tx}
        self._rx = ReceiveSCs()
        self._uses = SSCIRegistry()
        super().__init__()

    @classmethod
    def from_config(
        cls,
        config: str | Path | Mapping[str, Any] | Configuration,
        backend: str = "auto",
        kernel: str | None = None,
    ) -> Self:
        """Return a SecY from a configuration file, or from the same structure as a dict.

        `backend` is auto, native or reference; `kernel` forces an AES-GCM kernel of native.
        Takes the keys over: those of a loaded configuration are wiped. Raises ConfigError, with
        file and line where there is a file.
        """
        # Late: a SecY that is made without a configuration does not load the models.
        from macsec.config import concealed, load

        from .from_config import install, located_controls

        config = concealed(config)
        model = load(config)
        try:
            secy = cls(located_controls(model), backend, kernel)
            try:
                install(secy, model)
            except BaseException:
                secy.close()
                raise
            return secy
        finally:
            model.wipe()

    # ---------------------------------------------------------------- frames

    def protect(
        self,
        batch: FrameBatch,
        out: Arena | None = None,
        priority: int | Sequence[int | None] | None = None,
    ) -> Outcome:
        """Protect a batch (10.5).

        `out`: an arena of the caller, in which the frames of the outcome then lie, until the caller
        writes there again. It has 32 octets more than each frame. Raises ArenaError if it is too
        small, cannot be written, or holds the frames of the batch.
        `priority`: the user priority of the requests, 0 to 7, one for all or one for each. Without
        one, the first VLAN tag of a frame gives it, or it is 0. It chooses among several transmit
        SCs (10.7.17).
        """
        if not isinstance(batch, FrameBatch):
            no_batch(batch)
        if priority is None:
            return self._plane.protect(batch, out)
        return self._plane.protect(batch, out, priorities(len(batch), priority))

    def validate(self, batch: FrameBatch, out: Arena | None = None) -> Outcome:
        """Validate a batch (10.6); `out` as for `protect`."""
        if not isinstance(batch, FrameBatch):
            no_batch(batch)
        return self._plane.validate(batch, out)

    def protect_frame(self, frame: FrameLike, priority: int | None = None) -> bytes | None:
        """Protect one frame; None if nothing is sent, with the reason in the counters.

        `priority` as for `protect`.
        """
        if priority is not None:
            (given,) = priorities(1, priority)
            return self._plane.protect_frame(frame_octets(frame), given)[1]
        return self._plane.protect_frame(frame if type(frame) is bytes else frame_octets(frame))[1]

    def validate_frame(self, octets: FrameLike) -> tuple[Verdict, bytes | None]:
        """Validate one frame; return its verdict, and the clear frame if it is delivered."""
        return self._plane.validate_frame(octets if type(octets) is bytes else frame_octets(octets))

    def still(self) -> AbstractContextManager[None]:
        """Context in which no pump moves a frame, for a value that is read and then changed."""
        return self._plane.still()

    def lend(self, stop: Callable[[], None]) -> Loan:
        """Return the SecY in C, for code that moves frames without Python, until `take_back`.

        All calls here stay possible meanwhile. `close()` first calls `stop`, which has to end the
        use. Raises EnvironmentLacks on the reference data plane.
        """
        return self._plane.lend(stop)

    def take_back(self, stop: Callable[[], None]) -> None:
        """End the loan that was made with this `stop`."""
        self._plane.take_back(stop)

    # ---------------------------------------------------------------- status

    @property
    def controls(self) -> Controls:
        """The controls in force."""
        return self._controls

    @property
    def backend(self) -> str:
        """The data plane: `native` or `reference`."""
        return self._plane.name

    @property
    def kernel(self) -> str:
        """Name of the AES-GCM implementation."""
        return self._plane.kernel

    @property
    def tx(self) -> TransmitSC:
        """The transmit SC; the default one, of traffic class 0, if there are several."""
        return self._tx

    @property
    def tx_classes(self) -> Mapping[int, TransmitSC]:
        """All transmit SCs by traffic class; 0 is `tx`."""
        return MappingProxyType(self._classes)

    @property
    def rx(self) -> ReceiveSCs:
        """The receive SCs by SCI."""
        return self._rx

    @property
    def counters(self) -> Counters:
        """All counters by the standard's names, zeros included, SCs summed."""
        return names.secy_counters(self._plane.tally())

    def to_arrow(self) -> Any:
        """Return all counters, of SCs and SAs as well, as a `pyarrow.Table` (extra `arrow`).

        Columns: `entity` (SecY, transmit SC, ...), `sci`, `an`, `counter`, `count`.
        Raises EnvironmentLacks without pyarrow.
        """
        from .tables.counters import counter_table

        return counter_table(self)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Return the rows of `to_arrow` as a stream of Arrow's C interface."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    @property
    def excepted(self) -> Excepted:
        """Frames that passed in clear, since the control `clear` names their protocol."""
        frames = self._plane.tally().frames
        return Excepted(frames[Verdict.EXCEPTED], frames[Verdict.SENT_CLEAR])

    @property
    def clear_counts(self) -> dict[str, ClearCounts]:
        """Frames in clear by the rules of the control `clear`, as it spells them."""
        counts = self._plane.clear_counts()
        return {
            rule: ClearCounts(*row) for rule, row in zip(self._controls.clear, counts, strict=True)
        }

    @property
    def interface_counters(self) -> Counters:
        """RFC 2863 counters of the Controlled Port (10.7.6)."""
        return names.interface_counters(self._plane.tally())

    def clear_counters(self) -> None:
        """Zero all counters; no PN changes."""
        self.locks.check(["counters"])
        self._plane.clear()
        self._sent = PacketCount()

    # ---------------------------------------------------------------- controls

    def set_controls(self, **changes: Any) -> None:
        """Change controls by name; `change_cipher` changes the cipher suite."""
        if "cipher" in changes and changes["cipher"] is not self._controls.cipher:
            raise ConfigError("change_cipher changes the suite: it deletes all keys (10.7.27)")
        self.locks.check(changes)
        self._configure(replace(self._controls, **changes))

    def change_cipher(self, cipher: CipherSuite, **changes: Any) -> None:
        """Change the suite, and other controls; deletes all SAs and their keys (10.7.27)."""
        self.locks.check(["cipher", *changes])
        controls = replace(self._controls, cipher=cipher, **changes)
        for tx_sc in self._classes.values():
            self._forget_tx_sas(tx_sc)
        for sc in list(self._rx.values()):
            for an in list(sc.sa):
                self._forget_rx_sa(sci_of(sc.sci), an)
        self._configure(controls)

    def _configure(self, controls: Controls) -> None:
        if self._tx.sci is not None:
            controls.check_sci(sci_of(self._tx.sci))
        if controls.profile is not self._controls.profile and self._uses:
            raise ConfigError("the profile cannot change while there are SAs")
        if controls.duplicates_reject and not self._controls.duplicates_reject and self._uses:
            raise ConfigError("duplicates: reject cannot be turned on while there are SAs")
        self._plane.configure(controls)
        self._controls = controls

    # ---------------------------------------------------------------- transmit SC and SAs

    def create_tx_sc(self, sci: str | int, enabled: bool = True) -> None:
        """Name the transmit SC (10.7.20).

        A changed SCI deletes its SAs, and the SCs of other traffic classes: theirs follow from it.
        """
        self.locks.check(["tx_sc"])
        number = sci_number(sci)
        self._controls.check_sci(number)
        if self._tx.sci != sci_text(number):
            self._forget_tx_sas(self._tx)
            for traffic_class in list(self._classes)[1:]:
                self.delete_tx_class(traffic_class)
        self._plane.set_tx_sc(number, enabled)
        if self._tx.sci != sci_text(number):
            self._records.create(self._tx)
        self._tx.sci, self._tx.enabled = sci_text(number), enabled
        self._records.settle(self._tx)

    def create_tx_class(self, traffic_class: int, enabled: bool = True) -> str:
        """Create the transmit SC of a traffic class, 1 to 7, or start or stop it; return its SCI.

        The class is in the top four bits of the Port Identifier (10.7.17). With more than one SC,
        every SecTAG has the SCI (Table 10-1).
        """
        self.locks.check(["tx_sc"])
        sci = class_sci(self._tx.sci, traffic_class)
        self._plane.set_tx_sc(sci, enabled, traffic_class)
        sc = self._classes.get(traffic_class)
        if sc is None:
            sc = self._classes[traffic_class] = TransmitSC(self._plane, traffic_class)
            self._records.create(sc)
        sc.sci, sc.enabled = sci_text(sci), enabled
        self._records.settle(sc)
        return sc.sci

    def delete_tx_class(self, traffic_class: int) -> None:
        """Delete the transmit SC of a traffic class with its SAs; its frames go to the default."""
        self.locks.check(["tx_sc"])
        sc = self._find_class(traffic_class)
        if sc is self._tx:
            raise ConfigError("traffic class 0 has the default transmit SC, which stays")
        self._forget_tx_sas(sc)
        self._plane.remove_tx_sc(traffic_class)
        del self._classes[traffic_class]

    def create_tx_sa(
        self,
        an: int,
        key: Key,
        *,
        next_pn: int = 1,
        ssci: int | None = None,
        salt: bytes | None = None,
        enabled: bool = True,
        traffic_class: int = 0,
    ) -> None:
        """Create a transmit SA (10.7.22); under `ieee` it replaces one with the same AN."""
        key = only_key(key)
        self.locks.check(["tx_sa"])
        sc = self._find_class(traffic_class)
        if sc.sci is None:
            raise ConfigError("no transmit SC: create it before its SAs")
        sci = sci_of(sc.sci)
        sa = self._sa(an, key, next_pn, None, ssci, salt, enabled)
        self._claim(sci, an, True, sa, sc.sa)
        if an in sc.sa:
            self._records.keep(sc, sc.sa[an])
        self._plane.add_tx_sa(sa, traffic_class)
        iv = self._controls.cipher.iv(sci, 0, sa.ssci, sa.salt)
        sc._sa[an] = TransmitSA(self._plane, an, key.check_value, iv, traffic_class)
        self._records.create(sc._sa[an])
        self._records.use(sc, sc._sa[an], enabled, False)

    def delete_tx_sa(self, an: int, traffic_class: int = 0) -> None:
        """Delete a transmit SA and wipe its key; its times and counters stay in `deleted`."""
        self.locks.check(["tx_sa"])
        self._may_delete(self._find_tx(an, traffic_class))
        self._forget_tx_sa(self._classes[traffic_class], an)

    def enable_tx_sa(self, an: int, enabled: bool = True, traffic_class: int = 0) -> None:
        """Start or stop a transmit SA (10.7.24)."""
        self.locks.check(["tx_sa"])
        sa = self._find_tx(an, traffic_class)
        was = sa.enabled
        self._plane.enable_tx_sa(an, enabled, traffic_class)
        self._records.use(self._classes[traffic_class], sa, enabled, was)

    def raise_tx_pn(self, an: int, next_pn: int, traffic_class: int = 0) -> None:
        """Raise nextPN of a transmit SA, never lower it: no PN is used twice under a SAK."""
        self.locks.check(["pn"])
        sa = self._find_tx(an, traffic_class)
        with self._plane.still():
            raised = self._raised("next_pn", sa.next_pn, next_pn)
            self._plane.set_tx_pn(an, raised, traffic_class)

    def limit_tx_pn(self, an: int, limit: int, traffic_class: int = 0) -> None:
        """Use no PN from `limit` on until the next call; frames that need one are not sent."""
        self._find_tx(an, traffic_class)
        if not 1 <= limit <= self._controls.cipher.pn_limit:
            raise ConfigError(f"limit {limit} is not within 1 to {self._controls.cipher.pn_limit}")
        self._plane.limit_tx_pn(an, limit, traffic_class)

    # ---------------------------------------------------------------- receive SCs and SAs

    def create_rx_sc(self, sci: str | int, enabled: bool = True) -> None:
        """Create a receive SC (10.7.11)."""
        self.locks.check(["rx_sc"])
        number = sci_number(sci)
        if number in self._rx._by_sci:
            raise ConfigError(f"receive SC {sci_text(number)} exists")
        self._plane.add_rx_sc(number, enabled)
        self._rx._by_sci[number] = ReceiveSC(self._plane, number, enabled)
        self._records.create(self._rx._by_sci[number])

    def delete_rx_sc(self, sci: str | int) -> None:
        """Delete a receive SC with its SAs and wipe their keys."""
        self.locks.check(["rx_sc"])
        sc = self._find_sc(sci)
        number = sci_of(sc.sci)
        for an in list(sc.sa):
            self._forget_rx_sa(number, an)
        self._plane.remove_rx_sc(number)
        del self._rx._by_sci[number]

    def enable_rx_sc(self, sci: str | int, enabled: bool = True) -> None:
        """Start or stop a receive SC."""
        self.locks.check(["rx_sc"])
        sc = self._find_sc(sci)
        self._plane.enable_rx_sc(sci_of(sc.sci), enabled)
        sc.enabled = enabled
        self._records.settle(sc)

    def create_rx_sa(
        self,
        sci: str | int,
        an: int,
        key: Key,
        *,
        next_pn: int = 1,
        lowest_pn: int | None = None,
        ssci: int | None = None,
        salt: bytes | None = None,
        enabled: bool = True,
    ) -> None:
        """Create a receive SA (10.7.13). `lowest_pn` defaults to `next_pn`.

        The counters of the SA start at zero; those of the SC go on. Under `linux` there is no
        lowest PN to set; with duplicates: reject it is at least nextPN - replayWindow, since the
        bitmap remembers no further back.
        """
        key = only_key(key)
        self.locks.check(["rx_sa"])
        sc = self._find_sc(sci)
        number = sci_of(sc.sci)
        sa = self._sa(an, key, next_pn, lowest_pn, ssci, salt, enabled)
        self._claim(number, an, False, sa, sc.sa)
        if an in sc.sa:
            self._records.keep(sc, sc.sa[an])
        self._plane.add_rx_sa(number, sa)
        sc._sa[an] = ReceiveSA(self._plane, number, an)
        self._records.create(sc._sa[an])
        self._records.use(sc, sc._sa[an], enabled, False)

    def delete_rx_sa(self, sci: str | int, an: int) -> None:
        """Delete a receive SA and wipe its key; its times and counters stay in `deleted`."""
        self.locks.check(["rx_sa"])
        sc = self._find_sc(sci)
        self._may_delete(self._find_rx(sc, an))
        self._forget_rx_sa(sci_of(sc.sci), an)

    def enable_rx_sa(self, sci: str | int, an: int, enabled: bool = True) -> None:
        """Start or stop a receive SA (10.7.15)."""
        self.locks.check(["rx_sa"])
        sc = self._find_sc(sci)
        sa = self._find_rx(sc, an)
        was = sa.enabled
        self._plane.enable_rx_sa(sci_of(sc.sci), an, enabled)
        self._records.use(sc, sa, enabled, was)

    def raise_rx_pn(
        self, sci: str | int, an: int, *, next_pn: int | None = None, lowest_pn: int | None = None
    ) -> None:
        """Raise nextPN or lowestPN of a receive SA, never lower them (10.7.15)."""
        self.locks.check(["pn"])
        sc = self._find_sc(sci)
        sa = self._find_rx(sc, an)
        if self._controls.profile.window_from_next_pn and lowest_pn is not None:
            raise ConfigError("profile linux has no lowest PN of its own: raise next_pn")
        # The kernel's counter has no place for the PN after the last.
        limit = self._controls.cipher.pn_limit - self._controls.profile.window_from_next_pn
        with self._plane.still():
            new_next = self._raised("next_pn", sa.next_pn, next_pn, limit)
            new_lowest = self._raised("lowest_pn", sa.lowest_pn, lowest_pn)
            new_next = max(new_next, new_lowest)
            if self._controls.duplicates_reject:  # the bitmap remembers no further back
                new_lowest = max(new_lowest, new_next - self._controls.window)
            self._plane.set_rx_pn(sci_of(sc.sci), an, new_next, new_lowest)

    # ---------------------------------------------------------------- checks

    def _sa(
        self,
        an: int,
        key: Key | WrongKind,
        next_pn: int,
        lowest_pn: int | None,
        ssci: int | None,
        salt: bytes | None,
        enabled: bool,
    ) -> SAParameters:
        cipher = self._controls.cipher
        if an not in AN_VALUES:
            raise ConfigError(f"AN {an} is not 0 to 3 (9.6)")
        if isinstance(key, WrongKind):
            raise ConfigError(f"expected a Key, not {key}: macsec.Key(octets)")
        if len(key) != cipher.key_length:
            raise ConfigError(
                f"{cipher.name} takes a key of {cipher.key_length} octets, {len(key)} given"
            )
        if cipher.xpn and (ssci is None or salt is None):
            raise ConfigError(f"{cipher.name} needs an ssci and a salt (10.7.13)")
        if not cipher.xpn and (ssci is not None or salt is not None):
            raise ConfigError(f"{cipher.name} takes no ssci and no salt: only XPN suites do")
        if salt is not None and len(salt) != 12:
            raise ConfigError(f"a salt has 12 octets, {len(salt)} given")
        if ssci is not None and not 0 <= ssci < 1 << 32:
            raise ConfigError("an SSCI has 32 bits")
        lowest_pn = self._lowest(next_pn, lowest_pn)
        return SAParameters(an, key, next_pn, lowest_pn, ssci or 0, salt or bytes(12), enabled)

    def _lowest(self, next_pn: int, lowest_pn: int | None) -> int:
        limit = self._controls.cipher.pn_limit
        for name, pn in (("pn", next_pn), ("lowest_pn", lowest_pn)):
            if pn is not None and not 1 <= pn < limit:
                raise ConfigError(f"{name} {pn} is not within 1 to {limit - 1}")
        lowest = next_pn if lowest_pn is None else lowest_pn
        if lowest > next_pn:
            raise ConfigError(f"lowest_pn {lowest} is above pn {next_pn}")
        if self._controls.duplicates_reject:
            lowest = max(lowest, next_pn - self._controls.window)
        return lowest

    def _claim(
        self, sci: int, an: int, transmit: bool, sa: SAParameters, existing: Mapping[int, Any]
    ) -> None:
        if an in existing and not self._controls.profile.replaces_sa:
            raise ConfigError(f"SA {an} of SC {sci_text(sci)} exists: delete it first")
        use = SSCIUse(sa.key.check_value, sa.ssci)
        other_sci = self._uses.other_sci(use, sci) if self._controls.cipher.xpn else None
        if other_sci is not None:
            raise ConfigError(
                f"SSCI {sa.ssci:08x} belongs to SCI {sci_text(other_sci)} under this key "
                f"and cannot serve {sci_text(sci)} too (10.7.13)"
            )
        self._uses.put(SAPlace(sci, an, transmit), use)

    def _may_delete(self, sa: TransmitSA | ReceiveSA) -> None:
        if sa.enabled and not self._controls.profile.replaces_sa:
            raise ConfigError(f"SA {sa.an} is in use: disable it before deleting it")

    def _find_class(self, traffic_class: int) -> TransmitSC:
        sc = self._classes.get(traffic_class)
        return sc or missing(f"transmit SC of traffic class {traffic_class}")

    def _find_tx(self, an: int, traffic_class: int) -> TransmitSA:
        sa = self._find_class(traffic_class).sa.get(an)
        return sa or missing(f"transmit SA {an}{of_class(traffic_class)}")

    def _find_sc(self, sci: str | int) -> ReceiveSC:
        number = sci_number(sci)
        sc = self._rx._by_sci.get(number)
        return sc if sc is not None else missing(f"receive SC {sci_text(number)}")

    @staticmethod
    def _find_rx(sc: ReceiveSC, an: int) -> ReceiveSA:
        return sc.sa[an] if an in sc.sa else missing(f"SA {an} of receive SC {sc.sci}")

    def _raised(self, name: str, old: int, new: int | None, limit: int | None = None) -> int:
        limit = self._controls.cipher.pn_limit if limit is None else limit
        if new is None:
            return old
        if not old <= new <= limit:
            raise ConfigError(
                f"{name} can only rise (10.7.15): {new} is not within {old} to {limit}"
            )
        return new

    def _forget_tx_sas(self, sc: TransmitSC) -> None:
        for an in list(sc.sa):
            self._forget_tx_sa(sc, an)

    def _forget_tx_sa(self, sc: TransmitSC, an: int) -> None:
        self._records.keep(sc, sc.sa[an])
        self._plane.remove_tx_sa(an, sc.traffic_class)
        del sc._sa[an]
        self._records.settle(sc)
        self._uses.drop(SAPlace(sci_of(sc.sci or ""), an, True))

    def _forget_rx_sa(self, sci: int, an: int) -> None:
        sc = self._rx._by_sci[sci]
        self._records.keep(sc, sc.sa[an])
        self._plane.remove_rx_sa(sci, an)
        del sc._sa[an]
        self._records.settle(sc)
        self._uses.drop(SAPlace(sci, an, False))

    def close(self) -> None:
        """Wipe all keys; every later call raises."""
        self._plane.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return (
            f"<SecY {self._tx.sci or 'without a transmit SC'}, {self._controls.cipher.name}, "
            f"{len(self._rx)} receive SC{'s' * (len(self._rx) != 1)}, {self.backend}>"
        )
