"""Waiting in virtual time: a thread that waits for a frame runs the engine meanwhile.

Threads can share an engine this way. One runs it at a time, and the clock moves only while all
threads that serve a port are waiting: a station that answers in a thread of its own answers at the
virtual time of the question, even if the thread takes long.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from threading import Condition, RLock, Thread, active_count, current_thread, main_thread

from macsec.wire.engine import Engine

POLL_S = 0.05
"""Real time within which a thread must begin to wait after sending; also the interval at which a
waiting thread checks whether it still has to wait."""
GRACE_S = 1.0
"""Real time within which another thread must send a frame, or wait for the next."""

Inbox = deque[tuple[int, bytes]]
"""Frames that arrived at a port and were not read yet, each with its time in ps."""


class Selector:
    """Coordinates the waits of all threads that share an engine; `lock` guards the engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.lock = RLock()
        self.polled = 0  # ports that are polled by a descriptor
        self._changed = Condition(self.lock)
        self._waiting: dict[Thread, Sequence[Inbox]] = {}
        self._servers: set[Thread] = set()
        self._senders: set[Thread] = set()

    @classmethod
    def of(cls, engine: Engine) -> Selector:
        """Return the one selector of an engine."""
        found: Selector = engine.attached.setdefault(cls, cls(engine))
        return found

    def sent(self) -> None:
        """Wake the waiting threads after a send; call this under the lock."""
        if self._waiting:
            self._senders.add(current_thread())
            self._changed.notify_all()

    def wait(self, inboxes: Sequence[Inbox], until_ps: int | None) -> bool:
        """Run the engine until an inbox has a frame: True; or until `until_ps`: False.

        Without `until_ps` also False when nothing is left to come: at once if no other thread
        could send, else after some real time, so that the caller can be stopped.
        """
        me = current_thread()
        with self._changed:
            self._waiting[me] = inboxes
            self._servers.add(me)
            self._senders.discard(me)
            self._changed.notify_all()
            try:
                return self._run(me, inboxes, until_ps)
            finally:
                del self._waiting[me]
                self._changed.notify_all()

    def _run(self, me: Thread, inboxes: Sequence[Inbox], until_ps: int | None) -> bool:
        patient = True
        while not any(inboxes):
            if self._senders - {me}:
                # A thread that sent most likely waits for the answer next, from this time on.
                if not self._changed.wait(POLL_S):
                    self._senders.clear()
            elif self._others_at_work(me):
                if not self._changed.wait(GRACE_S):
                    self._servers.intersection_update(self._waiting)  # they have left
            elif self._step(until_ps):
                continue
            elif until_ps is not None:
                self.engine.now_ps = max(self.engine.now_ps, until_ps)
                return False
            elif patient and active_count() > 1:
                patient = False
                self._changed.wait(GRACE_S if me is main_thread() else POLL_S)
            else:
                return False
        return True

    def _step(self, until_ps: int | None) -> bool:
        due = self.engine.next_ps
        if due is None or (until_ps is not None and due > until_ps):
            return False
        self.engine.step()
        if len(self._waiting) > 1:
            self._changed.notify_all()
        return True

    def _others_at_work(self, me: Thread) -> bool:
        """Return whether another thread handles a frame, or has unread ones.

        The main thread, which also runs the rest of the program, counts only while it waits.
        """
        self._servers = {thread for thread in self._servers if thread.is_alive()}
        return any(self._busy(thread) for thread in self._servers if thread is not me)

    def _busy(self, thread: Thread) -> bool:
        inboxes: Iterable[Inbox] | None = self._waiting.get(thread)
        if inboxes is None:
            return thread is not main_thread()
        return any(inboxes)
