"""`protect` and `validate`: captures, JSON, messages and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Desk
from support.planes import SCI_A, frame_of

from macsec import FrameBatch, captures
from macsec.secy import Verdict

COUNTERS = {verdict.counter for verdict in Verdict if verdict.counter} | {
    "InPktsNoSA",
    "InPktsNoSAError",
    "InOctetsValidated",
    "InOctetsDecrypted",
    "OutOctetsProtected",
    "OutOctetsEncrypted",
}


def test_protected_frames_validate_to_the_same_capture(desk, some, backend):
    """Frames that were protected validate to what they were, times kept to the nanosecond."""
    config, clear = desk.config(), desk.capture(some)
    desk.run("protect", "-c", config, clear, "wire.pcap", "--backend", backend)
    desk.run("validate", "-c", config, "wire.pcap", "back.pcap", "--backend", backend)
    assert desk.frames("wire.pcap") != some
    assert Path("back.pcap").read_bytes() == Path(clear).read_bytes()


def test_protect_json_has_the_contracts_keys(desk, some, backend):
    """The JSON object of protect has the contract's keys and all counters."""
    args = ("protect", "-c", desk.config(pn=7), desk.capture(some), "wire.pcap")
    found = desk.json(*args, "--backend", backend)
    assert found["schema"] == "macsec/protect/1"
    assert (found["frames"], found["sent"]) == (5, 5)
    assert set(found["counters"]) == COUNTERS
    assert found["counters"]["OutPktsEncrypted"] == 5
    assert found["tx"] == {"sci": SCI_A, "next_pn": {"0": "12"}}
    assert found["backend"] == backend
    assert {"seconds", "kernel"} <= set(found)


def test_validate_json_has_the_contracts_keys(desk, some, backend):
    """The JSON object of validate has the contract's keys, with PNs as text."""
    wire = desk.protected(some)
    found = desk.json("validate", "-c", desk.config(), wire, "out.pcap", "--backend", backend)
    assert found["schema"] == "macsec/validate/1"
    assert (found["frames"], found["delivered"], found["truncated"]) == (5, 5, 0)
    assert set(found["counters"]) == COUNTERS
    sc = found["rx_sc"][SCI_A]
    assert sc["counters"]["InPktsOK"] == 5
    assert sc["sa"]["0"]["next_pn"] == sc["sa"]["0"]["lowest_pn"] == "6"
    assert sc["sa"]["0"]["counters"]["InPktsNotValid"] == 0
    assert found["backend"] == backend


def test_verdicts_has_one_line_a_frame_in_order(desk, some, backend):
    """One line for each frame of the input, in order, unknown fields null."""
    wire = desk.frames(Path(desk.protected(some)).name)
    wire[1] = wire[1][:-1] + bytes([wire[1][-1] ^ 1])
    mixed = desk.capture([*wire, some[0], wire[0]], "mixed.pcap")
    args = ("validate", "-c", desk.config(), mixed, "out.pcap", "--verdicts", "v.jsonl")
    desk.run(*args, "--backend", backend)
    lines = [json.loads(line) for line in Path("v.jsonl").read_text().splitlines()]
    assert [line["index"] for line in lines] == list(range(7))
    assert [line["verdict"] for line in lines] == [
        *("ok", "not-valid", "ok", "ok", "ok"),
        *("no-tag", "late"),
    ]
    assert lines[1] == {
        "index": 1,
        "verdict": "not-valid",
        "counter": "InPktsNotValid",
        "delivered": False,
        "sci": SCI_A,
        "an": 0,
        "pn": "2",
    }
    assert lines[5]["sci"] is lines[5]["an"] is lines[5]["pn"] is None


def test_strict_decides_about_refused_frames(desk, some):
    """A refused frame is exit 0, and 3 with --strict; nothing refused is 0 with it."""
    wire, other = desk.protected(some), desk.config("other.yaml", key="ab" * 16)
    desk.run("validate", "-c", other, wire, "out.pcap")
    refused = desk.run("validate", "-c", other, wire, "out.pcap", "--strict", code=3)
    assert "5 of 5 frames were refused" in refused.stderr
    assert desk.frames("out.pcap") == []
    desk.run("validate", "-c", desk.config(), wire, "out.pcap", "--strict")


