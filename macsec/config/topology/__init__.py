"""The topology of a lab: its file, its typed model, and the rules between its entries.

loading.py      a file, the name of a shipped one, or a dict to a Topology; its JSON Schema
model.py        sites, hosts, links and traffic as they are written
recording.py    a file written again, with the changes that were made during a run
changes.py      changes of key agreement and of packet numbers, and faults, during a run
edes.py         kinds of Ethernet Data Encryption devices, and the addresses they filter
protection.py   the section `macsec` of a link: SecY and MKA settings of both ends
names.py        the names of sites, hosts and links
scenarios/      the shipped topologies      schemas/      the JSON Schema of the file
"""
