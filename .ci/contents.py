"""Check the contents of the wheel and the source archive: `contents.py FOLDER`."""

from __future__ import annotations

import sys
import tarfile
import zipfile
from pathlib import Path

WHEEL = (
    "macsec/_native.abi3.so",
    "macsec/_native.pyi",
    "macsec/py.typed",
    "macsec/ARCHITECTURE.md",
    "macsec/offline/sample.pcap",
)
SOURCE = (
    *("README.md", "LICENSE", "pyproject.toml", "setup.py", "MANIFEST.in", ".ci/run"),
    *(
        "_native/build_native.py",
        "_native/secy/macsec.h",
        "_native/secy/secy.c",
        "tests/conftest.py",
    ),
    *("pcaps/tls13.pcap", "bench/README.md", "macsec/py.typed"),
)


def main(dist: Path) -> None:
    """Exit with what is missing or too much."""
    wheel, source = next(dist.glob("*.whl")), next(dist.glob("*.tar.gz"))
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    with tarfile.open(source) as archive_of_source:
        sources = {name.partition("/")[2] for name in archive_of_source.getnames()}
    here = Path(__file__).parents[1]
    vectors = {
        str(path.relative_to(here)) for path in here.glob("macsec/conformance/vectors/*.json")
    }
    faults = [f"the wheel lacks {name}" for name in {*WHEEL, *vectors} - packed]
    faults += [f"the source archive lacks {name}" for name in {*SOURCE, *vectors} - sources]
    faults += [f"in the wheel: {name}" for name in packed if name.startswith(("tests", "_native"))]
    faults += [f"in an archive: {name}" for name in packed | sources if "__pycache__" in name]
    if not wheel.name.partition("-")[2].partition("-")[2].startswith("cp311-abi3-"):
        faults.append(f"wheel tag: {wheel.name}")
    if not vectors:
        faults.append("no vectors in the checkout")
    sys.stdout.write(f"{wheel.name}: {len(packed)} files; {source.name}: {len(sources)}\n")
    sys.exit("\n".join(faults) or None)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
