"""Work on captures without a wire: replay, explain a frame, compare profiles, decrypt with a CAK.

replay.py      Replay LinkConfigs a capture across an emulated link: protect, validate, compare
explain.py     explain_frame      one frame through a SecY: fields, PNs, verdict and reason
difference.py  Difference         two profiles over one capture: the frames where they part
frame_stream.py  FrameStream     the batches of a capture, through stages of work into another
passes.py      protect validate replay: the stages of each
pipeline.py    run             stages on one thread or several, in order
overview.py    Overview           what a capture holds: SCIs, ANs, PNs that are missing
frame_log.py   FrameLog        verdicts over time, and the first refused frames, in bounded memory
verdict_rows.py  VerdictRows     verdicts into Parquet or Arrow
decrypted_view.py  view          every frame as a reader sees it: clear if valid, else as it was
decrypt.py     MkaReader          a capture decrypted with CAKs, by the MKPDUs in it
"""

from .decrypt import MkaReader
from .explain import Explanation, explain_frame
from .replay import LinkConfigs, Replay

__all__ = ["Explanation", "LinkConfigs", "MkaReader", "Replay", "explain_frame"]
