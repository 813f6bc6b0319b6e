"""Nfc, Nfkc, Lower, CollapseWhitespace."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.errors import LimitExceeded
from preprocessing.frozen import frozen
from preprocessing.kernels.text import normal
from preprocessing.limits import at_most
from preprocessing.transforms.text._base import TextTransform, each_text

if TYPE_CHECKING:
    from preprocessing.media import TextSpec
    from preprocessing.planner.stages import Stage

# U+FDFA grows most. The limits apply to the source, so the growth is limited here.
_MOST_OF_ONE = 18
# Each has 2 bytes, in parts and joined.
_MOST_CHARACTERS = at_most(2**26, 8)


@frozen
class Nfc(TextTransform):
    """Apply Unicode's normalisation form C, as ``unicodedata.normalize("NFC", text)``.

    Notes
    -----
    Characters are composed: texts that look the same become the same text, except for compatibility
    characters. Unicode guarantees that the normal form of assigned characters never changes; Python's
    version of Unicode decides which are assigned.
    """

    name: ClassVar[str] = "nfc"

    def lower(self, spec: TextSpec) -> tuple[Stage, ...]:
        return each_text(spec, normal.normal, "NFC")


@frozen
class Nfkc(TextTransform):
    """Apply Unicode's normalisation form KC, as ``unicodedata.normalize("NFKC", text)``.

    Notes
    -----
    In addition to `Nfc`, compatibility characters such as ligatures, full-width letters and superscripts
    become plain ones: ``10³`` becomes ``103``. One character may become up to 18.

    Raises
    ------
    LimitExceeded
        At run time, if a document would grow beyond ``2**26`` characters, or fewer if the process has
        less than 512 MiB.
    """

    name: ClassVar[str] = "nfkc"

    def lower(self, spec: TextSpec) -> tuple[Stage, ...]:
        return each_text(spec, _nfkc)


def _nfkc(text: str) -> str:
    if not text.isascii() and len(text) * _MOST_OF_ONE > _MOST_CHARACTERS:
        length = normal.compatible_length(text)
        if length > max(_MOST_CHARACTERS, len(text)):
            raise LimitExceeded(
                f"would make {length} characters of a text of {len(text)}, more than "
                f"{_MOST_CHARACTERS}; use nfc, or split the document"
            )
    return normal.normal(text, "NFKC")


@frozen
class Lower(TextTransform):
    """Convert to lower case, as ``str.lower``.

    Notes
    -----
    Unicode's full mapping, independent of language: ``İ`` becomes two characters, and a sigma at the end
    of a word becomes ``ς``. This is what "uncased" models expect. ``str.casefold``, which is meant for
    comparisons, differs: it converts ``ß`` to ``ss``.
    """

    name: ClassVar[str] = "lower"

    def lower(self, spec: TextSpec) -> tuple[Stage, ...]:
        return each_text(spec, normal.lower)


@frozen
class CollapseWhitespace(TextTransform):
    """Replace each run of white space by one space, and strip the ends.

    Notes
    -----
    White space is defined by ``str.isspace``, which includes line ends, no-break spaces and U+001C to
    U+001F, but not the zero-width space.
    """

    name: ClassVar[str] = "collapse_whitespace"

    def lower(self, spec: TextSpec) -> tuple[Stage, ...]:
        return each_text(spec, normal.collapse)
