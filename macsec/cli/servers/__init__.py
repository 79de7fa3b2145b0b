"""Verbs that answer other programs at an address.

exporter.py   metrics of running ports
gnmi.py       the ports as a target of gNMI
otg.py        the API of traffic generators
serving.py    --listen, --web-config, and warnings of who can read
"""
