"""`macsec replay`."""

from .verb import command

__all__ = ["command"]
