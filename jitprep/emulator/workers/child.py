"""Runs a module in a child process that does not import from the current folder.

`python -m` searches the current folder first, which may hold an unrelated `handler.py` or `moto.py`.
The parent therefore runs this file by its path, with `python -P`, and names the one folder to add.
"""

from __future__ import annotations

import runpy
import site
import sys
from pathlib import Path

# The folder that jitprep is installed in, together with its handler and its library.
INSTALLED = Path(__file__).resolve().parents[3]
OWN_HANDLER = "handler.app.lambda_handler"
AWS_CLIENT = "awslambdaric"


def child_command(root: Path, module: str, *arguments: str) -> list[str]:
    """Return the command that runs ``module`` like ``python -m``, with ``root`` first on its path."""
    return [sys.executable, "-P", str(Path(__file__).resolve()), str(root), module, *arguments]


def _main(root: str, module: str, *arguments: str) -> None:
    # site-packages stays behind the standard library, because it may hold backports of it.
    if root not in sys.path or root not in (*site.getsitepackages(), site.getusersitepackages()):
        sys.path.insert(0, root)
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if module == AWS_CLIENT and ended.code:
            sys.stderr.writelines(_wrong_modules(Path(root), *arguments))
        raise


def _wrong_modules(root: Path, handler: str) -> list[str]:
    """Describe modules of a handler that were imported from an unexpected place."""
    own = handler == OWN_HANDLER
    names = ("handler", "preprocessing") if own else (handler.replace("/", ".").split(".")[0],)
    found = []
    for name in names:
        file = getattr(sys.modules.get(name), "__file__", None)
        if file is None or Path(file).resolve().is_relative_to(INSTALLED if own else root):
            continue
        reason = (
            f"which does not belong to jitprep. Rename {file}, or remove its folder from the task "
            "root and from PYTHONPATH."
            if own
            else f"because the task root {root} has no module of that name."
        )
        found.append(f"The module {name!r} was imported from {file}, {reason}\n")
    return found


if __name__ == "__main__":
    _main(*sys.argv[1:])
