"""`macsec help`: the pages of the guide, and the help of verbs.

verb.py      the verb
man.py       man pages of the verbs
shown.py     Markdown on a terminal, in a pager, or in a pipe
pictures.py  pictures of the guide
figures.py   figures of the explanations
site.py      the manual as a site
tables.py    tables of the guide that are made from the code
entries.py   tables of the entries of configurations and topologies
outputs.py   the page of --json outputs
names.py     public names of Python
markdown.py  tables of Markdown
"""

from macsec.cli.help.verb import command

__all__ = ["command"]
