"""The SecY as a KaY sees it: its SAs, its Controlled Port, its PNs; requests to it as data.

cp.py             CP             the CP machine (IEEE 802.1X 12.4)
associations.py   Associations   the SAs of each key, and the actions not yet polled
actions.py                       the orders of a KaY to a SecY
lowest_pns.py     TransmitPNs    PNs in MKPDUs, and delay protection (9.10.1)
"""
