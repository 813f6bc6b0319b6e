"""``python -m fuzz TARGET [--brief] [libFuzzer's options]``.

``--brief`` tries the target's RUNS inputs, about ten seconds of them. They are the same in every run, as
long as build/fuzz/TARGET has no inputs that earlier runs found; those of sound differ a little, since
libsndfile writes serial numbers and dates into its seeds.

If something is found, the exit status is not 0 and the input is in build/fuzz/TARGET-findings;
``python -m fuzz TARGET FILE`` runs it again.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
from pathlib import Path

import atheris

_BRIEF = "--brief"
_BUILD = Path(__file__).parents[1] / "build/fuzz"
TARGETS = ("decode", "sound", "video", "text", "shards", "tables", "spec")
_INSTRUMENTED = [
    "preprocessing",
    "PIL",
    "fuzz",
    "jitprep.reader.loading.manifest",
    "jitprep.tables",
]
# The limits of one input in seconds and of the process in MB; exceeding them is a finding.
_TIMEOUT_S = 10
_RSS_MB = 768


def main() -> None:
    """Instrument the target, write its seeds, and fuzz it."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"{__doc__}\nTARGET is one of {', '.join(TARGETS)}.")
    name, *given = sys.argv[1:]
    with atheris.instrument_imports(include=_INSTRUMENTED):
        module = importlib.import_module(f"fuzz.{name}")
        seeds = list(module.seeds())
        for seed in seeds:  # imports the modules that are loaded on demand
            module.target(seed)
    options = [option for option in given if option != _BRIEF]
    if _BRIEF in given:  # neither the clock nor the folder decides what is tried next
        options += [f"-runs={module.RUNS}", "-seed=1", "-reload=0", "-entropic=0"]
    atheris.Setup(
        [f"fuzz {name}", *_bounds(name, module.WORDS), *options, *_corpus(name, seeds, options)],
        module.target,
    )
    atheris.Fuzz()


def _bounds(name: str, words: list[str]) -> list[str]:
    findings, dictionary = _BUILD / f"{name}-findings", _BUILD / f"{name}.dict"
    findings.mkdir(parents=True, exist_ok=True)
    dictionary.write_text("".join(f'"{word}"\n' for word in words))
    return [
        f"-timeout={_TIMEOUT_S}",
        f"-rss_limit_mb={_RSS_MB}",
        f"-dict={dictionary}",
        f"-artifact_prefix={findings}/",
        "-close_fd_mask=2",  # libtiff writes to standard error
        "-print_final_stats=1",
    ]


def _corpus(name: str, seeds: list[bytes], options: list[str]) -> list[str]:
    """Return the folder of seeds, unless an input to run again is given."""
    if any(not option.startswith("-") for option in options):
        return []
    corpus = _BUILD / name
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        (corpus / hashlib.sha256(seed).hexdigest()).write_bytes(seed)
    return [str(corpus)]


if __name__ == "__main__":
    main()
