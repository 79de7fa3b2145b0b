"""Command lines that are refused before any frame is read, and the form of errors."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

import pytest
from cli.conftest import Desk
from support.outputs.schemas import checked
from support.planes import PLANES

from macsec import SecY, __version__
from macsec.cli import VERBS
from macsec.cli.shared import edge
from macsec.errors import EnvironmentLacks
from macsec.guide.topics import topics

ROOT = Path(__file__).parents[2]
NATIVE = any(plane.backend == "native" for plane in PLANES)


def one_line(result):
    """The only line of stderr."""
    (line,) = result.stderr.splitlines()
    assert line.startswith("macsec: ")
    return line


@pytest.mark.parametrize("verb", ["protect", "validate"])
def test_in_and_out_are_different_files(desk, some, verb):
    """OUT under another name of IN is refused, and IN is unchanged."""
    clear, config = desk.capture(some), desk.config()
    os.symlink("in.pcap", "alias.pcap")
    before = Path(clear).read_bytes()
    for out in ("in.pcap", "./in.pcap", "alias.pcap"):
        assert "twice" in one_line(desk.run(verb, "-c", config, clear, out, code=2))
    assert Path(clear).read_bytes() == before


def test_verdicts_name_neither_in_nor_out(desk, some):
    """--verdicts names neither IN nor OUT."""
    clear, config = desk.capture(some), desk.config()
    for name in ("in.pcap", "out.pcap"):
        desk.run("validate", "-c", config, clear, "out.pcap", "--verdicts", name, code=2)
    assert not Path("out.pcap").exists()


@pytest.mark.parametrize(
    "verb", [["protect", "-c", "link.yaml"], ["validate", "-c", "link.yaml"], ["replay", "--wire"]]
)
def test_input_that_is_no_capture_is_refused(desk, verb):
    """A folder or a missing file is 2; a file that is no capture is 4; OUT does not appear."""
    desk.config()
    Path("folder").mkdir()
    Path("text.pcap").write_text("a line of text\n")
    Path("void.pcap").touch()
    for source, code in (("folder", 2), ("missing", 2), ("text.pcap", 4), ("void.pcap", 4)):
        args = [*verb, "out.pcap", source] if verb[0] == "replay" else [*verb, source, "out.pcap"]
        one_line(desk.run(*args, code=code))
        assert not Path("out.pcap").exists()


def test_encodingsa_without_an_sa_is_refused(desk, some):
    """A configuration that cannot send is refused with file and line."""
    config = desk.config(encodingsa=2)
    line = one_line(desk.run("protect", "-c", config, desk.capture(some), "out.pcap", code=2))
    assert "link.yaml:1" in line
    assert "encodingsa" in line
    assert not Path("out.pcap").exists()


def test_missing_or_broken_configuration_is_exit_2(desk, some):
    """A missing or broken configuration is 2 and one line."""
    clear = desk.capture(some)
    Path("broken.yaml").write_text("secy: {cipher: none-at-all}\n")
    for config in ("missing.yaml", "broken.yaml", "in.pcap"):
        line = one_line(desk.run("validate", "-c", config, clear, "out.pcap", code=2))
        assert config in line


@pytest.mark.parametrize(
    "args",
    [
        ["bogus"],
        ["protect", "--bogus"],
        ["protect", "in.pcap"],
        ["--bogus"],
        ["inspect"],
        ["replay", "in.pcap", "--between", "left", "right"],
        ["protect", "-c", "x", "--backend", "gpu", "a", "b"],
        ["help", "bogus"],
    ],
)
def test_wrong_command_line_is_exit_2_and_names_help(desk, args):
    """A wrong command line is 2 and one line that says where help is."""
    assert "--help" in one_line(desk.run(*args, code=2))


def test_unknown_verb_names_a_near_one(desk):
    """A misspelt verb is answered with the right one."""
    assert "did you mean validate?" in one_line(desk.run("validte", code=2))


def test_no_arguments_prints_help(desk):
    """Without a verb, help on stderr and exit 2."""
    result = desk.run(code=2)
    assert "Verbs:" in result.stderr
    assert result.stdout == ""


@pytest.mark.skipif(not NATIVE, reason="the native data plane is not built")
@pytest.mark.parametrize("backend", ["auto", "native", "reference"])
def test_unknown_kernel_is_refused_on_every_backend(desk, some, backend):
    """A kernel that does not exist is an error on every backend."""
    desk.environment["MACSEC_KERNEL"] = "bogus"
    args = ("protect", "-c", desk.config(), desk.capture(some), "o.pcap", "--backend", backend)
    assert "bogus" in one_line(desk.run(*args, code=2))


@pytest.mark.parametrize("kernel", [plane.kernel for plane in PLANES if plane.kernel])
def test_environment_chooses_the_kernel(desk, some, kernel):
    """MACSEC_KERNEL chooses the kernel."""
    desk.environment["MACSEC_KERNEL"] = kernel
    found = desk.json("protect", "-c", desk.config(), desk.capture(some), "out.pcap")
    assert (found["backend"], found["kernel"]) == ("native", kernel)


def test_internal_error_shows_no_key(desk, some, monkeypatch):
    """An unforeseen exception is one line without its text; MACSEC_DEBUG=1 shows the traceback."""
    from macsec.secy import SecY

    def fails(*_):
        raise ValueError("c0ffee00decafbad0123456789abcdef")

    monkeypatch.setattr(SecY, "protect", fails)
    args = ("protect", "-c", desk.config(), desk.capture(some), "out.pcap")
    assert "internal error: ValueError" in one_line(desk.run(*args, code=1))
    assert not Path("out.pcap").exists()
    desk.environment["MACSEC_DEBUG"] = "1"
    with pytest.raises(AssertionError):
        desk.run(*args, code=1)


def test_full_disk_is_exit_1(desk, some):
    """A full disk is 1 and one line."""
    result = desk.run("protect", "-c", desk.config(), desk.capture(some), "/dev/full", code=1)
    assert "/dev/full" in one_line(result)


def test_exposed_key_gets_a_warning(desk, some):
    """A configuration with a key that others can read gets a warning, not a refusal."""
    config = desk.config()
    os.chmod(config, 0o644)
    text = desk.run("protect", "-c", config, desk.capture(some), "out.pcap").stderr
    assert "macsec: warning: " in text
    assert "chmod 600" in text


def test_help_has_every_exit_code_and_variable(desk):
    """Every exit code is in `help exit-codes`; `help VERB` is the help of the verb."""
    codes = desk.run("help", "exit-codes").stdout
    assert all(f"| {code} | " in codes for code in edge.EXIT_CODES)
    assert "MACSEC_KERNEL" in desk.run("help", "environment").stdout
    assert "exit-codes" in desk.run("help").stdout
    assert "--strict" in desk.run("help", "validate").stdout


@pytest.mark.parametrize("words", [["validate"], ["lab"], ["lab", "run"], ["mka", "explain"]])
def test_help_of_a_verb_is_its_option_help(desk, words):
    """`help lab run` prints what `lab run --help` does."""
    assert desk.run("help", *words).stdout == desk.run(*words, "--help").stdout


@pytest.mark.parametrize(
    ("words", "named"),
    [("lab bogus", "'lab bogus'"), ("validate lab", "'validate lab'"), ("bogus run", "'bogus'")],
)
def test_help_refuses_an_unknown_verb(desk, words, named):
    """The line names the words that are no verb."""
    assert f"verb {named}" in one_line(desk.run("help", *words.split(), code=2))


def test_help_names_every_topic(desk):
    """The last line of --help leads to the list, which has each topic with its summary."""
    assert "macsec help TOPIC" in desk.run("--help").stdout
    listed = desk.run("help").stdout
    assert all(f"  {page.name} " in listed and page.summary in listed for page in topics().values())


@pytest.mark.parametrize("name", topics())
def test_help_shows_every_topic(desk, name):
    """A pipe gets the Markdown of the page, each table in its place."""
    text = desk.run("help", name).stdout
    assert text.startswith("# ")
    assert "{{" not in text


@pytest.mark.parametrize("verb", list(VERBS))
def test_every_verb_has_help(desk, verb):
    """Each verb of the table has a command, with help."""
    if verb == "conformance":
        pytest.importorskip("macsec.cli.conformance")
    assert "Usage: macsec" in desk.run(verb, "--help").stdout


def test_version_names_version_data_plane_and_kernel(desk):
    """The line agrees with the SecY that a verb would make."""
    line = desk.run("--version").stdout
    with SecY() as secy:
        assert line == f"macsec {__version__} ({secy.backend} data plane, {secy.kernel} kernel)\n"


def test_version_is_in_one_place():
    """The package metadata takes the version from macsec.__version__."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["version", "urls"]  # setup.py has the urls
    assert project["tool"]["setuptools"]["dynamic"] == {"version": {"attr": "macsec.__version__"}}


