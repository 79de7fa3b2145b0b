"""Stages of work over a stream of batches, by one thread or by several, with the same result.

Each stage takes every batch, one at a time and in order: so a SecY assigns the packet numbers and
judges the frames as it would without threads, and nothing of a SecY is ever doubled. What overlaps
is what different stages do to different batches. A thread goes with its batch from the source to
the last stage, so that the octets stay in one core's caches, and no more batches are under way
than there are threads.
"""

from __future__ import annotations

import itertools
import os
import stat
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from threading import Lock, Thread
from typing import Any

Source = Callable[[], Any]
Stage = Callable[[Any], Any]

LOOK_S = 0.1  # how long a signal can go unseen


@dataclass(frozen=True, slots=True)
class Last:
    """What a stage gives where no item after this one is to go on."""

    item: Any


def run(source: Source, stages: Sequence[Stage], jobs: int) -> None:
    """Take items from `source` until it gives None, and each through all stages.

    An error in a stage is raised once the items before are through. Items after it, and items
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
        del item  # its octets are not to be in use while the next ones are read


class _Line:
    """Threads that take turns: item n is the work of thread n modulo their number.

    At each stage a thread waits for the turn of its item, and then gives the turn to the next item.
    With an item that is past the end it does so too, only without work: so every turn is given,
    whatever happens, and nobody waits for ever.
    """

    def __init__(self, source: Source, stages: Sequence[Stage], jobs: int) -> None:
        self._source, self._stages = source, stages
        self._size = min(jobs, 1 + len(stages))  # more could never work at a time
        # For each stage and thread a lock: held while it is not that thread's turn.
        self._turns = [[Lock() for _ in range(self._size)] for _ in (source, *stages)]
        for turns in self._turns:
            for turn in turns[1:]:
                turn.acquire()
        self._gate, self._ending = Lock(), Lock()
        self._through: set[int] = set()  # the threads that have no more work
        self._ended = [Lock() for _ in range(self._size)]  # each held until its thread is through
        for ended in self._ended:
            ended.acquire()
        self._end: float = inf  # the first item that does not count
        self._error: BaseException | None = None

    def run(self) -> None:
        """Work to the end. The calling thread only waits, so that a signal finds it at once."""
        threads: list[Thread] = []
        try:
            self._start(threads)
            self._wait(len(threads))
        except BaseException:
            self._stop(-1)
            while True:
                with suppress(BaseException):  # the first signal counts; each stage is short
                    self._wait(len(threads))
                    break
            raise
        finally:
            for thread in threads:
                thread.join()
        if self._error is not None:
            raise self._error

    def _start(self, threads: list[Thread]) -> None:
        with self._gate:  # nobody begins before all are there
            try:
                for number in range(self._size):
                    thread = Thread(target=self._work, args=(number,))
                    thread.start()
                    threads.append(thread)
            except BaseException:
                self._stop(-1)
                raise

    def _wait(self, count: int) -> None:
        # Not Thread.join: a signal in it makes CPython before 3.13 take a thread at work for ended.
        # Nor one wait without end: a signal just before it would not be seen until it is over.
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
        """Take an item through all stages; whether the stream had not ended when it was through."""
        item: Any = None
        counts = True
        own, following = number % self._size, (number + 1) % self._size
        for place, turns in enumerate(self._turns):
            turns[own].acquire()
            if number < self._end:
                item = self._step(place, number, item)
            # Asked before the turn is given: who comes after this item must not see less.
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
        """End before item `end`. The earliest end counts, and of two the one without an error."""
        with self._ending:
            if end < self._end or (end == self._end and error is None):
                self._end, self._error = end, error


def allowed(jobs: int, source: str, *targets: str | None) -> int:
    """The jobs asked for; 1 where octets come from or go to what can keep a thread waiting.

    No signal reaches a thread that waits at a pipe: only the main one, which then does all.
    """
    waiting = _waits(source, sys.stdin) or any(
        _waits(target, sys.stdout) for target in targets if target is not None
    )
    return 1 if waiting else jobs


def _waits(name: str, standard: Any) -> bool:
    """Whether this is neither a regular file, nor one to be made, nor /dev/null."""
    try:
        status = os.fstat(standard.fileno()) if name == "-" else os.stat(name)
    except FileNotFoundError:
        return False
    except (AttributeError, OSError, ValueError):
        return True
    return not (stat.S_ISREG(status.st_mode) or os.path.samestat(status, os.stat(os.devnull)))
