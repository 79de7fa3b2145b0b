"""Test_MKA_SECY: SCs and SAs as the KaY creates, enables, raises and deletes them in the SecY."""

from __future__ import annotations

from collections.abc import Callable

from macsec.conformance.scenes import controls_of
from macsec.conformance.suites.case import CaseRun
from macsec.errors import MACsecError
from macsec.kay.keys.sak import Protection
from macsec.kay.secy_side import actions
from macsec.keys import Key
from macsec.port import ControlledPort
from macsec.suites import SUITES
from macsec.terms import sci_text

from .plan import MEMBER, SERVER, SUITE

_FRAME = b"\xff" * 6 + SERVER.to_bytes(8)[:6] + b"\x88\xb5" + bytes(46)
_PROTECT = actions.Protect(Protection(SUITES["gcm-aes-128"], 1))


def _key(number: int) -> Key:
    return Key(number.to_bytes(16))


def _port(run: CaseRun, *more: actions.Action) -> ControlledPort:
    """Return a port after Reset, Protect, a receive SC, and more actions."""
    port = ControlledPort(run.secy(controls_of(window=10)))
    for action in (actions.Reset(SERVER), _PROTECT, actions.CreateReceiveSC(MEMBER), *more):
        if not port.perform(action):
            raise ValueError(f"{type(action).__name__} was refused")
    return port


def _refused(run: CaseRun, port: ControlledPort, what: str, action: actions.Action) -> None:
    """Check that an action is refused, counted, and leaves the SecY as it was."""
    before = _picture(port)
    run.expect(f"{what}: carried out", False, port.perform(action))
    run.require(f"{what}: the SecY is as before", _picture(port) == before)


def _picture(port: ControlledPort) -> tuple[object, ...]:
    secy = port.secy
    receive = {sci: {an: sa.next_pn for an, sa in sc.sa.items()} for sci, sc in secy.rx.items()}
    transmit = {an: sa.next_pn for an, sa in secy.tx.sa.items()}
    return secy.controls, secy.tx.sci, transmit, receive


def _configuration(run: CaseRun) -> None:
    """Check the four of UpdateConfiguration: missing, another, the same, and one that is wrong."""
    port = _port(run)
    run.require("configuration: protected", port.secy.controls.protect)
    port.perform(actions.Protect(Protection(SUITES["gcm-aes-256"], 0)))
    controls = port.secy.controls
    run.expect("another one", ("gcm-aes-256", False), (controls.cipher.name, controls.encrypt))
    before = _picture(port)
    port.perform(actions.Protect(Protection(SUITES["gcm-aes-256"], 0)))
    run.require("the same one changes nothing", _picture(port) == before)
    wrong = actions.Protect(Protection(SUITES["gcm-aes-xpn-128"], 2))
    run.expect("XPN with an offset: carried out", False, port.perform(wrong))


def _channels(run: CaseRun) -> None:
    """Check the five of each SC: missing, failing, twice, deleted and again, deleted twice."""
    port = _port(run)
    run.expect("transmit SC", sci_text(SERVER), port.secy.tx.sci)
    try:
        port.secy.create_tx_sc("")
        raised = False
    except (MACsecError, ValueError):
        raised = True
    run.require("a transmit SC without an SCI is refused", raised)
    port.perform(actions.Reset(MEMBER + 1))
    run.expect("transmit SC after Reset", sci_text(MEMBER + 1), port.secy.tx.sci)
    port.perform(actions.Reset(SERVER))
    run.expect("and again", (sci_text(SERVER), 0), (port.secy.tx.sci, len(port.secy.rx)))
    port.perform(actions.CreateReceiveSC(MEMBER))
    _refused(run, port, "a receive SC twice", actions.CreateReceiveSC(MEMBER))
    _refused(run, port, "a receive SC of no SCI", actions.CreateReceiveSC(2**64 - 1))
    _refused(run, port, "an unknown receive SC deleted", actions.DeleteReceiveSC(MEMBER + 1))
    run.require("deleted", port.perform(actions.DeleteReceiveSC(MEMBER)))
    _refused(run, port, "deleted twice", actions.DeleteReceiveSC(MEMBER))
    run.require("created again", port.perform(actions.CreateReceiveSC(MEMBER)))


