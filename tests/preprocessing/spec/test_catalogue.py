"""Generated files match the classes of steps, and every step is complete."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from importlib import import_module
from pathlib import Path

import pytest

import preprocessing
from preprocessing import ENCODINGS, TRANSFORMS, Encoding, Transform
from preprocessing.spec.step import StepBase
from tests.paths import ROOT
from tools import catalogue, steps_page

REGISTRIES = {
    "preprocessing.transforms": (TRANSFORMS, Transform),
    "preprocessing.encodings": (ENCODINGS, Encoding),
}


def steps_of(package: str, base: type[StepBase]) -> Iterator[type[StepBase]]:
    """Yield the public dataclasses of steps that the public modules of a package define."""
    for found in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
        if not found.name.rpartition(".")[2].startswith("_"):
            for _, step in inspect.getmembers(import_module(found.name), inspect.isclass):
                here = step.__module__ == found.name and not step.__name__.startswith("_")
                if here and issubclass(step, base) and is_dataclass(step):
                    yield step


@pytest.mark.parametrize("tool", [catalogue.generated, steps_page.pages])
def test_generated_files_are_current(tool: Callable[[], dict[Path, str]]) -> None:
    for path, text in tool().items():
        assert path.is_file() and path.read_text(encoding="utf-8") == text, (
            f"{path.relative_to(ROOT)} is out of date; run `make docs`, or only "
            f"`python -m {tool.__module__}`"
        )


@pytest.mark.parametrize("package", REGISTRIES)
def test_every_step_class_is_named_and_in_the_catalogue(package: str) -> None:
    registry, base = REGISTRIES[package]
    found = list(steps_of(package, base))
    for step in found:
        assert "name" in vars(step), (
            f'{step.__name__} has no name; write `name: ClassVar[str] = "..."` in the class, or move it '
            "to a module that begins with an underscore if only other steps use it"
        )
    assert {step.name for step in found} == set(registry), "run `python -m tools.catalogue`"


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ('class X:\n    """X."""\n    name: str = "x"\n', "X lacks the decorator @frozen"),
        ('@frozen\nclass X:\n    """X."""\n', r"X lacks a name; write `name: ClassVar\[str\] = "),
        ('@frozen\nclass X:\n    name: str = "x"\n', "X lacks a docstring"),
    ],
)
def test_an_incomplete_step_is_refused(monkeypatch, tmp_path, text: str, refused: str) -> None:
    path = tmp_path / "preprocessing/transforms/image/x.py"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    monkeypatch.setattr(catalogue, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match=rf"^preprocessing/transforms/image/x\.py:\d: {refused}"):
        catalogue.generated()


def test_the_stub_declares_what_the_package_exports() -> None:
    (path,) = (path for path in catalogue.generated() if path.suffix == ".pyi")
    declared: dict[str, object] = {}
    exec(path.read_text(encoding="utf-8"), declared)
    assert sorted(declared["__all__"]) == sorted(preprocessing.__all__)
    for name in preprocessing.__all__:
        assert declared[name] is getattr(preprocessing, name)


def test_two_steps_cannot_share_a_name(monkeypatch, tmp_path) -> None:
    folder = tmp_path / "preprocessing/transforms"
    folder.mkdir(parents=True)
    for module in ("a", "b"):
        (folder / f"{module}.py").write_text(
            '@frozen\nclass X:\n    """X."""\n    name: str = "x"\n'
        )
    monkeypatch.setattr(catalogue, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match=r"two steps are named 'x': a\.X and b\.X"):
        catalogue.generated()


def test_a_table_of_steps_links_to_the_reference(monkeypatch, tmp_path) -> None:
    page = tmp_path / "docs/start/pipelines.md"
    page.parent.mkdir(parents=True)
    page.write_text("Before.\n<!-- steps: table -->\nold\n<!-- steps: end -->\nAfter.\n")
    (tmp_path / "README.md").write_text("No table.\n")
    monkeypatch.setattr(steps_page, "ROOT", tmp_path)
    monkeypatch.setattr(steps_page, "PAGE", tmp_path / "docs/steps.md")
    written = steps_page.pages()
    assert set(written) == {page, tmp_path / "docs/steps.md"}
    table = written[page]
    assert table.startswith("Before.\n<!-- steps: table -->\n\n| | steps |\n")
    assert table.endswith("|\n\n<!-- steps: end -->\nAfter.\n")
    for name in (*TRANSFORMS, *ENCODINGS):
        assert f"[`{name}`](../steps.md#{name})" in table
    assert "\nold\n" not in table
