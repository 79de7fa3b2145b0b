"""Measuring with a clock: what a frame costs, ours and others', in one run on one machine."""
