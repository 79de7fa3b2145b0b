"""The upper interface of a tap follows the lower one, in carrier and MTU less 32, and its port."""

from __future__ import annotations

from collections.abc import Callable

from macsec.errors import ConfigError, EnvironmentLacks
from macsec.live.devices import OVERHEAD, TapDevice
from macsec.live.interface_watch import InterfaceState, InterfaceWatch
from macsec.secy import SecY
from macsec.terms import VLAN_TAG_LENGTH


class Follower:
    """Keeps the upper interface and the SecY in line with the lower interface.

    The SecY refuses frames that are too long for the lower interface (10.5.5, OutPktsTooLong), so
    none is protected that the interface would refuse. The upper interface has a carrier while the
    lower one has, and the Controlled Port is `opened` or lets protocols pass in clear. `say` takes
    each change in words.
    """

    def __init__(
        self,
        watch: InterfaceWatch,
        lower: str,
        upper: TapDevice,
        secy: SecY,
        say: Callable[[str], None],
        opened: bool = True,
    ) -> None:
        self._watch, self._lower, self._upper, self._secy = watch, lower, upper, secy
        self._say, self._opened = say, opened
        self._act: Callable[[bool], None] | None = None
        self._limit = secy.controls.mtu
        self.mtu = upper.mtu
        self.state = watch.state() or InterfaceState(self.mtu + OVERHEAD, False)
        self._limit_secy()
        self._follow_carrier()

    def fileno(self) -> int:
        """Return a descriptor that can be read once the lower interface may have changed."""
        return self._watch.fileno()

    @property
    def opened(self) -> bool:
        """True while the Controlled Port passes frames."""
        return self._opened

    def serve(self) -> None:
        """Follow the lower interface."""
        before, found = self.state, self._watch.state()
        if found is None:  # it was deleted, and the pump ends
            return
        self.state = found
        if self.state.carrier != before.carrier:
            self._say(f"{self._lower} has {'a' if self.state.carrier else 'no'} carrier")
            self._follow_carrier()
            if self._act is not None:
                self._act(self.state.carrier)
        if self.state.mtu != before.mtu:
            self._follow_mtu()

    def on_carrier(self, act: Callable[[bool], None]) -> None:
        """Call `act` with the carrier of the lower interface now, and at each change."""
        self._act = act
        act(self.state.carrier)

    def open(self, opened: bool) -> None:
        """Follow the Controlled Port: closed, the upper interface has no carrier."""
        if opened != self._opened:
            self._opened = opened
            self._follow_carrier()

    @property
    def vlan_note(self) -> str:
        """The limit of frames with a VLAN tag, which an interface does not count in its MTU."""
        if self._secy.controls.clear_tags or not self._secy.controls.protect:
            return ""
        return f"; VLAN-tagged frames: MTU {self.mtu - VLAN_TAG_LENGTH}"

    def _follow_carrier(self) -> None:
        passes = self._opened or bool(self._secy.controls.clear)
        try:
            self._upper.set_carrier(self.state.carrier and passes)
        except EnvironmentLacks as error:
            self._say(f"{self._upper.name} does not follow the carrier of {self._lower}: {error}")

    def _follow_mtu(self) -> None:
        self._limit_secy()
        fits, now = self.state.mtu - OVERHEAD, self._upper.mtu
        wanted = fits if now == self.mtu else min(fits, now)  # a smaller one of the user stays
        try:
            self._upper.set_mtu(wanted)
        except ConfigError as error:
            self._say(f"{self._lower} has MTU {self.state.mtu}: {error}")
            return
        self.mtu = wanted
        self._say(
            f"{self._lower} has MTU {self.state.mtu}: {self._upper.name} has MTU {wanted}"
            f"{self.vlan_note}"
        )

    def _limit_secy(self) -> None:
        """Let the SecY send what the interface takes: its MTU, and a VLAN tag that comes first."""
        limit = self.state.mtu + (VLAN_TAG_LENGTH if self._secy.controls.clear_tags else 0)
        if self._limit is not None:
            limit = min(limit, self._limit)
        self._secy.set_controls(mtu=limit)
