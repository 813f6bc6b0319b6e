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
    setting : str
        The setting that has it, for messages.
    scheme : {"env", "file"}
    name : str
        Of the variable, or the path of the file.
    """

    setting: str
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
        return cls(setting, scheme, name)

    def read(self) -> str:
        """Return the value, without the line break that a file ends with.

        Raises
        ------
        ValueError
            Where it is missing or empty. The message names the setting.
        """
        if self.scheme == "env":
            value = os.environ.get(self.name)
            if value is None:
                raise ValueError(f"{self.setting}: the environment variable {self.name} is not set")
            what = f"the environment variable {self.name}"
        else:
            value, what = self._read_file(), f"the file {self.name}"
        if not value:
            raise ValueError(f"{self.setting}: {what} is empty")
        return value

    def _read_file(self) -> str:
        try:
            return Path(self.name).read_text(encoding="utf-8").strip()
        except OSError as error:
            why = error.strerror
        except UnicodeDecodeError:
            why = "it is not UTF-8 text"
        raise ValueError(f"{self.setting}: {self.name} cannot be read: {why}")
