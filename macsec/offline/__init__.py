"""Work on captures without a wire: replay across a link, explain a frame, decrypt with a CAK.

replay.py    Replay LinkConfigs   a capture across an emulated link: protect, validate, compare
explain.py   explain_frame        one frame through a SecY: fields, PNs, verdict and reason
decrypt.py   MkaReader            a capture decrypted with CAKs, by the MKPDUs in it
"""

from .decrypt import MkaReader
from .explain import Explanation, explain_frame
from .replay import LinkConfigs, Replay

__all__ = ["Explanation", "LinkConfigs", "MkaReader", "Replay", "explain_frame"]
