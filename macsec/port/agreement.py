"""A KaY and the SecY that it keys, with time as an argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from macsec.kay.kay import Kay
from macsec.kay.membership.hello_loan import HelloReport, HelloTerms
from macsec.kay.policy import KayPolicy
from macsec.kay.secy_side import actions
from macsec.kay.secy_side.actions import Action
from macsec.secy import Controls, SecY
from macsec.time_units import NS_PER_S

from .actors import PortActor, PortActors
from .controlled_port import ControlledPort, Gate

LOOK_NS = NS_PER_S // 2
"""The time between looks at a nextPN in the upper half: at 800 Gbit/s a tenth of all PNs."""

Send = Callable[[bytes], object]


class HelloLoan(NamedTuple):
    """Hellos on loan, and nextPN of the transmit SAs that they report, by AN."""

    terms: HelloTerms
    next_pns: dict[int, int]


class Agreement:
    """Key agreement for a SecY: its KaY, and the Controlled Port that the KaY opens.

    `actors`: the KaYs of all SCIs of the SecY, `kay` first; the others follow what it does.

    `send` takes MKPDUs for the Uncontrolled Port. `gate(opened)` is called when the Controlled Port
    opens or closes: a pump that moves frames through the SecY obeys it. While it is `bypassed`, the
    KaY rests and frames pass in clear. Times are ns on one clock that never goes back.

    >>> import os, macsec
    >>> from macsec.kay import ChainKey, Kay, MemoryHolder
    >>> from macsec.port import Agreement
    >>> keys = [ChainKey(MemoryHolder(macsec.Key(bytes(16)), b"name"))]
    >>> kay, sent = Kay(0x5254001301560001, keys, os.urandom), []
    >>> agreement = Agreement(kay, macsec.SecY(), sent.append)
    >>> agreement.start(0)
    >>> len(sent)  # the first MKPDU
    1

    See also: `ControlledPort`, `macsec.kay.Kay` (802.1X clause 9).
    """

    def __init__(self, kay: Kay, secy: SecY, send: Send, gate: Gate | None = None) -> None:
        self.kay = kay
        self.actors = PortActors(kay)
        self.port = ControlledPort(secy, gate)
        self.bypassed = False
        self._send = send
        self._look_ns: int | None = None
        self._now_ns = 0
        secy.keep_time(lambda: self._now_ns)
        self._followers: list[Callable[[int], None]] = []
        self._watched = False

    def follow(self, act: Callable[[int], None], *, at_rest: bool = True) -> None:
        """Call `act` with the time whenever the KaY has settled, after earlier followers.

        Without `at_rest` it may be left out where nothing but hellos was sent and heard.
        """
        self._followers.append(act)
        self._watched |= at_rest
        self.kay.take_hellos_back()

    def lend_hellos(self, now_ns: int, take_back: Callable[[], None]) -> HelloLoan | None:
        """Lend the hellos of the KaY while nothing is new: `Kay.lend_hellos`."""
        if self._watched or self.actors.others or self._look_ns is not None:
            return None
        next_pns = dict(self.port.transmit_pns())
        terms = self.kay.lend_hellos(next_pns, take_back)
        return None if terms is None else HelloLoan(terms, next_pns)

    def take_report(self, report: HelloReport, mkpdu: bytes) -> None:
        """Enter what the borrower did, with MKPDUs like this one."""
        self._now_ns = max(self._now_ns, report.now_ns)
        if report.sent:
            self.port.secy.uncontrolled_sent_more(mkpdu, report.sent)
        self.kay.take_report(report)

    def start(self, now_ns: int) -> None:
        """Start the KaY."""
        self._enable(now_ns, True)
        self.settle(now_ns)

    def _enable(self, now_ns: int, enabled: bool) -> None:
        for actor in self.actors:
            actor.kay.set_enabled(now_ns, enabled)

    def stop(self, now_ns: int) -> None:
        """Close the port, delete every SA and wipe the SAKs. Sends nothing."""
        self._now_ns = now_ns
        self._end_bypass()
        self._enable(now_ns, False)
        self.settle(now_ns)

    def bypass(self, now_ns: int, bypassed: bool) -> None:
        """Turn MACsec off, so that frames pass in clear; or on again, closed until secured."""
        self._now_ns = now_ns
        if bypassed == self.bypassed:
            return
        self._end_bypass()
        self._enable(now_ns, not bypassed)
        self.settle(now_ns)
        if bypassed:
            self.port.perform(actions.Unprotect())
            self.port.perform(actions.SetControlledPort(True))
            self.bypassed = True

    def _end_bypass(self) -> None:
        if self.bypassed:
            self.port.perform(actions.SetControlledPort(False))
            self.bypassed = False

    def adopt(self, now_ns: int, policy: KayPolicy, controls: Controls) -> None:
        """Continue as a new member under another policy, with other controls of the SecY.

        Raises ConfigError for controls that the SCI forbids, and then changes nothing.
        """
        controls.check_sci(self.kay.sci)
        bypassed = self.bypassed
        self.stop(now_ns)
        self.port.adopt(controls)
        self.kay.set_policy(now_ns, policy)
        self.actors.follow_policy()
        if bypassed:
            self.bypass(now_ns, True)
        else:
            self.start(now_ns)

    def hear(self, now_ns: int, *frames: bytes) -> None:
        """Take all EAPOL frames that have arrived, then do all that is due."""
        for frame in frames:
            self.port.secy.uncontrolled_received(frame)
            self.actors.receive(now_ns, frame)
        self.settle(now_ns)

    def settle(self, now_ns: int) -> None:
        """Do all that is due: at a time that `next_timeout_ns` gave, or at any other time."""
        self._now_ns = now_ns
        half = self.port.secy.controls.cipher.pn_limit // 2
        self._look_ns = None
        for actor in self.actors:
            for an, next_pn in self.port.transmit_pns(actor.traffic_class):
                actor.kay.update_pn(now_ns, an, next_pn)
                if next_pn > half:
                    self._look_ns = now_ns + LOOK_NS
        self._act(now_ns)
        for act in self._followers:
            act(now_ns)

    def _act(self, now_ns: int) -> None:
        """Perform actions and send MKPDUs until no KaY has any: `Kay.poll_transmit`."""
        while any(self._step(now_ns, actor) for actor in self.actors):
            pass

    def _step(self, now_ns: int, actor: PortActor) -> bool:
        """Perform an action or send an MKPDU of an actor; return False if it has neither."""
        if (action := actor.kay.poll_action()) is not None:
            self._perform(action, actor)
        elif (mkpdu := actor.kay.poll_transmit(now_ns)) is not None:
            self.port.secy.uncontrolled_sent(mkpdu)
            self._send(mkpdu)
            if self.actors.others:
                self.actors.receive(now_ns, mkpdu, actor)
        elif (action := actor.kay.poll_action()) is not None:
            self._perform(action, actor)
        else:
            return False
        return True

    def _perform(self, action: Action, actor: PortActor) -> None:
        if actor.traffic_class:
            done = self.port.perform_class(action, actor.traffic_class)
        else:
            done = self.port.perform(action)
        if not done:
            actor.kay.counters.add("secy-refused")

    def next_timeout_ns(self) -> int | None:
        """Return the time of the next `settle`, or None if only a frame can bring work.

        It is soon once half of a SAK's PNs are used: a fast line needs the rest within seconds.
        """
        due_ns, look_ns = self.actors.next_timeout_ns(), self._look_ns
        if due_ns is None or look_ns is None:
            return look_ns if due_ns is None else due_ns
        return min(due_ns, look_ns)
