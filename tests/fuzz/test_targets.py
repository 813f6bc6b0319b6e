"""The targets of the fuzzer accept valid input and the library's errors, and nothing else."""

from __future__ import annotations

import pytest

from fuzz import decode, spec
from preprocessing import Pipeline, SpecError


@pytest.mark.parametrize("module", [decode, spec])
def test_seeds_are_taken(module):
    seeds = list(module.seeds())
    assert len(seeds) > 30
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
    spec.target(text)
    decode.target(text)


@pytest.mark.parametrize("module", [decode, spec])
def test_what_it_does_not_foresee_is_one(module, monkeypatch):
    def explode(*_: object, **__: object) -> None:
        raise KeyError("nobody foresaw this")

    monkeypatch.setattr(Pipeline, "plan", explode)
    monkeypatch.setattr(Pipeline, "parse", explode)
    with pytest.raises(KeyError):
        module.target(next(iter(module.seeds())))


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
