"""Where a read-through store keeps its copies, as settings and options name it."""

from __future__ import annotations

from pathlib import Path

from jitprep.service.source.stores import SourceUrl
from preprocessing.available_memory import parse_size
from preprocessing.frozen import frozen

_SCHEMES = frozenset({"file", "s3", "gs", "az"})


@frozen
class CopyPlace:
    """A folder, or a bucket and prefix, for copies of results.

    Parameters
    ----------
    url : SourceUrl
    most_bytes : int, optional
        What the copies in a folder may have in all; None for half of the space that they could have.
    endpoint : str, optional
        Of S3; None for AWS's configuration.
    """

    url: SourceUrl
    most_bytes: int | None = None
    endpoint: str | None = None

    @classmethod
    def parse(
        cls,
        text: str,
        most: str | int | None = None,
        *,
        settings: tuple[str, str] = ("store", "store_bytes"),
        endpoint: str | None = None,
    ) -> CopyPlace:
        """Read a URL, or the path of a folder, and a size such as ``200GB``.

        Parameters
        ----------
        text : str
        most : str or int, optional
        settings : (str, str)
            What messages call the two.
        endpoint : str, optional

        Raises
        ------
        ValueError
            Where either is wrong, or a size is given for a bucket.
        """
        scheme, separator, _ = text.partition("://")
        if separator and scheme not in _SCHEMES:
            raise ValueError(
                f"{settings[0]}: copies cannot be written to {scheme}://; use file:DIR, "
                "s3://BUCKET/PREFIX, gs:// or az://"
            )
        try:
            url = SourceUrl.parse(text)
        except ValueError as error:
            raise ValueError(
                f"{settings[0]}: {str(error).replace('the source', 'the store')}"
            ) from None
        if most in {None, ""}:
            return cls(url, None, endpoint)
        if url.scheme != "file":
            raise ValueError(
                f"{settings[1]} limits a folder only; let a lifecycle rule of the bucket expire copies"
            )
        return cls(url, parse_size(str(most), settings[1]), endpoint)

    def require_outside(self, originals: SourceUrl) -> None:
        """Raise ValueError where the copies would be listed among the originals."""
        ours, theirs = self.url, originals
        inside = ours.place == theirs.place and ours.prefix.startswith(theirs.prefix)
        if ours.scheme == "file" == theirs.scheme:
            inside = Path(ours.host).is_relative_to(theirs.host)
        if inside:
            raise ValueError(
                f"the store {self} lies within the originals, whose listing would show the copies; "
                "name a place outside of them"
            )

    def __str__(self) -> str:
        return f"{self.url.place}/{self.url.prefix}" if self.url.scheme != "file" else self.url.host