def test_exhausted_sa_is_exit_4_with_the_frames_before(desk, some, backend):
    """The frames before the end of the PNs are in OUT, and the exit code is 4."""
    config = desk.config(pn=2**32 - 2)
    args = ("protect", "-c", config, desk.capture(some), "wire.pcap", "--backend", backend)
    found = desk.json(*args, code=4)
    assert found["sent"] == 2
    assert found["tx"]["next_pn"]["0"] == str(2**32)
    assert len(desk.frames("wire.pcap")) == 2


def test_too_long_frames_are_counted(desk, some):
    """A frame over the MTU is left out, counted, and no error."""
    found = desk.json("protect", "-c", desk.config(mtu=1500), desk.capture(some), "wire.pcap")
    assert found["counters"]["OutPktsTooLong"] == 1
    assert found["sent"] == len(desk.frames("wire.pcap")) == 4


def test_empty_capture_gives_an_empty_capture(desk):
    """An empty capture gives an empty capture."""
    config, empty = desk.config(), desk.capture([])
    for verb in ("protect", "validate"):
        found = desk.json(verb, "-c", config, empty, "out.pcap")
        assert found["frames"] == 0
        assert desk.frames("out.pcap") == []


@pytest.mark.parametrize("verb", ["protect", "validate"])
@pytest.mark.parametrize("name", ["in.pcap", "in.pcapng"])
def test_damaged_input_is_exit_4_with_the_frames_before(desk, some, verb, name):
    """Whole frames before the damage are delivered; one line says where it is; exit 4."""
    path = Path(desk.capture(some, name))
    path.write_bytes(path.read_bytes()[:-3])
    ended = desk.run(verb, "-c", desk.config(validate="check"), name, "out.pcap", code=4)
    assert len(desk.frames("out.pcap")) == 4
    assert "offset" in ended.stderr.splitlines()[-1]


def test_damage_before_the_first_frame_gives_an_empty_capture(desk, some):
    """A capture that is cut in its first frame gives an empty one."""
    path = Path(desk.capture(some[:1]))
    path.write_bytes(path.read_bytes()[:-3])
    desk.run("validate", "-c", desk.config(), "in.pcap", "out.pcap", code=4)
    assert desk.frames("out.pcap") == []


def test_truncated_frames_are_counted(desk, some):
    """A frame that a snap length cut is counted apart and not judged."""
    lengths = [len(frame) for frame in some]
    cut = desk.capture(some, wire_length=[*lengths[:-1], lengths[-1] + 1])
    found = desk.json("validate", "-c", desk.config(validate="check"), cut, "out.pcap")
    assert (found["truncated"], found["delivered"]) == (1, 4)
    assert found["verdicts"] == {"untagged": 4, "truncated": 1}


def test_refusal_with_strict_wins_over_damage(desk, some):
    """--strict with a refused frame is 3 even where the input ends in damage."""
    path = Path(desk.capture(some))
    path.write_bytes(path.read_bytes()[:-3])
    ended = desk.run("validate", "-c", desk.config(), "in.pcap", "o.pcap", "--strict", code=3)
    assert "truncated" in ended.stderr
    assert "4 of 4 frames were refused" in ended.stderr


