"""Texts that users read: pages of the guide and of reports, and JSON."""