FAULTY = "secy:\n  windw: 1\n  cipher: x\nother: 1\n"


@pytest.mark.parametrize("words", [("protect", "-c"), ("keys", "check", "-c")])
def test_all_faults_of_a_configuration_are_printed(desk: Desk, words: tuple[str, ...]) -> None:
    """Each on a line with its place: ten of them, with -v all."""
    path = desk.path("faulty.yaml")
    Path(path).write_text(FAULTY)
    rest = ["in.pcap", "out.pcap"] if words[0] == "protect" else []
    lines = desk.run(*words, path, *rest, code=2).stderr.splitlines()
    assert [line.split(": ")[1:3] for line in lines] == [
        [f"{path}:2", "secy.windw"],
        [f"{path}:3", "secy.cipher"],
        [f"{path}:4", "other"],
    ]
    Path(path).write_text("".join(f"other{number}: 1\n" for number in range(13)))
    lines = desk.run(*words, path, *rest, code=2).stderr.splitlines()
    assert len(lines) == 11
    assert lines[-1] == "macsec: and 3 more faults: -v prints them all"
    assert len(desk.run(*words, path, *rest, "-v", code=2).stderr.splitlines()) == 13


@pytest.mark.parametrize(
    "args",
    [
        ("privacy", "wrap", "in.pcap", "out.pcap", "--for"),
        ("keys", "generate", "--store", "store.yaml", "--kek", "env:KEK", "--lifetime"),
        ("keys", "generate", "--store", "store.yaml", "--kek", "env:KEK", "--overlap"),
        ("mka", "explain", "in.pcap", "--life-time"),
        ("tap", "-c", "link.yaml", "--lower", "lo", "--upper", "macsec0", "--stats"),
        ("bench", "latency", "--trial"),
    ],
)
@pytest.mark.parametrize("number", ["nan", "inf", "1e300"])
def test_number_of_an_option_is_finite(desk, args, number):
    """A time that is not a number, or without an end, is refused with the name of its option."""
    assert args[-1] in one_line(desk.run(*args, number, code=2))


