"""`macsec mka explain` and `macsec validate --cak`, on recorded exchanges."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Desk
from support.mka.members import CAK, CKN, alice, bob, holder, sak_of

from macsec import FrameBatch, captures
from macsec.kay.mkpdu.frame import Mkpdu, seal
from macsec.kay.mkpdu.parameter_set import Opaque
from macsec.kay.mkpdu.parameter_sets import (
    TLV,
    Announcement,
    DistributedCak,
    KeyManagementDomain,
    SakUse,
    Xpn,
)
from macsec.keys import Key

PCAPS = Path(__file__).parents[3] / "pcaps" / "mka"


def facts(name: str) -> dict[str, Any]:
    """The facts that were recorded with a capture."""
    found: dict[str, Any] = json.loads((PCAPS / f"{name}.json").read_text())
    return found


def capture(name: str) -> str:
    """The file of a recording."""
    return str(PCAPS / f"{name}.pcap")


def caks(desk: Desk, ckn: str, cak: str) -> str:
    """A file with one CAK."""
    path = desk.folder / "caks.yaml"
    path.touch(mode=0o600)
    path.write_text(f"{ckn}: {cak}\n")
    return str(path)


def caks_of(desk: Desk, name: str) -> str:
    """The CAK of a recording."""
    return caks(desk, facts(name)["ckn"], facts(name)["cak"])


def secrets_of(name: str) -> list[str]:
    """All keys of a recording."""
    found = facts(name)
    derived = [found[name] for name in ("kek", "ick") if found[name]]
    return [found["cak"], *derived, *found["saks_from_log"]]


def frames_of(path: str) -> list[bytes]:
    """The frames of a capture."""
    with captures.read(path) as reader:
        return FrameBatch.concat(list(reader)).frames()


def ethertypes(path: str) -> list[str]:
    """The EtherType of each frame of a capture."""
    return [frame[12:14].hex() for frame in frames_of(path)]


# ---------------------------------------------------------------- validate --cak


def test_validate_cak_delivers_both_directions_across_a_rekey(desk: Desk, backend: str) -> None:
    """Both directions across a rekey; the summary counts frames, EAPOL and SAKs."""
    name, out = "restart-server-kill", desk.path("clear.pcap")
    args = ["validate", "--cak", caks_of(desk, name), capture(name), out, "--backend", backend]
    result = desk.run(*args)
    assert "60 of 88 frames delivered (60 ok, 28 no-tag)" in result.stderr
    assert "EAPOL: 28 authentic; 2 SAKs" in result.stderr
    clear = frames_of(out)
    assert len(clear) == 60
    assert len({frame[6:12] for frame in clear}) == 2
    assert not {"88e5", "888e"} & set(ethertypes(out))


def test_validate_cak_json_has_the_keys_of_a_secy_and_mka(desk: Desk) -> None:
    """The object of a SecY, and the MKPDUs received; no key in it."""
    name, out = "sonic-xpn256-restart", desk.path("clear.pcapng")
    lines = desk.path("v.jsonl")
    args = ["--cak", caks_of(desk, name), capture(name), out, "--verdicts", lines, "--json"]
    result = desk.run("validate", *args)
    found = json.loads(result.stdout)
    assert found["schema"] == "macsec/validate/1"
    assert (found["frames"], found["delivered"], found["truncated"]) == (88, 60, 0)
    assert found["counters"]["InPktsOK"] == 60
    assert found["counters"]["InOctetsDecrypted"] == sum(len(f) - 12 for f in frames_of(out))
    assert found["mka"]["saks"] == 2
    assert found["mka"]["eapol"] == {
        "authentic": 28,
        "no MKPDU": 0,
        "unknown CKN": 0,
        "wrong ICV": 0,
    }
    assert set(found["rx_sc"]) == {"020000000a010001", "020000000b020001"}
    assert found["rx_sc"]["020000000a010001"]["sa"]["1"]["next_pn"] == "16"
    verdicts = [json.loads(line) for line in Path(lines).read_text().splitlines()]
    assert [each["index"] for each in verdicts] == list(range(88))
    assert sum(each["delivered"] for each in verdicts) == 60
    assert not [each for each in secrets_of(name) if each in result.output + str(verdicts)]


@pytest.mark.parametrize(
    "ckn, cak",
    [
        ("00", None),  # an unknown CKN
        (None, "ab" * 16),  # another CAK
        (None, "ab" * 32),
    ],
)
def test_validate_with_another_key_delivers_nothing(
    ckn: str | None, cak: str | None, desk: Desk
) -> None:
    """Nothing is delivered, and that is no error; OUT is an empty capture."""
    name, out = "basic", desk.path("clear.pcap")
    file = caks(desk, ckn or facts(name)["ckn"], cak or facts(name)["cak"])
    found = json.loads(desk.run("validate", "--cak", file, capture(name), out, "--json").stdout)
    assert (found["delivered"], found["mka"]["saks"]) == (0, 0)
    how = "unknown CKN" if ckn else "wrong ICV"
    assert found["mka"]["eapol"][how] == 13
    heard = facts(name)["ckn"]
    assert found["mka"]["ckns"] == {heard: {how: 13}}
    assert frames_of(out) == []
    said = desk.run("validate", "--cak", file, capture(name), out).stderr
    why = "13 MKPDUs, and no CAK for it" if ckn else "of 13 MKPDUs does not match: wrong CAK"
    assert any(
        line.startswith(f"CKN {heard}: ") and line.endswith(why) for line in said.split("\n")
    )
    assert f"no MKPDU is authentic under the CAKs of CKN {ckn or heard}" in said
    assert "no MKPDU in the capture" not in said


def test_validate_cak_names_senders_that_were_not_heard(desk: Desk) -> None:
    """In the JSON with their frames, and in the text."""
    a, stranger = alice(), bob()
    foreign = sak_of(stranger, [stranger])
    frames = [a.distributes(sak_of(a, [a]))]
    frames += [stranger.sends(foreign, stranger.frame(number)) for number in range(2)]
    args = ("validate", "--cak", caks(desk, CKN.hex(), CAK.hex()), desk.capture(frames), "out.pcap")
    assert json.loads(desk.run(*args, "--json").stdout)["mka"]["unheard"] == {"02000000000b0001": 2}
    wanted = "SCI 02000000000b0001: no MKPDU in the capture, and no SAK opens its 2 frames"
    assert wanted in desk.run(*args).stderr


def test_validate_strict_counts_eapol_and_jobs_change_nothing(desk: Desk) -> None:
    """--strict counts EAPOL too, as a SecY does; -j changes nothing."""
    name = "pn-rekey"
    file = caks_of(desk, name)
    one, two = desk.path("one.pcap"), desk.path("two.pcap")
    desk.run("validate", "--cak", file, capture(name), one, "--strict", code=3)
    desk.run("validate", "--cak", file, capture(name), two, "-j", "2")
    assert Path(one).read_bytes() == Path(two).read_bytes()


def test_validate_cak_reads_stdin_and_writes_stdout(desk: Desk) -> None:
    """stdin to stdout; the JSON goes to stderr."""
    octets = Path(capture("basic")).read_bytes()
    file = caks_of(desk, "basic")
    result = desk.run("validate", "--cak", file, "-", "-", "--json", stdin=octets)
    assert json.loads(result.stderr)["delivered"] == 30
    desk.run("validate", "--cak", file, capture("basic"), desk.path("file.pcap"))
    assert result.stdout_bytes == Path(desk.path("file.pcap")).read_bytes()


def test_validate_takes_either_a_secy_or_caks(desk: Desk) -> None:
    """Either a SecY or CAKs."""
    file, out = caks_of(desk, "basic"), desk.path("clear.pcap")
    result = desk.run("validate", capture("basic"), out, code=2)
    assert "give either -c FILE or --cak FILE" in result.stderr
    both = ["-c", desk.config(), "--cak", file]
    assert "give either -c" in desk.run("validate", *both, capture("basic"), out, code=2).stderr
    assert not Path(out).exists()


def test_bad_file_of_caks_is_exit_2_with_file_and_line(desk: Desk) -> None:
    """Exit 2, file and line, no key, and no OUT."""
    file, out = caks(desk, "00", "ab" * 15), desk.path("clear.pcap")
    result = desk.run("validate", "--cak", file, capture("basic"), out, code=2)
    assert f"{file}:1: 00: a CAK has 16 or 32 octets, 15 given" in result.stderr
    assert "abab" not in result.output
    assert not Path(out).exists()


def test_capture_that_ends_early_is_delivered_up_to_there(desk: Desk) -> None:
    """The frames before the fault are delivered, and the exit code is 4."""
    octets = Path(capture("basic")).read_bytes()
    (desk.folder / "cut.pcap").write_bytes(octets[:-7])
    out = desk.path("clear.pcap")
    desk.run("validate", "--cak", caks_of(desk, "basic"), desk.path("cut.pcap"), out, code=4)
    assert len(frames_of(out)) >= 28


# ---------------------------------------------------------------- mka explain


def explained(desk: Desk, name: str, *more: str) -> dict[str, Any]:
    """The JSON of a recording's key agreement, checked to hold no key."""
    result = desk.run("mka", "explain", capture(name), "--json", *more)
    assert not [secret for secret in secrets_of(name) if secret in result.output]
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_explain_json_names_members_saks_and_messages(desk: Desk) -> None:
    """Members, SAKs and messages, with the check value in place of each SAK."""
    found = explained(desk, "sonic-xpn256-restart", "--cak", caks_of(desk, "sonic-xpn256-restart"))
    assert found["schema"] == "macsec/mka-explain/1"
    assert (found["frames"], found["eapol"]["authentic"], len(found["messages"])) == (88, 28, 28)
    (ca,) = found["cas"]
    assert ca["verified"]
    assert ca["ckn"] == facts("sonic-xpn256-restart")["ckn"]
    assert [(m["name"], m["sci"][-8:]) for m in ca["members"]] == [
        ("A", "0b020001"),
        ("B", "0a010001"),
        ("B2", "0a010001"),
    ]
    assert [(sak["ki"]["kn"], sak["an"], sak["members"]) for sak in ca["saks"]] == [
        (1, 0, ["A", "B"]),
        (2, 1, ["A", "B2"]),
    ]
    values = {sak["key_check_value"] for sak in ca["saks"]}
    logged = facts("sonic-xpn256-restart")["saks_from_log"]
    assert values == {Key(bytes.fromhex(sak)).check_value for sak in logged}
    assert [event["who"] for event in ca["events"] if event["kind"] == "restarts"] == ["B2"]
    second = found["messages"][2]["mkpdu"]
    assert [each["name"] for each in second["sets"]] == ["live-peer-list", "distributed-sak"]
    assert second["sets"][1]["cipher_suite"] == "gcm-aes-xpn-256"


