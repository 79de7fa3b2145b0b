"""Changes of several ports: all or none."""

from __future__ import annotations

import pytest
from support.services.gnmi import FakeDevice, tree_of

from macsec.errors import MACsecError
from macsec.gnmi.device import Adjustment, PortTree, merged
from macsec.gnmi.settings import RefusedPath
from macsec.gnmi.transaction import adjust_all
from macsec.gnmi.tree import leaves_of

SOURCE = PortTree("wan", "wan", tree_of("a", "b"))
WISHES = [Adjustment(name, {"key_server_priority": 3}, {}, None) for name in "ab"]


def adjust(device: FakeDevice, *wishes: Adjustment) -> None:
    """Make changes on a device."""
    tree, homes = merged(device.sources())
    adjust_all(device, wishes, homes, leaves_of(tree))


def test_every_port_is_checked_before_one_is_changed() -> None:
    """A refusal of the second leaves the first as it was."""
    device = FakeDevice(SOURCE, refuses=lambda wish, check: check and wish.port == "b")
    with pytest.raises(MACsecError, match="b: refused"):
        adjust(device, *WISHES)
    assert [(wish.port, check) for _, wish, check in device.asked] == [("a", True), ("b", True)]


def test_a_port_that_fails_after_the_check_takes_the_others_back() -> None:
    """The former values are those of the tree."""
    device = FakeDevice(SOURCE, refuses=lambda wish, check: not check and wish.port == "b")
    with pytest.raises(MACsecError, match="b: refused"):
        adjust(device, *WISHES)
    _, last, check = device.asked[-1]
    assert (last, check) == (Adjustment("a", {"key_server_priority": 16}, {}, None), False)


def test_values_that_a_port_has_already_are_not_asked_for() -> None:
    """A port whose session would restart for nothing is left alone."""
    device = FakeDevice(SOURCE)
    adjust(device, Adjustment("a", {"key_server_priority": 16}, {"send_sci": True}, None))
    assert device.asked == []


def test_a_port_that_does_not_run_is_refused() -> None:
    """The message has the names of the others."""
    with pytest.raises(RefusedPath, match=r"name=c.*a, b"):
        adjust(FakeDevice(SOURCE), Adjustment("c", {}, {}, True))
