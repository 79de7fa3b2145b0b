"""Captures: what verbs write of their frames, and of whole captures.

summary.py verdicts.py   `protect` and `validate`
inspect.py overview.py   frames as an observer sees them, and what a capture holds
explain.py               the reason for the verdict of a frame
profiles.py              behaviour profiles, and where two part
replay.py                `replay` across one link
privacy.py               MAC Privacy protection
corpus.py                a run over a corpus of captures
verdict_pages/           pages of `replay` and `validate`
"""
