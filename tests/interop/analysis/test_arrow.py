"""Verdicts and counters as tables of Arrow, read by pyarrow, pandas, Polars and DuckDB."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner
from support.planes import SCI_A, batch_of, frame_of, pair, spoiled

from macsec import FrameBatch, captures
from macsec.cli import cli
from macsec.offline.decrypt import MkaReader
from macsec.offline.verdict_rows import VerdictRows

for needed in ("pyarrow", "pandas", "polars", "duckdb"):
    pytest.importorskip(needed, reason=f"{needed} is missing: pip install 'macsec[arrow]' {needed}")

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

COLUMNS = ["frame", "time", "length", "sci", "an", "pn", "verdict", "counter", "delivered"]


def received(plane, frames=3):
    """An outcome of frames that were received: the second one is spoiled, the last has no tag."""
    sends, receives = pair(plane)
    sent = sends.protect(FrameBatch.from_frames(map(frame_of, range(60, 60 + frames))))
    wire = sent.batch.frames()
    wire[1] = spoiled(wire[1])
    wire.append(frame_of(50))
    return receives, receives.validate(FrameBatch.from_frames(wire, range(10, 14)))


def test_outcome_is_a_table_with_a_row_for_each_input_row(plane):
    """Unknown SCI, AN and PN are null, and so is the counter of a verdict without one."""
    _, outcome = received(plane)
    table = outcome.to_arrow(first=7)
    assert table.column_names == COLUMNS
    assert pa.types.is_dictionary(table.schema.field("sci").type)
    assert table.column("frame").to_pylist() == [7, 8, 9, 10]
    assert table.column("length").to_pylist() == [104, 105, 106, 62]
    assert table.column("time").cast("int64").to_pylist() == [10, 11, 12, 13]
    assert table.column("sci").to_pylist() == [SCI_A, SCI_A, SCI_A, None]
    assert table.column("an").to_pylist() == [0, 0, 0, None]
    assert table.column("pn").to_pylist() == [1, 2, 3, None]
    assert table.column("verdict").to_pylist() == ["ok", "not-valid", "ok", "no-tag"]
    counters = ["InPktsOK", "InPktsNotValid", "InPktsOK", "InPktsNoTag"]
    assert table.column("counter").to_pylist() == counters


def test_pn_of_an_xpn_suite_keeps_all_its_bits(plane):
    """A PN above 2**63 is itself in every reader."""
    import polars as pl

    sends, _ = pair(plane, cipher="gcm-aes-xpn-128")
    sends.raise_tx_pn(0, (1 << 63) + 5)
    outcome = sends.protect(batch_of([frame_of(60)]))
    assert outcome.to_arrow().column("pn").to_pylist() == [(1 << 63) + 5]
    assert pl.DataFrame(outcome)["pn"].to_list() == [(1 << 63) + 5]


def test_readers_of_arrow_take_outcomes_and_secys(plane):
    """By Arrow's C stream: pyarrow, pandas, Polars and DuckDB agree on every count."""
    import duckdb
    import polars as pl

    secy, outcome = received(plane)
    seen = outcome.to_arrow()
    assert pa.table(outcome) == seen
    assert pl.DataFrame(outcome).filter(pl.col("delivered")).height == 2
    assert seen.to_pandas().groupby("verdict", observed=True).size()["ok"] == 2
    base = duckdb.connect()
    base.register("seen", seen)
    found = base.execute("SELECT count(*) FROM seen WHERE verdict = 'ok'").fetchall()
    assert found == [(2,)]
    counters = secy.to_arrow()
    assert pa.table(secy) == counters
    query = "SELECT count FROM counters WHERE entity = 'receive SA' AND counter = 'InPktsOK'"
    base.register("counters", counters)
    assert base.execute(query).fetchall() == [(2,)]


def test_counters_are_those_of_the_secy(plane):
    """Each entity has all its counters, and no other."""
    secy, _ = received(plane)
    rows = secy.to_arrow().to_pylist()
    own = {row["counter"]: row["count"] for row in rows if row["entity"] == "SecY"}
    assert own == dict(secy.counters)
    at_sc = [row for row in rows if row["entity"] == "receive SC"]
    assert {row["counter"]: row["count"] for row in at_sc} == dict(secy.rx[SCI_A].counters)
    assert {row["sci"] for row in at_sc} == {SCI_A}
    assert {row["an"] for row in rows if row["entity"] == "receive SA"} == {0}


def read_back(path):
    """All rows of a file of verdicts."""
    if path.suffix == ".parquet":
        return parquet.read_table(path)
    with pa.ipc.open_file(path) as file:
        return file.read_all()


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_dictionaries_may_grow_from_group_to_group(form, tmp_path, plane, monkeypatch):
    """SCIs that come later, and in another order, keep their rows."""
    monkeypatch.setattr("macsec.offline.verdict_rows.ROWS", 1)
    scis = [SCI_A, "5254001399990001", SCI_A, "0000000000000001", None]
    path = tmp_path / f"v.{form}"
    with path.open("wb") as file, VerdictRows(file, form) as rows:
        for sci in scis:
            rows.add_rows(1, sci=[sci], verdict=["ok"])
    assert read_back(path).column("sci").to_pylist() == scis
    assert read_back(path).column("frame").to_pylist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("form", ["parquet", "arrow"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_validate_writes_verdicts_as_a_table(form, jobs, tmp_path, monkeypatch):
    """The rows are those of the JSON lines."""
    import json

    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    assert run(cli, ["config", "new", "a.yaml", "--pair", "b.yaml"]).exit_code == 0
    frames = [frame_of(60 + n % 90) for n in range(500)]
    with captures.write("in.pcap") as sink:
        sink.write(FrameBatch.from_frames(frames, np.arange(500) * 1000))
    assert run(cli, ["protect", "-c", "a.yaml", "in.pcap", "wire.pcap", "-q"]).exit_code == 0
    for name in (f"v.{form}", "v.jsonl"):
        ended = run(
            cli,
            f"validate -c b.yaml wire.pcap out.pcap --verdicts {name} --jobs {jobs} -q",
        )
        assert ended.exit_code == 0, ended.output
    lines = [json.loads(line) for line in (tmp_path / "v.jsonl").read_text().splitlines()]
    table = read_back(tmp_path / f"v.{form}").to_pylist()
    assert len(table) == 500
    for line, row in zip(lines, table, strict=True):
        assert (row["frame"], row["sci"], str(row["pn"])) == (
            line["index"],
            line["sci"],
            line["pn"],
        )
        assert row["verdict"] == line["verdict"]
    assert not list(tmp_path.glob(".*v*"))


def test_broken_off_table_of_verdicts_does_not_appear(tmp_path, monkeypatch):
    """An input that is no capture leaves no file."""
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    assert run(cli, ["config", "new", "a.yaml", "--pair", "b.yaml"]).exit_code == 0
    (tmp_path / "in.pcap").write_bytes(b"no capture")
    ended = run(
        cli, ["validate", "-c", "b.yaml", "in.pcap", "out.pcap", "--verdicts", "v.parquet", "-q"]
    )
    assert ended.exit_code == 4
    assert not (tmp_path / "v.parquet").exists()


def test_reader_of_mka_has_tables_too(plane):
    """An outcome of a capture that is decrypted with its CAKs has lengths of all rows."""
    with MkaReader({}, plane.backend, plane.kernel) as reader:
        outcome = reader.validate(batch_of([frame_of(60), frame_of(70)]))
    assert outcome.to_arrow().column("length").to_pylist() == [72, 82]
