"""`lab run` and `lab schema`."""

from __future__ import annotations

import errno
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from macsec import captures
from macsec.config import topology_schema
from macsec.guide.topics import topics

ROOT = Path(__file__).parents[3]
MACSEC, EAPOL = b"\x88\xe5", b"\x88\x8e"
SECRET = "canary-of-the-test-"
TWO_SITES = f"""
sites:
  left: {{hosts: [l1, l2]}}
  right: {{hosts: [r1]}}
links:
  - {{name: one, between: [left, right], delay: 1ms}}
  - {{name: two, between: [left, right], delay: 2ms, macsec: LINK}}
traffic:
  - {{from: l1, to: r1, pps: 1000, count: 20, size: 300, payload: {SECRET}}}
  - {{from: r1, to: l2, pps: 1000, count: 10, start: 5ms, payload: {SECRET}}}
"""

DATACENTERS = ["hub", "ring", "two-regions"]


@pytest.fixture
def two_sites(desk):
    """Return a writer of two sites with two links; the second one is standby."""

    def write(head: str = "", second: str = "on", change: tuple[str, str] = ("", "")) -> str:
        path = desk.folder / "two.yaml"
        path.write_text(head + TWO_SITES.replace("LINK", second).replace(*change))
        return str(path)

    return write


def frames_of(name: str) -> list[bytes]:
    """Return the frames of a capture."""
    with captures.read(name) as reader:
        return [frame for batch in reader for frame in batch]


# ---------------------------------------------------------------- JSON and text


def test_the_json_agrees_with_the_topology(desk, two_sites, backend):
    """It has all keys of its schema, and the numbers of the file."""
    found = desk.json("lab", "run", two_sites(), "--backend", backend)
    assert found["schema"] == "macsec/lab/1"
    assert found["seed"] == 1
    assert len(bytes.fromhex(found["digest"])) == 32
    assert found["unprotected"] == []
    assert found["warning"] is None
    one, two = found["links"]
    assert (one["name"], one["protected"], one["standby"]) == ("one", True, False)
    assert (two["name"], two["protected"], two["standby"]) == ("two", True, True)
    assert one["sent"] == one["delivered"] >= 30
    assert two["delivered"] == 0
    assert [flow["sent"] for flow in found["traffic"]] == [20, 10]
    assert [flow["delivered"] for flow in found["traffic"]] == [20, 10]
    assert {host["name"] for host in found["hosts"]} == {"l1", "l2", "r1"}
    for flow in found["traffic"]:
        latency = flow["latency_ps"]
        assert 10**9 < latency["least"] <= latency["mean"] <= latency["most"] < 2 * 10**9
    counters = [secy["counters"] for secy in one["secys"].values()]
    assert sum(each["InPktsOK"] for each in counters) == 30
    assert sum(each["OutPktsEncrypted"] for each in counters) == 30


def test_the_seed_decides_the_digest(desk, two_sites, monkeypatch):
    """Folder and name of the file do not count."""
    topology = two_sites(change=("delay: 1ms", "delay: 1ms, jitter: 10us"))
    first = desk.json("lab", "run", topology, "--seed", "7")
    other = desk.json("lab", "run", topology, "--seed", "8")
    Path("sub").mkdir()
    moved = Path("sub/moved.yaml")
    moved.write_bytes(Path(topology).read_bytes())
    assert (first["seed"], other["seed"]) == (7, 8)
    assert desk.json("lab", "run", str(moved), "--seed", "7")["digest"] == first["digest"]
    assert other["digest"] != first["digest"]


def test_until_ends_the_run(desk, two_sites):
    """Later frames are not sent."""
    topology = two_sites("macsec: off", "off")  # from 0 on, without waiting for keys
    found = desk.json("lab", "run", topology, "--until", "4500us")
    assert found["ended_ns"] == 4_500_000
    assert [flow["sent"] for flow in found["traffic"]] == [5, 0]
    assert found["traffic"][0]["delivered"] == 4


def test_the_text_has_tables_and_the_digest(desk, two_sites):
    """The digest is that of the JSON."""
    output = desk.run("lab", "run", two_sites()).stdout
    found = desk.json("lab", "run", two_sites())
    assert found["digest"] in output
    for text in ("left to right", "l1 to r1", "OutPktsEncrypted", "standby"):
        assert text in output
    assert "UNPROTECTED" not in output


@pytest.mark.parametrize("name", DATACENTERS)
def test_shipped_topologies_deliver_protected(desk, name):
    """Each runs by its name."""
    found = desk.json("lab", "run", name)
    assert found["topology"] == name
    assert found["unprotected"] == []
    assert all(link["protected"] for link in found["links"])
    assert sum(flow["delivered"] for flow in found["traffic"]) > 100


# ---------------------------------------------------------------- secure by default