def test_explain_without_a_cak_is_unverified(desk: Desk) -> None:
    """The same members and SAKs, said to be unverified; no check value."""
    (ca,) = explained(desk, "basic")["cas"]
    (with_cak,) = explained(desk, "basic", "--cak", caks_of(desk, "basic"))["cas"]
    assert (ca["verified"], with_cak["verified"]) == (False, True)
    assert ca["members"] == with_cak["members"]
    assert [sak["key_check_value"] for sak in ca["saks"]] == [None]


def test_explain_with_a_wrong_cak_says_so_in_place_of_empty_tables(desk: Desk) -> None:
    """No MKPDU is authentic, so there is no member and no event."""
    file = caks(desk, facts("basic")["ckn"], "ab" * 16)
    text = desk.run("mka", "explain", capture("basic"), "--cak", file).stdout
    assert "wrong CAK: the ICV of 13 MKPDUs does not match" in text
    assert "member" not in text
    assert "who" not in text


def test_explain_counts_messages_with_a_wrong_icv(desk: Desk) -> None:
    """Messages of the other end are counted, and the end is no member."""
    (ca,) = explained(desk, "wrong-cak", "--cak", caks_of(desk, "wrong-cak"))["cas"]
    assert ca["wrong_icv"] == 7
    assert [member["name"] for member in ca["members"]] == ["A"]


