"""The systems at the other end of a link: their limits, and what of a configuration they refuse.

limits.py    PeerSystem: one row of limits, each with its source
systems.py   SYSTEMS: clouds, switches, routers and Linux
judging.py   judge: a configuration against a system
"""

from .judging import judge
from .limits import PeerSystem, Remark, Response
from .systems import SYSTEMS

__all__ = ["SYSTEMS", "PeerSystem", "Remark", "Response", "judge"]
