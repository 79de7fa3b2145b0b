"""CAKs at rest: a written file is read back, a changed one is refused."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.mka.stores import KEK, counting, plain

from macsec.errors import ConfigError, CustodyError
from macsec.kay.holders.store import CakStore, StoredCak
from macsec.keys import Key

CANARY = bytes.fromhex("c0ffee00decafbad0123456789abcdef")


def stored(ckn: bytes = b"\x01", cak: bytes = CANARY, start: int = 5, end: int | None = 9) -> Any:
    """Return one CAK."""
    return StoredCak(ckn, Key(cak), start, end)


@pytest.fixture
def store(tmp_path: Path) -> CakStore:
    """Return a store with two CAKs."""
    made = CakStore(tmp_path / "caks.json", KEK)
    made.write([stored(), stored(b"\x02", bytes(32), 0, None)], counting(), new=True)
    return made


@given(
    caks=st.lists(
        st.tuples(
            st.binary(min_size=1, max_size=32),
            st.sampled_from([16, 32]).flatmap(lambda n: st.binary(min_size=n, max_size=n)),
            st.integers(0, 2**63),
            st.none() | st.integers(0, 2**63),
        ),
        max_size=5,
    )
)
def test_written_caks_are_read_back(caks: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any names, keys and windows."""
    made = CakStore(tmp_path_factory.getbasetemp() / "caks-round.json", KEK)
    made.write([stored(*cak) for cak in caks], counting())
    assert plain(made.read()) == caks


def test_file_is_private_without_secrets_and_not_overwritten(store: CakStore) -> None:
    """Mode 0600, no CAK and no KEK in it; a new store does not replace a file."""
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    text = store.path.read_text().lower()
    assert CANARY.hex() not in text
    assert KEK.expose().hex() not in text
    with pytest.raises(ConfigError, match="exists"):
        store.write([], counting(), new=True)
    for path in (store.path, store.path.parent):
        assert "c0ffee" not in repr(store) + str(path)


def test_update_holds_the_store_while_it_is_changed(store: CakStore) -> None:
    """The lock is held from before the store is read until after it is written."""

    def change(caks: list[StoredCak]) -> list[StoredCak]:
        folder = os.open(store.path.parent, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(folder)
        return [*caks, stored(b"\x03")]

    assert [cak.ckn for cak in store.update(change, counting())] == [b"\x01", b"\x02", b"\x03"]
    assert [cak.ckn for cak in store.read()] == [b"\x01", b"\x02", b"\x03"]


def test_parallel_updates_lose_no_cak(tmp_path: Path) -> None:
    """Each of many threads adds a CAK to a store that the first one makes: all are in it."""
    made = CakStore(tmp_path / "caks.json", KEK)

    def add(number: int) -> None:
        made.update(lambda caks: [*caks, stored(bytes([number]))], os.urandom)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(16)))
    assert sorted(cak.ckn[0] for cak in made.read()) == list(range(16))


@pytest.mark.parametrize(
    "step", [pytest.param(1, marks=pytest.mark.exhaustive), 13], ids=["each", "some"]
)
def test_changed_octet_is_refused_or_has_no_effect(store: CakStore, step: int) -> None:
    """A changed octet, a truncation: refused, or the same CAKs if only space changed."""
    whole = store.path.read_bytes()
    want = plain(store.read())
    for at in range(0, len(whole), step):
        for octets in (whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :], whole[:at]):
            store.path.write_bytes(octets)
            read = None
            with contextlib.suppress(ConfigError):
                read = plain(store.read())
            same = read == want and json.loads(octets) == json.loads(whole)
            assert read is None or same, at


def test_forged_window_name_or_order_is_refused(store: CakStore) -> None:
    """A window, a name, two CAKs exchanged: refused even with a valid checksum."""
    from macsec.kay.holders.store import _sum

    good = json.loads(store.path.read_text())

    def forged(change: Callable[[list[Any]], None]) -> None:
        body = json.loads(json.dumps(good))
        change(body["keys"])
        del body["sha256"]
        store.path.write_text(json.dumps({**body, "sha256": _sum(body)}))
        with pytest.raises(ConfigError, match="was changed"):
            store.read()

    def swap(keys: list[Any]) -> None:
        keys[0]["wrapped"], keys[1]["wrapped"] = keys[1]["wrapped"], keys[0]["wrapped"]

    forged(lambda keys: keys[0].update(end_ns="10"))
    forged(lambda keys: keys[0].update(start_ns="6"))
    forged(lambda keys: keys[0].update(ckn="03"))
    forged(swap)


def test_unusable_files_and_keys_are_refused(store: CakStore, tmp_path: Path) -> None:
    """Another key, a readable file, another format, a link, wrong lengths."""
    for path in (store.path,):
        with pytest.raises(ConfigError, match="another key-encryption key"):
            CakStore(path, Key(bytes(32))).read()
    (tmp_path / "link").symlink_to(store.path)
    with pytest.raises(ConfigError, match="cannot read it"):
        CakStore(tmp_path / "link", KEK).read()
    store.path.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        store.read()
    with pytest.raises(ConfigError, match="32 octets, 16 given"):
        CakStore(store.path, Key(bytes(16)))
    with pytest.raises(ConfigError, match="16 or 32 octets"):
        stored(cak=bytes(15))
    (tmp_path / "other").write_text('{"format": "x", "kek": "", "keys": [], "sha256": ""}')
    (tmp_path / "other").chmod(0o600)
    with pytest.raises(ConfigError, match="not of format macsec-caks/1"):
        CakStore(tmp_path / "other", KEK).read()


def test_store_and_caks_refuse_copies(store: CakStore) -> None:
    """Their repr shows no key."""
    import copy

    for thing in (store, *store.read()):
        with pytest.raises(CustodyError):
            copy.copy(thing)
        assert "c0ffee" not in repr(thing)
