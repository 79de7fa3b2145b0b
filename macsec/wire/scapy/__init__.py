"""Scapy on the virtual wire: sockets and interfaces on ports, waiting in virtual time."""
