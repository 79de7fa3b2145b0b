"""The built-in test vectors, as package data; README.md names their sources and licences."""
