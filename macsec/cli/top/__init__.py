"""`macsec top`: all that runs on this machine, on a terminal, as it changes.

verb.py      the command
asking.py    Asker, ask_all     a thread for each source, so that none holds up another
app.py       TopApp             the screens (Textual)
row_list.py  RowList            rows with a cursor; only those in sight are drawn
dialogs.py   KeyHelp, Details   keys, and all columns of a row
clock.py     clock              the time of day
once.py      page               the same as plain text
"""

from .verb import command

__all__ = ["command"]
