"""References to secrets: ``env:NAME`` or ``file:PATH``, never the value itself."""

from __future__ import annotations

import os
from pathlib import Path

from preprocessing.frozen import frozen


@frozen
class Reference:
    """The place of a value that must not be in the configuration.

    Parameters
    ----------
    scheme : {"env", "file"}
    name : str
        Of the variable, or the path of the file.
    """

    scheme: str
    name: str

    @classmethod
    def parse(cls, setting: str, text: object) -> Reference:
        """Read a reference. Raises ValueError, without the text, which may be a secret."""
        scheme, _, name = str(text).partition(":")
        if scheme not in {"env", "file"} or not name:
            raise ValueError(
                f"{setting} must be a reference, env:NAME or file:PATH, so that no secret is in the file"
            )
        return cls(scheme, name)

    def read(self) -> str:
        """Return the value, without the line break that a file ends with.

        Raises
        ------
        ValueError
            Where it is missing or empty.
        """
        if self.scheme == "env":
            value = os.environ.get(self.name, "")
        else:
            try:
                value = Path(self.name).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ValueError(f"{self} cannot be read: {type(error).__name__}") from None
        if not value:
            raise ValueError(f"{self} is empty or not set")
        return value

    def __str__(self) -> str:
        return f"{self.scheme}:{self.name}"
