"""Fixtures for pytest and strategies for Hypothesis, for tests of programs that use MACsec.

plugin.py      fixtures secy_pair, link, lab and kay_pair; the marker `macsec`
stations.py    SecYPair, StationPair: what the fixtures make, without pytest
strategies.py  frames, SecTAGs, configurations and MKPDUs for Hypothesis

`pytest_plugins = ["macsec.testing.plugin"]` in a conftest.py loads the plugin; `strategies` need
the extra `testing`.
Keys are drawn from a seed: tests repeat, and such keys protect nothing.
"""
