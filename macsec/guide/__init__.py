"""The manual: pages of Markdown, shown by `macsec help TOPIC` and built as a site.

topics.py     finds the pages: name, section, summary, text
tutorials/    lessons from the first command to a result
how-to/       one task a page, in folders by subject
reference/    formats, verdicts, counters, exit codes; tables in them are made from the code
examples/     scripts that pages name
man/          pages of `man`, made from the verbs by `python -m macsec.cli.help.man`
explanation/  how MACsec works, and how this emulator does it

A page begins with `summary: ...` between two lines of `---`, then its title. A line
`{{ NAME }}` is the place of a table that `macsec/cli/help/tables.py` makes.
"""
