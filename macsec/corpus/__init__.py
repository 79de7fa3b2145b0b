"""A corpus of captures in a store, on the workers of a Dask cluster.

store.py          SourceFile Input Output   files and objects by fsspec: list, read, write whole
order.py          Order CapturePart CaptureJson    what a worker gets, and what it returns
plan.py           CorpusPlan assigned       which captures, and the PNs of each
survey.py         survey                    PNs that a capture takes, and where it is cut
work.py           CALLS                     the work of each verb on one capture or a part
tasks.py          whole part joined surveyed: the tasks
engine.py         HereEngine DaskEngine     what runs them
manifest.py       Manifest                  what is done
run.py            CorpusRun                 a run from list to manifest
verdict_set.py    part_url                  the folders of the Parquet data set
wrapping.py       wrap unwrap               keys under the key of the run
sealed_config.py  a configuration, or CAKs, as octets to wrap
"""
