"""Ask all sources, each in a thread of its own: a slow one holds up no other, and no screen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from macsec.monitoring import PortSource, Snapshot, discover, snapshot

AT_ONCE = 16
Find = Callable[[], Iterable[PortSource]]
Ask = Callable[[PortSource], Snapshot]


def ask_all(find: Find = discover, ask: Ask = snapshot) -> list[Snapshot]:
    """Return the answers of all sources, in their order."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(ask, find()))


class Asker:
    """Asks in threads that end with the program: nothing waits for them.

    `found(sources)` and `answered(snapshot)` are called in those threads, `asked(source)` as well.
    A source that has not answered yet is not asked again meanwhile.
    """

    def __init__(
        self,
        found: Callable[[list[PortSource]], object],
        asked: Callable[[PortSource], object],
        answered: Callable[[Snapshot], object],
        find: Find = discover,
        ask: Ask = snapshot,
    ) -> None:
        self._found, self._asked, self._answered = found, asked, answered
        self._find, self._ask = find, ask
        self._busy: set[PortSource | None] = set()
        self._lock = threading.Lock()

    def turn(self) -> None:
        """Look for sources and ask them, without waiting."""
        self._start(None, self._look)

    def _look(self) -> None:
        sources = list(self._find())
        self._found(sources)
        for source in sources:
            self._start(source, partial(self._question, source))

    def _question(self, source: PortSource) -> None:
        self._asked(source)
        self._answered(self._ask(source))

    def _start(self, subject: PortSource | None, act: Callable[[], object]) -> None:
        """Start a thread, unless that of the same subject has not ended."""
        with self._lock:
            if subject in self._busy:
                return
            self._busy.add(subject)
        threading.Thread(target=self._run, args=(subject, act), daemon=True).start()

    def _run(self, subject: PortSource | None, act: Callable[[], object]) -> None:
        try:
            act()
        finally:
            with self._lock:
                self._busy.discard(subject)
