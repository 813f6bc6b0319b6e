"""Text as it stands in an XML document of S3's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape

# What XML 1.0 has no way to write.
UNWRITABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
# Read back raw, a carriage return would be a line feed. S3 escapes an ETag's quotes too.
_ESCAPED = {"\r": "&#13;", '"': "&quot;"}


def xml_text(text: str) -> str:
    """Return ``text`` for an element's content, with U+FFFD for what cannot stand there."""
    return escape(UNWRITABLE.sub("\ufffd", text), _ESCAPED)


def xml_elements(texts: Mapping[str, str]) -> str:
    """Return one element after another, each with its text."""
    return "".join(f"<{name}>{xml_text(text)}</{name}>" for name, text in texts.items())
