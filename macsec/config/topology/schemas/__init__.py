"""JSON Schemas of the configuration files: package data."""
