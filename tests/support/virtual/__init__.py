"""Wires, labs and agreements in virtual time."""
