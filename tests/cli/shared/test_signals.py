"""Waiting for signals and for a descriptor."""

from __future__ import annotations

import fcntl
import os
import resource
import signal

import pytest

from macsec.cli.shared.signals import Signals

HIGH = 1500
"""A number that select() does not know."""


@pytest.fixture
def event():
    """An eventfd."""
    descriptor = os.eventfd(0)
    yield descriptor
    os.close(descriptor)


def test_wait_returns_the_descriptor_before_a_signal(event):
    """The time, a signal, or the descriptor, which goes first."""
    before = signal.getsignal(signal.SIGUSR1)
    with Signals(signal.SIGUSR1) as signals:
        assert signals.wait(event, 0) == set()
        signal.raise_signal(signal.SIGUSR1)
        assert signals.wait(event, 20) == {signal.SIGUSR1}
        assert signals.wait(event, 0) == set()
        os.eventfd_write(event, 1)
        signal.raise_signal(signal.SIGUSR1)
        assert signals.wait(event, 20) is None
        os.eventfd_read(event)
        assert signals.wait(event, 20) == {signal.SIGUSR1}
    assert signal.getsignal(signal.SIGUSR1) is before


def test_wait_takes_descriptors_above_1023(event):
    """A lab of a hundred links has more than a thousand open."""
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most <= HIGH:
        pytest.skip(f"this system allows {most} open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, HIGH + 1), most))
    try:
        high = fcntl.fcntl(event, fcntl.F_DUPFD_CLOEXEC, HIGH)
        try:
            with Signals(signal.SIGUSR1) as signals:
                assert signals.wait(high, 0) == set()
                os.eventfd_write(event, 1)
                assert signals.wait(high, 20) is None
        finally:
            os.close(high)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, most))
