"""Transformation of samples: which members are transformed, with which draws, and what of bad ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from preprocessing.cancellation import checkpoint
from preprocessing.errors import (
    IncompatibleSource,
    PreprocessingError,
    SpecError,
    StepFailed,
    UnknownFormat,
)
from preprocessing.names import as_text
from preprocessing.rng import Seed
from preprocessing.shards.samples import Sample, key_and_extension, renamed
from preprocessing.shards.tar_reader import Member
from preprocessing.sources import format_of
from preprocessing.spec.kinds import object_kind

if TYPE_CHECKING:
    from preprocessing.limits import Limits
    from preprocessing.media import SourceKind
    from preprocessing.pipeline import Pipeline
    from preprocessing.shards.skipped import Skipped
    from preprocessing.shards.tar_step import Tar

T = TypeVar("T")
# What a pipeline makes of a member's content, such as an array.
Make = Callable[[bytes, "Seed"], T]
# Extensions that promise an object of a kind: a member so named is bad where its content is none.
_PROMISED: Mapping[SourceKind, frozenset[str]] = {
    "image": frozenset(
        ("jpg", "jpeg", "png", "webp", "gif", "tif", "tiff", "bmp", "avif", "heic", "heif", "jxl")
    ),
    "audio": frozenset(
        ("wav", "flac", "ogg", "oga", "opus", "mp3", "aif", "aiff", "au", "m4a", "caf")
    ),
    "video": frozenset(("mp4", "m4v", "mov", "mkv", "webm", "avi", "mpg", "mpeg", "ts", "flv")),
    "text": frozenset(),
}


class Made(NamedTuple, Generic[T]):
    """A member of a result.

    Parameters
    ----------
    name : str
    member : Member
        Of the shard.
    result : object, optional
        What the pipeline made of it; None for a member that passes unchanged.
    """

    name: str
    member: Member
    result: T | None


def transform_samples(
    samples: Iterable[Sample],
    pipeline: Pipeline,
    tar: Tar,
    seed: Seed,
    make: Make[T],
    skipped: Skipped,
    limits: Limits,
) -> Iterator[tuple[str, list[Made[T]]]]:
    """Yield each sample's key and its members, transformed where they are of the pipeline's kind.

    Parameters
    ----------
    samples : iterable of Sample
    pipeline : Pipeline
    tar : Tar
    seed : Seed
        With the shard's ETag. Each sample draws with its own key.
    make : callable
    skipped : Skipped
        To which bad samples are added.

    Raises
    ------
    PreprocessingError
        What `make` raises, with the member's name, unless bad samples are skipped.
    IncompatibleSource
        At the end, if the shard has nothing that the pipeline or `tar` names.
    """
    found = _Found()
    for sample in samples:
        checkpoint()
        own = Seed(seed.number, sample.key, seed.etag)
        try:
            made = [_transform(member, pipeline, tar, own, make) for member in sample.members]
            _require_distinct(made)
            if tar.boxes or tar.mask:
                made = _with_annotations(made, pipeline, tar, own, limits)
        except PreprocessingError as error:
            # A wrong pipeline, or a step with a bug: no sample would be good.
            if tar.on_bad == "fail" or isinstance(error, SpecError | StepFailed):
                raise
            skipped.add(sample.key, error)
        else:
            found.add(made)
            yield sample.key, made
    if found.samples and not skipped.count:
        found.require(pipeline, tar)


class _Found:
    """What was found in the samples of a shard, to notice names that fit nothing."""

    def __init__(self) -> None:
        self.samples = 0
        self._any_result, self._extensions = False, set[str]()

    def add(self, made: list[Made[T]]) -> None:
        """Add a sample."""
        self.samples += 1
        for one in made:
            if one.result is not None:
                self._any_result = True
            else:
                self._extensions.add(key_and_extension(one.name)[1].lower())

    def require(self, pipeline: Pipeline, tar: Tar) -> None:
        """Raise IncompatibleSource if nothing was transformed, or a name was that of no member."""
        if not self._any_result:
            raise IncompatibleSource(
                f"no member of the shard is of the kind {object_kind(pipeline.kind)!r}, which the "
                "pipeline takes; check the pipeline, and the extensions in tar:members"
            )
        for argument, extension in (("boxes", "".join(tar.boxes[:1])), ("mask", tar.mask)):
            if extension and extension not in self._extensions:
                raise IncompatibleSource(
                    f"no member of the shard has the extension {extension!r} that tar:{argument} names"
                )


def _transform(member: Member, pipeline: Pipeline, tar: Tar, seed: Seed, make: Make[T]) -> Made[T]:
    with _naming(member):
        if not _is_chosen(member, pipeline.kind, tar):
            return Made(member.name, member, None)
        result = make(member.body, seed)
    return Made(renamed(member.name, pipeline.encoding.suffix), member, result)


def _with_annotations(
    made: list[Made[T]], pipeline: Pipeline, tar: Tar, seed: Seed, limits: Limits
) -> list[Made[T]]:
    """Return the members of a sample with its boxes and its mask moved as its one image."""
    from preprocessing.shards.annotations import move_annotations  # noqa: PLC0415  few shards have any

    images = [one.member for one in made if one.result is not None]
    if not images:
        return made
    if len(images) > 1:
        both = " and ".join(as_text(image.name) for image in images)
        raise IncompatibleSource(
            f"members {both} of the shard are images of one sample, so that its boxes and masks belong "
            "to neither; name the extension of one: tar:members=jpg/"
        )
    with _naming(images[0]):
        geometry = pipeline.geometry(images[0].body, seed=seed, limits=limits)
    moved = list[Made[T]]()
    for one in made:
        if one.result is None:
            extension = key_and_extension(one.name)[1].lower()
            with _naming(one.member):
                member = move_annotations(one.member, extension, tar, geometry, limits)
            moved.append(Made(one.name, member, None))
        else:
            moved.append(one)
    return moved


@contextmanager
def _naming(member: Member) -> Iterator[None]:
    """Prefix an error with the member that raised it."""
    try:
        yield
    except PreprocessingError as error:
        raise type(error)(f"member {as_text(member.name)!r} of the shard: {error}") from None


def _is_chosen(member: Member, kind: SourceKind, tar: Tar) -> bool:
    """Whether a member is to be transformed.

    Raises
    ------
    UnknownFormat, EmptySource
        If its name promises an object of the kind, and its content is none.
    """
    if not member.is_file:
        return False
    _, extension = key_and_extension(member.name)
    if extension.lower() in (tar.mask, *tar.boxes[:1]) and extension:
        return False
    if tar.members:
        return extension.lower() in tar.members
    wanted = object_kind(kind)
    promised = extension.lower().rpartition(".")[2] in _PROMISED[wanted]
    if not member.body:
        return promised  # where the pipeline says what is wrong with it
    try:
        return format_of(member.body, kind, any_kind=not promised).kind == wanted or promised
    except UnknownFormat:
        if promised:
            raise
        return False


def _require_distinct(made: list[Made[T]]) -> None:
    """Raise IncompatibleSource if what is made of a member gets the name of another one."""
    names = [one.name for one in made]
    twice = [one.name for one in made if one.result is not None and names.count(one.name) > 1]
    if twice:
        both = " and ".join(as_text(one.member.name) for one in made if one.name == twice[0])
        raise IncompatibleSource(
            f"members {both} of the shard would all be named {as_text(twice[0])}; rename them, or name "
            "the extension to transform: tar:members=jpg/"
        )
