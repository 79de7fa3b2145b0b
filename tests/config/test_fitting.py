"""The ends of a link: every difference that loses frames is named, and a fitting pair has none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from macsec.config import load, templates
from macsec.config.fitting import misfits
from macsec.suites import SUITES

KEY, OTHER = "30313233343536373839303132333435", "40414243444546474849404142434445"
A, B = "5254001301560001", "5254001301570001"


def end(sends: str, receives: str, **secy: Any) -> dict[str, Any]:
    """A configuration of an end."""
    sa = {"0": {"key": KEY}}
    return {"secy": secy, "tx": {"sci": sends, "sa": sa}, "rx": [{"sci": receives, "sa": sa}]}


def found(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """The misfits of two configurations."""
    return [*misfits(load(first), load(second))]


def mka(ckn: str, cak: str) -> dict[str, Any]:
    """A configuration with key agreement."""
    return {"mka": {"ckn": ckn, "cak": cak}}


def test_mirrored_ends_fit():
    """Static SAKs, and key agreement."""
    assert found(end(A, B), end(B, A)) == []
    assert found(mka("11", KEY), mka("11", KEY)) == []


@pytest.mark.parametrize(
    "first, second, wanted",
    [
        (end(A, B), end(A, B), "sends as SCI 5254001301560001"),
        (end(A, B, cipher="gcm-aes-256"), end(B, A), "secy.cipher: gcm-aes-256 at one end"),
        (end(A, B, icv_length=8), end(B, A), "secy.icv_length: 8 at one end"),
        (end(A, B, clear_tags=1), end(B, A), "secy.clear_tags: 1"),
        (end(A, B), mka("11", KEY), "one end has key agreement"),
        (mka("11", KEY), mka("22", KEY), "no CKN that both ends have"),
        (mka("11", KEY), mka("11", OTHER), "the CAKs of CKN 11 differ"),
    ],
)
def test_what_differs_is_named(first, second, wanted):
    """One line each."""
    assert any(wanted in line for line in found(first, second))


@pytest.mark.parametrize(
    "entry, value, wanted",
    [
        ("key", OTHER, "SCI 5254001301570001, SA 0: the keys differ"),
        ("pn", "9", "tx begins at PN 1, rx expects 9"),
        ("ssci", "00000001", "ssci differs"),
    ],
)
def test_what_differs_of_an_sa_is_named(entry, value, wanted):
    """With its SCI and AN; no line has a key."""
    first = end(A, B)
    first["rx"][0]["sa"] = {"0": {"key": KEY, entry: value}}
    (line,) = found(first, end(B, A))
    assert wanted in line
    assert KEY not in line
    assert OTHER not in line


def test_an_sa_that_only_one_end_has_is_named():
    """By its AN."""
    first = end(A, B)
    first["tx"]["sa"] = {"1": {"key": KEY}}
    assert [line for line in found(first, end(B, A)) if "has no SA 1" in line]


@pytest.mark.parametrize("cipher", SUITES)
def test_templates_load_and_fit(cipher, tmp_path):
    """Every suite; a template with key agreement is the same at both ends."""
    count = iter(range(1, 256))
    ends = [
        templates.channel(cipher, at, lambda octets: bytes([next(count)]) * octets) for at in (0, 1)
    ]
    models = []
    path = tmp_path / "end.yaml"
    for at in (0, 1):
        path.write_text(templates.static(cipher, ends[at], ends[1 - at]))
        models.append(load(path))
    assert [*misfits(*models)] == []
    path.write_text(templates.agreement(cipher, bytes))
    assert load(path).mka is not None
    path.write_text(templates.static(cipher, ends[0], None))
    assert load(path).rx == []