def test_pcapng_carries_verdicts_and_interfaces(desk, some):
    """Comments only where the verdict is not ok; interfaces and their names are kept."""
    wire = desk.frames(Path(desk.protected(some[:2])).name)
    batch = FrameBatch.from_frames([*wire, some[0]], [1, 2, 3], [1, 0, 1])
    with captures.write("mixed.pcapng", interfaces=["left", "right"]) as sink:
        sink.write(batch, comments=[None, "mine", None], directions=[1, 2, 1])
    desk.run("validate", "-c", desk.config(validate="check"), "mixed.pcapng", "out.pcapng")
    with captures.read("out.pcapng") as reader:
        (out,) = list(reader)
        assert [interface.name for interface in reader.interfaces] == ["left", "right"]
        assert out.source.tolist() == [1, 0, 1]
        assert reader.directions.tolist() == [1, 2, 1]
        assert reader.comments == {1: "mine", 2: "macsec: untagged, InPktsUntagged"}


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_interface_seen_late_keeps_its_name(desk, some, jobs):
    """An interface first seen after the first batch keeps its name."""
    config = desk.config()
    with captures.write("in.pcapng", interfaces=["one"]) as sink:
        for source, names in ((0, ["one"]), (1, ["one", "two"]), (2, ["one", "two", "three"])):
            batch = FrameBatch.from_frames([frame_of(50)] * 3000, None, [source] * 3000)
            sink.write(batch, interfaces=names)
    desk.run("protect", "-c", config, "in.pcapng", "wire.pcapng", "--jobs", jobs)
    desk.run("validate", "-c", config, "wire.pcapng", "out.pcapng", "--jobs", jobs)
    for name in ("wire.pcapng", "out.pcapng"):
        with captures.read(name) as reader:
            sources = {source for batch in reader for source in batch.source.tolist()}
            assert [interface.name for interface in reader.interfaces] == ["one", "two", "three"]
        assert sources == {0, 1, 2}


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_frame_over_the_limit_of_captures_is_cut(desk, some, jobs):
    """A frame that protection makes too long is cut, with a warning; the others are whole."""
    frames = [some[0], frame_of(262_144 - 12), frame_of(262_144 - 12 - 32), some[1]]
    config, clear = desk.config(), desk.capture(frames)
    done = desk.run("protect", "-c", config, clear, "wire.pcap", "--jobs", jobs)
    assert "warning: frames cut to the 262144 octets that a capture holds: 1" in done.stderr
    with captures.read("wire.pcap") as reader:
        (batch,) = reader
    assert (batch.wire_length - batch.length).tolist() == [0, 32, 0, 0]
    found = desk.json("validate", "-c", config, "wire.pcap", "back.pcap")
    assert found["verdicts"] == {"ok": 3, "truncated": 1}
    assert desk.frames("back.pcap") == [frames[0], *frames[2:]]
    crossed = desk.run("replay", clear, "--json", "--wire", "w.pcapng", "--jobs", jobs)
    assert json.loads(crossed.stdout)["equal"] == 4
    assert "frames cut" in crossed.stderr


def test_out_without_an_ending_has_the_format_of_in(desk, some):
    """An OUT without a capture's ending has the format of IN."""
    for name, magic in (("in.pcap", "4d3cb2a1"), ("in.pcapng", "0a0d0d0a")):
        desk.run("protect", "-c", desk.config(), desk.capture(some, name), "out.bin")
        assert Path("out.bin").read_bytes()[:4].hex() == magic


def test_fcs_yes_removes_four_octets(desk, some):
    """--fcs yes takes four octets off every frame."""
    with_fcs = desk.capture([frame + b"FCS!" for frame in some])
    config = desk.config()
    desk.run("protect", "-c", config, with_fcs, "wire.pcap", "--fcs", "yes")
    desk.run("validate", "-c", config, "wire.pcap", "back.pcap")
    assert desk.frames("back.pcap") == some


def test_json_goes_to_stderr_beside_a_capture(desk, some):
    """With OUT - the JSON object, warnings inside, is all of stderr."""
    config = desk.config(end_station="on")
    done = desk.run("protect", "-c", config, desk.capture(some), "-", "--json")
    found = json.loads(done.stderr)
    assert found["sent"] == 5
    assert "end_station" in found["warnings"][0]
    assert done.stdout_bytes[:4].hex() == "4d3cb2a1"


def test_verdicts_to_stdout_exclude_other_output_there(desk, some):
    """--verdicts - is stdout, unless something else has it."""
    wire, config = desk.protected(some), desk.config()
    done = desk.run("validate", "-c", config, wire, "out.pcap", "--verdicts", "-")
    assert len(done.stdout.splitlines()) == 5
    desk.run("validate", "-c", config, wire, "-", "--verdicts", "-", code=2)
    desk.run("validate", "-c", config, wire, "out.pcap", "--verdicts", "-", "--json", code=2)


