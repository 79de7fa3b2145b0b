"""Membership of CAs (IEEE 802.1X 9.4 to 9.7): one participant for each CAK.

identity.py       Identity       our MI, MN and KN
ability.py        Ability        whether a peer can use MACsec: its flags, its use of our SAK
peers.py          Peers          the Live and Potential Peer Lists
participant.py    Participant    a member of one CA: its lists, the election, its MKPDUs in time
activation.py     Activation     CAKs with a participant now, and CAKs that sleep (9.16)
hellos.py         Hellos         MKPDUs without news but their MNs
hello_loan.py     HelloTerms     hellos that another sends and hears, and its report
suspension.py     Suspension     in-service suspension (9.18)
participants.py   Participants   the participants of a port, and the principal (9.7)
"""
