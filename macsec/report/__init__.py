"""Outcome to text and JSON: formats, never computes, never reads a clock."""
