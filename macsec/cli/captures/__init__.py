"""Verbs with captures in, and captures or text out.

protect.py validate.py   a clear capture to a MACsec capture, and back
inspect.py explain.py    frames as an observer sees them; why one has its verdict
profiles.py              behaviour profiles, compared over a capture
privacy.py               MAC Privacy protection
"""
