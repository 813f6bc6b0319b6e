"""Results do not depend on the BLAS kernel or on the number of threads."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from numpy._core._multiarray_umath import __cpu_features__

HASH = """
import hashlib
import numpy as np
from preprocessing import Pipeline

pixels = np.random.default_rng(0).integers(0, 256, (401, 533, 3), np.uint8)
digest = hashlib.sha256()
for spec in (
    "resize:256/center_crop:224/normalize:imagenet/npy",
    "grayscale/resize:224,224/png",
    "resize:97,interpolation=lanczos/to_dtype:float32/npy",
    "resize:700,611,interpolation=bicubic,antialias=false/normalize:clip/npy",
    "exact/resize:256/center_crop:224/normalize:imagenet/npy",
    "resize:90/center_crop:80/horizontal_flip/npy",
    "to_dtype:uint16,scale=true/resize:200,interpolation=lanczos/normalize:imagenet/npy",
    "gaussian_blur:9,sigma=1.7/adjust_contrast:1.3/adjust_saturation:1.5/adjust_hue:0.1/npy",
    "to_dtype:uint16,scale=true/blur:7,5,sigma=2.0/adjust_gamma:0.7/adjust_sharpness:2/npy",
):
    digest.update(Pipeline.parse(spec).encode(pixels).body)
print(digest.hexdigest())
"""
# OpenBLAS's kernels by what the processor must have; one that it lacks would end the process. On
# other processors than x86-64 OpenBLAS ignores the names.
NEEDS = {"Prescott": "SSE3", "Haswell": "AVX2", "SkylakeX": "AVX512F"}
KERNELS = [kernel for kernel, feature in NEEDS.items() if __cpu_features__.get(feature)]


def _hash(setting: tuple[str, str]) -> str:
    kernel, threads = setting
    environment = {
        **os.environ,
        "OPENBLAS_CORETYPE": kernel,
        "OPENBLAS_NUM_THREADS": threads,
    }
    return subprocess.run(
        [sys.executable, "-c", HASH], env=environment, check=True, capture_output=True, text=True
    ).stdout


def test_every_kernel_gives_the_same_bytes():
    assert KERNELS or "SSE3" not in __cpu_features__
    settings = [(kernel, threads) for kernel in KERNELS or ["default"] for threads in ("1", "2")]
    with ThreadPoolExecutor(2) as pool:
        hashes = set(pool.map(_hash, settings))
    assert len(hashes) == 1
