"""Helpers of the tests: planes, wires, hosts, KaYs, disks, vaults, tokens."""
