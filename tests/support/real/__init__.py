"""Hosts in network namespaces, and what runs and passes between them."""
