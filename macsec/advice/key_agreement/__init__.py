"""The faults of a key agreement, each with the frame that shows it and the remedy.

catalogue.py   Quirk: title, effect, remedy and source of each known fault
evidence.py    Evidence: the MKPDUs of a capture by CA and by sender
headers.py     signs in frames that cannot be read, or whose headers differ
names.py       signs in CKNs
hearing.py     signs that one member does not hear another
servers.py     signs in the election of the Key Server
saks.py        signs in the distribution and the use of SAKs
timing.py      signs in times and message numbers
running.py     signs in the counters of a running port
examination.py examine: all signs, the likeliest first
"""

from .catalogue import QUIRKS, Certainty, Effect, Quirk, Sign
from .evidence import Evidence, Observed
from .examination import examine
from .running import examine_running

__all__ = [
    "QUIRKS",
    "Certainty",
    "Effect",
    "Evidence",
    "Observed",
    "Quirk",
    "Sign",
    "examine",
    "examine_running",
]
