"""Key agreement: a capture of it, one MKPDU, the status of a port, a chain of CAKs.

capture.py   the key agreement in a capture
message.py   one MKPDU, parameter set by parameter set
status.py    the status of a port
doctor.py    the faults of a key agreement
caks.py      a chain of CAKs by name and window
page.py      the key agreement in a capture as a page of HTML
"""
