"""Cold start and peak memory, each measured in a new process."""

from __future__ import annotations

import compileall
import subprocess
import sys
from math import prod
from random import Random
from typing import TYPE_CHECKING, Any

from bench.environment import ROOT, clean
from bench.peers.ours import P2, P4
from bench.photos import CACHE
from preprocessing import Pipeline
from preprocessing.planner.stages import Decode

if TYPE_CHECKING:
    from bench.field import Field

BASE = "numpy + simplejpeg, imported"
OURS = "jitprep"
HEAVY = ("scipy", "skimage", "boto3", "botocore")
_SMALL, _LARGE = CACHE / "coffee.jpg", CACHE / "mosaic-4000x3000.jpg"
_SLOW = 1.0  # seconds; slower libraries get a tenth of the rounds
_TIMEOUT = 120

# Measured inside the process, so that the start and the end of the interpreter do not count.
_START = """
import sys
from time import perf_counter
with open(sys.argv[1], "rb") as file: data = file.read()
start = perf_counter()
{body}
print(perf_counter() - start, *(name for name in {heavy} if name in sys.modules))
"""
_PEAK = """
import sys
with open(sys.argv[1], "rb") as file: data = file.read()
{body}
def status(key):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key))
with open("/proc/self/clear_refs", "w") as file: file.write("5")  # the peak is counted from here
before = status("VmRSS")
result = call(data)
print(status("VmHWM") - before)
"""
_PEER = "from bench.peers.{0} import PEERS\ncall = PEERS[{1}].operations['{2}']"
_PIPELINE = "from preprocessing import Pipeline\ncall = Pipeline.parse('{0}')"


def startup(field: Field, rounds: int) -> dict[str, dict[str, Any]]:
    """Return the minimum time in ms from before the first import to the first P2 result."""
    for package in ("preprocessing", "bench"):  # installed packages have their byte code
        compileall.compile_dir(ROOT / package, quiet=1)
    bodies = {BASE: "import numpy, simplejpeg", OURS: _PIPELINE.format(P2) + ".encode\ncall(data)"}
    for name, (module, place) in _firsts(field, "p2").items():
        bodies[name] = _PEER.format(module, place, "p2") + "\ncall(data)"
    found: dict[str, dict[str, Any]] = {}
    random = Random(4)  # noqa: S311  the order is not a secret
    order = list(bodies)
    for round_ in range(rounds):
        random.shuffle(order)
        for name in order:
            known = found.get(name)
            if known and round_ >= rounds / 10 and known["ms"] > _SLOW * 1e3:
                continue
            spent, *heavy = _run(_START.format(body=bodies[name], heavy=HEAVY), str(_SMALL)).split()
            ms = float(spent) * 1e3
            found[name] = {"ms": min(ms, known["ms"]) if known else ms, "heavy": heavy}
    return {name: found[name] for name in bodies}


def memory(field: Field, *, of_all: bool) -> dict[str, Any]:
    """Return the peak memory of a first P4 in bytes, above that of the imports; Linux only."""
    if sys.platform != "linux":
        return {}
    bodies = {OURS: _PIPELINE.format(P4)}
    for name, (module, place) in field.modules.items() if of_all else ():
        peer = next(p for p in field.peers if p.name == name)
        if peer.role == "peer" and "p4" in peer.operations:
            bodies[name] = _PEER.format(module, place, "p4")
    peaks = {n: int(_run(_PEAK.format(body=body), str(_LARGE))) for n, body in bodies.items()}
    return {"peaks": peaks, "scaled_decode": _decoded_bytes(_LARGE.read_bytes())}


def _decoded_bytes(data: bytes) -> int:
    source = Pipeline.parse(P4).plan(data).source
    assert isinstance(source, Decode)
    spec = source.output()
    return prod((spec.height or 0, spec.width or 0, spec.channels))


def _firsts(field: Field, operation: str) -> dict[str, tuple[str, int]]:
    """Return the first peer of each module, because all of them import the same library."""
    found: dict[str, tuple[str, int]] = {}
    for peer in field.peers:
        module, _ = field.modules[peer.name]
        taken = {name for name, _ in found.values()}
        if peer.role == "peer" and operation in peer.operations and module not in taken:
            found[peer.name] = field.modules[peer.name]
    return found


def _run(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-Es", "-c", code, *arguments],
        cwd=ROOT,
        env=clean(),
        capture_output=True,
        text=True,
        check=True,
        timeout=_TIMEOUT,
    )
    return done.stdout
