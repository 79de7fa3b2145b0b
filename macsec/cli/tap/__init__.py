"""`macsec tap`."""

from .verb import command

__all__ = ["command"]
