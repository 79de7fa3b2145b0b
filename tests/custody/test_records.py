"""Records: one text each; one damaged, another's, missing or open to others is refused (R18)."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.planes import SAK, SALT, SCI_A, SCI_B, Plane, add_tx, frame_of, sender

from macsec.custody import Keeper
from macsec.custody.record import SIZE_LIMIT, Nonces, Record
from macsec.errors import ConfigError, MACsecError
from macsec.keys import Key
from macsec.secy import SecY
from macsec.suites import SUITES

OTHER = bytes(reversed(SAK))
PLANE = Plane("reference")


def run(folder: Path, secy: SecY | None = None, init: bool = False, frames: int = 1) -> list[int]:
    """The PNs that a run uses."""
    secy = secy or sender(PLANE)
    pns = []
    with secy, Keeper(secy, folder, init) as keeper:
        for _ in range(frames):
            keeper.reserve(1)
            out = secy.protect_frame(frame_of(60))
            assert out is not None
            pns.append(int.from_bytes(out[16:20]))
    return pns


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A folder with one record, of PNs 1 to 3."""
    assert run(tmp_path / "state", init=True, frames=3) == [1, 2, 3]
    return tmp_path / "state"


def record_in(state: Path) -> Path:
    """The file of the only record."""
    (path,) = state.glob("*.pn")
    return path


def assert_refused(state: Path, match: str, secy: SecY | None = None, code: int = 2) -> None:
    """Refused with and without --state-init, before any frame is sent, and nothing is changed."""
    before = {path.name: path.read_bytes() for path in state.glob("*.pn")}
    for init in (False, True):
        one = secy or sender(PLANE)
        with pytest.raises(MACsecError, match=match) as caught, Keeper(one, state, init):
            pytest.fail("it began")
        assert caught.value.exit_code == code
        assert "\n" not in str(caught.value)
    assert {path.name: path.read_bytes() for path in state.glob("*.pn")} == before


def test_record_is_readable_and_holds_no_key(state: Path) -> None:
    """A record can be read by people, holds the exact value after a clean exit, and no key."""
    text = record_in(state).read_text()
    lines = dict(line.split(" ", 1) for line in text.splitlines()[1:])
    assert text.startswith("macsec-pn/1\n")
    assert (lines["sci"], lines["cipher"], lines["next_pn"]) == (SCI_A, "gcm-aes-128", "4")
    assert lines["key"] == Key(SAK[:16]).check_value
    assert SAK[:16].hex() not in text
    assert len(text) < SIZE_LIMIT


def test_run_continues_where_the_last_ended(state: Path) -> None:
    """Each run goes on where the one before ended, also with --state-init."""
    assert run(state, frames=2) == [4, 5]
    assert run(state, init=True) == [6]
    assert run(state, add_tx(PLANE.secy(), next_pn=100)) == [100], "a higher one is taken"
    assert run(state, add_tx(PLANE.secy(), next_pn=7)) == [101]


def test_each_key_and_sci_has_its_own_record(state: Path) -> None:
    """Another SCI or another key is another record; neither moves the first."""
    for secy in (add_tx(PLANE.secy(), SCI_B), add_tx(PLANE.secy(), key=OTHER)):
        with pytest.raises(ConfigError, match="no such record"):
            run(state, secy)
    assert run(state, add_tx(PLANE.secy(), SCI_B), init=True) == [1]
    assert run(state, add_tx(PLANE.secy(), key=OTHER), init=True) == [1]
    assert run(state) == [4]


# ---------------------------------------------------------------- damaged


