"""Times of SCs and SAs, SAs that are gone, and locks (10.7.12 to 10.7.28), on both planes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.planes import SCI_A, Plane, add_rx, batch_of, frame_of, sender

from macsec.errors import ConfigError
from macsec.keys import Key
from macsec.secy import SecY
from macsec.secy.management import LockedWrite, Times
from macsec.secy.management.records import KEPT
from macsec.suites import SUITES

KEY = bytes(range(16))


class VirtualTime:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        """Return the time."""
        return self.now_ns


def timed(plane: Plane) -> tuple[SecY, VirtualTime]:
    """A SecY without SAs on a clock."""
    secy, clock = sender(plane), VirtualTime()
    for an in list(secy.tx.sa):
        secy.delete_tx_sa(an)
    secy.keep_time(clock)
    return secy, clock


def test_times_follow_creation_start_and_stop(plane: Plane) -> None:
    """createdTime stays; startedTime and stoppedTime are the last ones (10.7.14, 10.7.23)."""
    secy, clock = timed(plane)
    clock.now_ns = 5
    secy.create_tx_sa(1, Key(KEY), enabled=False)
    secy.create_rx_sc(SCI_A)
    secy.create_rx_sa(SCI_A, 1, Key(KEY), enabled=False)
    sas: list[Any] = [secy.tx.sa[1], secy.rx[SCI_A].sa[1]]
    assert [sa.times for sa in sas] == [Times(5)] * 2
    for at, enabled in ((7, True), (8, True), (9, False), (11, False), (13, True)):
        clock.now_ns = at
        secy.enable_tx_sa(1, enabled)
        secy.enable_rx_sa(SCI_A, 1, enabled)
    assert [sa.times for sa in sas] == [Times(5, 13, 9)] * 2


def test_an_sc_is_in_use_as_long_as_one_of_its_sas(plane: Plane) -> None:
    """receiving and transmitting, and their times (10.7.12, 10.7.21)."""
    secy, clock = timed(plane)
    clock.now_ns = 1
    secy.create_rx_sc(SCI_A)
    sc = secy.rx[SCI_A]
    for an, at in ((0, 2), (1, 3)):
        clock.now_ns = at
        secy.create_rx_sa(SCI_A, an, Key(KEY))
    assert (sc.in_use, sc.times) == (True, Times(1, 2))
    clock.now_ns = 4
    secy.enable_rx_sa(SCI_A, 0, False)
    assert (sc.in_use, sc.times) == (True, Times(1, 2))
    clock.now_ns = 5
    secy.delete_rx_sa(SCI_A, 1)
    assert (sc.in_use, sc.times) == (False, Times(1, 2, 5))
    clock.now_ns = 6
    secy.enable_rx_sa(SCI_A, 0)
    clock.now_ns = 7
    secy.enable_rx_sc(SCI_A, False)
    assert (sc.in_use, sc.times) == (False, Times(1, 6, 7))


def test_a_deleted_sa_leaves_its_times_and_counters_and_no_key(plane: Plane) -> None:
    """The record has what was counted; a key is in no text of it."""
    secy, clock = timed(plane)
    clock.now_ns = 2
    secy.create_tx_sa(0, Key(KEY))
    secy.protect(batch_of([frame_of(60)] * 3))
    clock.now_ns = 9
    secy.delete_tx_sa(0)
    record = secy.deleted[-1]
    assert (record.sci, record.an, record.transmit) == (secy.tx.sci, 0, True)
    assert (record.times, record.deleted_ns, record.next_pn) == (Times(2, 2, 9), 9, 4)
    assert record.counters == {"OutPktsEncrypted": 3, "OutPktsProtected": 0}
    assert KEY.hex() not in repr(record)
    assert secy.protect_frame(frame_of(60)) is None


Remove = Callable[[SecY], object]


@pytest.mark.parametrize(
    "remove",
    [
        lambda secy: secy.create_rx_sa(SCI_A, 2, Key(KEY)),
        lambda secy: secy.delete_rx_sc(SCI_A),
        lambda secy: secy.change_cipher(SUITES["gcm-aes-256"]),
    ],
    ids=["replaced", "with its SC", "another suite"],
)
def test_every_way_to_delete_leaves_a_record(plane: Plane, remove: Remove) -> None:
    """An SA that is replaced, deleted with its SC, or by another suite (10.7.13, 10.7.27)."""
    secy, clock = timed(plane)
    secy.create_rx_sc(SCI_A)
    secy.create_rx_sa(SCI_A, 2, Key(KEY))
    clock.now_ns = 3
    before = len(secy.deleted)
    remove(secy)
    (record,) = secy.deleted[before:]
    assert (record.sci, record.an, record.transmit, record.deleted_ns) == (SCI_A, 2, False, 3)
    assert record.times == Times(0, 0, 3)


def test_records_are_bounded_in_number(plane: Plane) -> None:
    """The newest stay."""
    secy, clock = timed(plane)
    for at in range(KEPT + 5):
        clock.now_ns = at
        secy.create_tx_sa(0, Key(KEY))
        secy.delete_tx_sa(0)
    assert len(secy.deleted) == KEPT
    assert secy.deleted[-1].deleted_ns == KEPT + 4


def test_without_a_clock_times_are_unknown(plane: Plane) -> None:
    """No clock is read here."""
    secy = add_rx(sender(plane))
    assert secy.tx.sa[0].times == secy.rx[SCI_A].times == Times()


WRITES: dict[str, Callable[[SecY], object]] = {
    "window": lambda secy: secy.set_controls(window=3),
    "protect": lambda secy: secy.set_controls(protect=False),
    "validate": lambda secy: secy.set_controls(validate=2),
    "replay": lambda secy: secy.set_controls(replay=False),
    "send_sci": lambda secy: secy.set_controls(send_sci=False),
    "offset": lambda secy: secy.set_controls(offset=30),
    "point_to_point": lambda secy: secy.set_controls(point_to_point=secy.controls.point_to_point),
    "cipher": lambda secy: secy.change_cipher(SUITES["gcm-aes-256"]),
    "tx_sc": lambda secy: secy.create_tx_sc("0200000000090001"),
    "tx_sa": lambda secy: secy.delete_tx_sa(0),
    "rx_sc": lambda secy: secy.create_rx_sc("0200000000080001"),
    "rx_sa": lambda secy: secy.create_rx_sa(SCI_A, 3, Key(KEY)),
    "pn": lambda secy: secy.raise_tx_pn(0, 99),
    "counters": lambda secy: secy.clear_counters(),
}


@pytest.mark.parametrize("name", WRITES)
def test_each_write_is_locked_by_itself(plane: Plane, name: str) -> None:
    """MGT2-8 to MGT2-14, MGT3: a locked write is an error of its own, and changes nothing."""
    secy = add_rx(sender(plane))
    controls = secy.controls
    secy.locks.close(name)
    with pytest.raises(LockedWrite, match=f"{name} is locked") as refused:
        WRITES[name](secy)
    assert (refused.value.name, secy.controls) == (name, controls)
    secy.locks.close(*secy.locks.names)
    secy.locks.open(name)
    WRITES[name](secy)
    assert name not in secy.locks.closed


def test_locks_do_not_bind_the_kay(plane: Plane) -> None:
    """A KaY acts within `lifted`."""
    secy = add_rx(sender(plane))
    secy.locks.close("rx_sa")
    with secy.locks.lifted():
        secy.delete_rx_sa(SCI_A, 0)
    with pytest.raises(LockedWrite):
        secy.create_rx_sa(SCI_A, 0, Key(KEY))
    with pytest.raises(ConfigError, match="lock 'speed'"):
        secy.locks.close("speed")


def test_suites_that_cannot_be_used_are_refused(plane: Plane) -> None:
    """enableUse (10.7.25), at the start and on a change of the suite."""
    secy = sender(plane, enable_use=("gcm-aes-128", "gcm-aes-xpn-128"))
    with pytest.raises(ConfigError, match="gcm-aes-256 cannot be used"):
        secy.change_cipher(SUITES["gcm-aes-256"])
    assert secy.controls.cipher.name == "gcm-aes-128"
    secy.change_cipher(SUITES["gcm-aes-xpn-128"])


@pytest.mark.parametrize("change", [{"encrypt": False}, {"offset": 30}])
def test_a_suite_may_need_whole_confidentiality(plane: Plane, change: dict[str, object]) -> None:
    """requireConfidentiality (10.7.26): integrity alone and offsets are refused."""
    secy = sender(plane, require_confidentiality=("gcm-aes-128",))
    with pytest.raises(ConfigError, match=r"10\.7\.26"):
        secy.set_controls(**change)
    assert secy.controls.encrypt
    secy.change_cipher(SUITES["gcm-aes-256"], **change)
    assert secy.controls.encrypt is change.get("encrypt", True)
