"""`macsec corpus` in one process: parts, resumed runs, changed captures, verdicts as a data set."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from support.planes import SCI_A
from support.services.corpora import CONFIG, make_corpus, octets_below

from macsec import FrameBatch, captures
from macsec.cli import cli

for needed in ("fsspec", "pyarrow"):
    pytest.importorskip(needed, reason=f"{needed} is missing: pip install 'macsec[corpus]'")

pytestmark = pytest.mark.programs

PART = 0.02
"""MiB from which captures are cut here."""


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with a configuration, the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").touch(0o600)
    (tmp_path / "a.yaml").write_text(CONFIG)
    return tmp_path


def run(*arguments, code=0):
    """Run `macsec corpus` in this process; return its JSON."""
    from click.testing import CliRunner

    ended = CliRunner().invoke(cli, ["corpus", *map(str, arguments), "--workers", "0", "--json"])
    assert ended.exit_code == code, ended.output
    return json.loads(ended.stdout) if code in (0, 3, 4) and ended.stdout else ended.output


def large(path, frames=400, size=200):
    """A capture that is cut into parts."""
    make_corpus(path.parent, 1, frames, size)
    (path.parent / "day-0" / "link-00000.pcap").rename(path)
    (path.parent / "day-0").rmdir()


def table(folder):
    """All rows of the verdicts, sorted."""
    import pyarrow.dataset

    found = pyarrow.dataset.dataset(folder / "_verdicts", partitioning="hive").to_table()
    return sorted(found.to_pylist(), key=lambda row: (row["capture"], row["frame"]))


def forged(path):
    """Put a PN far ahead into a frame in the middle, so that its ICV fails."""
    with captures.read(str(path)) as reader:
        batches = [(list(batch), batch.time_ns) for batch in reader]
    frames = [frame for batch, _ in batches for frame in batch]
    times = np.concatenate([time for _, time in batches])
    middle = bytearray(frames[len(frames) // 4])
    middle[16:20] = (1 << 30).to_bytes(4)
    frames[len(frames) // 4] = bytes(middle)
    with captures.write(str(path)) as sink:
        sink.write(FrameBatch.from_frames(frames, times))


@pytest.mark.parametrize("attacked", [False, True])
def test_parts_of_a_capture_give_the_result_of_one_pass(desk, attacked):
    """Also where a forged PN makes the predicted replay windows wrong."""
    (desk / "clear").mkdir()
    large(desk / "clear" / "one.pcap", frames=20_000, size=60)
    run("protect", "clear", "--out", "wire", "-c", "a.yaml", "--split", 0.5)
    run("protect", "clear", "--out", "wire-whole", "-c", "a.yaml", "--split", 0)
    assert octets_below(desk / "wire")["one.pcap"] == octets_below(desk / "wire-whole")["one.pcap"]
    if attacked:
        forged(desk / "wire" / "one.pcap")
    parts = run("validate", "wire", "--out", "parts", "-c", "a.yaml", "--split", 0.5)
    whole = run("validate", "wire", "--out", "whole", "-c", "a.yaml", "--split", 0)
    assert octets_below(desk / "parts")["one.pcap"] == octets_below(desk / "whole")["one.pcap"]
    assert table(desk / "parts") == table(desk / "whole")
    assert (parts["verdicts"], parts["counters"]) == (whole["verdicts"], whole["counters"])
    assert bool(parts["parts_again"]) == attacked
    assert len(list((desk / "parts").rglob("*.parquet"))) > 3


def test_captures_share_no_nonce_and_a_run_goes_on_where_it_was(desk):
    """A second run does what is new, with PNs of its own; the first results stay."""
    make_corpus(desk / "clear", 12)
    first = run("protect", "clear", "--out", "wire", "-c", "a.yaml")
    before = octets_below(desk / "wire")
    make_corpus(desk / "more", 3)
    os.rename(desk / "more", desk / "clear" / "more")
    second = run("protect", "clear", "--out", "wire", "-c", "a.yaml")
    assert (first["done"], second["done"], second["again"]) == (12, 15, 12)
    assert before.items() <= octets_below(desk / "wire").items()
    pns = [row["pn"] for row in table(desk / "wire")]
    assert sorted(pns) == list(range(1, 15 * 20 + 1))
    assert {row["sci"] for row in table(desk / "wire")} == {SCI_A}


def test_capture_that_changed_gets_pns_of_its_own(desk):
    """The PNs of the octets that are gone are not used again."""
    make_corpus(desk / "clear", 3)
    run("protect", "clear", "--out", "wire", "-c", "a.yaml")
    make_corpus(desk / "clear", 1, frames=5)
    run("protect", "clear", "--out", "wire", "-c", "a.yaml")
    rows = [row for row in table(desk / "wire") if row["capture"] == "day-0/link-00000.pcap"]
    assert [row["pn"] for row in rows] == list(range(61, 66))


def test_other_options_need_another_dest(desk):
    """Results of two runs are never mixed."""
    make_corpus(desk / "clear", 2)
    run("inspect", "clear", "--out", "seen")
    text = run("inspect", "clear", "--out", "seen", "--xpn", code=2)
    assert "choose another DEST" in text


def test_damaged_capture_is_named_and_the_others_have_results(desk):
    """A file that is no capture costs its own result alone: exit 4."""
    make_corpus(desk / "clear", 3)
    (desk / "clear" / "bad.pcap").write_bytes(b"no capture")
    found = run("inspect", "clear", "--out", "seen", code=4)
    assert [each["name"] for each in found["failed"]] == ["bad.pcap"]
    assert (found["captures"], found["done"], found["verdicts"]) == (4, 3, {"untagged": 60})


def test_replay_has_keys_of_its_own_for_each_capture(desk):
    """Two captures with the same octets have nothing in common on the wire; a seed repeats both."""
    make_corpus(desk / "clear", 1)
    same = desk / "clear" / "day-0"
    (same / "copy.pcap").write_bytes((same / "link-00000.pcap").read_bytes())
    found = run("replay", "clear", "--out", "sent", "--seed", 5)
    assert found["extra"] == {"equal": 40, "missing": 0, "unsent": 0}
    with captures.read(str(desk / "sent/day-0/copy.macsec.pcapng")) as reader:
        one = [frame for batch in reader for frame in batch]
    with captures.read(str(desk / "sent/day-0/link-00000.macsec.pcapng")) as reader:
        other = [frame for batch in reader for frame in batch]
    assert all(a[20:] != b[20:] for a, b in zip(one, other, strict=True))
    run("replay", "clear", "--out", "again", "--seed", 5)
    assert octets_below(desk / "again") == octets_below(desk / "sent")


def test_verdicts_are_read_by_other_engines(desk):
    """DuckDB, Polars and pandas read the data set, partitioned by capture."""
    duckdb, polars, pandas = map(pytest.importorskip, ("duckdb", "polars", "pandas"))
    make_corpus(desk / "clear", 4)
    run("protect", "clear", "--out", "wire", "-c", "a.yaml")
    query = "SELECT capture, count(*) FROM 'wire/_verdicts/**/*.parquet' GROUP BY 1 ORDER BY 1"
    counts = [(row["capture"], 0) for row in table(desk / "wire")]
    expected = [(name, counts.count((name, 0))) for name in sorted({name for name, _ in counts})]
    assert duckdb.sql(query).fetchall() == expected
    frame = polars.read_parquet("wire/_verdicts/").group_by("capture").len().sort("capture")
    assert frame.rows() == expected
    assert (
        pandas.read_parquet("wire/_verdicts").groupby("capture", observed=True).size().sum() == 80
    )


def test_manifest_has_a_line_for_each_finished_capture(desk):
    """Also after a run that finds some captures done, and one that cannot be read."""
    make_corpus(desk / "clear", 4)
    run("inspect", "clear", "--out", "seen")
    make_corpus(desk / "clear", 6)
    (desk / "clear" / "z.pcap").write_bytes(b"no capture")
    run("inspect", "clear", "--out", "seen", code=4)
    text = (desk / "seen/_manifest.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    names = [str(path.relative_to(desk / "clear")) for path in (desk / "clear").rglob("*.*")]
    assert [line["name"] for line in lines] == sorted(names)
    assert [line["name"] for line in lines if line["error"] is not None] == ["z.pcap"]


@pytest.mark.parametrize("line", ["{bad", "[]", "{}", '{"name": "x"}', "\udcff"])
def test_a_damaged_manifest_is_named(desk, line):
    """As a damaged plan is: no result is taken from it, and none is lost."""
    make_corpus(desk / "clear", 1)
    run("inspect", "clear", "--out", "seen")
    segment = desk / "seen/_macsec/done-000001.jsonl"
    kept = segment.read_bytes()
    segment.write_bytes(kept + os.fsencode(line) + b"\n")
    said = run("inspect", "clear", "--out", "seen", code=2)
    assert "done-000001.jsonl is no manifest of a corpus: choose another DEST" in said
    segment.write_bytes(kept)
    (desk / "seen/_macsec/done-of-mine.jsonl").write_text("another file\n")
    assert run("inspect", "clear", "--out", "seen")["again"] == 1


def test_a_name_that_is_no_text_is_a_capture_as_any_other(desk):
    """Its verdicts are found by the octets of the name."""
    make_corpus(desk / "clear", 1)
    (made,) = (desk / "clear").rglob("*.pcap")
    os.rename(os.fsencode(made), os.fsencode(desk / "clear") + b"/bad\xff.pcap")
    assert run("inspect", "clear", "--out", "seen")["failed"] == []
    assert (desk / "seen/_verdicts/capture=bad%FF.pcap").is_dir()


def test_dry_run_writes_nothing(desk):
    """It lists the captures with their sizes."""
    make_corpus(desk / "clear", 4)
    found = run("inspect", "clear", "--out", "seen", "--dry-run")
    assert (found["captures"], found["left"], len(found["names"])) == (4, 4, 4)
    assert not (desk / "seen").exists()
