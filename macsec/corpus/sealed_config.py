"""A configuration with all its keys as octets, to be wrapped, and back; the same for CAKs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from macsec.config import Configuration, KeyRing, load
from macsec.config.dumping import dump
from macsec.config.reading import read_text
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.keys import Key

NAME = "the configuration of the run"


def configuration_octets(model: Configuration) -> bytes:
    """Return a configuration as YAML, with the keys that its references name. Wipes the model's."""
    with KeyRing(model.origin.folder) as ring:
        for source in list(model.key_sources()):
            if source.inline is None:
                source.inline = Key(ring.key(source).in_place())
                source.form, source.target = "inline", ""
    alone = Configuration.model_construct(
        set(model.model_fields_set) - {"mka"}, secy=model.secy, mka=None, tx=model.tx, rx=model.rx
    )
    try:
        return dump(alone, reveal_keys=True).encode()
    finally:
        model.wipe()


def configuration_in(octets: bytes) -> Configuration:
    """Return the configuration of `configuration_octets`."""
    tree, _ = read_text(NAME, octets)
    return load(tree)


def cak_octets(caks: Mapping[bytes, Iterable[Key]]) -> bytes:
    """Return CAKs by CKN as text; wipes them."""
    lines = []
    for ckn, given in caks.items():
        for cak in given:
            lines.append(f"{ckn.hex()} {cak.in_place().hex()}\n")
            cak.wipe()
    return "".join(lines).encode()


def holders_in(octets: bytes) -> list[MemoryHolder]:
    """Return the holders of the CAKs of `cak_octets`."""
    pairs = (line.split() for line in octets.decode().splitlines())
    return [MemoryHolder(Key.taking(bytes.fromhex(cak)), bytes.fromhex(ckn)) for ckn, cak in pairs]
