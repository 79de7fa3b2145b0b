"""Measurements of throughput: JSON, text, a picture."""
