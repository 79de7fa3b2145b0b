"""Examples in the docstrings of public names."""

from __future__ import annotations

import doctest
import inspect
from importlib import import_module
from typing import Any

import pytest

from macsec.secy import lmi
from macsec.secy.backends import make_plane

FACES = (
    "macsec",
    "macsec.attacks",
    "macsec.captures",
    "macsec.conformance",
    "macsec.frames",
    "macsec.kay",
    "macsec.lab",
    "macsec.offline",
    "macsec.port",
    "macsec.scapy",
    "macsec.wire",
)
WITHOUT = {
    "macsec.attacks": {"Attack", "Finding", "Party", "Scene", "Setting", "own"},
    "macsec.captures": {"Beside", "Format", "Interface", "Reader", "Writer"},
    "macsec.conformance": {
        "NotRun",
        "PassCount",
        "Report",
        "Result",
        "Target",
        "VectorFile",
        "available",
        "load",
        "parse",
    },
    "macsec.frames": {"TCI", "Sight", "TagRules"},
    "macsec.kay": {"Basic", "DistributedSak", "KI", "KeyUse", "Mkpdu", "PeerId", "SakUse"},
    "macsec.lab": {"Blueprint", "LinkPlan", "RealLab", "Station"},
    "macsec.offline": {"Explanation", "LinkConfigs", "MkaReader", "Replay"},
    "macsec.port": {"ControlledPort", "PortEvents", "UncontrolledPort"},
    "macsec.scapy": {"SniffedFrame", "sniff"},
    "macsec.wire": {"Carrier", "Fate", "LinkStats", "LinkTap", "Port", "Trace"},
}
"""Types that another name makes or takes, whose example shows them; and what needs root."""


def _names(face: str) -> list[str]:
    """Return the classes and functions of a face."""
    package = import_module(face)
    values = {name: getattr(package, name) for name in package.__all__}
    return [
        name
        for name, value in values.items()
        if inspect.isclass(value) or inspect.isfunction(value)
    ]


def _doctest(value: Any) -> doctest.DocTest:
    (example,) = doctest.DocTestFinder(recurse=False).find(value, globs={})
    return example


EXAMPLES = [
    (face, name) for face in FACES for name in _names(face) if name not in WITHOUT.get(face, ())
]


@pytest.mark.parametrize(
    ("face", "name", "backend"),
    [
        (face, name, backend)
        for face, name in EXAMPLES
        for backend in ("auto", "reference")
        if (name, backend) != ("Lab", "reference")  # it joins planes and wires of one kind
    ],
)
def test_example_of_a_public_name_runs(
    face: str, name: str, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`help` shows it with its output, and where to read on; both data planes print the same."""
    monkeypatch.setattr(lmi, "make_plane", lambda controls, *_: make_plane(controls, backend))
    example = _doctest(getattr(import_module(face), name))
    assert example.examples, "add an example to the docstring"
    assert doctest.DocTestRunner().run(example) == (0, len(example.examples))
    assert "See also: " in (example.docstring or "")


def test_names_without_an_example_have_none() -> None:
    """A name that gets one leaves the table."""
    for face, names in WITHOUT.items():
        package = import_module(face)
        assert names <= set(package.__all__)
        assert not [name for name in names if ">>>" in (getattr(package, name).__doc__ or "")]
