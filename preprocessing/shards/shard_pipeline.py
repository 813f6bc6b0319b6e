"""`ShardPipeline`: a pipeline that is applied to each sample of a tar archive, as a stream."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, Self

from preprocessing.errors import IncompatibleSource, SpecError
from preprocessing.limits import DEFAULT_LIMITS, Limits
from preprocessing.media import OutputSpec
from preprocessing.pipeline import Pipeline
from preprocessing.rng import Seed
from preprocessing.shards.byte_stream import ByteStream, pieces_of
from preprocessing.shards.encoded_shard import EncodedShard
from preprocessing.shards.samples import group_samples, key_and_extension
from preprocessing.shards.skipped import Skipped
from preprocessing.shards.spelling import split_spec, write_shard_document, write_shard_line
from preprocessing.shards.tar_reader import read_members
from preprocessing.shards.tar_step import Tar
from preprocessing.shards.transform_samples import Made, transform_samples
from preprocessing.spec.kinds import object_kind
from preprocessing.spec.line import write_step

if TYPE_CHECKING:
    from preprocessing.media import Array
    from preprocessing.shards.byte_stream import ShardSource
    from preprocessing.shards.transform_samples import Make, T


class ShardPipeline:
    """A pipeline that is applied to each sample of a shard. Immutable, hashable, thread-safe.

    A shard is a tar archive in WebDataset's layout. Consecutive members that share a name up to its
    first dot are one sample. Random steps draw from the sample's key and the shard's ETag.

    Parameters
    ----------
    pipeline : Pipeline
        Applied to the members of its kind.
    tar : Tar
        Which members these are, and what a bad sample does.

    Raises
    ------
    SpecError
        If the pipeline takes text and `tar` names no members, or itself passes other kinds unchanged.

    Examples
    --------
    >>> from preprocessing import ShardPipeline
    >>> p = ShardPipeline.parse("tar:on_bad=skip/resize:256/center_crop:224/npy")
    >>> p.pipeline.output.shape
    (3, 224, 224)
    >>> p == ShardPipeline.parse(p.document) == ShardPipeline.parse(str(p))
    True
    """

    content_type = "application/x-tar"

    def __init__(self, pipeline: Pipeline, tar: Tar | None = None) -> None:
        self.pipeline, self.tar = pipeline, Tar() if tar is None else tar
        if pipeline.skip:
            raise SpecError(
                f"{pipeline.kind}:skip has no meaning in a shard, whose other members pass unchanged; "
                f"write tar/{pipeline.kind}/",
                step=0,
                argument=pipeline.kind,
            )
        if (self.tar.boxes or self.tar.mask) and object_kind(pipeline.kind) != "image":
            raise SpecError(
                "boxes and masks are moved with images only; leave them out",
                step=0,
                argument="boxes" if self.tar.boxes else "mask",
            )
        if pipeline.kind == "text" and not self.tar.members:
            raise SpecError(
                "a shard's labels are text too; name the extensions to transform: tar:members=txt/",
                step=0,
                argument="members",
            )

    @classmethod
    def parse(cls, spec: str | Mapping[str, Any]) -> Self:
        """Parse any spelling: a line that begins with ``tar/``, or a document with the member ``tar``.

        Raises
        ------
        SpecError
        """
        tar, rest = split_spec(spec)
        return cls(Pipeline.parse(rest), tar)

    @property
    def document(self) -> dict[str, Any]:
        """The pipeline as a document of plain values, for JSON or TOML."""
        return write_shard_document(self.tar, self.pipeline.document)

    @cached_property
    def fingerprint(self) -> str:
        """Identity of the result: 32 hexadecimal digits."""
        text = f"{write_step(self.tar, all_fields=True)}/{self.pipeline.fingerprint}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def random(self) -> bool:
        """Whether the result depends on a seed."""
        return self.pipeline.random

    @property
    def output(self) -> OutputSpec:
        """The archive: bytes, whose number depends on the shard."""
        return OutputSpec((None,), "uint8", None, self.content_type)

    def metadata(self, *, seed: int | Seed = 0) -> dict[str, str]:
        """Return the metadata of a result."""
        found = {"pipeline": str(self), "fingerprint": self.fingerprint}
        if self.random:
            found["seed"] = str(seed if isinstance(seed, int) else seed.number)
        return found

    def __call__(
        self, source: ShardSource, *, seed: int | Seed = 0, limits: Limits = DEFAULT_LIMITS
    ) -> Iterator[dict[str, Array | bytes | str]]:
        """Yield the samples as WebDataset does, each a dict of its members by their extensions.

        Parameters
        ----------
        source : bytes, str, PathLike, binary file or iterator of bytes
            The archive. One sample of it is in memory at a time.
        seed : int or Seed
            As for calling a `Pipeline`. The key of a `Seed` is replaced by the sample's, and its ETag is
            the shard's.
        limits : Limits
            For each sample; `limits.members` is for the archive.

        Yields
        ------
        dict
            ``__key__``; and for each member its extension in lower case, with an array for a member that
            was transformed, and bytes for any other.

        Raises
        ------
        OSError
            If a path cannot be read.
        SourceError
            If the archive is damaged, or a sample is, unless bad samples are skipped.
        IncompatibleSource
            If a step cannot take a sample; or if the pipeline is random, `seed` has no ETag, and the
            archive can be read only once.
        LimitExceeded
            If a sample exceeds the limits, or the archive has more members.
        """
        self.pipeline.require_one_array()

        def make(content: bytes, one: Seed) -> Array:
            return self.pipeline(content, seed=one, limits=limits)

        for key, members in self._transform(source, seed, limits, make, Skipped()):
            sample: dict[str, Array | bytes | str] = {"__key__": key}
            for made in members:
                _, extension = key_and_extension(made.name)
                if extension:
                    sample[extension.lower()] = (
                        made.member.body if made.result is None else made.result
                    )
            if len(sample) > 1:
                yield sample

    def encode(
        self,
        source: ShardSource,
        *,
        seed: int | Seed = 0,
        limits: Limits = DEFAULT_LIMITS,
        turn: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> EncodedShard:
        """Return the archive of the results, an iterator of its bytes in pieces.

        Parameters
        ----------
        source, seed, limits
            As for calling it.
        turn : callable
            Returns the context of one transformation, for servers that bound how many run at once.

        Raises
        ------
        OSError, SourceError, IncompatibleSource, LimitExceeded
            As for calling it, while the pieces are taken. Those before an error have no end marker, so
            that no reader takes them for the whole.
        """

        def make(content: bytes, one: Seed) -> bytes | bytearray:
            with turn():
                return self.pipeline.encode(content, seed=one, limits=limits).body

        skipped = Skipped()
        return EncodedShard(self._transform(source, seed, limits, make, skipped), skipped)

    def _transform(
        self,
        source: ShardSource,
        seed: int | Seed,
        limits: Limits,
        make: Make[T],
        skipped: Skipped,
    ) -> Iterator[tuple[str, list[Made[T]]]]:
        whole = self._seed(source, seed)
        members = read_members(ByteStream(pieces_of(source)), limits)
        samples = group_samples(members, limits)
        return transform_samples(samples, self.pipeline, self.tar, whole, make, skipped, limits)

    def _seed(self, source: ShardSource, seed: int | Seed) -> Seed:
        """Return the seed with the shard's ETag, which random steps need."""
        given = Seed(seed) if isinstance(seed, int) else seed
        if not self.random or given.etag is not None:
            return given
        if not isinstance(source, bytes | bytearray | memoryview | str | PathLike):
            raise IncompatibleSource(
                "a random pipeline draws from the shard's ETag, and this shard can be read only once; "
                "pass seed=Seed(number, etag=...)"
            )
        digest = hashlib.md5(usedforsecurity=False)
        for piece in pieces_of(source):
            digest.update(piece)
        return Seed(given.number, given.key, f'"{digest.hexdigest()}"')

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self).parse, (str(self),))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ShardPipeline) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __str__(self) -> str:
        """Return the canonical one-line spelling."""
        return write_shard_line(self.tar, str(self.pipeline))

    def __repr__(self) -> str:
        return f"ShardPipeline({self.pipeline!r}, {self.tar!r})"
