"""`macsec lab new` and `check`: a new topology runs, and a wrong one is refused without running."""

from __future__ import annotations

from pathlib import Path


def test_a_new_topology_runs(desk):
    """As it is written; it is not written twice."""
    path = desk.path("mine.yaml")
    desk.run("lab", "new", path)
    found = desk.json("lab", "run", path)
    assert found["topology"] == "mine"
    assert "exists" in desk.run("lab", "new", path, code=2).stderr


def test_check_finds_units_names_and_captures(desk):
    """Faults that `lab run` would refuse at its start, in any of several files."""
    faults = {
        "links: [{between: [a, b], delay: 5parsec}]": "delay",
        "links: [{between: [a, c]}]": "no site is called c",
        "traffic: [{from: a-h1, to: b-h1, pcap: none.pcap}]": "no such capture",
    }
    for text, wanted in faults.items():
        Path(desk.path("t.yaml")).write_text(f"sites: {{a: null, b: null}}\n{text}\n")
        result = desk.run("lab", "check", desk.path("t.yaml"), "two-regions", code=2)
        assert wanted in result.stderr
        assert result.stdout.startswith("two-regions: good: 4 sites, 6 hosts, 3 links")


def test_captures_of_an_earlier_run_are_named(desk):
    """Files of the same name are replaced, others stay beside the new ones."""
    path = desk.path("mine.yaml")
    desk.run("lab", "new", path)
    folder = Path(desk.path("captures"))
    args = ("lab", "run", path, "--until", "20ms", "--captures", str(folder))
    assert "warning" not in desk.run(*args).stderr
    (folder / "host-gone.pcapng").touch()
    said = desk.run(*args).stderr
    assert "4 captures of an earlier run are replaced" in said
    assert "1 other captures stay there" in said
