"""Measurements of latency: JSON, text, a page, percentile files."""
