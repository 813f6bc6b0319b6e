"""The example notebooks run from top to bottom. `make test-notebooks` has their environment."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

FOLDER = Path(__file__).parents[2] / "examples/notebooks"
KINDS = ("images", "sound", "text", "video")
# Warnings from our code are errors. Those from Jupyter's threads are not ours to fix.
STRICT = """
import warnings
ours = r"(__main__|preprocessing|handler|jitprep)(\\.|$)"
warnings.filterwarnings("error", module=ours)
"""


def read(kind: str) -> nbformat.NotebookNode:
    return nbformat.read(FOLDER / f"{kind}.ipynb", as_version=4)


def test_there_is_one_per_kind():
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == sorted(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_stored_without_output(kind):
    notebook = read(kind)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


@pytest.mark.parametrize("kind", KINDS)
def test_it_runs(kind):
    """A cell that raises, or whose assertion fails, ends the run."""
    notebook = read(kind)
    notebook.cells.insert(0, new_code_cell(STRICT))
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(FOLDER)}})
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert not [output.text for output in outputs if output.get("name") == "stderr"]
    pages = "".join(output.data.get("text/html", "") for output in outputs if "data" in output)
    assert "<caption>" in pages  # the steps
    assert ("<th>before</th>" if kind == "text" else 'alt="before and after"') in pages
