"""The leaves that a Set may change, and its operations as changes of ports."""

from __future__ import annotations

from typing import Any

import pytest

from macsec.gnmi.device import Adjustment
from macsec.gnmi.paths import parse
from macsec.gnmi.settings import LISTS, RefusedPath, Wishes

POLICY = "/macsec/mka/policies/policy[name=ms0]"
PORT = "/macsec/interfaces/interface[name=ms0]"


def wishes(*operations: tuple[Any, ...]) -> list[Adjustment]:
    """Return the changes of some operations."""
    made = Wishes()
    for name, path, *value in operations:
        getattr(made, name)(parse(path), *value)
    return made.adjustments()


@pytest.mark.parametrize(
    "leaf, value, setting",
    [
        ("key-server-priority", 7, {"key_server_priority": 7}),
        ("macsec-cipher-suite", ["GCM_AES_XPN_256"], {"cipher": "gcm-aes-xpn-256"}),
        ("macsec-cipher-suite", ["openconfig-macsec-types:GCM_AES_256"], {"cipher": "gcm-aes-256"}),
        ("confidentiality-offset", "30_BYTES", {"offset": 30}),
        ("sak-rekey-interval", 60, {"sak_rekey_interval": 60}),
        ("security-policy", "SHOULD_SECURE", {"security": "should-secure"}),
        ("delay-protection", True, {"delay_protection": True}),
    ],
)
def test_a_leaf_of_the_policy_is_a_setting(leaf: str, value: Any, setting: Any) -> None:
    """Values are those of the module; settings have our names."""
    expected = [Adjustment("ms0", setting, {}, None)]
    assert wishes(("update", f"{POLICY}/config/{leaf}", value)) == expected


def test_operations_on_a_port_become_one_change_and_the_last_counts() -> None:
    """Policy, SecY and the switch of the port, from leaves, containers and list entries."""
    made = wishes(
        ("delete", f"{POLICY}/config/key-server-priority"),
        ("update", POLICY, {"config": {"openconfig-macsec:include-sci": False}}),
        ("update", f"{PORT}/config", {"replay-protection": 64, "enable": False}),
        ("update", f"{POLICY}/config/key-server-priority", 3),
    )
    secy = {"send_sci": False, "window": 64}
    expected = Adjustment("ms0", {"key_server_priority": 3}, secy, False)
    assert made == [expected]


def test_a_replaced_container_has_defaults_for_the_rest() -> None:
    """Leaves that the value lacks take the default of the module."""
    (made,) = wishes(("replace", f"{POLICY}/config", {"name": "ms0", "sak-rekey-interval": 30}))
    settings = LISTS["macsec", "mka", "policies", "policy"]
    assert made.policy["sak_rekey_interval"] == 30
    assert made.policy["key_server_priority"] == 16
    assert len(made.policy) + len(made.secy) == len(settings)


@pytest.mark.parametrize(
    "operation, path, value, words",
    [
        ("update", "/macsec/mka/state", {}, "cannot be set"),
        ("update", f"{PORT}/state/enable", True, "cannot be set"),
        ("update", "/macsec", {}, "cannot be set"),
        ("update", "/keychains/keychain[name=ms0]/config", {}, "cannot be set"),
        ("update", f"{POLICY}/config/name", "x", "cannot be set"),
        ("update", f"{POLICY}/config", {"name": "x"}, "name cannot be changed"),
        ("update", f"{POLICY}/config", {"key": 1}, "/config/key: cannot be set"),
        ("update", f"{POLICY}/config", 3, "expected an object"),
        ("update", POLICY, {"state": {}}, "its config"),
        ("update", "/macsec/mka/policies/policy/config", {}, "name one entry"),
        ("update", "/macsec/mka/policies/policy[name=*]/config", {}, "name one entry"),
        ("update", f"{POLICY}/config/key-server-priority", 256, "0 to 255"),
        ("update", f"{POLICY}/config/key-server-priority", True, "0 to 255"),
        ("update", f"{POLICY}/config/sak-rekey-interval", 29, "30 to 65535"),
        ("update", f"{POLICY}/config/macsec-cipher-suite", [], "one suite"),
        ("update", f"{POLICY}/config/security-policy", "OFF", "MUST_SECURE"),
        ("update", f"{POLICY}/config/include-sci", "yes", "true or false"),
    ],
)
def test_all_else_is_refused_with_its_path(
    operation: str, path: str, value: Any, words: str
) -> None:
    """The message begins with the path."""
    with pytest.raises(RefusedPath, match=words) as refused:
        wishes((operation, path, value))
    assert str(refused.value).startswith(path)


def test_containers_are_not_deleted() -> None:
    """A port cannot be without a policy."""
    with pytest.raises(RefusedPath, match="only a leaf"):
        wishes(("delete", f"{POLICY}/config"))
