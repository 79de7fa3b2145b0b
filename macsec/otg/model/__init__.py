"""The part of the OTG model that is emulated, as pydantic classes.

base.py         Part, Choice, read, RequestRefused: what is accepted, and the place of what is not
field_types.py  hex digits, keys, addresses, numbers
config.py       Config          ports.py  devices.py  security.py  flows.py  headers.py  patterns.py
requests.py     requests of control and monitoring
"""

from .base import Part, Path, RequestRefused, keys_of, place, read, refuse, warnings_of
from .config import Config

__all__ = [
    "Config",
    "Part",
    "Path",
    "RequestRefused",
    "keys_of",
    "place",
    "read",
    "refuse",
    "warnings_of",
]
