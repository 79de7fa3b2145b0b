"""Traffic of a lab: frames, their times, their way across.

sources.py    Source     generators and captures as frames in time
playback.py   Playback   sends the traffic of a blueprint
passage.py    Passage    a capture as the only traffic of a lab
"""
