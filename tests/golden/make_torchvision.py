"""Make `torchvision/<group>.npz`: what the real torchvision v2 does, for every transform.

Run by hand, in an environment that has torchvision, when a case is added; names choose groups::

    make .venv-bench/stamp
    .venv-bench/bin/python tests/golden/make_torchvision.py [GROUP ...]

Knows nothing of `preprocessing`: each case pairs the spelling that users write with the torchvision
call that it promises to equal. The key of an expected array is ``"<input> <spec>"``.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import torch
import torchvision
from torchvision_cases.base import inputs

HERE = Path(__file__).parent
GROUPS = sorted(
    path.stem
    for path in (HERE / "torchvision_cases").glob("*.py")
    if path.stem not in ("__init__", "base")
)


def make(group: str) -> None:
    """Write a group's inputs and what torchvision makes of them."""
    pictures = inputs()
    arrays = {
        "made by": np.array(f"torchvision {torchvision.__version__}, torch {torch.__version__}")
    }
    for name, spec, transform in import_module(f"torchvision_cases.{group}").cases():
        arrays[f"input {name}"] = pictures[name]
        tensor = torch.from_numpy(pictures[name]).permute(2, 0, 1).contiguous()
        assert f"{name} {spec}" not in arrays, f"{name} {spec} is there twice"
        arrays[f"{name} {spec}"] = transform(tensor).numpy()
    path = HERE / "torchvision" / f"{group}.npz"
    np.savez_compressed(path, **arrays)
    print(f"{path}: {len(arrays)} arrays, {path.stat().st_size} bytes")  # noqa: T201


if __name__ == "__main__":
    for wanted in sys.argv[1:] or GROUPS:
        make(wanted)
