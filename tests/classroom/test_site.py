"""The folder of the page: complete, closed, the same each time; Pyodide is compared."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from macsec.classroom import site
from macsec.cli import cli
from macsec.errors import ConfigError

PACKAGE = Path(site.__file__).parents[1]
ALONE = """
import sys
sys.path[:] = [{archive!r}, *(each for each in sys.path if "site-packages" not in each)]
from macsec.classroom.substitutes import install
install()
from macsec.classroom.calls import call
print(call("flip", '{{"flips": [117], "encrypt": true, "validate": "strict"}}'))
print(call("reuse", '{{"first": "one", "second": "two", "forged": "six"}}'))
print(call("flip", '{{"flips": [300], "encrypt": true, "validate": "strict"}}'))
"""


@pytest.fixture
def pyodide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with small files in place of Pyodide's, and their digests in the table."""
    folder = tmp_path / "pyodide"
    folder.mkdir()
    for name in site.DIGESTS:
        (folder / name).write_text(name)
        monkeypatch.setitem(site.DIGESTS, name, hashlib.sha256(name.encode()).hexdigest())
    return folder


def test_archive_alone_runs_the_secy(tmp_path: Path) -> None:
    """A Python without numpy, cryptography and our package runs the page's calls."""
    path = tmp_path / "macsec.zip"
    path.write_bytes(site.archive())
    code = ALONE.format(archive=str(path))
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    flipped, reused, changed = map(json.loads, run.stdout.splitlines())
    assert flipped["judgement"]["verdict"] == "uncontrolled"
    assert [each["judgement"]["verdict"] for each in reused["candidates"]].count("ok") == 1
    assert changed["judgement"]["verdict"] == "not-valid"


def test_archive_has_the_files_of_the_product() -> None:
    """Each file is that of the package, octet for octet, and twice the same ZIP comes out."""
    made = site.archive()
    assert made == site.archive()
    with zipfile.ZipFile(io.BytesIO(made)) as bundle:
        names = bundle.namelist()
        for name in names:
            assert bundle.read(name) == (PACKAGE.parent / name).read_bytes()
    assert {"macsec/secy/reference/plane.py", "macsec/frames/sectag.py"} <= set(names)


def test_page_has_the_texts_of_the_guide() -> None:
    """The four sections of the guide are in the page, and no place is left open."""
    page = site.index()
    for title in ("A frame, octet by octet", "Flip a bit", "The replay window", "One nonce"):
        assert page.count(title) >= 2
    assert "<!--" not in page


def test_page_loads_nothing_from_elsewhere() -> None:
    """A policy allows only files of the folder; no file of the page has an address of another."""
    assert "default-src 'none'" in site.index()
    for file in (PACKAGE / "classroom" / "page").iterdir():
        assert not re.search(r"https?:|//[a-z]+\.", file.read_text()), file.name
        inline = re.search(r"innerHTML|\beval\(|style=|\bon[a-z]+=", file.read_text())
        assert inline is None, file.name


def test_verb_writes_the_folder(tmp_path: Path, pyodide: Path) -> None:
    """The verb writes each file, again over an old folder."""
    out = tmp_path / "new" / "lesson"
    for _ in range(2):
        result = CliRunner().invoke(cli, ["classroom", str(out), "--pyodide", str(pyodide)])
        assert result.exit_code == 0, result.output
    written = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert {"index.html", "main.js", "page.css", "macsec.zip", "pyodide/pyodide.mjs"} <= written
    references = set(re.findall(r'(?:from |src=|href=)"(?:\./)?([\w./-]+)"', site.index()))
    for file in out.glob("*.js"):
        references |= set(re.findall(r'from "\./([\w./-]+)"', file.read_text()))
    assert references <= written


@pytest.mark.parametrize("name", site.DIGESTS)
def test_other_files_of_pyodide_are_refused(tmp_path: Path, pyodide: Path, name: str) -> None:
    """A changed or missing file of Pyodide is named with the remedy, and nothing is written."""
    (pyodide / name).write_text("changed")
    with pytest.raises(ConfigError, match=rf"{name} is not that of Pyodide.*npm install"):
        site.write_site(tmp_path / "out", pyodide)
    (pyodide / name).unlink()
    with pytest.raises(ConfigError, match=rf"{name}: No such file.*npm install"):
        site.write_site(tmp_path / "out", pyodide)
    assert not (tmp_path / "out").exists()
