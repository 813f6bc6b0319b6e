"""Mojibake, mended by ftfy."""

from __future__ import annotations

import re

# A line, its end too, that is not ASCII, where alone mojibake can be.
_NOT_ASCII = re.compile(r"(?<![^\n])[\x00-\t\x0b-\x7f]*+[^\x00-\x7f][^\n]*+\n?")


def fix_mojibake(text: str) -> str:
    """Mend what was decoded in the wrong charset, and nothing else."""
    if text.isascii():
        return text
    from ftfy import TextFixerConfig, fix_text  # noqa: PLC0415  for those who ask for it

    mend = TextFixerConfig(
        unescape_html=False,
        remove_terminal_escapes=False,
        fix_latin_ligatures=False,
        fix_character_width=False,
        uncurl_quotes=False,
        fix_line_breaks=False,
        fix_surrogates=False,
        remove_control_chars=False,
        normalization=None,
        explain=False,
    )
    return _NOT_ASCII.sub(lambda line: fix_text(line[0], mend), text)
