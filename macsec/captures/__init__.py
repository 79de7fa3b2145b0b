"""Captures: pcap and pcapng, read and written as batches of frames.

`for batch in read("in.pcapng"): …`; `with write("out.pcap") as sink: sink.write(batch)`
"""

from .formats import FORMATS, INBOUND, OUTBOUND, Format, Interface
from .reader import Reader, read
from .writer import Writer, write

__all__ = [
    "FORMATS",
    "INBOUND",
    "OUTBOUND",
    "Format",
    "Interface",
    "Reader",
    "Writer",
    "read",
    "write",
]