def test_explain_text_has_the_story_and_with_messages_every_mkpdu(desk: Desk) -> None:
    """The story in lines, for people."""
    args = ["mka", "explain", capture("pn-rekey"), "--cak", caks_of(desk, "pn-rekey")]
    text = desk.run(*args).stdout
    assert "84 frames, 30 EAPOL: 30 authentic" in text
    assert f"CA {facts('pn-rekey')['ckn']}  every ICV is right" in text
    assert "key server, 2 SAKs" in text
    assert "distributes B/2, AN 1, gcm-aes-128: new SAK" in text
    assert "another SAK is due" in text
    assert "MN 1" not in text.splitlines()[-1]
    every = desk.run(*args, "--messages").stdout
    assert every.startswith(text)
    assert every.count("authentic: ") == 30
    for secret in secrets_of("pn-rekey"):
        assert secret not in text + every


def test_explain_shows_every_parameter_set_and_every_refusal(desk: Desk) -> None:
    """Sets that no recording has, tagged frames, refusals: JSON and text, never an exception."""
    a, b = alice(), bob(tags=bytes.fromhex("81000064"))
    rare = (
        DistributedCak(bytes(24) + b"n"),
        KeyManagementDomain(b"here"),
        Announcement((TLV(112, b"\0\1"),)),
        Xpn(suspension_s=9),
        Opaque(77, 0, b"\xff"),
    )
    first = a.mkpdu(b)
    frames = [
        seal(Mkpdu(basic=first.basic, sets=rare), holder().icv),
        b.distributes(sak_of(b, [a, b], suite="gcm-aes-xpn-128"), a),
        b.says(a, plain=True),
        a.says(use=SakUse(delay_protect=True), key_server=True, indicator=True),
        a.says()[:30],
        b"\xff" * 12 + b"\x88\x8e\x01\x00\x00\x00",
    ]
    file = caks(desk, CKN.hex(), CAK.hex())
    path = desk.capture(frames)
    found = json.loads(desk.run("mka", "explain", path, "--cak", file, "--json").stdout)
    assert [each["name"] for each in found["messages"][0]["mkpdu"]["sets"]] == [
        "distributed-cak",
        "kmd",
        "announcement",
        "xpn",
        "unread",
    ]
    assert found["messages"][1]["vlan_tags"] == "81000064"
    assert [message["hearing"] for message in found["messages"]] == [
        *["authentic"] * 4,
        *["no MKPDU"] * 2,
    ]
    text = desk.run("mka", "explain", path, "--cak", file, "--messages").stdout
    assert "to go unprotected" in text
    assert "delay protection on" in text
    assert "EAPOL that is no MKPDU" in text
    assert "longer by its own account than the frame is" in text


