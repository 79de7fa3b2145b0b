"""Measurements with a clock: the cost of a frame, ours and peers', in one run on one machine.

throughput/     frames a second of our contestants and of peers
latency/        processing, load, serialisation and round trips
other_work.py OtherWork   work of other programs meanwhile
task.py         Task        a stage, a suite, and frames on both sides
workload.py     Workload    the frames: their lengths, alone or mixed
contestant.py   Contestant  the interface of a contestant
timing.py                   rounds in turn, A B C A B C
machine.py                  the machine of a measurement
arithmetic.py               the capacity of a link with and without MACsec
compiled.py                 C files compiled when needed; peers/: C files of the peers

Import from the modules: a measurement loads only what it needs.
"""