@pytest.mark.parametrize(
    "head, second, bare",
    [("macsec: off", "off", ["one", "two"]), ("", "off", ["two"]), ("macsec: off", "on", ["one"])],
)
def test_every_report_says_unprotected(desk, two_sites, head, second, bare):
    """Text, JSON and HTML."""
    topology = two_sites(head, second)
    found = desk.json("lab", "run", topology, "--report", "r.html")
    assert found["unprotected"] == bare
    assert found["warning"].startswith("UNPROTECTED: " + ", ".join(bare))
    assert [link["name"] for link in found["links"] if not link["protected"]] == bare
    text = desk.run("lab", "run", topology).stdout
    assert text.count("UNPROTECTED: " + ", ".join(bare)) == 2
    page = Path("r.html").read_text()
    assert "UNPROTECTED: " + ", ".join(bare) in page
    assert page.count("UNPROTECTED") > 2 * len(bare)


# ---------------------------------------------------------------- captures


def test_captures_show_macsec_on_links_and_clear_at_hosts(desk, two_sites):
    """There is a file for each link and each host."""
    message = desk.run("lab", "run", two_sites(), "--captures", "c").stderr
    assert "5 captures: c" in message
    names = sorted(path.name for path in Path("c").iterdir())
    assert names == sorted(
        ["wire-one.pcapng", "wire-two.pcapng"] + [f"host-{h}.pcapng" for h in ("l1", "l2", "r1")]
    )
    wire = frames_of("c/wire-one.pcapng")
    assert sum(frame[12:14] == MACSEC for frame in wire) == 30
    assert {frame[12:14] for frame in wire} <= {MACSEC, EAPOL}
    assert {frame[12:14] for frame in frames_of("c/wire-two.pcapng")} <= {EAPOL}
    assert not any(SECRET.encode() in frame for frame in wire)
    host = frames_of("c/host-r1.pcapng")
    assert sum(SECRET.encode() in frame for frame in host) == 30
    assert not {MACSEC, EAPOL} & {frame[12:14] for frame in host}


def test_captures_have_ports_and_times(desk, two_sites):
    """An interface for each end of a link, directions at a host, virtual time from 0."""
    desk.run("lab", "run", two_sites(), "--captures", "c")
    with captures.read("c/wire-one.pcapng") as reader:
        (batch,) = list(reader)
        assert [each.name for each in reader.interfaces] == ["left", "right"]
    sides = [side for side, frame in zip(batch.source.tolist(), batch, strict=True)
             if frame[12:14] == MACSEC]  # fmt: skip
    assert (sides.count(0), sides.count(1)) == (20, 10)
    assert 0 <= batch.time_ns[0] < batch.time_ns[-1] < 10**9
    with captures.read("c/host-l1.pcapng") as reader:
        (batch,) = list(reader)
        assert {captures.OUTBOUND} <= set(reader.directions.tolist())
        assert (batch.time_ns[:3] - batch.time_ns[0]).tolist() == [0, 10**6, 2 * 10**6]


def test_captures_of_an_unprotected_link_show_the_payload(desk, two_sites):
    """UNPROTECTED means that."""
    desk.run("lab", "run", two_sites("macsec: off", "off"), "--captures", "c")
    wire = frames_of("c/wire-one.pcapng")
    assert sum(SECRET.encode() in frame for frame in wire) == 30


def test_captures_and_reports_do_not_change_the_digest(desk, two_sites):
    """They only watch."""
    looked = desk.json("lab", "run", two_sites(), "--captures", "c", "--report", "r.html")
    assert looked["digest"] == desk.json("lab", "run", two_sites())["digest"]


@pytest.mark.parametrize("option", ["--report", "--captures"])
@pytest.mark.parametrize("place", ["file/out.html", "/proc/no/out.html"])
def test_unwritable_outputs_are_wrong_usage(desk, two_sites, option, place):
    """They end as an unwritable OUT does: exit 2, and the name in the message."""
    Path("file").touch()
    found = desk.run("lab", "run", two_sites(), "--until", "1ms", option, place, code=2)
    assert found.stderr.startswith(f"macsec: cannot write {place}")


def test_full_disk_keeps_the_old_report(desk, two_sites, monkeypatch):
    """The message names the report, and the old one stays."""
    Path("r.html").write_text("old")
    monkeypatch.setattr(os, "fsync", full_disk)
    found = desk.run("lab", "run", two_sites(), "--until", "1ms", "--report", "r.html", code=1)
    assert "macsec: cannot write r.html: No space left on device" in found.stderr
    assert Path("r.html").read_text() == "old"


def full_disk(*_: object) -> None:
    """Fail as a system call does on a full disk."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_frames_of_a_capture_cross_unchanged(desk, some):
    """The path of a pcap is relative to the topology's file."""
    Path("sub").mkdir()
    desk.capture(some, "sub/in.pcap")
    topology = TWO_SITES.replace("LINK", "on").partition("traffic:")[0]
    topology += "traffic:\n  - {from: l1, to: r1, pcap: in.pcap}\n"
    Path("sub/t.yaml").write_text(topology)
    found = desk.json("lab", "run", "sub/t.yaml")
    assert [found["traffic"][0][key] for key in ("what", "sent", "delivered")] == ["pcap", 5, 5]


# ---------------------------------------------------------------- the page


