"""`macsec tap`.

verb.py            `macsec tap`: an interface in user space
agreement.py       `--mka`: the KaY of an interface in real time
loop.py            events outside the KaY: signals, sockets, intervals
following.py       the upper interface follows the lower one
export.py          the SAKs in use, as a configuration of static SAs
"""

from .verb import command

__all__ = ["command"]
