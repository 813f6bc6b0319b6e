"""Extraction of the visible text from HTML.

Markup is separated from text by the rules of HTML's tokenizer (WHATWG, "Tokenization"), written as
one regular expression that never steps back. No tree is made of it: what a reader sees does not depend
on how elements nest, and the tree of a hostile page takes time that grows with the square of the number
of its elements or attributes (docs/decisions/text.md).
"""

from __future__ import annotations

import re
from io import StringIO

from preprocessing.cancellation import checkpoint
from preprocessing.kernels.text.references import unescape

# Up to the end of the tag; quotes count only behind an equals sign. Or up to the end of the page, which
# is then in the tag.
_ATTRIBUTES = r"""
    (?:
        [\s/]++
      | (?: =[^\s/>=]*+ | [^\s/>=]++ )
        (?: \s*+ = \s*+ (?: "[^"]*+(?:"|\Z) | '[^']*+(?:'|\Z) | (?!["'>])[^\s>]++ | (?=>|\Z) ) )?+
    )*+
    (?: > | \Z )
"""
# Elements whose content is neither markup nor visible.
_HIDDEN = "style|title|textarea|iframe|noembed|noframes|noscript"
# A script's end is none within a comment where another script begins: ages ago they were hidden so.
_SCRIPT = r"""
    (?:
        [^<]++
      | <!-- (?:
            -*+>
          | (?: (?! --> | </script[\s/>])
                (?: <script[\s/>] (?: (?! --> | </script[\s/>]) . )*+ (?: </script[\s/>] )?+ | . )
            )*+ (?: --> )?+
        )
      | < (?! /script[\s/>] )
    )*+
"""
_MARKUP = re.compile(
    rf"""
    <!-- (?: -?> | .*? (?: --!?> | \Z ) )
  | <[!?] [^>]*+ (?: > | \Z )
  | </ (?=[^a-z]) [^>]*+ (?: > | \Z )
  | <script (?=[\s/>]) {_ATTRIBUTES} {_SCRIPT} (?: </script (?=[\s/>]) {_ATTRIBUTES} | \Z )
  | < (?P<hidden>{_HIDDEN}) (?=[\s/>]) {_ATTRIBUTES}
    .*? (?: </ (?P=hidden) (?=[\s/>]) {_ATTRIBUTES} | \Z )
  | < (?P<end>/?) (?P<name>[a-z][^\s/>]*+) {_ATTRIBUTES}
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL | re.ASCII,
)
# Block elements, which end a word.
_BLOCK_NAMES = (
    "address article aside blockquote body br button caption center col colgroup dd details dialog "
    "dir div dl dt fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head "
    "header hgroup hr html iframe legend li listing main menu nav ol optgroup option p plaintext "
    "pre search section select summary table tbody td tfoot th thead tr ul xmp"
)
_BLOCKS = frozenset(_BLOCK_NAMES.split())


def strip_html(text: str) -> str:
    """Return the visible text of a page in source order, with its white space.

    Each block starts and ends with a line break.
    """
    if "<" not in text:
        return unescape(text)
    seen = _Seen()
    done = templates = 0
    for found in _MARKUP.finditer(text):
        checkpoint()
        if not templates:
            seen.write(text[done : found.start()])
        done = found.end()
        name = (found["name"] or "").lower()
        if name == "template":
            templates = max(templates + (-1 if found["end"] else 1), 0)
        elif name in _BLOCKS and not templates:
            seen.end_line()
    if not templates:
        seen.write(text[done:])
    return seen.text


class _Seen:
    """Output buffer. It is one buffer because a page may have as many pieces as letters."""

    def __init__(self) -> None:
        self._buffer = StringIO()
        self._ended = True

    def write(self, text: str) -> None:
        if text:
            self._buffer.write(unescape(text))
            self._ended = text.endswith("\n")

    def end_line(self) -> None:
        if not self._ended:
            self.write("\n")

    @property
    def text(self) -> str:
        return self._buffer.getvalue()
