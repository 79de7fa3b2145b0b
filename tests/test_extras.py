"""Dependencies and extras: pyproject.toml, the imports of the package, and the remedies."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from macsec.cli import MODULES
from macsec.cli.doctor import DEPENDENCIES
from macsec.extras import EXTRAS, lacks

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
BROUGHT = {"markdown_it"}
"""Packages that a dependency cannot do without: rich renders Markdown with it."""
IMPORTED_AS = {"PyYAML": "yaml"}
"""Packages whose module has another name."""
OPTIONAL = {
    "bcrypt",
    "bokeh",
    "dask",
    "sphinx",
    "fsspec",
    "google",
    "grpc",
    "pyarrow",
    "opentelemetry",
    "prometheus_client",
    "pyroute2",
    "azure",
    "compression",
    "pkcs11",
    "pyrad",
    "scapy",
    "starlette",
    "textual",
    "uvicorn",
    "zstandard",
    "Crypto",
    "hypothesis",
    "pytest",
    "resvg_py",
}
"""Modules that only some uses need."""
MOST = 7


def names(requirements: list[str]) -> list[str]:
    """The packages of requirements."""
    return [re.split(r"[^\w-]", each)[0] for each in requirements]


def imports(tree: ast.AST) -> Iterator[str]:
    """The modules that a file imports, by their first name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]


def test_runtime_dependencies_are_seven_at_most() -> None:
    """And they are the list of `doctor`."""
    assert names(PROJECT["dependencies"]) == list(DEPENDENCIES)
    assert len(DEPENDENCIES) <= MOST


def test_package_imports_its_dependencies_alone() -> None:
    """No import of what another dependency happens to bring."""
    own = {IMPORTED_AS.get(name, name) for name in DEPENDENCIES}
    found = {
        module
        for path in (ROOT / "macsec").rglob("*.py")
        for module in imports(ast.parse(path.read_text()))
    }
    assert found - sys.stdlib_module_names - {"macsec"} - OPTIONAL - BROUGHT == own


@pytest.mark.parametrize("name", EXTRAS)
def test_extra_has_the_packages_of_the_project_file(name: str) -> None:
    """So the remedy installs what is missing; `all` holds every extra."""
    listed = PROJECT["optional-dependencies"]
    assert EXTRAS[name].packages in (tuple(names(listed[name])), ())
    assert listed["all"] == [f"macsec[{','.join(EXTRAS)}]"]


@pytest.mark.parametrize("name", EXTRAS)
def test_missing_extra_is_one_line_with_its_remedy(name: str) -> None:
    """The line names use, packages and the command to install them; the exit code is 5."""
    error = lacks(name)
    assert error.exit_code == 5
    assert f"pip install 'macsec[{name}]'" in str(error)
    assert all(package in str(error) for package in EXTRAS[name].packages)
    assert "\n" not in str(error)


def without_extras(code: str, *args: str) -> subprocess.CompletedProcess[str]:
    """Run Python where no extra is installed."""
    blocked = f"import sys; sys.modules |= dict.fromkeys({sorted(OPTIONAL)})\n"
    return subprocess.run(
        [sys.executable, "-c", blocked + code, *args], capture_output=True, text=True, cwd=ROOT
    )


def test_every_verb_loads_without_extras() -> None:
    """Each module of the package but those of scapy sockets too."""
    modules = [*MODULES.values(), "macsec.frames", "macsec.measure"]
    found = without_extras(f"for each in {modules}: __import__(each)")
    assert (found.returncode, found.stderr) == (0, "")


MAIN = "from macsec.__main__ import main; main()"


@pytest.mark.parametrize(
    ("code", "args", "exit_code", "line"),
    [
        (MAIN, ["replay", "pcaps/tls13.pcap", "--wire", "OUT"], 0, ""),
        (
            MAIN,
            ["inspect", "ZSTD"],
            5,
            "macsec: zstd streams need zstandard: pip install 'macsec[zstd]'",
        ),
        (
            "from macsec.wire.scapy import PortSocket",
            [],
            1,
            "macsec.errors.EnvironmentLacks: packets and sockets of scapy need scapy: "
            "pip install 'macsec[scapy]'",
        ),
        (
            "from macsec import FrameBatch; FrameBatch.from_frames([bytes(60)]).packets()",
            [],
            1,
            "macsec.errors.EnvironmentLacks: packets and sockets of scapy need scapy: "
            "pip install 'macsec[scapy]'",
        ),
    ],
    ids=["replay", "zstd", "socket", "packets"],
)
def test_use_without_its_extra_ends_in_one_line(
    code: str, args: list[str], exit_code: int, line: str, tmp_path: Path
) -> None:
    """A verb that needs no extra works; one that does names it."""
    files = {"ZSTD": tmp_path / "packed", "OUT": tmp_path / "wire.pcap"}
    files["ZSTD"].write_bytes(bytes.fromhex("28b52ffd") + bytes(60))
    found = without_extras(code, *(str(files.get(each, each)) for each in args))
    assert found.returncode == exit_code, found.stderr
    assert found.stderr.splitlines()[-1:] == ([line] if line else [])
