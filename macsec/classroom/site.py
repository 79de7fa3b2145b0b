"""The folder of the page: every file that a browser loads, and nothing from elsewhere."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from macsec.errors import ConfigError, EnvironmentLacks
from macsec.guide.topics import topics
from macsec.whole_file import make_folder, write_whole

PYODIDE = "0.28.3"
DIGESTS = {
    "pyodide.mjs": "635a6da3218fe4e5668da595acfe8b5ce77453d597d602f19a423dd250653441",
    "pyodide.asm.js": "b22e5831eade9ff10e6fe2c811c68688cd91f10154377b4f80debcf5bafa1e56",
    "pyodide.asm.wasm": "5effb6a1a6cc4a1a85bec4622701aa797c031e1de923cbbaf2ad47abdc4ab325",
    "python_stdlib.zip": "71fee17f88a6260ec8c9c7c063533ee59c021fdc88a1ce76247378d3c4a35f4c",
    "pyodide-lock.json": "f6e6f42f451f42affbbcddb00e8c9a3278dcbf399f57aab9f3f568839a7ff4a6",
}
"""SHA-256 of the files of Pyodide that a page needs."""

PACKAGES = ("frames", "secy", "classroom")
"""Packages that the page has whole, besides the modules beside them."""

_TOPIC = "stations"
_PACKAGE = Path(__file__).resolve().parents[1]
_OLDEST = (1980, 1, 1, 0, 0, 0)


def write_site(folder: Path, pyodide: Path) -> list[str]:
    """Write the page, and return the names of its files. `pyodide`: a folder with its files.

    Raises ConfigError for other files than those of this version of Pyodide, and for a folder that
    cannot be written.
    """
    content = {"index.html": index().encode(), "macsec.zip": archive()}
    for file in (_PACKAGE / "classroom" / "page").iterdir():
        if file.suffix in (".css", ".js"):
            content[file.name] = file.read_bytes()
    content |= {f"pyodide/{name}": octets for name, octets in _checked(pyodide)}
    make_folder(folder)
    make_folder(folder / "pyodide")
    for name, octets in content.items():
        write_whole(folder / name, octets)
    return sorted(content)


def _checked(pyodide: Path) -> Iterator[tuple[str, bytes]]:
    remedy = f"npm install pyodide@{PYODIDE}, then --pyodide node_modules/pyodide"
    for name, digest in DIGESTS.items():
        try:
            octets = (pyodide / name).read_bytes()
        except OSError as error:
            raise ConfigError(f"{pyodide / name}: {error.strerror}; {remedy}") from None
        if hashlib.sha256(octets).hexdigest() != digest:
            raise ConfigError(f"{pyodide / name} is not that of Pyodide {PYODIDE}; {remedy}")
        yield name, octets


def archive() -> bytes:
    """Return a ZIP of the Python files, the same octets for the same files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path in _sources():
            name = f"macsec/{path.relative_to(_PACKAGE).as_posix()}"
            bundle.writestr(zipfile.ZipInfo(name, _OLDEST), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _sources() -> list[Path]:
    beside = _PACKAGE.glob("*.py")
    inside = (path for package in PACKAGES for path in (_PACKAGE / package).rglob("*.py"))
    return sorted({*beside, *inside} - {Path(__file__).resolve()})


def index() -> str:
    """Return the page with the texts of the guide. Raises EnvironmentLacks without markdown-it."""
    try:
        from markdown_it import MarkdownIt
    except ImportError:
        raise EnvironmentLacks("markdown-it-py is not installed: pip install rich") from None
    page = files(__package__).joinpath("page/index.html").read_text("utf-8")
    _, *sections = topics()[_TOPIC].text.split("\n## ")
    for number, section in enumerate(sections, 1):
        title, text = section.split("\n", 1)
        page = page.replace(f"<!-- title {number} -->", title.strip())
        page = page.replace(f"<!-- text {number} -->", MarkdownIt().render(text))
    return page
