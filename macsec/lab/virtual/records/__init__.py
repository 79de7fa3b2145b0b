"""Records of a run: frames, and samples of stations.

recorder.py   Recorder   frames of ports and hosts, kept in memory
captures.py              recorders of all links and hosts of a lab
probe.py      Probe      a frame before and after, a replay window over time
"""
