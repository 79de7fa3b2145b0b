"""A KaY and the SecY that it keys, with time as an argument: what a port is driven by."""

from __future__ import annotations

from collections.abc import Callable

from macsec.kay.kay import Kay
from macsec.port.controlled_port import ControlledPort
from macsec.secy import SecY

Send = Callable[[bytes], object]


def settle(kay: Kay, port: ControlledPort, now_ns: int, send: Send) -> None:
    """Tell a KaY the PNs, do what it asks for, send what it has to say, until nothing is left."""
    for an, next_pn in port.transmit_pns():
        kay.update_pn(now_ns, an, next_pn)
    while True:
        if (action := kay.poll_action()) is not None:
            port.perform(action)
        elif (mkpdu := kay.poll_transmit(now_ns)) is not None:
            send(mkpdu)
        elif (action := kay.poll_action()) is not None:
            port.perform(action)
        else:
            break


class Agreement:
    """Key agreement for a SecY whose frames another moves, a pump: that one obeys `gate`.

    `send` takes MKPDUs; `gate(opened)` is told of the Controlled Port. Times are nanoseconds on one
    clock that does not go back.
    """

    def __init__(self, kay: Kay, secy: SecY, send: Send, gate: Callable[[bool], None]) -> None:
        self.kay = kay
        self.port = ControlledPort(secy, gate)
        self._send = send

    def start(self, now_ns: int) -> None:
        """Begin to speak."""
        self.kay.set_enabled(now_ns, True)
        self.settle(now_ns)

    def stop(self, now_ns: int) -> None:
        """Close the port, delete every SA and wipe the SAKs; nothing is said to anybody."""
        self.kay.set_enabled(now_ns, False)
        self.settle(now_ns)

    def hear(self, now_ns: int, frame: bytes) -> None:
        """A frame of EtherType 88-8E arrived."""
        self.kay.receive_mkpdu(now_ns, frame)
        self.settle(now_ns)

    def settle(self, now_ns: int) -> None:
        """Do what is due: after a time that `next_timeout_ns` gave, and at will."""
        settle(self.kay, self.port, now_ns, self._send)

    def next_timeout_ns(self) -> int | None:
        """When to settle again although nothing arrived."""
        return self.kay.next_timeout_ns()
