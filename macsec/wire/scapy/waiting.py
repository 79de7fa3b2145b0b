"""Waiting in virtual time: whoever waits for a frame runs the engine meanwhile.

Threads may share an engine this way. One is at work in it at a time, and the clock moves only
while all that serve a port are waiting: a station that answers in a thread of its own answers at
the time of the question, however long the thread takes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from threading import Condition, RLock, Thread, active_count, current_thread, main_thread

from macsec.wire.engine import Engine

POLL_S = 0.05
"""Real time that a thread that sent something has to begin to wait; and after which a waiting
thread looks whether it is still wanted."""
GRACE_S = 1.0
"""Real time that another thread has to send something, or to come back for more."""

Inbox = deque[tuple[int, bytes]]
"""What came to a port and nobody took yet: when, in ps, and the frame."""


class Selector:
    """The waiting of all threads that share an engine; `lock` guards the engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.lock = RLock()
        self.polled = 0  # ports that somebody watches by a descriptor
        self._changed = Condition(self.lock)
        self._waiting: dict[Thread, Sequence[Inbox]] = {}
        self._servers: set[Thread] = set()
        self._senders: set[Thread] = set()

    @classmethod
    def of(cls, engine: Engine) -> Selector:
        """The one selector of an engine."""
        found: Selector = engine.attached.setdefault(cls, cls(engine))
        return found

    def sent(self) -> None:
        """Something new is in the engine, under the lock: whoever waits looks again."""
        if self._waiting:
            self._senders.add(current_thread())
            self._changed.notify_all()

    def wait(self, inboxes: Sequence[Inbox], until_ps: int | None) -> bool:
        """Run the engine until an inbox has something: True. False when it is `until_ps`.

        Without `until_ps` also False when nothing is to come: at once where no other thread could
        send, else after a while of real time, so that the caller can be stopped.
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
                # Who sent something most likely waits for the answer next, from this time on.
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
        """Whether another thread has a frame in hand, or one before it that it did not take yet.

        The main thread, which does what else the program does, counts only while it waits.
        """
        self._servers = {thread for thread in self._servers if thread.is_alive()}
        return any(self._busy(thread) for thread in self._servers if thread is not me)

    def _busy(self, thread: Thread) -> bool:
        inboxes: Iterable[Inbox] | None = self._waiting.get(thread)
        if inboxes is None:
            return thread is not main_thread()
        return any(inboxes)
