"""Hooks for all runs, of tests and of benchmarks."""

pytest_plugins = ["support.session"]
