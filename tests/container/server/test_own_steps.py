"""The example of an image with steps of one's own: it has them, and their bytes are those of here."""

from __future__ import annotations

import os
import subprocess
import sys

from ..harness import ROOT, docker

FOLDER = ROOT / "examples/own_steps"
HASH = """
import hashlib, numpy
from preprocessing import Pipeline
image = (numpy.arange(30 * 40 * 3) % 251).astype("u1").reshape(30, 40, 3)
p = Pipeline.parse("resize:20,20/film_grain:50/npy")
print(p.fingerprint, hashlib.sha256(p.encode(image, seed=3).body).hexdigest())
"""


def test_the_example_image_has_its_steps(function_image: str) -> None:
    tag = "jitprep-test-own-steps"
    base = f"JITPREP={function_image}"
    docker("build", "--build-arg", base, "--tag", tag, str(FOLDER), timeout=300)
    there = docker("run", "--rm", "--entrypoint", "python", tag, "-c", HASH)
    path = os.pathsep.join((str(ROOT), str(FOLDER)))
    here = subprocess.run(
        [sys.executable, "-c", HASH],
        env={**os.environ, "PYTHONPATH": path, "JITPREP_STEPS": "my_steps"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there == here.stdout.strip()
