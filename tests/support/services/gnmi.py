"""A device of gNMI without processes: trees that tests make, and the changes that it was given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from macsec.errors import MACsecError
from macsec.gnmi import Adjustment, PortTree


def tree_of(*names: str, priority: int = 16, late: int = 3) -> dict[str, Any]:
    """Return a small tree with ports of these names."""
    return {
        "openconfig-macsec:macsec": {
            "mka": {
                "policies": {
                    "policy": [
                        {
                            "name": name,
                            "config": {
                                "name": name,
                                "key-server-priority": priority,
                                "macsec-cipher-suite": ["GCM_AES_128"],
                                "include-sci": True,
                            },
                        }
                        for name in names
                    ]
                },
                "state": {"counters": {"sak-hash-errors": "1"}},
            },
            "interfaces": {
                "interface": [
                    {
                        "name": name,
                        "config": {"name": name, "enable": True, "replay-protection": 0},
                        "state": {
                            "name": name,
                            "enable": True,
                            "replay-protection": 0,
                            "status": "ACTIVE",
                            "counters": {"rx-late-pkts": str(late)},
                        },
                        "mka": {"config": {"mka-policy": name, "key-chain": name}},
                    }
                    for name in names
                ]
            },
        }
    }


TREE = tree_of("ms0", "ms1")


class FakeDevice:
    """Sources that a test gives; `refuses` raises for a change that fails."""

    def __init__(
        self,
        *sources: PortTree,
        refuses: Callable[[Adjustment, bool], bool] = lambda _, __: False,
    ) -> None:
        self._sources, self._refuses = sources, refuses
        self.asked: list[tuple[str, Adjustment, bool]] = []

    def sources(self) -> Sequence[PortTree]:
        """Return the sources."""
        return self._sources

    def adjust(self, source: PortTree, wish: Adjustment, *, check: bool) -> None:
        """Keep the change."""
        self.asked.append((source.target, wish, check))
        if self._refuses(wish, check):
            raise MACsecError(f"{wish.port}: refused")
