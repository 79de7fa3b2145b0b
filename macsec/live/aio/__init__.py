"""Taps and labs in an event loop of asyncio: each runs as a process while a block runs.

running.py  Running   what a tap and a lab share: events, changes, the end
taps.py     tap       `macsec tap`
labs.py     lab       `macsec lab up`, with programs on its hosts

    async with aio.tap("link.yaml", lower="eth0", upper="ms0", mka=True) as port:
        async for event in port.events():
            print(event["event"], (await port.status())["ports"])

That process moves the frames. All here waits on the event loop of the caller, without a thread
of its own; asyncio of Python 3.11 waits for each child in one.
"""

from .labs import AsyncLab, lab
from .taps import AsyncTap, tap

__all__ = ["AsyncLab", "AsyncTap", "lab", "tap"]
