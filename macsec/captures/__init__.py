"""Captures: pcap and pcapng, read and written as batches of frames.

`for batch in read("in.pcapng"): …`; `with write("out.pcap") as sink: sink.write(batch)`

reader.py      Reader, read: batches of frames, in bounded memory
writer.py      Writer, write: pcap with nanoseconds, or pcapng
formats.py     magic numbers, limits, link types, block and option numbers
blocks.py      pcap file header, section and interface blocks
index.py       ReferenceIndex: the position of each frame in a chunk, as columns
beside.py      Beside: options of packets, blocks between frames
damage.py      PassedOver, next_record: what is not delivered, and where records go on
row_options.py RowOptions: options of packets to write
emit.py        reference_emit: records from batches
native.py      NativeIndex, NativeEmitter: both in C
streams.py     input: files, pipes, standard input, gzip, zstd
raw_source.py  RawSource: octets from the operating system; RatioMeter
zstd.py        zstd streams, block by block
output.py      output: a file that appears whole or not at all, standard output, a file object
"""

from .beside import Beside
from .formats import FORMATS, INBOUND, OUTBOUND, Format, Interface
from .reader import Reader, read
from .writer import Writer, write

__all__ = [
    "FORMATS",
    "INBOUND",
    "OUTBOUND",
    "Beside",
    "Format",
    "Interface",
    "Reader",
    "Writer",
    "read",
    "write",
]
