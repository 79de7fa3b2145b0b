"""`macsec keys`: where keys go, where not, and the exit codes."""

from __future__ import annotations

import os
import pty
import stat
import sys
from pathlib import Path

import pytest
from cli.conftest import CANARY, Desk
from support.outputs.schemas import checked

from macsec.cli import cli

OTHER = "0123456789abcdef" * 2
AGREED = f"mka: {{cak: {CANARY}, ckn: 1122}}\n"


def agreed(desk: Desk) -> str:
    """A configuration with a CAK."""
    path = Path(desk.path("mka.yaml"))
    path.write_text(AGREED)
    path.chmod(0o600)
    return str(path)


def test_export_to_a_file_is_private_and_overwrites_nothing(desk: Desk) -> None:
    """The file is its owner's alone, whole, and never written over."""
    out = Path(desk.path("wpa.conf"))
    words = ("keys", "export", "--to", "wpa_supplicant", "-c", agreed(desk), "-o", str(out))
    result = desk.run(*words)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert f"mka_cak={CANARY}" in out.read_text()
    assert "must-secure cannot be expressed in this format" in result.stderr
    again = desk.run(*words, code=2)
    assert "exists" in again.stderr
    assert sorted(os.listdir(desk.folder)) == ["mka.yaml", "wpa.conf"]


def test_export_to_a_folder_is_all_files_or_none(desk: Desk) -> None:
    """All files of a folder, or none where one is taken."""
    words = ("keys", "export", "--to", "systemd", "-c", desk.config(), "-q")
    out = Path(desk.path("network"))
    desk.run(*words, "-o", str(out))
    modes = {path.suffix: stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()}
    assert modes == {".netdev": 0o644, ".key": 0o600}
    for key in out.glob("*rx*.key"):
        key.unlink()
    (out / "macsec0.netdev").unlink()
    desk.run(*words, "-o", str(out), code=2)
    assert [path.name for path in out.iterdir()] == ["macsec0-tx-0.key"]
    assert "with -o FOLDER" in desk.run(*words, code=2).stderr


def test_export_to_a_pipe_writes_keys(desk: Desk) -> None:
    """stdout is taken where it is no terminal."""
    key = "0123456789abcdef" * 2
    result = desk.run("keys", "export", "--to", "ip-macsec", "-c", desk.config(key=key))
    assert result.stdout.startswith("#!/bin/sh")
    assert f" {key}\n" in result.stdout


