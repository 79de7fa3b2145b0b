"""Pages of verbs that judge the frames of a capture.

account.py    verdicts, over time too, and the refused frames: sections that both share
dumps.py      a frame as a hex dump with the names of its parts
reasons.py    why a frame ends with a verdict, in a sentence
replay.py     `replay` across one link
validate.py   `validate`
"""
