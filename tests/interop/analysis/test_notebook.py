"""The notebook of the guide runs from its first cell to its last, and shows results as HTML."""

from __future__ import annotations

import warnings
from importlib.resources import files
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="nbformat is missing: pip install nbclient")
nbclient = pytest.importorskip("nbclient", reason="nbclient is missing: pip install nbclient")
for needed in ("ipykernel", "pyarrow"):
    pytest.importorskip(needed, reason=f"{needed} is missing: pip install {needed}")

pytestmark = pytest.mark.filterwarnings("ignore")  # those of Jupyter's own packages


def ran(name: str, folder: Any) -> Any:
    """Run a notebook of the guide and return it with its outputs."""
    text = (files("macsec.guide") / "examples" / name).read_text("utf-8")
    notebook = nbformat.reads(text, as_version=4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client = nbclient.NotebookClient(
            notebook, timeout=120, resources={"metadata": {"path": folder}}
        )
        return client.execute()


def test_first_notebook_runs_and_shows_html(tmp_path) -> None:
    """Outcome, SecY and lab are cells of HTML; the file itself holds no output."""
    done = ran("first-notebook.ipynb", tmp_path)
    outputs = [each for cell in done.cells for each in cell.get("outputs", [])]
    shown = [each.data.get("text/html") for each in outputs if "data" in each]
    assert sum("macsec-cell" in (text or "") for text in shown) == 3
    assert any("not-valid" in str(each.data) for each in outputs if "data" in each)


def test_notebooks_of_the_guide_are_kept_without_outputs() -> None:
    """Outputs would go out of date, and hold what a machine showed."""
    folder = files("macsec.guide") / "examples"
    found = [each for each in folder.iterdir() if each.name.endswith(".ipynb")]
    assert found
    for each in found:
        notebook = nbformat.reads(each.read_text("utf-8"), as_version=4)
        assert all(not cell.get("outputs") for cell in notebook.cells)