@pytest.mark.parametrize("forced", [False, True])
@pytest.mark.parametrize("verb", ["export", "import"])
def test_keys_go_to_a_terminal_only_with_force(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, verb: str, forced: bool
) -> None:
    """Without --force exit 2, and the terminal stays empty."""
    source, config = desk.path("macsec.sh"), desk.config()
    desk.run("keys", "export", "--to", "ip-macsec", "-c", config, "-o", source)
    words = {
        "export": ["--to", "ip-macsec", "-c", config],
        "import": ["--from", "ip-macsec", source],
    }[verb]
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    with open(ours, "rb", buffering=0) as screen, open(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        with pytest.raises(SystemExit) as ended:
            cli.main(["keys", verb, *words, *["--force"][: int(forced)]])
        monkeypatch.undo()
        shown = (screen.read(1 << 16) or b"").decode()
    assert (ended.value.code, CANARY in shown) == ((0, True) if forced else (2, False))


def test_imported_configuration_works(desk: Desk) -> None:
    """The configuration that comes of an import works."""
    source, out = desk.path("macsec.sh"), Path(desk.path("new.yaml"))
    desk.run("keys", "export", "--to", "ip-macsec", "-c", desk.config(), "-o", source)
    result = desk.run("keys", "import", "--from", "ip-macsec", source, "-o", str(out))
    assert result.stdout == ""
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    found = desk.json("protect", "-c", str(out), desk.capture([bytes(60)]), desk.path("wire.pcap"))
    assert found["counters"]["OutPktsEncrypted"] == 1


def test_wrong_format_or_file_is_exit_2(desk: Desk) -> None:
    """Exit 2 with one line: no such format, no such file, no key for it."""
    config = desk.config()
    for words in (
        ("export", "--to", "cisco", "-c", config),
        ("export", "--to", "wpa_supplicant", "-c", config),
        ("import", "--from", "systemd", desk.path("none")),
    ):
        assert desk.run("keys", *words, code=2).stderr.count("\n") == 1


def test_generate_makes_rotates_and_gives_caks(desk: Desk) -> None:
    """A store is made, rotated without change while its chain reaches, and gives its CAKs."""
    from macsec.config import load
    from macsec.kay.holders import Edge, chain_of

    kek = Path(desk.path("kek"))
    kek.write_text(bytes(range(32)).hex())
    kek.chmod(0o600)
    store = Path(desk.path("caks.json"))
    words = ("keys", "generate", "--store", str(store), "--kek", f"file:{kek}")
    first = desk.json(*words, "--overlap", "60")
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert [key["in_use"] for key in first["keys"]] == [True, False]
    again = desk.json(*words, "--overlap", "60")
    assert [key["ckn"] for key in again["keys"]] == [key["ckn"] for key in first["keys"]]
    assert first["keys"][0]["ckn"] in desk.run(*words, "--overlap", "60").stdout
    config = load({"mka": {"generated": {"store": str(store), "kek": f"file:{kek}"}}})
    now_ns = int(first["keys"][0]["start_ns"])
    chain = chain_of(config, Edge(start_ns=10**9, wall_ns=now_ns))
    assert [key.ckn.hex() for key in chain] == [key["ckn"] for key in first["keys"]]
    assert (chain[0].start_ns, chain[0].holder.cak_length) == (10**9, 32)
    for _ in range(2):
        kek.write_text(bytes(range(1, 33)).hex())
        other = desk.run(*words, code=2).stderr
        assert "another key-encryption key" in other


def test_generate_refuses_a_bad_kek_and_no_overlap(desk: Desk) -> None:
    """A KEK on the command line, one that is none, keys that do not overlap: exit 2, no file."""
    words = ("keys", "generate", "--store", desk.path("caks.json"))
    kek = Path(desk.path("kek"))
    kek.write_text("00" * 32)
    kek.chmod(0o600)
    assert "expected a reference" in desk.run(*words, "--kek", "01" * 32, code=2).stderr
    assert "no key" in desk.run(*words, "--kek", f"file:{kek}", code=2).stderr
    kek.write_text("0123456789abcdef" * 4)
    few = ("--kek", f"file:{kek}", "--lifetime", "60", "--overlap", "60")
    assert "overlap" in desk.run(*words, *few, code=2).stderr
    assert not Path(desk.path("caks.json")).exists()


def test_check_opens_and_uses_every_cak(desk: Desk) -> None:
    """Every CAK of a configuration is opened and used once, which its audit log shows."""
    path = Path(desk.path("mka.yaml"))
    path.write_text(
        f"mka:\n  cak: {CANARY}\n  ckn: 1122\n  audit: audit.jsonl\n  keychain:\n"
        f"    - {{cak: {CANARY}{CANARY}, ckn: 33, start: 100, end: 200, fallback: on}}\n"
    )
    path.chmod(0o600)
    keys = desk.json("keys", "check", "-c", str(path))["keys"]
    listed = [(key["ckn"], key["octets"], key["in_use"], key["fallback"]) for key in keys]
    assert listed == [("1122", 16, True, False), ("33", 32, False, True)]
    assert int(keys[1]["end_ns"]) - int(keys[1]["start_ns"]) == 100 * 10**9
    log = Path(desk.path("audit.jsonl")).read_text()
    assert log.count('"operation": "icv"') == 2
    assert "macsec keys check [" in log
    assert CANARY not in log
    assert "1122" in desk.run("keys", "check", "-c", str(path)).stdout
    path.write_text(path.read_text().replace(f"{CANARY}{CANARY}", CANARY[:30]))
    assert "16 or 32 octets" in desk.run("keys", "check", "-c", str(path), code=2).stderr


@pytest.mark.parametrize("cipher", ["gcm-aes-128", "gcm-aes-xpn-256"])
def test_generated_link_fits_from_end_to_end(desk: Desk, cipher: str) -> None:
    """Each end validates all that the other sends; both files are private and never replaced."""
    ends = (desk.path("a.yaml"), desk.path("b.yaml"))
    words = ("keys", "generate", "--link", *ends, "--cipher", cipher)
    desk.run(*words)
    assert [stat.S_IMODE(os.stat(end).st_mode) for end in ends] == [0o600, 0o600]
    for sends, receives in (ends, ends[::-1]):
        desk.run("protect", "-c", sends, desk.capture([bytes(60)]), desk.path("wire.pcap"))
        result = desk.run(
            "validate", "--strict", "-c", receives, desk.path("wire.pcap"), desk.path("out.pcap")
        )
        assert "delivered" in result.stderr
    before = Path(ends[0]).read_text()
    assert "exists" in desk.run(*words, code=2).stderr
    assert Path(ends[0]).read_text() == before
    other = desk.path("c.yaml")
    assert "exists" in desk.run("keys", "generate", "--link", other, ends[1], code=2).stderr
    assert not os.path.exists(other)


@pytest.mark.parametrize("words", [("--link", "a", "a"), (), ("--store", "s"), ("--kek", "fd:0"),
                                   ("--link", "a", "b", "--store", "s")])  # fmt: skip
def test_generate_is_for_a_link_or_a_store(desk: Desk, words: tuple[str, ...]) -> None:
    """Neither, half of one, and both are refused."""
    assert "--link" in desk.run("keys", "generate", *words, code=2).stderr


def test_json_of_an_export_names_files_and_notes_without_keys(desk: Desk) -> None:
    """The object is on stdout, and notes are in it alone."""
    out = Path(desk.path("network"))
    words = ("keys", "export", "--to", "systemd", "-c", desk.config(key=CANARY), "-o", str(out))
    result = desk.run(*words, "--json")
    found = checked(result.stdout)
    assert (found["direction"], found["format"]) == ("export", "systemd")
    written = {Path(file["name"]): file["secret"] for file in found["files"]}
    assert written == {path: path.suffix == ".key" for path in out.iterdir()}
    assert CANARY not in result.stdout
    assert result.stderr == ""


def test_json_beside_keys_on_stdout_is_on_stderr(desk: Desk) -> None:
    """With warnings in it, and the notes; `files` is empty."""
    config = Path(desk.path("mka.yaml"))
    config.write_text(f"mka: {{cak: {OTHER}, ckn: 1122}}\n")
    config.chmod(0o644)
    result = desk.run("keys", "export", "--to", "wpa_supplicant", "-c", str(config), "--json")
    found = checked(result.stderr)
    assert f"mka_cak={OTHER}" in result.stdout
    assert found["files"] == []
    assert any("must-secure" in note for note in found["notes"])
    assert "chmod 600" in found["warnings"][0]


def test_json_of_an_import_names_its_file(desk: Desk) -> None:
    """The configuration is written as without it."""
    source, out = desk.path("macsec.sh"), desk.path("new.yaml")
    desk.run("keys", "export", "--to", "ip-macsec", "-c", desk.config(key=OTHER), "-o", source)
    words = ("keys", "import", "--from", "ip-macsec", source)
    found = checked(desk.run(*words, "-o", out, "--json").stdout)
    assert found["files"] == [{"name": out, "secret": True}]
    assert found["direction"] == "import"
    plain = desk.run(*words).stdout
    assert Path(out).read_text() == plain
    both = desk.run(*words, "--json")
    assert both.stdout == plain
    assert checked(both.stderr)["files"] == []
