"""Key agreement: a capture of it, one MKPDU, the status of a port, a chain of CAKs."""
