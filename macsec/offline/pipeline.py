"""Stages of work over a stream of batches, in one thread or in several, with the same result.

Each stage takes every batch, one at a time and in order. So a SecY assigns packet numbers and
verdicts exactly as it would without threads, and there is one SecY only (D-24). Different stages
work on different batches at the same time. A thread carries its batch from the source to the last
stage, so that the octets stay in the caches of one core, and there are at most as many batches as
threads.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from threading import Lock, Thread
from typing import Any

Source = Callable[[], Any]
Stage = Callable[[Any], Any]

LOOK_S = 0.1
"""Seconds after which a signal is seen at the latest."""


@dataclass(frozen=True, slots=True)
class Last:
    """Result of a stage after which the stream ends: no later item goes on."""

    item: Any


def run(source: Source, stages: Sequence[Stage], jobs: int) -> None:
    """Take items from `source` until it returns None, and send each through all stages.

    An error in a stage is raised after the items before it are done. Items after it, and items
    after a Last, enter no further stage.
    """
    if jobs == 1:
        _alone(source, stages)
    else:
        _Line(source, stages, jobs).run()


def _alone(source: Source, stages: Sequence[Stage]) -> None:
    last = False
    while not last and (item := source()) is not None:
        for stage in stages:
            item = stage(item)
            if isinstance(item, Last):
                item, last = item.item, True
        del item  # release its octets before the next ones are read


class _Line:
    """Threads that take turns: item n is the work of thread n modulo their number.

    At each stage a thread waits for the turn of its item, and then gives the turn to the next item.
    It does so too with an item past the end, only without work. So every turn is given in every
    case, and no thread waits for ever.
    """

    def __init__(self, source: Source, stages: Sequence[Stage], jobs: int) -> None:
        self._source, self._stages = source, stages
        self._size = min(jobs, 1 + len(stages))  # more threads could never work at the same time
        # For each stage and thread a lock, which is held while it is not the turn of that thread.
        self._turns = [[Lock() for _ in range(self._size)] for _ in (source, *stages)]
        for turns in self._turns:
            for turn in turns[1:]:
                turn.acquire()
        self._gate, self._ending = Lock(), Lock()
        self._through: set[int] = set()  # threads without further work
        self._ended = [Lock() for _ in range(self._size)]  # each is held until its thread has ended
        for ended in self._ended:
            ended.acquire()
        self._end: float = inf  # number of the first item that does not count
        self._error: BaseException | None = None

    def run(self) -> None:
        """Run to the end. The calling thread only waits, so that it handles a signal at once."""
        threads: list[Thread] = []
        try:
            self._start(threads)
            self._wait(len(threads))
        except BaseException:
            self._stop(-1)
            while True:
                with suppress(BaseException):  # only the first signal counts; stages are short
                    self._wait(len(threads))
                    break
            raise
        finally:
            for thread in threads:
                thread.join()
        if self._error is not None:
            raise self._error

    def _start(self, threads: list[Thread]) -> None:
        with self._gate:  # no thread begins before all exist
            try:
                for number in range(self._size):
                    thread = Thread(target=self._work, args=(number,))
                    thread.start()
                    threads.append(thread)
            except BaseException:
                self._stop(-1)
                raise

    def _wait(self, count: int) -> None:
        # Not Thread.join: after a signal in it, CPython 3.12 takes running threads for ended.
        # Not one endless wait: a signal just before it would be seen only after the wait.
        for number in range(count):
            while number not in self._through:
                self._ended[number].acquire(timeout=LOOK_S)

    def _work(self, first: int) -> None:
        with self._gate:
            pass
        try:
            for number in itertools.count(first, self._size):
                if not self._carry(number):
                    return
        finally:
            self._through.add(first)
            self._ended[first].release()

    def _carry(self, number: int) -> bool:
        """Take an item through all stages; return False if the stream had ended by then."""
        item: Any = None
        counts = True
        own, following = number % self._size, (number + 1) % self._size
        for place, turns in enumerate(self._turns):
            turns[own].acquire()
            if number < self._end:
                item = self._step(place, number, item)
            # Before the turn is given: the thread of the next item must not see an earlier state.
            counts = number < self._end
            turns[following].release()
        return counts

    def _step(self, place: int, number: int, item: Any) -> Any:
        try:
            item = self._stages[place - 1](item) if place else self._source()
        except BaseException as error:
            self._stop(number, error)
            return None
        if place == 0 and item is None:
            self._stop(number)
        if isinstance(item, Last):
            self._stop(number + 1)
            return item.item
        return item

    def _stop(self, end: float, error: BaseException | None = None) -> None:
        """End before item `end`. The earliest counts; of two equal ones, that without an error."""
        with self._ending:
            if end < self._end or (end == self._end and error is None):
                self._end, self._error = end, error
