"""`macsec tap`.

verb.py            `macsec tap`: an interface in user space
agreement.py       `--mka`: the KaY of an interface in real time
status_socket.py   the status of a running tap, answered on a socket
export.py          the SAKs in use, as a configuration of static SAs
"""

from .verb import command

__all__ = ["command"]
