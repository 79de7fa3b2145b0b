"""Engines that run tasks: one after another here, or on Dask, a bounded number in flight."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

from .order import Order

Call = Callable[..., Any]
IN_FLIGHT = 16
"""Tasks at the scheduler for each thread of a worker: its memory does not grow with the corpus."""

RETRIES = 2
"""Times that a task is run again after an error of a store. A worker that died is another thing."""


class CorpusTask(NamedTuple):
    """A task: `call(order)`; with `parts`, `call(order, results of part_call(part))`."""

    order: Order
    call: Call
    parts: Sequence[Order] = ()
    part_call: Call | None = None


class EndedTask(NamedTuple):
    """A task that ended: its result, or the error."""

    task: CorpusTask
    result: Any = None
    error: Exception | None = None


class TaskEngine(Protocol):
    """Runs tasks and yields them as they end, in any order."""

    workers: int

    def run(self, tasks: Iterable[CorpusTask]) -> Iterator[EndedTask]:
        """Run all tasks."""


class HereEngine:
    """TaskEngine without workers: tasks run here, in their order."""

    workers = 0

    def run(self, tasks: Iterable[CorpusTask]) -> Iterator[EndedTask]:
        """Run all tasks."""
        for task in tasks:
            try:
                parts = [task.part_call(each) for each in task.parts] if task.part_call else []
                result = task.call(task.order, parts) if task.parts else task.call(task.order)
            except Exception as error:  # it is the result of one capture
                yield EndedTask(task, error=error)
            else:
                yield EndedTask(task, result)


class DaskEngine:
    """The workers of a Dask cluster. A task whose worker died runs on another one."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.workers = len(client.scheduler_info(n_workers=-1)["workers"])
        self._threads = sum(client.nthreads().values())

    def run(self, tasks: Iterable[CorpusTask]) -> Iterator[EndedTask]:
        """Run all tasks, a bounded number at a time."""
        from dask.distributed import as_completed

        left = enumerate(tasks)
        running: dict[Any, CorpusTask] = {}
        ended = as_completed([], loop=self._client.loop)
        for number, task in islice(left, max(1, self._threads) * IN_FLIGHT):
            self._submit(ended, running, number, task)
        for future in ended if running else ():
            task = running.pop(future)
            error = future.exception()
            yield EndedTask(task, None if error else future.result(), error)
            future.release()
            for number, following in islice(left, 1):
                self._submit(ended, running, number, following)

    def _submit(
        self, ended: Any, running: dict[Any, CorpusTask], number: int, task: CorpusTask
    ) -> None:
        name = f"macsec-{task.call.__name__}-{task.order.run}-{number}"
        if not task.parts:
            future = self._sent(task.call, task.order, key=name, priority=-number)
        else:
            parts = [
                self._sent(task.part_call, each, key=f"{name}-part-{at}", priority=-number)
                for at, each in enumerate(task.parts)
            ]
            future = self._sent(task.call, task.order, parts, key=name, priority=-number)
        running[future] = task
        ended.add(future)

    def _sent(self, call: Any, *arguments: Any, **named: Any) -> Any:
        return self._client.submit(call, *arguments, pure=False, retries=RETRIES, **named)