def _transmit_sas(run: CaseRun) -> None:
    """Check creation, deletion and use of transmit SAs."""
    port = _port(run, actions.CreateTransmitSA(0, _key(1), None, None))
    run.expect("not in use yet", None, _sent(port))
    wrong = actions.CreateTransmitSA(1, Key(bytes(32)), None, None)
    _refused(run, port, "a key of another length", wrong)
    _refused(run, port, "an unknown SA enabled", actions.EnableTransmitSA(3))
    _refused(run, port, "an unknown SA deleted", actions.DeleteTransmitSA(3))
    run.require("a second SA", port.perform(actions.CreateTransmitSA(1, _key(2), None, None)))
    run.require("an SA enabled", port.perform(actions.EnableTransmitSA(0)))
    port.perform(actions.SetControlledPort(True))
    run.expect("AN on the wire", 0, _sent(port))
    run.require("the same again", port.perform(actions.EnableTransmitSA(0)))
    run.expect("nextPN of it goes on", 2, port.secy.tx.sa[0].next_pn)
    run.require("another one", port.perform(actions.EnableTransmitSA(1)))
    run.expect("AN on the wire", 1, _sent(port))
    for an in (0, 1):
        run.require(f"SA {an} deleted", port.perform(actions.DeleteTransmitSA(an)))
    run.expect("SAs", 0, len(port.secy.tx.sa))
    run.expect("nothing is sent without one", None, _sent(port))
    run.require("created again", port.perform(actions.CreateTransmitSA(0, _key(3), None, None)))


def _sent(port: ControlledPort) -> int | None:
    """Return the AN of a frame that the port sends, None if it sends none."""
    octets = port.request(_FRAME)
    return None if octets is None else octets[14] & 3


def _receive_sas(run: CaseRun) -> None:
    """Check creation, deletion and use of receive SAs."""
    port = _port(run, actions.CreateReceiveSA(MEMBER, 0, _key(1), None, None))
    unknown = actions.CreateReceiveSA(MEMBER + 1, 0, _key(2), None, None)
    _refused(run, port, "an SA of an unknown SC", unknown)
    wrong = actions.CreateReceiveSA(MEMBER, 1, Key(bytes(32)), None, None)
    _refused(run, port, "a key of another length", wrong)
    _refused(run, port, "an AN of 4", actions.CreateReceiveSA(MEMBER, 4, _key(2), None, None))
    _refused(run, port, "an unknown SA deleted", actions.DeleteReceiveSA(MEMBER, 3))
    second = actions.CreateReceiveSA(MEMBER, 1, _key(2), None, None)
    run.require("a second SA", port.perform(second))
    sas = port.secy.rx[sci_text(MEMBER)].sa
    run.expect("both enabled", {0: True, 1: True}, {an: sa.enabled for an, sa in sas.items()})
    for an in (0, 1):
        run.require(f"SA {an} deleted", port.perform(actions.DeleteReceiveSA(MEMBER, an)))
    run.expect("SAs", 0, len(port.secy.rx[sci_text(MEMBER)].sa))
    run.require(
        "created again", port.perform(actions.CreateReceiveSA(MEMBER, 0, _key(3), None, None))
    )


def _packet_numbers(run: CaseRun) -> None:
    """Check lowest PNs that are raised, equal, lower, beyond, and of no SA; and our nextPN."""
    port = _port(
        run,
        actions.CreateReceiveSA(MEMBER, 0, _key(1), None, None),
        actions.CreateTransmitSA(0, _key(1), None, None),
        actions.EnableTransmitSA(0),
        actions.SetControlledPort(True),
    )
    sa = port.secy.rx[sci_text(MEMBER)].sa[0]
    for pn, wanted in ((100, 100), (100, 100), (50, 100), (101, 101)):
        port.perform(actions.RaiseLowestPN(MEMBER, 0, pn))
        run.expect(f"lowest PN after {pn}", wanted, sa.lowest_pn)
    _refused(run, port, "a PN of no SA", actions.RaiseLowestPN(MEMBER, 3, 5))
    _refused(run, port, "a PN of no SC", actions.RaiseLowestPN(MEMBER + 1, 0, 5))
    _refused(run, port, "a PN beyond the last", actions.RaiseLowestPN(MEMBER, 0, 2**32 + 7))
    run.expect("our nextPN", [(0, 1)], list(port.transmit_pns()))
    port.request(_FRAME)
    run.expect("after a frame", [(0, 2)], list(port.transmit_pns()))
    port.perform(actions.DeleteTransmitSA(0))
    run.expect("without an SA", [], list(port.transmit_pns()))


def _keys_out_of_sight(run: CaseRun) -> None:
    """Check that no key can be read back from the SecY or its SAs."""
    port = _port(
        run,
        actions.CreateReceiveSA(MEMBER, 0, _key(77), None, None),
        actions.CreateTransmitSA(0, _key(77), None, None),
        actions.EnableTransmitSA(0),
    )
    secret = _key(77).expose().hex()
    shown = repr((port.secy, port.secy.tx.sa[0], port.secy.rx[sci_text(MEMBER)].sa[0]))
    run.require("no key in any representation", secret not in shown)


ITEMS: tuple[Callable[[CaseRun], None], ...] = (
    _configuration,
    _channels,
    _transmit_sas,
    _receive_sas,
    _packet_numbers,
    _keys_out_of_sight,
)


@SUITE.case(
    "Test_MKA_SECY",
    "SCs and SAs are created, enabled, raised and deleted; what cannot be is refused; more than 40 "
    "steps",
    clause="802.1AE 10.7",
)
def driver(run: CaseRun) -> None:
    """Run each group of steps on a port of its own."""
    for item in ITEMS:
        item(run)