def test_truncated_or_extended_record_is_refused(state: Path) -> None:
    """No record but the whole one is taken, and none with octets behind it."""
    path = record_in(state)
    whole = path.read_bytes()
    for length in range(len(whole)):
        with pytest.raises(ValueError, match="damaged"):
            Record.decode(whole[:length])
    for length in (0, 1, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert_refused(state, "damaged")
    for behind in (b"\n", b"\0", whole, bytes(SIZE_LIMIT)):
        path.write_bytes(whole + behind)
        assert_refused(state, "damaged")
    path.write_bytes(whole)
    assert run(state) == [4]


def test_record_with_any_bit_changed_is_refused(state: Path) -> None:
    """Each bit of each octet; one bit of each octet through the file."""
    path = record_in(state)
    whole = path.read_bytes()
    for at, octet in enumerate(whole):
        for bit in range(8):
            with pytest.raises(ValueError, match=r"damaged|suite"):
                Record.decode(whole[:at] + bytes([octet ^ 1 << bit]) + whole[at + 1 :])
        assert_damaged(state, path, whole, at, octet ^ 1 << at % 8)


@pytest.mark.exhaustive
def test_record_with_any_octet_changed_is_refused(state: Path) -> None:
    """Each other value of each octet; each bit of each octet through the file."""
    path = record_in(state)
    whole = path.read_bytes()
    for at, octet in enumerate(whole):
        for value in {*range(256)} - {octet}:
            with pytest.raises(ValueError, match=r"damaged|suite"):
                Record.decode(whole[:at] + bytes([value]) + whole[at + 1 :])
        for bit in range(8):
            assert_damaged(state, path, whole, at, octet ^ 1 << bit)


def assert_damaged(state: Path, path: Path, whole: bytes, at: int, value: int) -> None:
    """Assert that a run refuses the record with another octet at `at`."""
    path.write_bytes(whole[:at] + bytes([value]) + whole[at + 1 :])
    with pytest.raises(ConfigError, match="damaged"), Keeper(sender(PLANE), state):
        pytest.fail("it began")


@given(st.binary(max_size=400))
def test_any_other_octets_are_a_value_error(octets: bytes) -> None:
    """Octets that are no record end in a ValueError."""
    with pytest.raises(ValueError, match="damaged"):
        Record.decode(octets)


@given(
    st.binary(min_size=8, max_size=8),
    st.binary(min_size=8, max_size=8),
    st.sampled_from(sorted(SUITES)),
    st.binary(min_size=12, max_size=12),
    st.data(),
)
def test_record_decodes_to_what_was_encoded(
    key: bytes, sci: bytes, cipher: str, iv: bytes, data
) -> None:
    """Every record comes back; its PN may be the first that is none, up to 64 bits under XPN."""
    next_pn = data.draw(st.integers(1, SUITES[cipher].pn_limit))
    record = Record(Nonces(key.hex(), sci.hex(), cipher, iv.hex()), next_pn)
    assert Record.decode(record.encode()) == record
    assert len(record.encode()) <= SIZE_LIMIT


def test_pn_past_the_limit_of_the_suite_is_refused() -> None:
    """A sound record of a suite that has no such PN, or of a suite unknown, is none."""
    for cipher, next_pn in (("gcm-aes-128", (1 << 32) + 1), ("gcm-aes-xpn-128", (1 << 64) + 1)):
        octets = Record(Nonces("0" * 16, SCI_A, cipher, "0" * 24), next_pn).encode()
        with pytest.raises(ValueError, match="cipher suite"):
            Record.decode(octets)
    with pytest.raises(ValueError, match="cipher suite"):
        Record.decode(Record(Nonces("0" * 16, SCI_A, "rot-13", "0" * 24), 1).encode())


# ---------------------------------------------------------------- another's


def test_record_of_another_key_or_sci_is_refused(state: Path) -> None:
    """A sound record under the name of another key or SCI is refused by either."""
    path = record_in(state)
    other = path.with_name(path.name.replace(SCI_A, SCI_B))
    other.write_bytes(path.read_bytes())
    other.chmod(0o600)
    assert_refused(state, "another key or SCI")
    assert_refused(state, "another key or SCI", add_tx(PLANE.secy(), SCI_B))


def test_key_used_under_another_suite_is_refused(tmp_path: Path) -> None:
    """A key that was used under one suite is not used under another."""
    run(tmp_path / "state", init=True)
    xpn = {"cipher": "gcm-aes-xpn-128"}
    assert_refused(tmp_path / "state", "under gcm-aes-128", add_tx(PLANE.secy(**xpn)))
    assert_refused(tmp_path / "state", "take a new key", add_tx(PLANE.secy(**xpn), SCI_B))


def xpn(sci: str = SCI_A, ssci: int = 1, salt: bytes = SALT) -> SecY:
    """A SecY that sends under XPN."""
    secy = PLANE.secy(cipher="gcm-aes-xpn-128")
    secy.create_tx_sc(sci)
    secy.create_tx_sa(0, Key(SAK[:16]), ssci=ssci, salt=salt)
    return secy


def test_scis_that_share_xpn_nonces_are_refused(tmp_path: Path) -> None:
    """Under XPN SSCI and Salt make the nonces: two SCIs that share them are refused."""
    state = tmp_path / "state"
    assert run(state, xpn(), init=True) == [1]
    assert run(state, xpn()) == [2]
    assert_refused(state, "another SSCI or salt", xpn(ssci=2))
    assert_refused(state, "another SSCI or salt", xpn(salt=bytes(12)))
    assert_refused(state, "used the nonces of", xpn(SCI_B))
    assert run(state, xpn(SCI_B, ssci=2), init=True) == [1]


def test_64_bit_pns_are_kept_whole(tmp_path: Path) -> None:
    """64-bit PNs are kept whole, to the last one."""
    state = tmp_path / "state"
    for start in ((1 << 32) - 1, (1 << 64) - 2):
        secy = xpn()
        secy.raise_tx_pn(0, start)
        run(state, secy, init=True)
        assert f"next_pn {start + 1}\n" in record_in(state).read_text()
    last = xpn()
    with last, Keeper(last, state) as keeper:
        keeper.reserve(10)
        assert last.protect_frame(frame_of(60)) is not None
        assert last.protect_frame(frame_of(60)) is None
        assert last.tx.sa[0].next_pn == 1 << 64
    assert f"next_pn {1 << 64}\n" in record_in(state).read_text()
    with xpn() as spent, Keeper(spent, state) as keeper:
        keeper.reserve(10)
        assert spent.protect_frame(frame_of(60)) is None


def test_exhausted_sa_stays_exhausted_in_later_runs(tmp_path: Path) -> None:
    """After 2^32 - 1 the SA stays exhausted for every later run: it never starts at 1."""
    state = tmp_path / "state"
    secy = add_tx(PLANE.secy(), next_pn=(1 << 32) - 1)
    assert run(state, secy, init=True) == [(1 << 32) - 1]
    with sender(PLANE) as spent, Keeper(spent, state, True) as keeper:
        keeper.reserve(1)
        assert spent.protect_frame(frame_of(60)) is None
        assert spent.tx.sa[0].next_pn == 1 << 32


# ---------------------------------------------------------------- missing, and open to others


def test_missing_folder_or_record_is_refused(tmp_path: Path) -> None:
    """Without --state-init a missing folder or record is refused, and nothing is created."""
    with pytest.raises(ConfigError, match="no such folder: --state-init"):
        run(tmp_path / "state")
    assert not (tmp_path / "state").exists()
    (tmp_path / "state").mkdir(mode=0o700)
    with pytest.raises(ConfigError, match="no such record"):
        run(tmp_path / "state")
    assert list((tmp_path / "state").iterdir()) == []


def test_folder_and_files_are_for_their_owner_only(tmp_path: Path) -> None:
    """Folder and files are for their owner only, with any umask; no half-written file stays."""
    before = os.umask(0)
    try:
        run(tmp_path / "state", init=True)
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert modes.pop("state") == 0o700
    assert set(modes.values()) == {0o600}
    assert len(modes) == 2, "the record and its lock"


def fifo(path: Path) -> None:
    """In place of a record, what would keep a reader waiting."""
    path.unlink()
    os.mkfifo(path, 0o600)


def link(path: Path) -> None:
    """The record behind a symbolic link."""
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def folder(path: Path) -> None:
    """A folder of that name."""
    path.unlink()
    path.mkdir()


FOREIGN: dict[str, Callable[[Path], object]] = {
    "0640": lambda path: path.chmod(0o640),
    "0620": lambda path: path.chmod(0o620),
    "0604": lambda path: path.chmod(0o604),
    "0601": lambda path: path.chmod(0o601),
    "link": link,
    "fifo": fifo,
    "folder": folder,
}
if os.geteuid() == 0:
    FOREIGN["owner"] = lambda path: os.chown(path, 65534, 65534)


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("of", ["*.pn", ".*.lock"])
def test_record_that_others_could_change_is_refused(state: Path, of: str, kind: str) -> None:
    """A record, or its lock, that is no file of its user's alone is refused (R23)."""
    (path,) = state.glob(of)
    FOREIGN[kind](path)
    with pytest.raises(MACsecError) as caught, Keeper(sender(PLANE), state):
        pytest.fail("it began")
    assert str(state) in str(caught.value)


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_folder_that_others_can_write_is_refused(state: Path, mode: int) -> None:
    """In such a folder another user could put an old record back."""
    state.chmod(mode)
    assert_refused(state, "others have access to it")


def test_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """A file in place of the folder, and a name that cannot be."""
    (tmp_path / "file").touch()
    assert_refused(tmp_path / "file", "cannot open it")
    assert_refused(tmp_path / "none" / "state", "no such folder|cannot make it")


# ---------------------------------------------------------------- another process


def test_second_user_of_a_key_and_sci_is_refused(state: Path) -> None:
    """While one uses a key and SCI no other does (exit 1); another key is free meanwhile."""
    with sender(PLANE) as secy, Keeper(secy, state) as keeper:
        assert_refused(state, "another process uses this key", code=1)
        assert run(state, add_tx(PLANE.secy(), SCI_B), init=True) == [1]
        keeper.reserve(1)
        assert secy.protect_frame(frame_of(60)) is not None
    assert run(state) == [5]


def test_two_sas_with_the_same_nonces_are_refused(tmp_path: Path) -> None:
    """Two transmit SAs that would use the same nonces are refused."""
    secy = add_tx(sender(PLANE), an=1)
    with (
        pytest.raises(ConfigError, match="SAs 0 and 1 have the same key"),
        Keeper(secy, tmp_path / "state", True),
    ):
        pytest.fail("it began")


def test_half_written_record_is_no_obstacle(state: Path) -> None:
    """A record half written is no obstacle: its lock was the dead process's."""
    path = record_in(state)
    half = path.with_name(f".{path.stem}.new")
    half.write_bytes(b"macsec-pn/1\nkey ")
    half.chmod(0o400)
    assert run(state) == [4]
    assert not half.exists()


# ---------------------------------------------------------------- time


def test_custody_reads_no_clock() -> None:
    """Nothing in custody asks for the time, so no jump of a clock can move a PN."""
    import macsec.custody

    sources = sorted(Path(macsec.custody.__file__).parent.glob("*.py"))
    assert len(sources) >= 6
    for path in sources:
        assert not {"time", "datetime"} & set(path.read_text().replace(".", " ").split()), path
