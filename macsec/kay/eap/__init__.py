"""CAKs from EAP (IEEE 802.1X 6.2.2, 8, 12.5): a port authenticates the station at its other end.

frames.py          EAPOL frames with EAP, and what a relay has to know of EAP (RFC 3748)
radius.py          the packets of RADIUS that carry EAP (RFC 2865, 3579, 2548, 7268), by pyrad
session.py         EapSession      an MSK and its Session-Id, and the CAK that they give
authenticator.py   Authenticator   the PAE: relays EAP between a supplicant and a RADIUS server
assemble.py        eap_of         policy and NAS from a configuration
logon.py           Logon           gives the CAKs of sessions to a KaY, and takes them back
"""
