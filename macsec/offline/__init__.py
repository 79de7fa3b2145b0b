"""Captures worked on without a wire: replay across a link, explain a frame, decrypt with a CAK.

replay.py    Replay      a capture across an emulated link: protect, validate, compare
explain.py   Explainer   one frame followed through a SecY
decrypt.py               a capture decrypted by the key agreement that it holds
"""
