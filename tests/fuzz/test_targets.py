"""The targets of the fuzzer accept valid input and the library's errors, and nothing else."""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace

import numpy as np
import pytest

from fuzz import decode, laws, shards, sound, spec, tables, text, video
from fuzz.__main__ import TARGETS
from preprocessing import ImageSpec, Pipeline, PreprocessingError, SpecError
from tests.paths import ROOT

MODULES = (decode, sound, video, text, shards, tables, spec)
DECODERS = (decode, sound, video, text)


def test_every_target_is_here():
    assert [f"fuzz.{name}" for name in TARGETS] == [module.__name__ for module in MODULES]
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"for target in {' '.join(TARGETS)}; do" in recipe


@pytest.mark.parametrize("module", DECODERS)
def test_most_seeds_are_decoded(module):
    """Mutants of what is refused at once would reach no decoder."""
    seeds = list(module.seeds())
    decoded = 0
    for seed in seeds:
        for pipeline in module.PIPELINES:
            with suppress(PreprocessingError):
                decoded += bool(pipeline(seed, limits=laws.LIMITS).size)
                break
    assert decoded > len(seeds) / 2


@pytest.mark.parametrize("module", MODULES)
def test_seeds_are_taken(module):
    seeds = list(module.seeds())
    assert len(seeds) > 10
    for seed in seeds:
        module.target(seed)
        module.target(seed[: len(seed) // 2])
    assert module.WORDS


def test_every_seed_line_is_a_pipeline():
    for line in spec.LINES:
        Pipeline.parse(line)


@pytest.mark.parametrize(
    "text", [b"", b"\xff\xfe", b'{"version": "\\ud800"}', b"resise:1", b"{" * 9000]
)
def test_what_the_library_refuses_is_no_finding(text):
    for module in MODULES:
        module.target(text)


@pytest.mark.parametrize("module", MODULES)
def test_what_it_does_not_foresee_is_one(module, monkeypatch):
    def explode(*_: object, **__: object) -> None:
        raise KeyError("nobody foresaw this")

    monkeypatch.setattr(tables, "manifest_columns", explode)
    monkeypatch.setattr(shards, "read_members", explode)
    monkeypatch.setattr(Pipeline, "plan", explode)
    monkeypatch.setattr(Pipeline, "parse", explode)
    with pytest.raises(KeyError):
        module.target(next(iter(module.seeds())))


@pytest.mark.parametrize("planned", [ImageSpec(3, 4, 3, "uint8"), ImageSpec(2, 4, 3, "uint16")])
def test_a_result_that_was_not_planned_is_one(monkeypatch, planned):
    monkeypatch.setattr(Pipeline, "plan", lambda *_, **__: SimpleNamespace(output=planned))
    monkeypatch.setattr(Pipeline, "__call__", lambda *_, **__: np.zeros((3, 2, 4), np.uint8))
    with pytest.raises(AssertionError):
        laws.require_planned([Pipeline.parse("npy")], b"any")
    right = SimpleNamespace(output=ImageSpec(2, None, 3, "uint8"))
    monkeypatch.setattr(Pipeline, "plan", lambda *_, **__: right)
    laws.require_planned([Pipeline.parse("npy")], b"any")


def test_a_spelling_that_is_read_otherwise_is_a_finding(monkeypatch):
    monkeypatch.setattr(Pipeline, "__str__", lambda _: "resize:7/png")
    with pytest.raises(AssertionError):
        spec.target(b"resize:8/png")


def test_a_message_that_cannot_be_sent_is_a_finding(monkeypatch):
    def refuse(_: object) -> None:
        raise SpecError("\ud800")

    monkeypatch.setattr(Pipeline, "parse", refuse)
    with pytest.raises(UnicodeEncodeError):
        spec.target(b"resize:8")
