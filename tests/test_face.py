"""`import macsec`: the names of the face, and that a user's program type-checks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typed import right

import macsec
import macsec.kay
from macsec.live import aio

TYPED = Path(__file__).parent / "typed"


def test_every_name_of_the_face_is_there() -> None:
    """Each is loaded when it is used, and is the one of its home."""
    for name in macsec.__all__:
        assert getattr(macsec, name) is not None
    assert set(macsec.__all__) <= set(dir(macsec))
    assert issubclass(macsec.ConfigError, macsec.MACsecError)
    with pytest.raises(AttributeError, match="nothing"):
        _ = macsec.nothing


def test_a_verdict_is_found_by_its_code() -> None:
    """As in a column of codes."""
    assert macsec.Verdict(3) is macsec.Verdict(np.uint8(3)) is macsec.Verdict.DELAYED
    with pytest.raises(ValueError, match="99"):
        macsec.Verdict(99)


def test_the_program_of_a_user_runs(tmp_path: Path) -> None:
    """The program that type checkers read does what it says."""
    assert right.main(tmp_path) == ["ok", 1, 16, 2, "secured", b"name", 64, 1, 16, True]


@pytest.mark.exhaustive
def test_a_program_of_a_user_type_checks(tmp_path: Path) -> None:
    """With `mypy --strict`, in a folder of its own: right uses pass, wrong ones are errors."""
    pytest.importorskip("mypy")
    for name in ("right.py", "wrong.py"):
        (tmp_path / name).write_text((TYPED / name).read_text())
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", os.devnull, "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_the_program_of_a_user_has_every_name_of_the_faces() -> None:
    """Names of the package, and of each package of the contract."""
    text = (TYPED / "right.py").read_text()
    wanted = {*macsec.__all__, *macsec.kay.__all__, *aio.__all__, "Link", "LinkParams", "Engine"}
    wanted |= {"parse_tc", "Agreement", "ControlledPort", "load_topology", "SecTAG"}
    unused = {"AsyncLab", "AsyncTap", "CipherSuite", "FormatError", "MACsecError"}
    assert {name for name in wanted if not re.search(rf"\b{name}\b", text)} == unused
