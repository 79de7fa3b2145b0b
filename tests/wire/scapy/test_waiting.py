"""A waiting thread runs the engine; the clock waits for threads that handle a frame."""

from __future__ import annotations

import threading

from macsec.wire.engine import Engine
from macsec.wire.scapy.waiting import Inbox, Selector


def test_wait_runs_the_engine_to_the_first_frame():
    """Later events do not run."""
    engine, inbox = Engine(), Inbox()
    for at in (10, 20):
        engine.at(at, lambda: inbox.append((engine.now_ps, b"")))
    assert Selector.of(engine).wait([inbox], None)
    assert engine.now_ps == 10


def test_wait_ends_at_its_time():
    """Events of that time still run; then the clock has that time."""
    engine, inbox = Engine(), Inbox()
    ran = []
    engine.at(10, lambda: ran.append(engine.now_ps))
    engine.at(11, lambda: ran.append(engine.now_ps))
    assert not Selector.of(engine).wait([inbox], 10)
    assert (ran, engine.now_ps) == ([10], 10)
    assert not Selector.of(engine).wait([inbox], 5)
    assert engine.now_ps == 10


def test_engine_has_one_selector():
    """All sockets of an engine share it."""
    engine = Engine()
    assert Selector.of(engine) is Selector.of(engine) is not Selector.of(Engine())


def test_clock_waits_for_a_thread_that_handles_a_frame():
    """A station in a thread has read a frame: virtual time stops until it waits again."""
    engine = Engine()
    selector = Selector.of(engine)
    mine, theirs = Inbox(), Inbox()
    engine.at(1000, lambda: theirs.append((engine.now_ps, b"question")))
    engine.at(500_000, lambda: None)  # an event that would move the clock
    asked = threading.Event()
    go_on = threading.Event()

    def station():
        assert selector.wait([theirs], None)
        theirs.popleft()
        asked.set()
        assert go_on.wait(60)
        with selector.lock:
            engine.after(7, lambda: mine.append((engine.now_ps, b"answer")))
            selector.sent()
        selector.wait([theirs], engine.now_ps)

    thread = threading.Thread(target=station)
    thread.start()
    assert asked.wait(60)
    threading.Timer(0.05, go_on.set).start()
    assert selector.wait([mine], 10**9)
    assert mine.popleft() == (1007, b"answer")
    thread.join()
