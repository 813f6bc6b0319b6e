"""`Preview`: base class of all previews."""

from __future__ import annotations

from abc import ABC, abstractmethod
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from os import PathLike

_HTML = ".html"


@frozen
class Preview(ABC):
    """A source and its result side by side, which a notebook displays.

    Parameters
    ----------
    caption : str
        The pipeline, what was there before and is after, and how values that cannot be seen as they
        are were shown.
    """

    caption: str

    @property
    @abstractmethod
    def body(self) -> str:
        """The preview as HTML."""

    @property
    def files(self) -> dict[str, bytes]:
        """The content of the files that the preview can be saved as, by suffix."""
        page = (
            f'<!doctype html><html lang="en"><meta charset="utf-8">'
            f"<title>{escape(self.caption)}</title>{self._repr_html_()}</html>\n"
        )
        # A lone surrogate cannot be encoded as UTF-8.
        return {_HTML: page.encode("utf-8", "xmlcharrefreplace")}

    def __repr__(self) -> str:
        """Return one line, so that a terminal does not print the whole picture."""
        return f"<{type(self).__name__}: {self.caption}>"

    def _repr_html_(self) -> str:
        return f"<figure>{self.body}<figcaption>{escape(self.caption)}</figcaption></figure>"

    def save(self, path: str | PathLike[str]) -> None:
        """Write the preview to a file: ``.html``, or for a picture also ``.png``, by the suffix.

        Raises
        ------
        ValueError
            For another suffix.
        OSError
        """
        target, files = Path(path), self.files
        if target.suffix.lower() not in files:
            raise ValueError(
                f"this preview can be saved as {' or '.join(files)}, and not as {target.name!r}"
            )
        target.write_bytes(files[target.suffix.lower()])
