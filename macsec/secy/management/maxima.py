"""Numbers of SCs and SAs that a SecY can have, as 10.7.7 and 10.7.16 want them stated."""

from __future__ import annotations

from typing import NamedTuple

from macsec.terms import AN_VALUES, TRAFFIC_CLASSES


class Maxima(NamedTuple):
    """Limits of a SecY; None for a number that only memory limits."""

    receive_scs: int | None = None
    keys_per_receive_sc: int = len(AN_VALUES)
    transmit_scs: int = TRAFFIC_CLASSES
    keys_per_transmit_sc: int = len(AN_VALUES)
