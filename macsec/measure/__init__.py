"""Measurements with a clock: the cost of a frame, ours and peers', in one run on one machine."""
