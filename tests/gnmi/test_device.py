"""Sources merged into one device."""

from __future__ import annotations

from support.services.gnmi import tree_of

from macsec.gnmi.device import PortTree, merged


def test_ports_of_one_name_get_the_name_of_their_source_too() -> None:
    """A name that is unique stays; references follow the name."""
    sources = [
        PortTree("ms0", "41", tree_of("ms0")),
        PortTree("ms0", "42", tree_of("ms0")),
        PortTree("wan", "wan", tree_of("a:b")),
    ]
    tree, homes = merged(sources)
    macsec = tree["openconfig-macsec:macsec"]
    names = ["ms0@41", "ms0@42", "a:b"]
    assert [each["name"] for each in macsec["interfaces"]["interface"]] == names
    assert [each["config"]["name"] for each in macsec["mka"]["policies"]["policy"]] == names
    refer = [each["mka"]["config"]["mka-policy"] for each in macsec["interfaces"]["interface"]]
    assert refer == names
    assert homes["ms0@42"] == (sources[1], "ms0")
    assert macsec["mka"]["state"]["counters"] == {"sak-hash-errors": "3"}


def test_merging_leaves_the_sources_as_they_were() -> None:
    """A tree that is asked for again is not summed twice."""
    source = PortTree("ms0", "41", tree_of("ms0"))
    merged([source, source])
    assert source.tree == tree_of("ms0")