@pytest.mark.parametrize(
    "args, code",
    [
        (("protect", "-c", "none.yaml", "in.pcap", "out.pcap"), 2),
        (("inspect",), 2),
        (("inspect", "none.pcap"), 2),
        (("lab", "run", "no-such-topology"), 2),
    ],
)
def test_with_json_an_error_is_an_object_too(desk: Desk, args: tuple[str, ...], code: int) -> None:
    """Beside its line on stderr, where no output was begun; nothing without --json."""
    result = desk.run(*args, "--json", code=code)
    found = checked(result.stdout)
    assert (found["schema"], found["exit_code"]) == ("macsec/error/1", code)
    assert found["error"].split()[0].lower().strip(":.") in result.stderr.lower()
    assert desk.run(*args, code=code).stdout == ""


KEY = "deadbeefcafebabe0123456789abcdef"


@pytest.mark.parametrize("typed", [KEY, KEY[:-1], 2 * KEY, ":".join([KEY[:16]] * 4), f"11:{KEY}"])
@pytest.mark.parametrize(
    "words",
    [
        "validate --cak {} in.pcap out.pcap",
        "validate -c {} in.pcap out.pcap",
        "mka explain in.pcap --cak {}",
        "tap --mka -c {} --lower lo --upper x",
        "keys {}",
        "explain -c {} --frame {} in.pcap",
        "lab run {}",
        "conformance --suite {}",
        "inspect {} --json",
        "{}",
    ],
)
def test_a_key_on_the_command_line_is_not_repeated(
    desk: Desk, some: list[bytes], words: str, typed: str
) -> None:
    """A key where a file, a verb or a number belongs: logs of CI keep the error."""
    desk.capture(some)
    ended = desk.run(*words.format(typed, typed).split(), code=2)
    assert KEY[:16] not in (ended.stdout + ended.stderr).lower()
    assert f"<text of {len(typed)} characters>" in ended.stderr


def test_names_that_are_hex_digits_stay_in_errors(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digest that is the name of a capture, and a CKN."""
    name = f"{KEY}.pcap"
    assert name in desk.run("inspect", name, code=2).stderr
    assert f"captures/{KEY}" in desk.run("inspect", f"captures/{KEY}", code=2).stderr
    monkeypatch.setenv("MACSEC_PROTECT_CONFIG", KEY)
    assert KEY not in desk.run("protect", "in.pcap", "out.pcap", code=2).stderr


def test_a_command_that_needs_root_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    """With sudo, whose PATH is another, and the same arguments; root sees the line alone."""
    error = EnvironmentLacks("making a device needs root (CAP_NET_ADMIN)")
    monkeypatch.setattr(sys, "argv", ["macsec", "tap", "-c", "my link.yaml"])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    command = "sudo env \"PATH=$PATH\" macsec tap -c 'my link.yaml'"
    assert edge._line(error) == f"{error}: {command}"
    assert edge._line(EnvironmentLacks("no kernel")) == "no kernel"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert edge._line(error) == str(error)
