"""Choice of a data plane, and a SecY from a configuration."""

from __future__ import annotations

import pytest
from support.planes import (
    SCI_A,
    SCI_B,
    Craft,
    Plane,
    controls_of,
    frame_of,
    pn_state,
)

from macsec.errors import ConfigError
from macsec.secy import Controls, SecY


def test_unknown_backend_is_refused_with_the_list() -> None:
    """An unknown backend or kernel is an error that lists the known ones."""
    with pytest.raises(ConfigError, match="backend 'fast': one of auto, native, reference"):
        SecY(Controls(), "fast")
    assert SecY(Controls(), "reference").backend == "reference"
    assert SecY().backend in ("native", "reference")


def test_secy_runs_on_the_named_plane(plane: Plane) -> None:
    """Backend and kernel are those of the fixture."""
    secy = plane.secy()
    assert secy.backend == plane.backend
    if plane.kernel is not None:
        assert secy.kernel == plane.kernel


def test_secy_from_a_dict_has_its_controls_scs_and_sas(plane: Plane) -> None:
    """A SecY from a dict has the controls, SCs and SAs that it names."""
    config = {
        "secy": {"cipher": "gcm-aes-xpn-128", "window": 7, "validate": "check"},
        "tx": {"sci": SCI_A, "sa": {0: {"key": "00" * 16, "pn": 5, "ssci": 1, "salt": "11" * 12}}},
        "rx": [{"sci": SCI_B, "sa": {1: {"key": "22" * 16, "ssci": 2, "salt": "11" * 12}}}],
    }
    secy = SecY.from_config(config, plane.backend, plane.kernel)
    expected = controls_of(cipher="gcm-aes-xpn-128", window=7, validate="check")
    assert secy.controls == expected
    assert pn_state(secy) == {"tx": {0: (True, 5)}, "rx": {SCI_B: {1: (True, 1, 1)}}}
    craft = Craft(cipher="gcm-aes-xpn-128", key=bytes(16), pn=5, salt=b"\x11" * 12)
    assert secy.protect_frame(frame_of(60)) == craft.protect(frame_of(60))
