"""Files of verbs: captures, pages, and files that are only checked.

capture_io.py   a capture in, a capture out; the JSON of a run
page_file.py    --report: the page of a run
checking.py     files that are checked and not used
"""
