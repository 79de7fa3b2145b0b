"""A fault of key agreement: CAKs at one end that its peer does not have."""

from __future__ import annotations

from dataclasses import replace

from macsec.config.static_keys import Draw
from macsec.kay.kay import Kay
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.kay.keys.keychain import ChainKey
from macsec.keys import Key


class WrongKeys:
    """Replaces the CAKs of a KaY by others with the same CKNs, and gives them back.

    `draw(purpose, octets)` makes them; `purpose` is that of the end. `on`: they are replaced.
    """

    def __init__(self, kay: Kay, draw: Draw, purpose: str) -> None:
        self._kay, self._draw, self._purpose = kay, draw, purpose
        self._right: list[ChainKey] = []

    @property
    def on(self) -> bool:
        """True while the CAKs are wrong."""
        return bool(self._right)

    def switch(self, now_ns: int, on: bool) -> None:
        """Replace the CAKs, or give them back."""
        if on == self.on:
            return
        chain = self._kay.chain
        held = [key for ckn in chain.ckns for key in chain.named(ckn)]
        new = [self._wrong(at, key) for at, key in enumerate(held)] if on else self._right
        for ckn in chain.ckns:
            self._kay.remove_key(now_ns, ckn)
        for key in new:
            self._kay.add_key(now_ns, key)
        self._right = held if on else []

    def _wrong(self, number: int, key: ChainKey) -> ChainKey:
        octets = self._draw(f"{self._purpose} wrong CAK {number}", key.holder.cak_length)
        return replace(key, holder=MemoryHolder(Key(octets), key.ckn))
