"""Repair of mojibake, by ftfy."""

from __future__ import annotations

import re

from preprocessing.cancellation import checkpoint

# A line with its end that is not ASCII; only such lines can contain mojibake.
_NOT_ASCII = re.compile(r"(?<![^\n])[\x00-\t\x0b-\x7f]*+[^\x00-\x7f][^\n]*+\n?")


def fix_mojibake(text: str) -> str:
    """Repair text that was decoded with the wrong charset; change nothing else."""
    if text.isascii():
        return text
    from ftfy import TextFixerConfig, fix_text  # noqa: PLC0415  an optional dependency

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

    def mended(line: re.Match[str]) -> str:
        parts = range(line.start(), line.end(), mend.max_decode_length)  # as fix_text splits them
        return "".join(_mended(text[i : min(i + parts.step, parts.stop)]) for i in parts)

    def _mended(part: str) -> str:
        checkpoint()
        return str(fix_text(part, mend))

    return _NOT_ASCII.sub(mended, text)
