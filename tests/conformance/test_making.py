"""Vectors of one's own: made from a capture they pass, and faults of a file are found at once."""

from __future__ import annotations

import json

import pytest
from support.planes import SCI_A, frame_of

from macsec.config import load as load_config
from macsec.conformance import load, run
from macsec.conformance.making import text_of
from macsec.conformance.schema import SecYFrame
from macsec.errors import ConfigError
from macsec.suites import SUITES


@pytest.mark.parametrize("cipher", SUITES)
@pytest.mark.parametrize(
    "secy",
    [
        {},
        {"encrypt": "off"},
        {"clear_tags": "1", "clear_tags_authenticated": "on"},
        {"send_sci": "off"},
    ],
)
def test_what_is_made_of_a_capture_passes(tmp_path, cipher, secy):
    """On every data plane and kernel, in every suite."""
    suite = SUITES[cipher]
    sa = {"key": "5a" * suite.key_length, "pn": "7"}
    if suite.xpn:
        sa |= {"ssci": "00000001", "salt": "ab" * 12}
    config = load_config({"secy": {"cipher": cipher} | secy, "tx": {"sci": SCI_A, "sa": {"0": sa}}})
    tagged = frame_of(60)[:12] + bytes.fromhex("81000005") + frame_of(40)[12:]
    frames = [frame_of(60), frame_of(15), tagged]
    path = tmp_path / "mine.json"
    path.write_text(text_of(config, frames, "mine"))
    file = load(path)
    assert [vector.id for vector in file.vectors] == ["mine-0", "mine-1", "mine-2"]
    report = run([file])
    assert report.good, list(report.failures())
    document = json.loads(path.read_text())
    spoiled = document["vectors"][0]["frame_out"]
    document["vectors"][0]["frame_out"] = spoiled[:-1] + ("0" if spoiled[-1] != "0" else "1")
    path.write_text(json.dumps(document))
    assert not run([load(path)]).good


def test_what_follows_from_the_suite_may_be_left_out(tmp_path):
    """Eight fields are enough; a number is a packet number too."""
    least = {"id": "a", "suite": "gcm-aes-xpn-256", "sak": "00" * 32, "sci": "00" * 8, "pn": 5}
    least |= {"ssci": "00000001", "salt": "00" * 12, "frame_in": "00" * 14, "frame_out": "00" * 60}
    path = tmp_path / "least.json"
    document = {"schema": "macsec-vectors/1", "type": "secy-frame", "vectors": [least]}
    path.write_text(json.dumps(document))
    (vector,) = load(path).vectors
    assert isinstance(vector, SecYFrame)
    assert (vector.pn, vector.pn_bits, vector.suite_id.hex()) == (5, 64, "0080c20001000004")
    assert (vector.tci.sc, vector.tci.e, vector.an, vector.verdict) == (1, 1, 0, "valid")


def test_all_faults_of_a_file_are_found_at_once(tmp_path):
    """A configuration error with each vector and field; no value is in it."""
    vectors = [{"id": "a", "sak": "secret"}, {"id": "a"}, 7]
    path = tmp_path / "bad.json"
    document = {"schema": "macsec-vectors/1", "type": "aes-cmac", "vectors": vectors}
    path.write_text(json.dumps(document))
    with pytest.raises(ConfigError) as caught:
        load(path)
    lines = [caught.value.first, *caught.value.others]
    assert len(lines) == 5 + 4 + 1
    assert all(line.startswith(f"{path}: vector ") for line in lines)
    assert "secret" not in "".join(lines)
    path.write_text("{")
    with pytest.raises(ConfigError, match=r"bad\.json:1: not JSON"):
        load(path)
