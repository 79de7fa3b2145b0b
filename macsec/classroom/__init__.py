"""The page for teachers: the reference SecY in a browser, under Pyodide.

site.py        write_site       the folder: page, texts of the guide, our Python files, Pyodide
calls.py       call             what the page asks for, by name, as JSON
link.py        sender receiver  the two SecYs of a station, and the reason of a verdict
building.py                     station 1: the octets of a frame, field by field
flipping.py                     station 2: a frame with flipped bits before a receiver
replaying.py   WindowReceiver   station 3: PNs in any order before a replay window
reuse.py                        station 4: two frames with one nonce, and what follows
roots.py                        roots of polynomials over the field of GHASH
aes_gcm.py                      AES-GCM in Python alone, slow and not in constant time
substitutes.py install          names of numpy and cryptography, which are not there
page/                           HTML, style and scripts, as served
"""
