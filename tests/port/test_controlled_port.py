"""A KaY's actions on a SecY and its Controlled Port, on every data plane."""

from __future__ import annotations

import dataclasses

import pytest
from support.planes import Plane, frame_of

from macsec.kay.keys.sak import Protection
from macsec.kay.secy_side import actions
from macsec.keys import Key
from macsec.port.controlled_port import _CALLS, ControlledPort
from macsec.secy import Validate, Verdict
from macsec.suites import SUITES

OWN, PEER = 0x0252_0000_0061_0001, 0x0252_0000_0062_0001
SAK, SALT = Key(bytes(range(32))), bytes(range(12))


def opened(plane: Plane, cipher: str = "gcm-aes-128", code: int = 1, **controls: object):
    """Return a port with a transmit SA and a receive SA, opened by actions of a KaY."""
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
def test_every_action_changes_the_secy(plane: Plane, cipher: str, profile: str) -> None:
    """SCs and SAs are made, used, raised and deleted; the SecY is empty at the end."""
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


def test_reset_removes_the_sas_of_an_earlier_kay(plane: Plane) -> None:
    """SAs that a killed process left are gone before the first key of the next one."""
    port = opened(plane)
    port.perform(actions.Reset(OWN + 1))
    assert (len(port.secy.tx.sa), len(port.secy.rx)) == (0, 0)
    assert port.secy.tx.sci == f"{OWN + 1:016x}"


def test_a_closed_port_passes_nothing(plane: Plane) -> None:
    """Frames of both directions are refused and counted, although the SAs exist."""
    port = opened(plane)
    port.perform(actions.SetControlledPort(False))
    assert port.request(frame_of(60)) is None
    assert port.indication(frame_of(60)) == (None, None)
    assert port.blocked == [1, 1]
    assert port.secy.tx.sa[2].next_pn == 1


def test_a_closed_port_passes_protocols_in_clear(plane: Plane) -> None:
    """Protocols that the control `clear` names, both ways."""
    port = opened(plane)
    port.secy.set_controls(clear=("lacp",))
    port.perform(actions.SetControlledPort(False))
    lacp = frame_of(60)[:12] + b"\x88\x09" + bytes(46)
    assert port.request(lacp) == lacp
    assert port.indication(lacp) == (Verdict.EXCEPTED, lacp)
    assert port.indication(frame_of(60)) == (None, None)
    assert port.blocked == [0, 1]


def test_unprotect_passes_plain_frames_until_protect(plane: Plane) -> None:
    """Protect restores all the wanted controls."""
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


def test_a_replay_window_is_cut_to_the_limit_of_xpn(plane: Plane) -> None:
    """The KaY may choose an XPN suite, whose limit is lower; another suite restores the window."""
    port = opened(plane, "gcm-aes-xpn-128", window=2**32 - 1)
    assert port.secy.controls.window == 2**30 - 1
    port.perform(actions.Protect(Protection(SUITES["gcm-aes-256"], 0)))
    assert (port.secy.controls.window, port.secy.controls.encrypt) == (2**32 - 1, False)


def test_every_action_has_a_call() -> None:
    """The table of calls has every action of `kay.actions`."""
    known = {
        value
        for value in vars(actions).values()
        if isinstance(value, type) and dataclasses.is_dataclass(value) and "actions" in str(value)
    }
    assert set(_CALLS) == known


def test_a_port_with_static_sas_is_open_from_the_start(plane: Plane) -> None:
    """Without a KaY the SecY decides alone."""
    port = ControlledPort(plane.secy(protect=False, validate="check"), enabled=True)
    assert port.request(frame_of(60)) == frame_of(60)
    assert port.indication(frame_of(60)) == (Verdict.UNTAGGED, frame_of(60))
    assert port.blocked == [0, 0]


def test_the_gate_follows_the_port(plane: Plane) -> None:
    """Each opening and closing of the port calls the gate."""
    calls: list[bool] = []
    port = ControlledPort(plane.secy(), calls.append)
    assert calls == []
    for enabled in (True, False):
        port.perform(actions.SetControlledPort(enabled))
        assert port.enabled is enabled
    assert calls == [True, False]


# ---------------------------------------------------------------- what a SecY refuses


@pytest.mark.parametrize(
    "action",
    [
        actions.CreateReceiveSC(2**64 - 1),
        actions.CreateReceiveSC(PEER),
        actions.DeleteReceiveSC(PEER + 1),
        actions.CreateReceiveSA(PEER + 1, 0, SAK, None, None),
        actions.CreateReceiveSA(PEER, 0, SAK, None, None),
        actions.CreateReceiveSA(PEER, 4, SAK, None, None),
        actions.DeleteReceiveSA(PEER, 3),
        actions.RaiseLowestPN(PEER, 3, 5),
        actions.RaiseLowestPN(PEER + 1, 2, 5),
        actions.RaiseLowestPN(PEER, 2, 2**32 + 7),
        actions.CreateTransmitSA(0, SAK, 1, SALT),
        actions.EnableTransmitSA(3),
        actions.DeleteTransmitSA(1),
    ],
    ids=str,
)
def test_refused_action_is_counted_and_never_raises(
    plane: Plane, action: actions.Action, caplog: pytest.LogCaptureFixture
) -> None:
    """A peer may have caused it: one warning, and the port goes on as it was."""
    port = opened(plane)
    assert not port.perform(action)
    assert not port.perform(action)
    assert (port.refused, len(caplog.records)) == (2, 1)
    assert type(action).__name__ in caplog.text
    assert SAK.expose().hex() not in caplog.text
    assert port.request(frame_of(60)) is not None


def test_port_stays_closed_while_protection_is_refused(plane: Plane) -> None:
    """Frames would pass in clear: it opens only under a protection that the SecY took."""
    calls: list[bool] = []
    port = ControlledPort(plane.secy(), calls.append)
    port.perform(actions.Reset(OWN))
    assert port.perform(actions.Unprotect())
    assert not port.perform(actions.Protect(Protection(SUITES["gcm-aes-xpn-128"], 2)))
    assert port.perform(actions.SetControlledPort(True))
    assert (port.enabled, calls) == (False, [False])
    assert port.request(frame_of(60)) is None
    assert port.perform(actions.Protect(Protection(SUITES["gcm-aes-xpn-128"], 1)))
    assert port.perform(actions.SetControlledPort(True))
    assert (port.enabled, calls) == (True, [False, True])
