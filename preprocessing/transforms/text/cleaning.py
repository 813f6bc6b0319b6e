"""FixMojibake, StripHtml, RedactPatterns: what does not belong into a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.kernels.text.markup import strip_html
from preprocessing.kernels.text.mojibake import fix_mojibake
from preprocessing.kernels.text.redact import Personal, redact
from preprocessing.spec.step import require
from preprocessing.transforms.text._base import TextTransform, each_text, require_text_library

if TYPE_CHECKING:
    from preprocessing.media import TextSpec
    from preprocessing.planner.stages import Stage


@frozen
class FixMojibake(TextTransform):
    """Mend what was once decoded in the wrong charset: ``schÃ¶n`` becomes ``schön``. By ftfy.

    Notes
    -----
    ``ftfy.fix_text`` with all else that it could do left off (quotes, ligatures, entities, control
    characters, normal forms), so that a text without mojibake stays as it is. Line by line, because a
    text is often wrong in parts. What counts as mojibake may change with ftfy's version.

    Raises
    ------
    SpecError
        When the plan is made, if ftfy is not installed.
    """

    name: ClassVar[str] = "fix_mojibake"

    def lower(self, spec: TextSpec) -> tuple[Stage, ...]:
        require_text_library("ftfy", "ftfy", self.name)
        return each_text(spec, fix_mojibake)


@frozen
class StripHtml(TextTransform):
    """Keep of HTML the text that a reader sees.

    Notes
    -----
    Tags, comments, and what is in ``script``, ``style``, ``title``, ``textarea``, ``template``,
    ``noscript`` and ``iframe`` are left out, and character references become characters. Where a block
    begins or ends (a paragraph, a cell, a break) there is a line's end, within a line nothing; white
    space stays as it is in the source, so let `CollapseWhitespace` follow. Text and markup are told
    apart by the rules of HTML's tokenizer, as browsers do; what styles hide is kept. A text without
    markup stays as it is, but for its references.
    """

    name: ClassVar[str] = "strip_html"

    def lower(self, spec: TextSpec) -> tuple[Stage, ...]:
        return each_text(spec, strip_html)


@frozen
class RedactPatterns(TextTransform):
    """Replace what looks like personal data: ``[EMAIL]``, ``[PHONE]``, ``[CARD]``, ``[IBAN]``.

    Parameters
    ----------
    which : tuple of {"email", "phone", "card", "iban"}
        What is replaced.

    Notes
    -----
    By form alone: an e-mail address with a dot in its domain; a telephone number with ``+`` or
    ``00`` and a country's code, in North America's ten digits, or with a leading 0 and groups of
    digits; a payment card's number of 13 to 19 digits, in one or in groups, whose check digit is
    right; an IBAN, in one or in groups of four, whose check digits are right. Each goes whole or
    not at all: where more digits follow than such a number has, all of them stay. What is written
    in another form stays, and some that is none goes: it lowers what leaks, and proves nothing.

    Raises
    ------
    SpecError
        For none, or one twice.
    """

    name: ClassVar[str] = "redact_patterns"
    which: tuple[Personal, ...] = ("email", "phone", "card", "iban")

    def check(self) -> None:
        require(len(self.which) > 0, "which: name at least one of email, phone, card, iban")
        require(len({*self.which}) == len(self.which), "which: name each pattern once")

    def lower(self, spec: TextSpec) -> tuple[Stage, ...]:
        return each_text(spec, redact, self.which)
