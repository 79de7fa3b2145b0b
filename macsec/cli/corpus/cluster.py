"""Engines of the command line: this process, a cluster of this machine, or another one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from macsec import extras
from macsec.corpus.engine import DaskEngine, HereEngine, TaskEngine
from macsec.errors import EnvironmentLacks

CONNECT_S = 10


@contextmanager
def engine(scheduler: str | None, workers: int) -> Iterator[tuple[TaskEngine, str | None]]:
    """Yield the engine, and the link to its dashboard if it has one."""
    if scheduler is None and workers == 0:
        yield HereEngine(), None
        return
    try:
        import dask
        from dask.distributed import Client, LocalCluster
    except ImportError:
        raise extras.lacks("corpus") from None
    logging.getLogger("distributed").setLevel(logging.ERROR)
    dask.config.set({"distributed.comm.timeouts.connect": f"{CONNECT_S}s"})
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=CONNECT_S, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise EnvironmentLacks(f"no Dask scheduler answers at {scheduler}: {error}") from None
        with client:
            made = DaskEngine(client)
            if not made.workers:
                raise EnvironmentLacks(f"the scheduler at {scheduler} has no worker")
            yield made, client.dashboard_link if _serves_dashboard(client) else None
        return
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0" if _has_dashboard() else None,
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        link = client.dashboard_link if _has_dashboard() else None
        yield DaskEngine(client), link


def _serves_dashboard(client: Any) -> bool:
    return "dashboard" in client.scheduler_info(n_workers=0).get("services", {})


def _has_dashboard() -> bool:
    from importlib.util import find_spec

    return find_spec("bokeh") is not None
