"""Parse pipelines from text and documents, and write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from preprocessing.encodings import ENCODINGS, Encoding, default_encoding
from preprocessing.errors import SpecError
from preprocessing.frozen import frozen
from preprocessing.spec.coerce import show
from preprocessing.spec.entries import split_entry, write_entry
from preprocessing.spec.kinds import SOURCES, implied_kind, result_kind
from preprocessing.spec.line import bind, parse_step, write_step
from preprocessing.spec.sections import require_keys
from preprocessing.spec.step import StepBase, nearest, suggest
from preprocessing.transforms import TRANSFORMS, Transform

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from preprocessing.media import SourceKind

VERSION = 1
_EXACT = "exact"
_SKIP = "skip"
_SHARD = "tar"
# Words of a line that cannot be names of steps, besides the kinds.
RESERVED = frozenset({_EXACT, _SKIP, _SHARD})


@frozen
class Parsed:
    """A parsed pipeline.

    Parameters
    ----------
    steps : tuple of Transform
    encoding : Encoding
    exact : bool
    kind : SourceKind
        Kind of source that it reads.
    skip : bool
        Whether objects of other kinds are returned unchanged.
    """

    steps: tuple[Transform, ...]
    encoding: Encoding
    exact: bool
    kind: SourceKind
    skip: bool

    @classmethod
    def of(
        cls,
        steps: Iterable[Transform],
        encoding: Encoding | None,
        *,
        exact: bool = False,
        kind: SourceKind | None = None,
        skip: bool = False,
    ) -> Parsed:
        """Infer what is left out: the kind from the steps, the encoding from the kind of the result.

        Raises
        ------
        SpecError
        """
        given = tuple(steps)
        require_steps(given, encoding)
        require_keys(given)
        if kind is not None and kind not in SOURCES:
            raise SpecError(f"kind: must be one of {', '.join(SOURCES)}, got {show(kind)}")
        settled = kind or implied_kind(given, encoding)
        return cls(
            given, encoding or default_encoding(result_kind(given, settled)), exact, settled, skip
        )

    @property
    def bound(self) -> bool:
        """Whether the spelling must name the kind, because it cannot be inferred."""
        return self.skip or self.kind != implied_kind(self.steps, self.encoding)

    @property
    def prefixes(self) -> list[str]:
        """Words at the beginning of the line."""
        words = [_EXACT] if self.exact else []
        if self.bound:
            words.append(f"{self.kind}:{_SKIP}" if self.skip else self.kind)
        return words


def require_steps(steps: tuple[Transform, ...], encoding: Encoding | None) -> None:
    """Raise SpecError unless the arguments have the annotated types."""
    for index, step in enumerate(cast("tuple[object, ...]", steps), 1):
        if isinstance(step, Encoding):
            raise SpecError(f"step {index}: {step!r} is an encoding; give it as encode={step!r}")
        if not isinstance(step, Transform):
            raise SpecError(
                f"step {index}: expected a transform such as Resize(256), got {show(step)}"
            )
    if encoding is not None and not isinstance(cast("object", encoding), Encoding):
        raise SpecError(f"encode: expected an encoding such as Png(), got {show(encoding)}")


@contextmanager
def _locating(index: int, name: str) -> Iterator[None]:
    """Prefix every SpecError raised inside with the step's number (from 1) and name."""
    try:
        yield
    except SpecError as error:
        raise error.within(f"step {index} {show(name)}", index) from None


def parse_spec(source: str | Mapping[str, Any]) -> Parsed:
    """Parse any spelling: one line, JSON, TOML, or the mapping that these contain.

    Raises
    ------
    SpecError
    """
    given = read_spelling(source)
    if is_shard_spelling(given):
        raise SpecError(
            f"{_SHARD}/ is for shards, and this takes single objects; use a ShardPipeline, or unpack "
            f"the shard and leave {_SHARD}/ out"
        )
    return _from_line(given) if isinstance(given, str) else _from_document(given)


def is_shard_spelling(spelling: str | Mapping[str, Any]) -> bool:
    """Whether a spelling, as `read_spelling` returns it, is of a pipeline for shards."""
    if isinstance(spelling, str):
        return "/" in spelling and spelling.partition("/")[0].partition(":")[0] == _SHARD
    return _SHARD in spelling


def read_spelling(source: str | Mapping[str, Any]) -> str | Mapping[str, Any]:
    """Return a line as it is, and any other spelling as the mapping that it contains.

    Raises
    ------
    SpecError
    """
    if isinstance(source, Mapping):
        return source
    if not isinstance(source, str):
        raise SpecError(f"a pipeline must be a string or a mapping, got {show(source)}")
    text = source.strip()
    if text.startswith("{"):
        import json  # noqa: PLC0415  only documents need it

        return _load(json.loads, text, "JSON")
    if "\n" in text:
        import tomllib  # noqa: PLC0415

        return _load(tomllib.loads, text, "TOML")
    return text


