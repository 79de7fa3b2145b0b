"""`macsec bench`."""

from .verb import command

__all__ = ["command"]
