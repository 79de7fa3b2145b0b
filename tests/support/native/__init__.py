"""Native code in tests: builds of the C programs, and a process that holds keys."""
