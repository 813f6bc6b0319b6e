"""How the house is built: sizes of files and folders, and names that mean one thing each."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

from .paths import ROOT

PACKAGES = ("preprocessing", "handler", "jitprep")
FOLDERS = (*PACKAGES, "bench", "soak", "fuzz", "tools", "tests", "examples")
# Folders with a module for each step of one kind may have any number of them.
CATALOGUES = {"preprocessing/transforms/image", "preprocessing/transforms/audio"}
# Protocols: a module of each format, door or command has a function of this name, which means the same
# in each, and is called by way of its module.
PROTOCOLS = frozenset(
    {"answer", "client", "decode", "decode_index", "holds", "index_bits", "main", "panel"}
    | {"parse", "probe", "read", "run", "simulate"}
)


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def defined(path: Path) -> set[str]:
    """Return the public names that a module defines."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                found.add(name)
            case ast.AsyncFunctionDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
            case ast.Assign(targets=targets):
                found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return {name for name in found if not name.startswith("_")}


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_file_is_read_in_one_sitting(folder: str) -> None:
    long = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules(folder)}
    assert long
    assert not {str(path.relative_to(ROOT)): n for path, n in long.items() if n > 300}


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_is_one_room(folder: str) -> None:
    rooms: dict[str, int] = defaultdict(int)
    for path in modules(folder):
        if path.name != "__init__.py":
            rooms[str(path.parent.relative_to(ROOT))] += 1
    assert not {room: n for room, n in rooms.items() if n > 15 and room not in CATALOGUES}


def test_a_public_name_means_one_thing() -> None:
    where: dict[str, list[str]] = defaultdict(list)
    for package in PACKAGES:
        for path in modules(package):
            if path.name != "__init__.py":
                for name in defined(path) - PROTOCOLS:
                    where[name].append(str(path.relative_to(ROOT)))
    assert not {name: paths for name, paths in where.items() if len(paths) > 1}
