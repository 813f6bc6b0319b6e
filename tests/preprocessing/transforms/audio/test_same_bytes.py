"""Results do not depend on which of the processor's instructions NumPy uses."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

HASH = """
import hashlib
import numpy as np
from preprocessing import Media, Pipeline

whole = np.random.default_rng(0).integers(-2**15, 2**15, (2, 40_000))
sound = (np.hanning(40_000) * whole / 2**15).astype(np.float32)
digest = hashlib.sha256()
for spec in (
    "spectrogram:n_fft=401,hop_length=160,window=blackman",
    "spectrogram:n_fft=1024,power=1,normalized=true",
    "mel_spectrogram",
    "mfcc",
    "mfcc:n_mels=41,log_mels=true,mel_scale=slaney",
    "log_mel:whisper",
    "log_mel:librosa",
    "stretch:1.23",
    "time_stretch:0.5,2/log_mel:whisper/time_mask:50/freq_mask:20",
):
    digest.update(Pipeline.parse(spec).encode(Media(sound, "audio", 16_000)).body)
print(digest.hexdigest())
"""
DISPATCHED = [name for name in __cpu_dispatch__ if __cpu_features__.get(name)]


def _hash(disabled: list[str]) -> str:
    environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": ",".join(disabled)}
    environment.pop("NPY_ENABLE_CPU_FEATURES", None)
    return subprocess.run(
        [sys.executable, "-c", HASH], env=environment, check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.parametrize("kept", [0, len(DISPATCHED) // 2])
def test_every_processor_gives_the_same_bytes(kept: int) -> None:
    """The plainest of an architecture, one between, and this one, as far as it is more than those."""
    assert _hash(DISPATCHED[kept:]) == _hash([])
