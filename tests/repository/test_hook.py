"""The hook for pre-commit, as the guide shows it: a commit with a key is refused."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.outputs.pages import all_blocks
from support.real.hosts import found
from support.sources import sources_in

pytestmark = [pytest.mark.programs, pytest.mark.exhaustive]

KEY = "30313233343536373839303132333435"
LINK = """\
secy: {{cipher: gcm-aes-128}}
tx: {{sci: 5254001301560001, sa: {{0: {{key: {key}, pn: 1}}}}}}
"""
GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    **{f"GIT_{who}_NAME": "test" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "test@example.org" for who in ("AUTHOR", "COMMITTER")},
}


def _needs(folder: Path) -> Path:
    """Link the packages of this interpreter into a folder, without macsec and pip."""
    folder.mkdir()
    for place in sys.path:
        if Path(place).name in ("site-packages", "dist-packages"):
            for path in Path(place).iterdir():
                apart = re.match(r"macsec|__editable__|pip|_virtualenv", path.name)
                if not apart and path.suffix != ".pth" and not (folder / path.name).exists():
                    (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a user, in which pip needs no index: what it needs is installed."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    return {
        **kept,
        **GIT,
        "HOME": str(tmp_path),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(tmp_path / "hooks"),
        "PYTHONPATH": str(_needs(tmp_path / "needs")),
        "CC": "/bin/false",  # a hook needs no data plane: nothing is compiled
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # the negation of a negation: pip takes it as `off`
    }


def test_a_commit_with_a_key_is_refused_and_a_clean_one_passes(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """The file and the line are named, the key is not; a key by reference passes."""
    if found("pre-commit") is None or found("git") is None:
        pytest.skip("pre-commit is not installed")

    def run(folder: Path, *command: str, code: int = 0) -> str:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    sources, work = sources_in(tmp_path / "sources"), tmp_path / "work"
    work.mkdir()
    for folder in (sources, work):
        run(folder, "git", "init", "-q")
    run(sources, "git", "add", "--all")
    run(sources, "git", "commit", "-q", "-m", "all")
    revision = run(sources, "git", "rev-parse", "HEAD").strip()
    (block,) = [each for each in all_blocks("yaml") if "id: macsec-keys" in each.text]
    (work / ".pre-commit-config.yaml").write_text(
        block.text.replace("https://github.com/OWNER/macsec", f"file://{sources}").replace(
            "rev: REV", f"rev: {revision}"
        )
    )
    link = work / "link.yaml"
    link.write_text(LINK.format(key=KEY))
    run(work, "pre-commit", "install")
    run(work, "git", "add", "--all")
    refused = run(work, "git", "commit", "-m", "with a key", code=1)
    assert re.search(r"^keys in configurations of MACsec\.+Failed$", refused, re.M), refused
    assert "link.yaml:2: key in clear (macsec" in refused
    assert KEY not in refused
    link.write_text(LINK.format(key='"env:SAK"'))
    run(work, "git", "add", "--all")
    passed = run(work, "git", "commit", "-m", "with a name")
    assert re.search(r"^keys in configurations of MACsec\.+Passed$", passed, re.M), passed
    (installed,) = (tmp_path / "hooks").glob("repo*/py_env-*/lib/python3*/site-packages/macsec")
    assert (installed / "cli").is_dir()
