"""The parts of a lab in C (`_native/lab/`), with the results of those in Python.

engine.py     NativeEngine     the calendar in C; events and hooks of Python
parts.py      NativeParts      makes all parts on one engine
port.py       NativePort       where a receiver or a watch in Python becomes a hook
link.py       NativeLink       a link, its taps
bridge.py     NativeBridge     a learning bridge
host.py       NativeHost       a host
station.py    NativeStation    frames pass the SecY in C, the KaY stays in Python
hellos.py     LentHellos       but for its hellos without news
playback.py   NativePlayback   generators in C, captures in batches
recorder.py   NativeRecorder   recorded frames, in C
"""

from .parts import NativeParts

__all__ = ["NativeParts"]
