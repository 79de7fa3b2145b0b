"""SAKs from the Key Server to the members (IEEE 802.1X 9.8, 9.10).

key_server.py    KeyServer    when a SAK is due, making it, distributing it
sak_intake.py    SakIntake    a member: judge a SAK that is distributed
key_history.py   KeyHistory   the keys that this port has had, and their rate
refusals.py      Refusals     SAKs that were not taken, with the reason
sscis.py                      the SSCIs that a Key Server assigns
"""
