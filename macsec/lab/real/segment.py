"""A link in real time: a TAP device, SecY and pump at each of two edges, and the wire.

The wire is a veth cable in a namespace of the link: its ends `a` and `b` are the Common Ports,
where a wiretap listens. Unless it is perfect, a Line between two such cables adds the impairments
of the topology.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Self

from macsec.kay.holders import Edge
from macsec.lab.blueprint import LinkPlan
from macsec.lab.keying import EndPlan
from macsec.lab.link_state import LinkEnd
from macsec.lab.real.faulty_line import FaultyLine
from macsec.lab.wrong_keys import WrongKeys
from macsec.live.devices import OVERHEAD, interface, open_packet, open_tap
from macsec.live.eapol import Eapol, leave_eapol_out, open_eapol
from macsec.live.line import Line
from macsec.live.namespace import Namespace
from macsec.live.pump import Pump
from macsec.port import Agreement
from macsec.secy import SecY
from macsec.terms import VLAN_TAG_LENGTH
from macsec.wire.lane import LinkStats

UNPROTECTED = {"secy": {"protect": "off", "validate": "null"}}
"""A configuration that passes frames unchanged (10.5, 10.6)."""
ENDS = ("a", "b")


class Segment:
    """A link of a lab that carries traffic. `plan` as in virtual time; `sites` have its devices.

    `pumps` and `secys` of both ends; `line` is None on a perfect wire. `ends`: both ends of its key
    agreement, empty without; `eapols`: their sockets for MKPDUs. A `faulty` one always has a line,
    whose faults may change. `on_mkpdu`, if set, is called with the side and each MKPDU it sends.
    The owner drives the KaYs; until then the Controlled Ports are closed.
    """

    def __init__(
        self,
        plan: LinkPlan,
        number: int,
        sites: dict[str, Namespace],
        mtu: int,
        edge: Edge,
        faulty: bool = False,
    ) -> None:
        self.plan = plan
        self._faulty = faulty
        self.on_mkpdu: Callable[[int, bytes], None] | None = None
        self._wrong_keys: dict[int, WrongKeys] = {}
        self.ends: list[LinkEnd] = []
        self.eapols: list[Eapol] = []
        self.device = f"link{number}"
        self._stack = ExitStack()
        try:
            self.namespace = self._stack.enter_context(Namespace(f"link {plan.name}"))
            self._lay_cables(mtu + OVERHEAD + VLAN_TAG_LENGTH)
            self.secys = [self._secy(side) for side in (0, 1)]
            self.pumps = [self._pump(side, sites[plan.sites[side]], mtu) for side in (0, 1)]
            self.line = self._line()
            if plan.keying is not None:
                for side, planned in enumerate(plan.keying):
                    self._agree(side, planned, edge)
        except BaseException:
            self._stack.close()
            raise

    @property
    def perfect(self) -> bool:
        """True if the wire changes, delays and loses no frame, now and later."""
        return not self._faulty and not any(params.changed() for params in self.plan.params)

    def _lay_cables(self, mtu: int) -> None:
        pairs = [("a", "b")] if self.perfect else [("a", "a-far"), ("b", "b-far")]
        self.namespace.without_ipv6()
        self.namespace.ip(
            *(f"link add name {one} type veth peer name {two}" for one, two in pairs),
            *(f"link set dev {device} mtu {mtu} up" for pair in pairs for device in pair),
        )

    def _secy(self, side: int) -> SecY:
        if self.plan.keying is not None:
            return self._stack.enter_context(self.plan.keying[side].secy("native"))
        config = UNPROTECTED if self.plan.configs is None else self.plan.configs[side]
        return self._stack.enter_context(SecY.from_config(config, "native"))

    def _pump(self, side: int, site: Namespace, mtu: int) -> Pump:
        with self.namespace.inside():
            wire = self._stack.enter_context(open_packet(interface(ENDS[side])))
        with site.inside():
            mac = self.plan.systems[side].to_bytes(6)
            clear = self._stack.enter_context(open_tap(self.device, mtu, mac))
        site.ip(f"link set dev {self.device} master switch up")
        agrees = self.plan.keying is not None
        if self.plan.keying is not None:
            leave_eapol_out(wire, self.plan.keying[side].policy.eapol_ethertype)
        return self._stack.enter_context(Pump(clear, wire, self.secys[side], opened=not agrees))

    def _agree(self, side: int, planned: EndPlan, edge: Edge) -> None:
        kay = planned.kay(edge)
        with self.namespace.inside():
            policy = kay.policy
            lower = interface(ENDS[side])
            opened = open_eapol(lower, policy.destination, policy.eapol_ethertype)
        eapol = self._stack.enter_context(opened)
        pump = self.pumps[side]
        send = partial(self._send_mkpdu, side, eapol)
        self.ends.append(LinkEnd(Agreement(kay, pump.secy, send, pump.open)))
        self.eapols.append(eapol)

    def _send_mkpdu(self, side: int, eapol: Eapol, mkpdu: bytes) -> None:
        eapol.send(mkpdu)
        if self.on_mkpdu is not None:
            self.on_mkpdu(side, mkpdu)

    def wrong_keys(self, side: int) -> WrongKeys:
        """Return the fault of wrong CAKs at an end with key agreement."""
        if self.plan.keying is None:
            raise AssertionError("an end without key agreement")
        if side not in self._wrong_keys:
            planned, kay = self.plan.keying[side], self.ends[side].kay
            self._wrong_keys[side] = WrongKeys(kay, planned.draw, planned.purpose)
        return self._wrong_keys[side]

    def _line(self) -> FaultyLine | None:
        if self.perfect:
            return None
        with self.namespace.inside():
            ends = [self._stack.enter_context(open_packet(interface(f"{end}-far"))) for end in ENDS]
        a, b, name = *ends, self.plan.name
        line = FaultyLine(self.plan.params, lambda params: Line(a, b, params, name=name))
        return self._stack.enter_context(line)

    @property
    def wire(self) -> tuple[LinkStats, LinkStats] | None:
        """The counts of both directions of the wire; None for a perfect one."""
        if self.line is None:
            return None
        return self.line.stats

    def check(self) -> None:
        """Raise MACsecError if a thread ended by itself."""
        for pump in self.pumps:
            pump.check()
        if self.line is not None:
            self.line.check()

    def close(self) -> None:
        """Stop, remove the devices, wipe the keys."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
