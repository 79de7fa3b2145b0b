"""Throughput: frames a second of our contestants and of peers, side by side.

run.py       a measurement: contestants, sizes, suites; rounds in turn
ours.py      our data planes     others.py   peers found on this machine
ceiling.py   the arithmetic alone     fit.py   what an octet costs, and what a frame costs
"""
