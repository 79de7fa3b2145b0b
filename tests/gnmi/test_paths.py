"""Paths of gNMI: text, keys with escapes, and patterns."""

from __future__ import annotations

import pytest

from macsec.errors import ConfigError
from macsec.gnmi.paths import admitted, has_wildcard, parse, text_of

LEAF = parse("/macsec/interfaces/interface[name=ms0]/state/counters/rx-late-pkts")


@pytest.mark.parametrize(
    "text",
    [
        "/",
        "/a/b[name=x]/c",
        "/a[k=x/y]/b",
        r"/a[k=\]\\]/b",
        "/macsec/interfaces/interface[name=left-right:left]/state",
    ],
)
def test_a_path_has_one_text_and_back(text: str) -> None:
    """Text to path to text, with slashes and brackets in keys."""
    assert text_of(parse(text)) == text


def test_the_name_of_a_module_before_a_node_is_left_out() -> None:
    """`openconfig-macsec:macsec` is `macsec`; a colon in a key stays."""
    assert parse("openconfig-macsec:macsec/a[k=l:r]") == parse("/macsec/a[k=l:r]")


@pytest.mark.parametrize("text", ["/a[name]", "/[x=y]", "/a[x=y]z"])
def test_a_broken_element_is_refused_with_its_text(text: str) -> None:
    """The message has the element."""
    with pytest.raises(ConfigError, match="expected NAME"):
        parse(text)


@pytest.mark.parametrize(
    "pattern, depth",
    [
        ("/", 0),
        ("/macsec", 1),
        ("/macsec/interfaces/interface", 3),
        ("/macsec/interfaces/interface[name=*]", 3),
        ("/macsec/interfaces/interface[name=ms0]/state", 4),
        ("/macsec/*/interface/*/counters", 5),
        ("/.../counters", 5),
        ("/macsec/...", 6),
        ("/.../rx-late-pkts", 6),
        ("/macsec/interfaces/interface[name=ms1]", None),
        ("/macsec/interfaces/interface[other=ms0]", None),
        ("/macsec/mka", None),
        ("/.../mka", None),
        (text_of(LEAF) + "/more", None),
    ],
)
def test_a_pattern_matches_a_node_and_all_below(pattern: str, depth: int | None) -> None:
    """The depth is that of the node that the pattern names."""
    assert admitted(parse(pattern), LEAF) == depth


def test_wildcards_are_stars_and_dots_in_names_and_keys() -> None:
    """A missing key is no wildcard by itself: it names all entries of a list."""
    assert [has_wildcard(parse(text)) for text in ("/a[k=*]", "/*", "/.../b", "/a[k=v]")] == [
        True,
        True,
        True,
        False,
    ]