class Page(HTMLParser):
    """The parts of a page: tags, references, and tags that do not close rightly."""

    VOID = frozenset({"meta", "link", "br", "img", "hr", "input", "col"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.tags: list[str] = []
        self.references: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Take a tag that opens."""
        self.tags.append(tag)
        self.references += [v or "" for k, v in attrs if k in ("src", "href", "action", "data")]
        self.faults += [k for k, _ in attrs if k.startswith("on")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """Take a tag that closes itself."""
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        """Take a closing tag: it closes the last open one."""
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}>")


@pytest.mark.parametrize("name", DATACENTERS)
def test_the_page_is_one_well_formed_file(desk, name):
    """It has no script and loads nothing; every section is there."""
    result = desk.run("lab", "run", name, "--report", "r.html")
    assert "report: r.html" in result.stderr
    text = Path("r.html").read_text()
    page = Page(text)
    assert page.faults == []
    assert page.open == []
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert all(reference.startswith("#") for reference in page.references)
    assert not re.search(r"url\(|@import", text)
    assert re.search(r"Content-Security-Policy.*default-src (&#x27;|')none", text)
    sections = re.findall(r'<section id="([^"]+)"', text)
    wanted = ["topology", "links", "traffic", "wiretap", "window", "counters"]
    assert [section for section in sections if section in wanted] == wanted
    digest = desk.json("lab", "run", name)["digest"]
    assert digest in text


def test_the_page_shows_a_frame_in_clear_and_protected(desk, two_sites):
    """Side by side."""
    desk.run("lab", "run", two_sites(), "--report", "r.html")
    text = Path("r.html").read_text()
    part = text.split('id="wiretap"')[1].split('id="window"')[0]
    clear, wire = re.sub(r"<[^>]*>", "", part).split("On the wire")
    assert SECRET[:12] in clear
    assert SECRET[:12] not in wire
    assert "88 e5" in wire


def test_the_page_escapes_text_of_the_file(desk, two_sites):
    """A script in the description stays text."""
    topology = two_sites('description: "<script>alert(1)</script> & more"')
    desk.run("lab", "run", topology, "--report", "r.html")
    text = Path("r.html").read_text()
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in text


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    "change, message",
    [
        (("between: [left, right], delay: 1ms", "between: [left, nowhere]"), "two.yaml:6: links.0"),
        (("delay: 1ms", "delay: soon"), "two.yaml:6: links.0.delay"),
        (("pps: 1000, count: 20", "count: 20"), "two.yaml:9: traffic.0: expected rate"),
        (("from: l1", "from: l9"), "two.yaml:9: traffic.0.from: no host is called l9"),
        (("name: one", "nmae: one"), "two.yaml:6: links.0.nmae"),
        (("sites:", "sites: ]"), "two.yaml:2"),
    ],
)
def test_a_bad_file_is_one_line_and_exit_2(desk, two_sites, change, message):
    """The line has file, line and entry; no capture is written."""
    result = desk.run("lab", "run", two_sites(change=change), "--captures", "c", code=2)
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert message in line
    assert not Path("c").exists()


@pytest.mark.parametrize(
    "args, message",
    [
        (["nowhere"], "shipped topologies: delay-protection, "),
        (["ring", "--report", "r.txt"], "r.txt: the name must end in .html"),
        (["ring", "--until", "soon"], "--until"),
        (["ring", "--seed", "-1"], "--seed"),
        (["ring", "--seed", str(1 << 64)], "--seed"),
    ],
)
def test_wrong_options_are_exit_2(desk, args, message):
    """One line."""
    (line,) = desk.run("lab", "run", *args, code=2).stderr.splitlines()
    assert message in line


def test_a_missing_capture_is_one_line(desk, two_sites):
    """Traffic names a file that cannot be read."""
    topology = two_sites(change=("pps: 1000, count: 20, size: 300, payload: " + SECRET, "pcap: x"))
    result = desk.run("lab", "run", topology, code=2)
    (line,) = result.stderr.splitlines()
    assert f"cannot read {desk.path('x')}: No such file" in line


# ---------------------------------------------------------------- documentation


def test_the_example_of_the_guide_runs(desk):
    """As printed there; it has all the features that it names."""
    page = topics()["topology"].text
    (example,) = re.findall(r"```yaml example\.yaml\n(.*?)```", page, re.S)
    Path("pcaps").symlink_to(ROOT / "pcaps")
    Path("example.yaml").write_text(example)
    found = desk.json("lab", "run", "example.yaml")
    assert found["unprotected"] == ["paris-nice"]
    assert [link["standby"] for link in found["links"]] == [False, False, True]
    assert all(flow["delivered"] > 50 for flow in found["traffic"])
    assert {host["name"]: host["mac"] for host in found["hosts"]}["backup"] == "02:00:5e:00:53:01"


# ---------------------------------------------------------------- lab schema


def test_the_schema_is_that_of_the_model(desk):
    """It describes every part of a topology."""
    schema = json.loads(desk.run("lab", "schema").stdout)
    assert schema == topology_schema()
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert {"sites", "links", "traffic", "macsec", "until"} <= set(schema["properties"])
