"""The outcome of test plans: text, JSON, a page, JUnit XML.

outcome.py   SuitesRun to_json   results with their counts, and their JSON
text.py      to_page             for a terminal
page.py      page_of             one file of HTML
pics.py      pics_json pics_page the statement of conformance
vectors.py   to_html             test vectors: a table, a line, a page
junit.py     junit_of            JUnit XML, as CI servers read it
"""

from .junit import junit_of
from .outcome import SuitesJson, SuitesRun, to_json
from .page import page_of
from .text import to_page

__all__ = ["SuitesJson", "SuitesRun", "junit_of", "page_of", "to_json", "to_page"]
