"""``python -m bench.kinds.sound``: spectrograms beside those of librosa, torchaudio and whisper.

Each library transforms the same half minute of audio on one thread. The results are compared before
they are timed in turn. Prints a table and writes docs/sound-bench.json; ``--quick`` runs fewer rounds
and only prints. It needs requirements/sound.in, and takes two minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.environment import ROOT, clean, describe
from bench.report import markdown
from bench.timing import Job, interleave
from preprocessing import Media, Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Sound = NDArray[np.float32]
    Way = Callable[[Sound], Any]

DATA = ROOT / "docs/sound-bench.json"
OURS = "jitprep"
SECONDS = 30
PACKAGES = ("librosa", "numpy", "openai-whisper", "scipy", "torch", "torchaudio")
# The case, the sample rate, and the allowed difference as a fraction of the range.
CASES: dict[str, tuple[int, float]] = {
    "log_mel:whisper": (16_000, 1e-4),
    "log_mel:librosa": (22_050, 1e-4),
    "mel_spectrogram:n_fft=400,hop_length=160,n_mels=80": (16_000, 1e-4),
    "spectrogram:n_fft=400,hop_length=160": (16_000, 1e-4),
    "mfcc:n_fft=400,hop_length=160": (16_000, 1e-4),
    "stretch:1.25": (16_000, 5e-2),  # librosa accumulates phases in single precision
}
_FULL, _QUICK = 90.0, 15.0
_ONE_THREAD = {
    f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS", "NUMBA", "NUMEXPR")
}
# LogMel("whisper"): never slower than torchaudio, and three times as fast as librosa.
TARGETS = {"torchaudio": 1.0, "librosa": 3.0}
FIRST = "log_mel:whisper"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.kinds.sound", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds; print only")
    options = parser.parse_args()
    wanted = clean() | _ONE_THREAD
    if dict(os.environ) != wanted:
        command = [sys.executable, "-m", "bench.kinds.sound", *sys.argv[1:]]
        os.execve(sys.executable, command, wanted)  # noqa: S606
    result = measure(_QUICK if options.quick else _FULL)
    print(table(result), "", *verdicts(result), sep="\n")
    if not options.quick:
        DATA.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


def measure(seconds: float) -> dict[str, Any]:
    """Compare and time all libraries."""
    jobs, apart = [], {}
    for case, (rate, tolerance) in CASES.items():
        sound = voice(rate)
        known = {OURS: ours(case, rate), **torch_ways(case, rate), **librosa_ways(case, rate)}
        expected = np.asarray(known[OURS](sound))
        for name, way in known.items():
            apart[case, name] = distance(way(sound), expected)
            if apart[case, name] > tolerance:
                raise SystemExit(f"{name} differs in {case}: {apart[case, name]:.2g}")
            jobs.append(Job((case, name), way, [(sound,)]))
    rounds = interleave(jobs, seconds)
    best = {job.key: job.best * 1e3 for job in jobs}
    return {
        "made": describe(PACKAGES)
        | {"command": "python -m bench.kinds.sound", "rounds": rounds, "seconds": SECONDS},
        "cases": {
            case: {
                job.key[1]: {
                    "ms": round(best[job.key], 3),
                    "typical_ms": round(job.typical * 1e3, 3),
                    "ratio": round(best[job.key] / best[case, OURS], 2),
                    "apart": float(f"{apart[job.key]:.2g}"),
                }
                for job in jobs
                if job.key[0] == case
            }
            for case in CASES
        },
    }


def voice(rate: int) -> Sound:
    """Return one channel of rising and falling harmonics with noise."""
    time = np.arange(SECONDS * rate) / rate
    phase = 2 * np.pi * (140 * time + 6 * np.sin(2 * np.pi * 0.7 * time))
    harmonics = sum(np.sin(k * phase) / k for k in range(1, 20))
    random = np.random.default_rng(0)
    loud = 0.5 + 0.5 * np.sin(2 * np.pi * 3 * time)
    sound = 0.2 * loud * harmonics + 0.01 * random.standard_normal(len(time))
    return sound.astype(np.float32)[None]


def distance(one: Any, other: NDArray[Any]) -> float:
    """Return the largest difference of two results as a fraction of their range."""
    return float(np.abs(np.asarray(one) - other).max() / np.ptp(other))


def ours(case: str, rate: int) -> Way:
    """Return a function that calls the whole pipeline."""
    pipeline = Pipeline.parse(case)
    return lambda sound: pipeline(Media(sound, "audio", rate))


def torch_ways(case: str, rate: int) -> dict[str, Way]:
    """Return the function of torchaudio, or of whisper."""
    import torch
    from torchaudio import transforms
    from whisper.audio import log_mel_spectrogram

    torch.set_num_threads(1)
    frames = {"n_fft": 400, "hop_length": 160}
    slaney = {"norm": "slaney", "mel_scale": "slaney"}
    whisper_mels = transforms.MelSpectrogram(rate, **frames, n_mels=80, **slaney)
    librosa_mels = transforms.MelSpectrogram(
        rate, n_fft=2048, hop_length=512, n_mels=128, pad_mode="constant", **slaney
    )
    decibels = transforms.AmplitudeToDB(top_db=80)
    mels = transforms.MelSpectrogram(rate, **frames, n_mels=80)
    spectrogram = transforms.Spectrogram(**frames)
    mfcc = transforms.MFCC(rate, melkwargs=frames)

    def whisper_of(tensor: Any) -> Any:
        logarithm = whisper_mels(tensor)[..., :-1].clamp(min=1e-10).log10()
        return (torch.maximum(logarithm, logarithm.max() - 8.0) + 4.0) / 4.0

    steps: dict[str, Callable[[Any], Any]] = {
        "log_mel:whisper": whisper_of,
        "log_mel:librosa": lambda tensor: decibels(librosa_mels(tensor)),
        "mel_spectrogram": mels,
        "spectrogram": spectrogram,
        "mfcc": mfcc,
    }
    step = steps.get(case) or steps.get(case.partition(":")[0])
    found: dict[str, Way] = {}
    if step is not None:
        found["torchaudio"] = lambda sound: step(torch.from_numpy(sound)).numpy()
    if case == FIRST:
        found["whisper"] = lambda sound: log_mel_spectrogram(sound).numpy()
    return found


def librosa_ways(case: str, rate: int) -> dict[str, Way]:
    """Return the function of librosa."""
    import librosa

    frames = {"n_fft": 400, "hop_length": 160, "pad_mode": "reflect"}
    feature = librosa.feature

    def whisper_of(sound: Sound) -> Any:
        mels = feature.melspectrogram(y=sound, sr=rate, n_mels=80, **frames)[..., :-1]
        logarithm = np.log10(np.maximum(mels, 1e-10))
        return (np.maximum(logarithm, logarithm.max() - 8.0) + 4.0) / 4.0

    def mfcc_of(sound: Sound) -> Any:
        mels = feature.melspectrogram(y=sound, sr=rate, n_mels=128, htk=True, norm=None, **frames)
        return feature.mfcc(S=librosa.power_to_db(mels), n_mfcc=40)

    ways: dict[str, Way] = {
        "log_mel:whisper": whisper_of,
        "log_mel:librosa": lambda sound: librosa.power_to_db(
            feature.melspectrogram(y=sound, sr=rate)
        ),
        "mel_spectrogram": lambda sound: feature.melspectrogram(
            y=sound, sr=rate, n_mels=80, htk=True, norm=None, **frames
        ),
        "spectrogram": lambda sound: np.abs(librosa.stft(sound, **frames)) ** 2,
        "mfcc": mfcc_of,
        "stretch": lambda sound: librosa.effects.time_stretch(sound, rate=1.25),
    }
    return {"librosa": ways.get(case) or ways[case.partition(":")[0]]}


def table(result: dict[str, Any]) -> str:
    """Return the time in ms, with its ratio to ours in brackets."""
    peers = (OURS, "torchaudio", "librosa", "whisper")
    rows = []
    for case, measured in result["cases"].items():
        cells = [measured.get(peer) for peer in peers]
        shown = [f"{one['ms']:.2f} ({one['ratio']:.2f}×)" if one else "–" for one in cells]
        rows.append((f"`{case}`", *shown))
    return markdown(("", *peers), rows)


def verdicts(result: dict[str, Any]) -> list[str]:
    """Report whether the targets of the whisper spectrogram are reached."""
    found = []
    for peer, target in TARGETS.items():
        ratio = result["cases"][FIRST][peer]["ratio"]
        word = "reached" if ratio >= target else "missed"
        found.append(f"{FIRST}: {peer} takes {ratio:.2f}× as long, target {target:g}: {word}")
    return found


if __name__ == "__main__":
    main()
