"""A port where a KaY (802.1X) and a SecY (802.1AE) meet.

controlled_port.py   ControlledPort   a SecY under a KaY: performs its actions, opens and closes
agreement.py         Agreement        a KaY and the SecY that it keys; time is an argument
"""

from .agreement import Agreement
from .controlled_port import ControlledPort

__all__ = ["Agreement", "ControlledPort"]
