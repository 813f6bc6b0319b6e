"""Mojibake, mended by ftfy."""

from __future__ import annotations


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
    return str(fix_text(text, mend))