def test_explain_takes_the_life_time_and_shows_a_suspension(desk: Desk, tmp_path: Path) -> None:
    """A silence is one by the Life Time that is given; the lines name request and order."""
    a, b = alice(), bob()
    frames = [
        (0, a.says(key_server=True)),
        (1, b.says(suspension_s=60)),
        (2, a.says(key_server=True, suspension_s=60)),
        (22, b.says()),
    ]
    path = tmp_path / "suspension.pcap"
    with captures.write(path) as sink:
        times = [at * 10**9 for at, _ in frames]
        sink.write(FrameBatch.from_frames([frame for _, frame in frames], times))
    lines = desk.run("mka", "explain", str(path)).stdout
    for text in (
        "asks for a suspension of 60 s",
        "suspends key agreement for 60 s",
        "was silent for 21.000 s, in a suspension",
        "reports no suspension any more",
    ):
        assert text in lines
    assert "silent" not in desk.run("mka", "explain", str(path), "--life-time", "30").stdout


def test_explain_of_a_capture_without_eapol_says_so(desk: Desk) -> None:
    """An empty capture, and one without EAPOL."""
    assert "0 frames, no EAPOL" in desk.run("mka", "explain", desk.capture([])).stdout
    clear = [alice().frame(1)]
    assert "1 frames, no EAPOL" in desk.run("mka", "explain", desk.capture(clear)).stdout


def test_explain_of_no_capture_is_exit_4(desk: Desk) -> None:
    """Exit 4, and one line."""
    path = desk.folder / "text"
    path.write_bytes(bytes(range(256)) * 4)
    result = desk.run("mka", "explain", str(path), code=4)
    assert len(result.stderr.splitlines()) == 1