def test_quiet_prints_nothing(desk, some):
    """With -q there is no message; otherwise a summary, and a warning without --state."""
    args = ("protect", "-c", desk.config(), desk.capture(some), "wire.pcap")
    assert desk.run(*args, "-q").stderr == ""
    result = desk.run(*args)
    assert result.stdout == ""
    warning, summary = result.stderr.splitlines()
    assert warning.endswith(
        "uses the same PNs again, which breaks the keys: keep the next PN with --state DIR"
    )
    assert summary.startswith("5 of 5 frames sent (5 encrypted)")


def test_runs_that_reuse_no_pn_get_no_warning(desk, some):
    """With --state, or without protection, and none before a failure."""
    source, config = desk.capture(some), desk.config()
    state = ("--state", "pns", "--state-init")
    assert "warning" not in desk.run("protect", "-c", config, source, "w1.pcap", *state).stderr
    assert "warning" not in desk.run("protect", "-c", config, source, "/dev/full", code=1).stderr
    clear = desk.config(protect="off")
    assert "warning" not in desk.run("protect", "-c", clear, source, "w2.pcap").stderr


def test_the_warning_of_reuse_is_in_the_object_beside_a_stream(desk, some):
    """With OUT on stdout stderr has one object."""
    result = desk.run("protect", "-c", desk.config(), desk.capture(some), "-", "--json")
    assert "--state DIR" in json.loads(result.stderr)["warnings"][0]


def test_indexes_and_pns_continue_over_batches(desk, backend):
    """Verdict indexes and PNs run on over batches."""
    many = [frame_of(50)] * 5000
    wire = desk.protected(many)
    args = ("validate", "-c", desk.config(), wire, "out.pcap", "--verdicts", "v.jsonl")
    found = desk.json(*args, "--backend", backend)
    assert found["delivered"] == 5000
    last = json.loads(Path("v.jsonl").read_text().splitlines()[-1])
    assert (last["index"], last["pn"]) == (4999, "5000")


LINK_OF_REFERENCES = """\
secy: {{cipher: gcm-aes-128}}
tx: {{sci: 5254001301560001, sa: {{0: {{key: {tx}}}}}}}
rx: [{{sci: 5254001301560001, sa: {{0: {{key: {rx}}}}}}}]
"""


def test_keys_of_the_other_direction_are_not_needed(desk: Desk) -> None:
    """`protect` follows no receive key, `validate` no transmit key; its own is needed."""
    key, none = "00112233445566778899aabbccddeeff", "env:NOT_SET_ANYWHERE"
    for name, tx, rx in (("tx.yaml", key, none), ("rx.yaml", none, key)):
        Path(desk.path(name)).write_text(LINK_OF_REFERENCES.format(tx=tx, rx=rx))
        Path(desk.path(name)).chmod(0o600)
    clear, wire = desk.capture([bytes(60)]), desk.path("wire.pcap")
    desk.run("protect", "-c", desk.path("tx.yaml"), clear, wire)
    desk.run("validate", "--strict", "-c", desk.path("rx.yaml"), wire, desk.path("out.pcap"))
    for verb, name in (("protect", "rx.yaml"), ("validate", "tx.yaml")):
        said = desk.run(verb, "-c", desk.path(name), wire, desk.path("x.pcap"), code=2).stderr
        assert "key env:NOT_SET_ANYWHERE: not set" in said


def test_hint_names_the_likely_reason_for_no_frame(desk: Desk) -> None:
    """Only where nothing was delivered of something."""
    hint, out = "no frame was delivered: ", desk.path("out.pcap")
    key = "00112233445566778899aabbccddeeff"

    def said(capture: str, **more: Any) -> str:
        return desk.run("validate", "-c", desk.config(**more), capture, out).stderr

    clear, wire = desk.capture([bytes(60)]), desk.protected([bytes(60)])
    assert hint + "no SecTAG in most frames" in said(clear)
    assert hint + "no ICV is right" in said(wire, key=key)
    assert hint not in said(wire)
    assert hint not in said(desk.capture([], "empty.pcap"))