def write_line(parsed: Parsed, *, all_fields: bool = False) -> str:
    """Return the canonical one-line spelling; `parse_spec` is its inverse.

    With `all_fields` defaults are written too, for hashing.
    """
    steps: tuple[StepBase, ...] = (*parsed.steps, parsed.encoding)
    written = [write_step(step, all_fields=all_fields) for step in steps]
    return "/".join(parsed.prefixes + written)


def write_document(parsed: Parsed) -> dict[str, Any]:
    """Return the document spelling: values that JSON and TOML can hold. `parse_spec` is its inverse."""
    document: dict[str, Any] = {"version": VERSION}
    if parsed.exact:
        document["exact"] = True
    if parsed.bound:
        document["kind"] = parsed.kind
    if parsed.skip:
        document["skip"] = True
    document["steps"] = [write_entry(step) for step in parsed.steps]
    document["encode"] = write_entry(parsed.encoding)
    return document


def _from_line(text: str) -> Parsed:
    if not text:
        raise SpecError("the pipeline is empty; write at least one step, such as resize:256")
    parts = text.split("/")
    exact = parts[0] == _EXACT
    kind, skip = _kind_and_skip(parts[exact:])
    steps, encoding = _steps_of(parts[exact + (kind is not None) :])
    return Parsed.of(steps, encoding, exact=exact, kind=kind, skip=skip)


def count_words(parts: list[str]) -> int:
    """Return how many parts of a line, split at its slashes, are words before the steps.

    Raises
    ------
    SpecError
        Where a kind is followed by something unknown.
    """
    exact = parts[0] == _EXACT
    return exact + (_kind_and_skip(parts[exact:])[0] is not None)


def _kind_and_skip(parts: list[str]) -> tuple[SourceKind | None, bool]:
    """Return the kind that a line begins with, if any, and whether other kinds are skipped.

    The last part is a step even where it reads like a kind: ``text`` is also an encoding.
    """
    if len(parts) < 2:
        return None, False
    word, _, rest = parts[0].partition(":")
    if word not in SOURCES:
        return None, False
    named = parts[0].removesuffix(f":{_SKIP}")
    if named not in SOURCES:
        types = [kind.partition(":")[2] for kind in SOURCES if kind.startswith(f"{word}:")]
        choices = " or ".join((*types, _SKIP))
        raise SpecError(
            f"{word}: can only be followed by {choices}, got {show(rest)}",
            step=0,
            argument=word,
        )
    return named, named != parts[0]


def _steps_of(parts: list[str]) -> tuple[list[Transform], Encoding | None]:
    calls = []
    for index, part in enumerate(parts, 1):
        with _locating(index, part.partition(":")[0]):
            calls.append(parse_step(part))
    steps: list[Transform] = []
    encoding: Encoding | None = None
    for index, call in enumerate(calls, 1):
        with _locating(index, call.name):
            if call.name in ENCODINGS:
                if index < len(calls):
                    raise SpecError("an encoding must be the last step")
                encoding = ENCODINGS.build(call.name, bind(call, ENCODINGS[call.name]))
            elif call.name in TRANSFORMS:
                steps.append(TRANSFORMS.build(call.name, bind(call, TRANSFORMS[call.name])))
            else:
                names = [*TRANSFORMS, *ENCODINGS]
                raise SpecError(
                    f"unknown step{suggest(call.name, names, TRANSFORMS.own())}",
                    nearest=nearest(call.name, [*names, *TRANSFORMS.own()]),
                )
    return steps, encoding


def _from_document(document: Mapping[str, Any]) -> Parsed:
    known = ("version", "exact", "kind", "skip", "steps", "encode")
    for key in document:
        if key not in known:
            raise SpecError(
                f"unknown key {show(key)} in the document{suggest(str(key), known)}",
                step=0,
                argument=str(key),
                nearest=nearest(str(key), known),
            )
    if document.get("version") != VERSION:
        raise SpecError(f"version must be {VERSION}, got {show(document.get('version'))}")
    for flag in ("exact", "skip"):
        if not isinstance(document.get(flag, False), bool):
            raise SpecError(f"{flag} must be true or false, got {show(document[flag])}")
    kind = document.get("kind")
    entries = document.get("steps", [])
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise SpecError(f"steps must be a list, got {show(entries)}")
    steps = []
    for index, given in enumerate(entries, 1):
        name, arguments = split_entry(given, f"step {index}")
        with _locating(index, name):
            steps.append(TRANSFORMS.build(name, arguments))
    encoding = None
    if "encode" in document:
        name, arguments = split_entry(document["encode"], "encode")
        with _locating(len(steps) + 1, name):
            encoding = ENCODINGS.build(name, arguments)
    flags = {flag: document.get(flag, False) for flag in ("exact", "skip")}
    return Parsed.of(steps, encoding, kind=kind, **flags)


def _load(loads: Any, text: str, language: str) -> Mapping[str, Any]:
    try:
        loaded = loads(text)
    except ValueError as error:
        raise SpecError(f"not valid {language}: {error}") from None
    except RecursionError:
        raise SpecError(f"not valid {language}: nested too deeply") from None
    if not isinstance(loaded, Mapping):
        raise SpecError(f"the document must be a table, got {show(loaded)}")
    return loaded
