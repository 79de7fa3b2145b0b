"""MAC Privacy protection (IEEE 802.1AEdk), experimental: user data frames hidden in MPPDUs.

The text of the amendment was not at hand. Names, counters, sizes and padding follow its YANG module
`ieee802-dot1ae-pry`; OPEN lists what that leaves open, and what was chosen. A PrY of another maker
will not understand these MPPDUs.

mppdu.py        components of an MPPDU to octets and back: frames, fragments, padding
channel.py      PrivacyChannel: MPPDUs of one size at one rate, in virtual time
privacy_frame.py  one MPPDU for each user data frame, padded
reassembly.py   fragments of a peer to frames, in order or not at all
entity.py       PrY: selection by priority, both channels, reception
counters.py     counters by the names of the YANG module
observation.py  sizes and gaps, as a wiretap sees them
"""

from .channel import ChannelSettings, PrivacyChannel
from .counters import ReceiveCounters
from .entity import PrivacyType, PrY, PrYSettings, Sent
from .mppdu import OPEN
from .observation import Observation

__all__ = [
    "OPEN",
    "ChannelSettings",
    "Observation",
    "PrY",
    "PrYSettings",
    "PrivacyChannel",
    "PrivacyType",
    "ReceiveCounters",
    "Sent",
]
