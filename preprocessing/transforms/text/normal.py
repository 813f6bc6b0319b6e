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

# U+FDFA, a blessing. What grows takes the place of the limits, which are of what is read.
_MOST_OF_ONE = 18
# Of 2 bytes each, in parts and put together.
_MOST_CHARACTERS = at_most(2**26, 8)


@frozen
class Nfc(TextTransform):
    """Compose characters: Unicode's normalisation form C, as ``unicodedata.normalize("NFC", text)``.

    Notes
    -----
    Of characters that Python's Unicode knows, and these for ever: Unicode promises that a normal form
    never changes. Texts that read the same become the same text, except for compatibility characters.
    """

    name: ClassVar[str] = "nfc"

    def lower(self, spec: TextSpec) -> tuple[Stage, ...]:
        return each_text(spec, normal.normal, "NFC")


@frozen
class Nfkc(TextTransform):
    """Replace compatibility characters and compose: Unicode's form KC, as ``unicodedata.normalize``.

    Notes
    -----
    What is of one meaning in another shape becomes the plain one: ligatures, full-width letters,
    superscripts; ``10³`` becomes ``103``. A character may become as many as 18. Otherwise as `Nfc`.

    Raises
    ------
    LimitExceeded
        As it runs, for a document that would grow to more than 2**26 characters,
        or fewer where the process has less than 512 MiB.
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
                f"{_MOST_CHARACTERS}; normalise it by nfc, or store it in parts"
            )
    return normal.normal(text, "NFKC")


@frozen
class Lower(TextTransform):
    """Write in lower case, as ``str.lower``.

    Notes
    -----
    Unicode's full mapping, in no language: ``İ`` becomes two characters, and a sigma that ends a word
    ``ς``. What comes out is still for reading, by models that are "uncased"; ``str.casefold``, which is
    for comparing alone and makes ``ß`` to ``ss``, is something else.
    """

    name: ClassVar[str] = "lower"

    def lower(self, spec: TextSpec) -> tuple[Stage, ...]:
        return each_text(spec, normal.lower)


@frozen
class CollapseWhitespace(TextTransform):
    """Make one space of each run of white space, and none of those at the ends.

    Notes
    -----
    White space is what ``str.isspace`` calls so: also line ends, no-break spaces, and U+001C to U+001F;
    not the zero-width space.
    """

    name: ClassVar[str] = "collapse_whitespace"

    def lower(self, spec: TextSpec) -> tuple[Stage, ...]:
        return each_text(spec, normal.collapse)
