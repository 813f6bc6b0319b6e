"""FixMojibake, StripHtml and RedactPatterns."""

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
    """Repair text that was decoded in the wrong charset: ``schÃ¶n`` becomes ``schön``.

    Notes
    -----
    ``ftfy.fix_text`` without its other repairs (quotes, ligatures, entities, control characters, normal
    forms), so that text without mojibake stays the same. Lines are repaired separately, because often
    only some are wrong. What counts as mojibake may change with ftfy's version.

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
    """Extract the visible text of HTML.

    Notes
    -----
    Tags, comments, and the content of ``script``, ``style``, ``title``, ``textarea``, ``template``,
    ``noscript`` and ``iframe`` are removed. Character references become characters. A block (such as a
    paragraph, a cell or a break) begins and ends with a line break. White space stays as in the source;
    put `CollapseWhitespace` next to reduce it. Markup is recognised by the rules of HTML's tokenizer, as
    in browsers. Text that styles hide is kept. Without markup, only references change.
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
        Kinds of data to replace.

    Notes
    -----
    Data is recognised by its form only: an e-mail address with a dot in its domain; a telephone number
    with ``+`` or ``00`` and a country code, with North America's ten digits, or with a leading 0 and
    groups of digits; a payment card number of 13 to 19 digits, in groups or not, with a valid check
    digit; an IBAN, in groups of four or not, with valid check digits. A number that is longer than such
    a number can be is kept. Both misses and false matches occur: the step reduces leaks of personal
    data, but does not rule them out.

    Raises
    ------
    SpecError
        If `which` is empty or has duplicates.
    """

    name: ClassVar[str] = "redact_patterns"
    which: tuple[Personal, ...] = ("email", "phone", "card", "iban")

    def check(self) -> None:
        require(len(self.which) > 0, "which: name at least one of email, phone, card, iban")
        require(len({*self.which}) == len(self.which), "which: name each pattern once")

    def lower(self, spec: TextSpec) -> tuple[Stage, ...]:
        return each_text(spec, redact, self.which)
