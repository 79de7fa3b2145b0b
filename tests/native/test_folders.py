"""The folders of `_native`: which includes which, and how long a file may be."""

import re
from pathlib import Path

import pytest
from support.native.harness import NATIVE, PROGRAMS

INCLUDES = {
    "base": set(),
    "frames": {"base"},
    "gcm": {"base"},
    "gcm/arm": {"base", "gcm"},
    "gcm/portable": {"base", "gcm"},
    "gcm/x86": {"base", "gcm"},
    "secy": {"base", "frames", "gcm"},
    "captures": {"base"},
    "wire": {"base", "frames"},
    "kay": {"base", "gcm", "gcm/portable"},
    "lab": {"base", "frames", "kay", "lab/structures", "secy", "wire"},
    "lab/structures": {"wire"},
    "live": {"base", "frames", "secy", "wire"},
    "measure": {"secy"},
    "python": {"base", "frames", "secy"},
}
"""The folders that the files of a folder may include, beside their own."""
MOST_LINES = 600


def c_files(folder: Path) -> list[Path]:
    """Return the C sources and headers below a folder."""
    return sorted(path for path in folder.rglob("*") if path.suffix in (".c", ".h"))


@pytest.mark.parametrize("folder", sorted(INCLUDES))
def test_folder_includes_only_the_folders_below_it(folder: str) -> None:
    """An include of another folder is an edge of the table, and written from the root."""
    found = {
        (path.name, included)
        for path in c_files(NATIVE / folder)
        if path.parent == NATIVE / folder
        for included in re.findall(r'^#include "([^"]*)"', path.read_text(), re.MULTILINE)
        if included.rpartition("/")[0] not in {folder, *INCLUDES[folder]}
    }
    assert not found


def test_every_folder_has_a_row() -> None:
    """A new folder of C has to say what it includes."""
    assert {path.parent.relative_to(NATIVE).as_posix() for path in c_files(NATIVE)} == {*INCLUDES}


def test_no_file_is_too_long() -> None:
    """A file of C, tests included, that is longer has two subjects."""
    files = [*c_files(NATIVE), *c_files(PROGRAMS)]
    assert not [path.name for path in files if path.read_text().count("\n") > MOST_LINES]
