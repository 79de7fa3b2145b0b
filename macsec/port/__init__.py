"""A port where a KaY (802.1X) and a SecY (802.1AE) meet.

uncontrolled_port.py UncontrolledPort any protocol beside the Controlled Port
controlled_port.py   ControlledPort   a SecY under a KaY: performs its actions, opens and closes
actors.py            PortActors: a KaY for each SCI of a port with traffic classes
agreement.py         Agreement        a KaY and the SecY that it keys; time is an argument
port_events.py       PortEvents       records of sessions, SAKs, peers, refusals and drops
authenticated.py     AuthenticatedAgreement   the same with CAKs from EAP
"""

from .agreement import Agreement
from .controlled_port import ControlledPort
from .port_events import PortEvents
from .uncontrolled_port import UncontrolledPort

__all__ = ["Agreement", "ControlledPort", "PortEvents", "UncontrolledPort"]
