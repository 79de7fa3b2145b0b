"""The key agreement of other stations, from their MKPDUs.

listener.py   Listener   MKPDUs with CAKs, and the SAKs that they distribute
story.py      Story      members, SAKs, and what changed from MKPDU to MKPDU
"""
