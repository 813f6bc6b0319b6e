"""Spellings of a pipeline for shards: a word, or a member of the document, before any pipeline.

.. code-block:: text

    line     = "tar" [ ":" arguments ] "/" pipeline       tar:on_bad=skip/resize:256/npy
    document = { "tar": { arguments }, pipeline's members }
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from preprocessing.errors import SpecError
from preprocessing.shards.tar_step import Tar
from preprocessing.spec.coerce import show
from preprocessing.spec.entries import plain_arguments
from preprocessing.spec.line import bind, parse_step, write_step
from preprocessing.spec.parse import is_shard_spelling, read_spelling
from preprocessing.spec.step import Registry

_WORD = Tar.name
_REGISTRY: Registry[Tar] = Registry("shard", "preprocessing.shards", {_WORD: "tar_step.Tar"})


def split_spec(spec: str | Mapping[str, Any]) -> tuple[Tar, str | Mapping[str, Any]]:
    """Return what a spelling says about the shard, and the spelling of the pipeline for its samples.

    Raises
    ------
    SpecError
        If it is not of a pipeline for shards, or its arguments are wrong.
    """
    given = read_spelling(spec)
    if not is_shard_spelling(given):
        raise SpecError(f"a pipeline for shards begins with {_WORD}/, got {show(spec)}")
    with _locating():
        if isinstance(given, str):
            first, _, rest = given.partition("/")
            return _REGISTRY.build(_WORD, bind(parse_step(first), Tar)), rest
        arguments = given[_WORD]
        if not isinstance(arguments, Mapping):
            raise SpecError(f"must be a mapping of its arguments, got {show(arguments)}")
        others = {name: value for name, value in given.items() if name != _WORD}
        return _REGISTRY.build(_WORD, arguments), others


def write_shard_line(tar: Tar, line: str) -> str:
    """Return the one-line spelling, given that of the pipeline for the samples."""
    return f"{write_step(tar)}/{line}"


def write_shard_document(tar: Tar, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document, given that of the pipeline for the samples."""
    return {"version": document["version"], _WORD: plain_arguments(tar), **document}


@contextmanager
def _locating() -> Iterator[None]:
    try:
        yield
    except SpecError as error:
        raise error.within(_WORD, 0) from None
