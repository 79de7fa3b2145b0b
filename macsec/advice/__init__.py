"""Advice: rules over data, without a clock, a socket or a file.

key_agreement/   the faults of a key agreement, from its MKPDUs or its counters
peer_systems/    what the system at the other end of a link refuses
replay_window.py the replay window that loses no frame
mtu.py           MTUs along a path
pn_headroom.py   the time until PNs are used up
"""
