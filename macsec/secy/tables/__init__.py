"""Verdicts and counters as tables of Arrow, for pandas, Polars, DuckDB and Parquet.

schema.py    the one schema of verdicts, which the Parquet data set of a corpus has as well
verdicts.py  a record batch of an outcome
counters.py  a table of all counters of a SecY

They need the extra `arrow`, and import it when a table is made.
"""
