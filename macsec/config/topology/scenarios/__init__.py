"""The topologies that come with the package: package data."""
