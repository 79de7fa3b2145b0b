"""A KaY's actions on a SecY, on every data plane, and a station that lives by its timer."""

from __future__ import annotations

import dataclasses

import pytest
from support.kays import CAK, NS, Segment, chain_key, check_connectivity, pair, secured
from support.planes import BOTH_PLANES, PLANES, Plane, frame_of

from macsec.kay import actions
from macsec.kay.sak import Protection
from macsec.keys import Key
from macsec.port.controlled_port import _CALLS, ControlledPort
from macsec.secy import Validate, Verdict
from macsec.suites import SUITES

OWN, PEER = 0x0252_0000_0061_0001, 0x0252_0000_0062_0001
SAK, SALT = Key(bytes(range(32))), bytes(range(12))


def opened(plane: Plane, cipher: str = "gcm-aes-128", code: int = 1, **controls: object):
    """A port with a transmit SA and a receive SA, as a KaY opens it."""
    port = ControlledPort(plane.secy(**controls))
    suite = SUITES[cipher]
    key = Key(SAK.expose()[: suite.key_length])
    xpn = (1, SALT) if suite.xpn else (None, None)
    peer_xpn = (2, SALT) if suite.xpn else (None, None)
    for action in (
        actions.Reset(OWN),
        actions.Protect(Protection(suite, code)),
        actions.CreateReceiveSC(PEER),
        actions.CreateReceiveSA(PEER, 2, key, *peer_xpn),
        actions.CreateTransmitSA(2, key, *xpn),
        actions.EnableTransmitSA(2),
        actions.SetControlledPort(True),
    ):
        port.perform(action)
    return port


@pytest.mark.parametrize("profile", ["ieee", "linux"])
@pytest.mark.parametrize("cipher", list(SUITES))
def test_every_action(plane: Plane, cipher: str, profile: str) -> None:
    """Made, used, raised, deleted; the SecY is empty after it, on each plane and profile."""
    with opened(plane, cipher, profile=profile, window=5).secy as secy:
        port = ControlledPort(secy)
        port.enabled = True
        assert secy.controls.cipher.name == cipher
        assert secy.controls.encodingsa == 2
        assert port.request(frame_of(60)) is not None
        assert list(port.transmit_pns()) == [(2, 2)]
        port.perform(actions.RaiseLowestPN(PEER, 2, 100))
        port.perform(actions.RaiseLowestPN(PEER, 2, 50))
        sa = secy.rx[f"{PEER:016x}"].sa[2]
        assert (sa.next_pn if profile == "linux" else sa.lowest_pn) == 100
        port.perform(actions.DeleteReceiveSA(PEER, 2))
        port.perform(actions.DeleteTransmitSA(2))
        port.perform(actions.DeleteReceiveSC(PEER))
        assert (len(secy.tx.sa), len(secy.rx)) == (0, 0)


def test_reset_takes_what_an_earlier_life_left(plane: Plane) -> None:
    """SAs of a daemon that was killed are gone before the first key of the next."""
    port = opened(plane)
    port.perform(actions.Reset(OWN + 1))
    assert (len(port.secy.tx.sa), len(port.secy.rx)) == (0, 0)
    assert port.secy.tx.sci == f"{OWN + 1:016x}"


def test_a_closed_port_passes_nothing(plane: Plane) -> None:
    """Either way, keys or not; both are counted."""
    port = opened(plane)
    port.perform(actions.SetControlledPort(False))
    assert port.request(frame_of(60)) is None
    assert port.indication(frame_of(60)) == (None, None)
    assert port.blocked == [1, 1]
    assert port.secy.tx.sa[2].next_pn == 1


def test_plain_and_back(plane: Plane) -> None:
    """Unprotect passes plain frames; Protect brings the wanted controls back, all of them."""
    port = opened(plane, code=2, window=7, duplicates_reject=True)
    wanted = port.secy.controls
    assert (wanted.offset, wanted.encrypt, wanted.validate) == (30, True, Validate.STRICT)
    port.perform(actions.DeleteReceiveSC(PEER))
    port.perform(actions.DeleteTransmitSA(2))
    port.perform(actions.Unprotect())
    assert port.request(frame_of(60)) == frame_of(60)
    assert port.indication(frame_of(60)) == (Verdict.UNTAGGED, frame_of(60))
    port.perform(actions.Protect(Protection(SUITES["gcm-aes-128"], 2)))
    assert port.secy.controls == wanted
    assert port.indication(frame_of(60)) == (Verdict.NO_TAG, None)


def test_a_window_too_wide_for_xpn_is_cut(plane: Plane) -> None:
    """The KaY may choose an XPN suite; its window has a lower limit."""
    port = opened(plane, "gcm-aes-xpn-128", window=2**32 - 1)
    assert port.secy.controls.window == 2**30 - 1
    port.perform(actions.Protect(Protection(SUITES["gcm-aes-256"], 0)))
    assert (port.secy.controls.window, port.secy.controls.encrypt) == (2**32 - 1, False)


def test_every_action_has_a_call() -> None:
    """None is forgotten."""
    known = {
        value
        for value in vars(actions).values()
        if isinstance(value, type) and dataclasses.is_dataclass(value) and "actions" in str(value)
    }
    assert set(_CALLS) == known


@pytest.mark.parametrize("first", BOTH_PLANES, ids=str)
def test_planes_meet(first: Plane) -> None:
    """A station on each data plane against one on the reference plane."""
    segment = Segment(first)
    a = segment.add("a", key_server_priority=1)
    segment.plane = PLANES[0]
    b = segment.add("b", key_server_priority=2)
    segment.run(3)
    assert secured(a, b)
    check_connectivity(segment, a, b)


def test_a_stopped_station_is_silent() -> None:
    """A power cut: nothing is sent or heard, the keys are wiped, timers do nothing."""
    segment, a, b = pair()
    said = len(segment.mkpdus)
    a.station.stop()
    assert not a.send()
    a.station.indicate(segment.mkpdus[-1][2])
    segment.run(8.5)
    assert {name for _, name, _ in segment.mkpdus[said:]} == {"b"}
    assert not b.kay.secured


def test_eapol_never_reaches_the_controlled_port() -> None:
    """Even in clear on an open port it goes to the KaY alone."""
    segment = Segment()
    a = segment.add("a", security="should-secure")
    segment.run(1)
    delivered: list[bytes] = []
    a.station.deliver = delivered.append
    a.station.indicate(bytes.fromhex("0180c2000003" + "025200000062" + "888e") + bytes(46))
    a.station.indicate(frame_of(60))
    assert delivered == [frame_of(60)]
    assert a.kay.counters["in-not-mka"] == 1
    assert segment.engine.now_ns == NS


def test_should_secure_goes_from_plain_to_protected_and_back() -> None:
    """Keys that do not match: clear frames pass and are counted as such; matching keys: none do."""
    segment = Segment()
    a = segment.add("a", security="should-secure")
    b = segment.add("b", [chain_key(CAK[::-1])], security="should-secure")
    segment.run(10)
    check_connectivity(segment, a, b)
    assert a.secy.counters["InPktsUntagged"] == 1
    assert b.secy.counters["OutPktsUntagged"] == 1
    again = segment.add("b", security="should-secure")
    segment.run(15)
    assert secured(a, again)
    check_connectivity(segment, a, again)
    assert a.secy.counters["InPktsOK"] == 1
    again.station.stop()
    segment.run(25)
    assert a.send()
    assert a.secy.counters["OutPktsUntagged"] == 2
