"""Two configurations as the ends of a link: in what they do not fit each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hmac import compare_digest

from macsec.config.model import Configuration, TransmitSASection
from macsec.config.sources import KeyRing, KeySource
from macsec.terms import sci_text

SAME = ("cipher", "icv_length", "ethertype", "clear_tags", "clear_tags_authenticated")
"""Controls that both ends of a link have to agree on."""
_Channels = Mapping[int, Mapping[int, TransmitSASection]]


class _Keys:
    """The keys of one configuration."""

    def __init__(self, model: Configuration, ring: KeyRing) -> None:
        self.model = model
        self._ring = ring

    def of(self, source: KeySource) -> bytes:
        """Return the octets of a key. Raises ConfigError."""
        return bytes(self._ring.key(source).expose())

    def channels(self, kind: str) -> _Channels:
        """Return the SAs of `tx` or `rx`, by SCI."""
        return {sci: sas for which, sci, sas in self.model.channels() if which == kind}


def misfits(first: Configuration, second: Configuration) -> Iterator[str]:
    """Yield a line for each thing in which two ends of a link differ. Raises ConfigError."""
    for name in SAME:
        ours, theirs = getattr(first.secy, name), getattr(second.secy, name)
        if ours != theirs and not (name == "cipher" and first.mka and second.mka):
            yield f"secy.{name}: {ours} at one end, {theirs} at the other"
    with KeyRing(first.origin.folder) as ring, KeyRing(second.origin.folder) as other:
        ends = _Keys(first, ring), _Keys(second, other)
        if first.mka and second.mka:
            yield from _agreement(*ends)
        elif first.mka or second.mka:
            yield "mka: one end has key agreement, the other static SAKs"
        else:
            for sender, receiver in (ends, ends[::-1]):
                yield from _direction(sender, receiver)


def _agreement(first: _Keys, second: _Keys) -> Iterator[str]:
    """Two stations need one CAK that both have; only CAKs in the files or behind references."""
    ours, theirs = (
        {
            key.ckn: end.of(key.cak)
            for key in (end.model.mka.caks if end.model.mka else ())
            if key.ckn is not None and key.cak is not None
        }
        for end in (first, second)
    )
    common = ours.keys() & theirs.keys()
    if ours and theirs and not common:
        yield "mka: no CKN that both ends have"
    for ckn in common:
        if not compare_digest(ours[ckn], theirs[ckn]):
            yield f"mka: the CAKs of CKN {ckn.hex()} differ"


def _direction(sender: _Keys, receiver: _Keys) -> Iterator[str]:
    names = sender.model.origin.name or "one end", receiver.model.origin.name or "the other"
    taken = receiver.channels("rx")
    for sci, sas in sender.channels("tx").items():
        if sci not in taken:
            known = ", ".join(map(sci_text, taken)) or "none"
            yield f"{names[0]} sends as SCI {sci_text(sci)}; rx of {names[1]} has {known}"
            continue
        for an, sa in sas.items():
            if an not in taken[sci]:
                yield f"SCI {sci_text(sci)}: rx of {names[1]} has no SA {an}"
            else:
                name = f"SCI {sci_text(sci)}, SA {an}"
                yield from _association(name, (sa, taken[sci][an]), (sender, receiver))


def _association(
    name: str, ends: tuple[TransmitSASection, TransmitSASection], keys: tuple[_Keys, _Keys]
) -> Iterator[str]:
    sent, taken = ends
    if not compare_digest(keys[0].of(sent.key), keys[1].of(taken.key)):
        yield f"{name}: the keys differ"
    if sent.pn < taken.pn:
        yield f"{name}: tx begins at PN {sent.pn}, rx expects {taken.pn}"
    for entry in ("ssci", "salt"):
        if getattr(sent, entry) != getattr(taken, entry):
            yield f"{name}: {entry} differs"
