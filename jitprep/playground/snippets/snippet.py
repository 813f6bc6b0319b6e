"""`Snippet`: one thing to copy."""

from __future__ import annotations

from preprocessing.frozen import frozen


@frozen
class Snippet:
    """One thing to copy.

    Parameters
    ----------
    name : str
        For the page's code.
    label : str
        For people.
    language : {"text", "json", "toml", "python", "sh", "url"}
    text : str
    about : str
        Where it goes, and what it needs.
    """

    name: str
    label: str
    language: str
    text: str
    about: str
