"""`macsec lab`."""

from .verb import command

__all__ = ["command"]
