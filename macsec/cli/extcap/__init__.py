"""`macsec extcap`: interfaces of Wireshark that show decrypted frames while they pass.

verb.py      the verb, with the options that Wireshark gives
answers.py   interfaces, link types and options as sentences of extcap
controls.py  the toolbar: another file of keys during a capture, and messages
install.py   the script that Wireshark finds
live.py      capture, decrypt, write
"""

from macsec.cli.extcap.verb import command

__all__ = ["command"]
